// Package knowntags remembers, for all projects of a machine, what each tag of a repository named when this machine
// saw it first, so that a tag that was moved is noticed also where no lockfile and no cache has it.
//
// The list is one text file, such as known_hosts of ssh. It may be edited: a line has the id of the tag's object, the
// id of its commit, the name of the tag and the URL of the repository. A line that cannot be read is dropped.
package knowntags

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/gofrs/flock"
)

const (
	// MaxTags limits the list. The tags that were seen first are dropped when there are more.
	MaxTags = 20_000
	// maxSize limits the bytes that are read of the file.
	maxSize = 16 << 20

	lockPoll = 10 * time.Millisecond
	lockWait = 10 * time.Second

	header = "# What the tags of repositories named when ppm saw them first: object, commit, tag, URL.\n"
)

// A Tag is what a tag of a repository names.
type Tag struct {
	URL    string // of the repository, without credentials
	Name   string // without refs/tags/
	Object string // id of the tag object of an annotated tag, else equal to Commit
	Commit string // id of the commit
}

// A List is the list in a file, which need not exist. A nil List knows no tag and remembers none. It is safe for use
// by several goroutines and processes.
type List struct {
	path string
	mu   sync.Mutex
	tags []Tag // as they were read last; nil before
	read bool
}

// New returns the list in a file. It touches no disk.
func New(path string) *List { return &List{path: path} }

// Lookup returns what a tag is known as.
func (l *List) Lookup(url, name string) (Tag, bool, error) {
	if l == nil {
		return Tag{}, false, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.read {
		if err := l.load(); err != nil {
			return Tag{}, false, err
		}
	}
	i := find(l.tags, url, name)
	if i < 0 {
		return Tag{}, false, nil
	}
	return l.tags[i], true, nil
}

// Remember adds a tag, unless it is known. It returns what the tag is known as afterwards: another process may have
// seen it first.
func (l *List) Remember(ctx context.Context, t Tag) (Tag, error) {
	known, ok, err := l.Lookup(t.URL, t.Name)
	if ok || err != nil {
		return known, err
	}
	known = t
	err = l.update(ctx, func(tags []Tag) []Tag {
		if i := find(tags, t.URL, t.Name); i >= 0 {
			known = tags[i]
			return tags
		}
		return append(tags, t)
	})
	return known, err
}

// Replace makes a tag known as t, whatever it was known as.
func (l *List) Replace(ctx context.Context, t Tag) error {
	return l.update(ctx, func(tags []Tag) []Tag {
		if i := find(tags, t.URL, t.Name); i >= 0 {
			tags[i] = t
			return tags
		}
		return append(tags, t)
	})
}

// Forget removes the tags for which match returns true, and returns them.
func (l *List) Forget(ctx context.Context, match func(Tag) bool) (gone []Tag, err error) {
	err = l.update(ctx, func(tags []Tag) []Tag {
		return slices.DeleteFunc(tags, func(t Tag) bool {
			if !match(t) {
				return false
			}
			gone = append(gone, t)
			return true
		})
	})
	return gone, err
}

func find(tags []Tag, url, name string) int {
	return slices.IndexFunc(tags, func(t Tag) bool { return t.URL == url && t.Name == name })
}

// update replaces the list by what change makes of a copy, while no other process changes it. An unchanged list is
// not written.
func (l *List) update(ctx context.Context, change func([]Tag) []Tag) (err error) {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	lock := flock.New(l.path + ".lock")
	if _, err := lock.TryLockContext(ctx, lockPoll); err != nil {
		return fmt.Errorf("locking %q: %w", l.path, err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	if err := l.load(); err != nil {
		return err
	}
	tags := change(slices.Clone(l.tags))
	if slices.Equal(tags, l.tags) {
		return nil
	}
	tags = tags[max(0, len(tags)-MaxTags):]
	if err := replaceFile(l.path, format(tags)); err != nil {
		return err
	}
	l.tags = tags
	return nil
}

// load reads the file. Of a file that is too large, the end is read.
func (l *List) load() error {
	f, err := os.Open(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		l.tags, l.read = nil, true
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("reading %q: it is not a regular file", l.path)
	}
	data := make([]byte, min(info.Size(), maxSize))
	n, err := f.ReadAt(data, info.Size()-int64(len(data)))
	if err != nil && n < len(data) {
		return err
	}
	l.tags, l.read = parse(data), true
	return nil
}

// parse reads the lines of a list. The first line of a tag counts: it was seen first.
func parse(data []byte) []Tag {
	var tags []Tag
	type key struct{ url, name string }
	seen := map[key]bool{}
	for line := range bytes.Lines(data) {
		fields := strings.SplitN(strings.TrimRight(string(line), "\r\n"), " ", 4)
		if len(fields) != 4 {
			continue
		}
		t := Tag{Object: fields[0], Commit: fields[1], Name: fields[2], URL: fields[3]}
		if k := (key{t.URL, t.Name}); t.isValid() && !seen[k] {
			seen[k] = true
			tags = append(tags, t)
		}
	}
	return tags[max(0, len(tags)-MaxTags):]
}

// isValid reports whether the tag can be written as a line and read back.
func (t Tag) isValid() bool {
	return isID(t.Object) && isID(t.Commit) && t.Name != "" && t.URL != "" &&
		!strings.ContainsFunc(t.Name, func(r rune) bool { return r == ' ' || unicode.IsControl(r) }) &&
		!strings.ContainsFunc(t.URL, unicode.IsControl)
}

func isID(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

func format(tags []Tag) []byte {
	var b bytes.Buffer
	b.WriteString(header)
	for _, t := range tags {
		if t.isValid() {
			fmt.Fprintf(&b, "%s %s %s %s\n", t.Object, t.Commit, t.Name, t.URL)
		}
	}
	return b.Bytes()
}

// replaceFile replaces a file in one step, and makes it durable.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".known-tags-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
