package fetch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch/wire"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/refs"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

const (
	// maxIdle is how long an unused session is trusted to live: a user may take time for an answer.
	maxIdle = 20 * time.Second
	// maxRefName limits the bytes of a name that a server is asked for.
	maxRefName = 1 << 10
)

// A server is the connection to one repository on a server, and what it has listed so far.
type server struct {
	url    secreturl.URL // to connect to
	public string        // the same without them
	dialer *wire.Dialer
	report func(text string) // of progress
	notify func(text string) // of what is worth knowing

	session  *wire.Session   // idle; nil when there is none
	used     time.Time       // when session was last needed
	features *wire.Features  // nil before the server was asked
	listed   []ref.GitRef    // refs in order
	all      bool            // listed is all that the server has
	asked    map[string]bool // names that were looked up on the server
	moved    sync.Once       // the user knows that the repository has moved
}

// close ends the session and forgets what the server has said.
func (s *server) close() error {
	s.features, s.listed, s.all = nil, nil, false
	clear(s.asked)
	return s.hangUp()
}

// hangUp ends the session. The next request opens another.
func (s *server) hangUp() error {
	session := s.session
	if s.session = nil; session == nil {
		return nil
	}
	return session.Close()
}

// connect opens a session when there is none or it may have ended, and asks once for the features of the server.
func (s *server) connect(ctx context.Context) (err error) {
	if time.Since(s.used) > maxIdle {
		s.hangUp()
	}
	if s.session == nil {
		if s.session, err = s.dialer.Open(ctx, s.url); err != nil {
			s.session = nil
			return err
		}
	}
	if s.features == nil {
		f, err := s.session.Features(ctx)
		if err != nil {
			s.hangUp()
			return err
		}
		s.features = &f
		s.noteMoved()
	}
	s.used = time.Now()
	return nil
}

// noteMoved reports once that the server has sent the session to another URL for good.
func (s *server) noteMoved() {
	to := s.session.MovedTo()
	if to == "" || strings.TrimSuffix(to, ".git") == strings.TrimSuffix(s.public, ".git") {
		return
	}
	s.moved.Do(func() {
		s.notify(fmt.Sprintf("%s has moved permanently to %s: use the new URL; "+
			"for what is installed, run ppm project upgrade --from-url %s %s", s.public, to, s.public, to))
	})
}

// find lists the refs that a name may mean, and all refs when there is none: then the caller needs suggestions.
func (s *server) find(ctx context.Context, name string) error {
	full := []string{ref.TagPrefix + name, ref.BranchPrefix + name}
	if strings.HasPrefix(name, "refs/") {
		full = append(full, name)
	}
	if name == "" || len(name) > maxRefName || !refs.IsValidName(ref.TagPrefix+name) {
		return s.list(ctx)
	}
	if s.asked[name] {
		return nil
	}
	if err := s.list(ctx, append(full, ref.Head)...); err != nil {
		return err
	}
	s.asked[name] = true
	found := slices.ContainsFunc(full, func(name string) bool { _, ok := refs.Lookup(s.listed, name); return ok })
	if found && !mayBeCommit(nil, name) || len(name) == objects.FullHex && objects.IsHex(name) {
		return nil
	}
	return s.list(ctx)
}

// list asks for the refs whose names start with one of the prefixes. Without prefixes it asks for all, once.
func (s *server) list(ctx context.Context, prefixes ...string) error {
	if s.all {
		return nil
	}
	s.report("reading the refs")
	if err := s.connect(ctx); err != nil {
		return err
	}
	list, err := s.session.Refs(ctx, prefixes...)
	if err != nil {
		s.hangUp()
		return err
	}
	if s.all = len(prefixes) == 0; !s.all {
		isListed := func(g ref.GitRef) bool { _, ok := refs.Lookup(list, g.Name); return ok }
		list = append(list, slices.DeleteFunc(s.listed, isListed)...)
		slices.SortFunc(list, refs.Compare)
	}
	s.listed = list
	return nil
}

// hasListed reports whether the server listed what pin says. A pin from a lockfile does not prove that.
func (s *server) hasListed(pin ref.Pin) bool {
	g, ok := refs.Lookup(s.listed, pin.Ref)
	return ok && g.Object == pin.Object && g.Commit == pin.Commit
}

// want returns the object that the commit of pin comes with, and whether the server listed it. It is the object of a
// ref, which every server sends, and which proves which commit an annotated tag points to; else the commit.
func (s *server) want(pin ref.Pin) (id objects.ID, listed bool) {
	if s.hasListed(pin) {
		return objects.NewID(pin.Object), true
	}
	for _, g := range s.listed {
		if g.Commit == pin.Commit || g.Object == pin.Commit {
			return objects.NewID(g.Object), true
		}
	}
	return objects.NewID(pin.Commit), false
}

// wants returns what to ask the server for to get the commit of pin, and whether that is only the commit. Where the
// server does not send single commits, it is the tips of all history.
func (s *server) wants(ctx context.Context, pin ref.Pin) (ids []objects.ID, alone bool, err error) {
	if err := s.connect(ctx); err != nil {
		return nil, false, err
	}
	if !s.features.Commits {
		if err := s.list(ctx); err != nil {
			return nil, false, err
		}
	}
	if want, listed := s.want(pin); listed || s.features.Commits {
		return []objects.ID{want}, true, nil
	}
	return s.tips(), false, nil
}

// filters reports whether the server can leave out the content of files, and send it later by its ids.
func (s *server) filters() bool { return s.features.Filter && s.features.Objects }

// tips returns the objects of all branches and tags that were listed.
func (s *server) tips() []objects.ID {
	ids := make([]objects.ID, len(s.listed))
	for i, g := range s.listed {
		ids[i] = objects.NewID(g.Object)
	}
	slices.SortFunc(ids, func(a, b objects.ID) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(ids)
}

// A request asks for one pack. A server that does not support filters sends more than was asked for.
type request struct {
	wire.Request
	repo   bareRepo // to store the pack in
	limits objects.Limits
}

// noBlobs is git's name for the filter that leaves out the content of files.
const noBlobs = "blob:none"

// fetch stores what the server sends for a request. temp is a folder on the same disk as the repository.
func (s *server) fetch(ctx context.Context, q request, temp string) error {
	if len(q.Wants) == 0 {
		return nil // an empty repository
	}
	s.report("fetching")
	if err := s.connect(ctx); err != nil {
		return err
	}
	resp, err := s.session.Fetch(ctx, q.Request)
	if err != nil {
		s.hangUp()
		return err
	}
	partial := q.Filter != "" && s.features.Filter
	err = objects.Receive(ctx, resp, string(q.repo), temp, partial, q.limits)
	resp.Close()
	if err != nil {
		s.hangUp()
	}
	if errors.Is(err, objects.ErrMalformedPack) {
		return failure.Errorf(failure.Network, "fetching from %s: %w", quote(s.public), err).
			WithHint("try again; if that fails as well, the server's copy is damaged")
	}
	if err != nil {
		return err
	}
	return q.repo.addShallow(temp, resp.Shallows)
}
