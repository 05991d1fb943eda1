package fetch

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/refs"
)

// provenFile is in a slot's folder. It has one line for each fact that was proven about the repository on this
// machine, the newest last.
const (
	provenFile = "proven"
	maxProven  = 1024
)

// IsProven reports whether the cache has a fact about the repository that SetProven has recorded. A fact is one line
// of text.
func (r *Repo) IsProven(fact string) bool {
	s, ok := r.slot()
	return ok && slices.Contains(s.proven(), fact)
}

// AreProven reports whether facts about the repository at url were proven on this machine. The policy does not apply:
// nothing is read from the repository, and what was installed from it must be removable.
func (c *Client) AreProven(url string, facts ...string) bool {
	at, err := c.locate(url, nil)
	if err != nil {
		return false
	}
	b, err := c.backend(at)
	if err != nil {
		return false
	}
	r := &Repo{&reader{backend: b, limits: c.o.Limits}}
	defer r.reader.close()
	return !slices.ContainsFunc(facts, func(fact string) bool { return !r.IsProven(fact) })
}

// SetProven records facts about the repository in the cache, which keeps the newest ones. Without a usable cache, they
// are proven again when they are needed.
func (r *Repo) SetProven(ctx context.Context, facts ...string) error {
	s, ok := r.slot()
	if !ok {
		return nil
	}
	if _, err := os.Stat(s.path); err != nil { // nothing of the repository is in the cache
		return nil
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	list := slices.DeleteFunc(s.proven(), func(old string) bool { return slices.Contains(facts, old) })
	list = append(list, facts...)
	list = list[max(0, len(list)-maxProven):]
	text := strings.Join(list, "\n") + "\n"
	return s.ioError(refs.ReplaceFile(filepath.Join(s.path, provenFile), s.temp(), []byte(text)))
}

// slot returns the slot of the repository in the cache; ok is false if there is none.
func (r *Repo) slot() (s slot, ok bool) {
	switch b := r.reader.backend.(type) {
	case *remote:
		s = b.cache.slot
	case *builtin:
		s = b.slot
	}
	return s, s.path != ""
}

// proven returns the recorded facts. A file that cannot be read has none.
func (s slot) proven() []string {
	text, err := os.ReadFile(filepath.Join(s.path, provenFile))
	if err != nil {
		return nil
	}
	return strings.Fields(string(text))
}
