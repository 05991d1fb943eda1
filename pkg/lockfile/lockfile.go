// Package lockfile owns ppm.lock: what was installed, exact and provable.
//
// A lock has one block per install, sorted by placement, each with its pin, the digest of
// the component as it came out of its pack, and every file it was rendered to, with the
// digest of its base. The same state is always the same bytes: nothing in a lock depends
// on the machine or the time.
package lockfile

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// Version is the newest version of the format that is read, and the one that is written.
const Version = 1

// A Lock lists the installs of a project, sorted by path.
type Lock struct {
	Components []Component
}

// A Component is one install.
type Component struct {
	Path   string         // the placement: slash-separated, relative, clean; "." is the project's folder
	Source ref.Ref        // the reference that was reached in the end
	URL    string         // clone URL without credentials, or "builtin:NAME"
	Ref    string         // full name of the ref that was taken: "HEAD" or "refs/…"; empty for a bare commit
	Object string         // id of the tag object of an annotated tag, else equal to Commit
	Commit string         // full id, lower-case hex
	Tree   string         // id of the component's git tree, or of its blob when it is one file
	Digest string         // "h1:…" over the component's own files, before rendering
	Render int            // version of the rendering rules
	Dir    bool           // the component is a folder. The text does not say so: the only file of one that is not stands at its very path
	Keys   map[string]any // that it was rendered with, each a string or a []string; nil when there are none
	Via    []ref.Ref      // the references that led to Source, the one that the user typed first; nil when what the user typed led there directly
	Files  []File         // at least one, sorted by path
}

// Typed returns the reference that the user typed: the first that led to the source, or the source itself.
func (c Component) Typed() ref.Ref {
	if len(c.Via) > 0 {
		return c.Via[0]
	}
	return c.Source
}

// A File is one file of an install, as ppm rendered it.
type File struct {
	Path   string // where it stands, from the project's folder: at or below the component's path, unless it was moved
	From   string // where the rendering puts it, when the user moved it to Path; else empty
	Digest string // "sha256:…"
	Mode   string // "0644" or "0755"
	Found  bool   // the file was there already, with the same content, when the component was installed: removing the component leaves it

	// Conflict is the digest of what an upgrade wrote when the user's edits and upstream's met in one
	// place: until the user has settled that, the upgrade is not finished. Else it is empty.
	Conflict string
	Marker   int  // how often the character of the conflict's markers is repeated; 0 means the usual 7
	Sides    bool // the file is no text: the three versions stand beside it until the conflict is settled
}

// Rendered returns the path at which the rendering puts the file.
func (f File) Rendered() string { return cmp.Or(f.From, f.Path) }

// Conflicts returns the files in which an upgrade left conflicts that are not settled yet, by path.
func (l *Lock) Conflicts() []File {
	var out []File
	for _, c := range l.Components {
		for _, f := range c.Files {
			if f.Conflict != "" {
				out = append(out, f)
			}
		}
	}
	return out
}

// Component returns the install at path.
func (l *Lock) Component(path string) (Component, bool) {
	i, ok := l.find(path)
	if !ok {
		return Component{}, false
	}
	return l.Components[i], true
}

// Owner returns the install that a file belongs to, and what the lock says of the file.
func (l *Lock) Owner(file string) (Component, File, bool) {
	for _, c := range l.Components {
		if i, ok := slices.BinarySearchFunc(c.Files, file, func(f File, p string) int { return cmp.Compare(f.Path, p) }); ok {
			return c, c.Files[i], true
		}
	}
	return Component{}, File{}, false
}

// Put adds c, or replaces the install at the same path.
func (l *Lock) Put(c Component) {
	c.Files = slices.Clone(c.Files)
	slices.SortFunc(c.Files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	i, ok := l.find(c.Path)
	if ok {
		l.Components[i] = c
		return
	}
	l.Components = slices.Insert(l.Components, i, c)
}

// Remove takes the install at path out, and reports whether there was one.
func (l *Lock) Remove(path string) bool {
	i, ok := l.find(path)
	if ok {
		l.Components = slices.Delete(l.Components, i, i+1)
	}
	return ok
}

func (l *Lock) find(path string) (int, bool) {
	return slices.BinarySearchFunc(l.Components, path, func(c Component, p string) int { return cmp.Compare(c.Path, p) })
}

// Check returns nil when the files of all installs can stand side by side on every system. Installs may share
// a file that is the same in each of them. Its errors are of kind Refused and name the files and the installs.
func (l *Lock) Check() error {
	type owned struct {
		by string
		*File
	}
	first := map[string]owned{}
	var files []string
	for _, c := range l.Components {
		for i := range c.Files {
			f := &c.Files[i]
			other, shared := first[f.Path]
			switch {
			case !shared || i > 0 && c.Files[i-1].Path == f.Path: // CheckCollisions tells of a file that is twice in one install
				files = append(files, f.Path)
				first[f.Path] = owned{c.Path, f}
			case other.Digest != f.Digest || other.Mode != f.Mode:
				return failure.Errorf(failure.Refused, "the installs %q and %q both have %q, each with other content", other.by, c.Path, f.Path).
					WithHint("place one of them elsewhere with --located-path, or take one out with ppm project remove")
			}
		}
	}
	if err := fileset.CheckCollisions(files); err != nil {
		return failure.Errorf(failure.Refused, "%w", err).
			WithHint("place one of the installs elsewhere with ppm project move or --located-path")
	}
	return nil
}

// Clone returns a lock that can be changed without changing l.
func (l *Lock) Clone() *Lock { return &Lock{Components: slices.Clone(l.Components)} }

// Format returns the text of the lock, which Parse reads back. All strings in it must be valid UTF-8.
func (l *Lock) Format() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "version = %d\n", Version)
	for _, c := range l.Components {
		c.format(&b)
	}
	return b.Bytes()
}

func (c Component) format(b *bytes.Buffer) {
	line := func(key, value string) {
		for _, s := range [...]string{key, " = ", value, "\n"} {
			b.WriteString(s)
		}
	}
	b.WriteString("\n[[component]]\n")
	line("path", tomldoc.Quote(c.Path))
	line("source", tomldoc.Quote(c.Source.String()))
	line("url", tomldoc.Quote(c.URL))
	line("ref", tomldoc.Quote(c.Ref))
	if c.Object != c.Commit {
		line("object", tomldoc.Quote(c.Object))
	}
	line("commit", tomldoc.Quote(c.Commit))
	line("tree", tomldoc.Quote(c.Tree))
	line("digest", tomldoc.Quote(c.Digest))
	line("render", fmt.Sprint(c.Render))
	if len(c.Via) > 0 {
		via := make([]string, len(c.Via))
		for i, r := range c.Via {
			via[i] = r.String()
		}
		line("via", tomldoc.Strings(via))
	}
	if len(c.Keys) > 0 {
		line("keys", tomldoc.InlineTable(c.Keys, keyText))
	}
	for _, f := range c.Files {
		b.WriteString("[[component.file]]\n")
		f.format(line)
	}
}

func (f File) format(line func(key, value string)) {
	line("path", tomldoc.Quote(f.Path))
	if f.From != "" {
		line("from", tomldoc.Quote(f.From))
	}
	line("digest", tomldoc.Quote(f.Digest))
	line("mode", tomldoc.Quote(f.Mode))
	if f.Found {
		line("found", "true")
	}
	if f.Conflict != "" {
		line("conflict", tomldoc.Quote(f.Conflict))
	}
	if f.Marker != 0 {
		line("marker", fmt.Sprint(f.Marker))
	}
	if f.Sides {
		line("sides", "true")
	}
}

// keyText returns the value of a key as it is written.
func keyText(value any) string {
	if list, ok := value.([]string); ok {
		return tomldoc.Strings(list)
	}
	return tomldoc.Quote(fmt.Sprint(value))
}
