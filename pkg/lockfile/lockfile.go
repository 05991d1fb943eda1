// Package lockfile reads and writes ppm.lock, which records exactly what is installed.
//
// A lock has one block per install, sorted by path: its pin, the digest of the component's
// files in its pack, and each rendered file with the digest of its base. Equal locks have
// equal bytes; nothing in a lock depends on the machine or the time.
package lockfile

import (
	"cmp"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A Lock lists the installs of a project, sorted by path.
type Lock struct {
	Components []Component
}

// A Component is one install.
type Component struct {
	Path   string         // the placement: slash-separated, relative, clean; "." is the project's folder
	Source ref.Ref        // the reference to the component itself, after all links
	URL    string         // clone URL without credentials, or "builtin:NAME"
	Ref    string         // full name of the resolved ref: "HEAD" or "refs/…"; empty for a bare commit
	Object string         // id of the tag object of an annotated tag, else equal to Commit
	Commit string         // full id in lower-case hex
	Signer string         // who signed the tag object or else the commit; see the constants
	Tree   string         // id of the component's git tree, or of its blob if it is a file
	Digest string         // "h1:…" of the component's files in the pack
	Render int            // version of the rendering rules
	Dir    bool           // the component is a folder; derived: that of a file has one file, at Path
	Keys   map[string]Key // the values that it was rendered with, by name; nil if there are none
	Via    []ref.Ref      // the links that led to Source, starting with the typed reference; nil without links
	// ViaCommits has for each of Via the commit of the pack in which the next reference was found.
	ViaCommits []string
	Files      []File // at least one, sorted by path
}

// What is recorded as the signer of a version besides keys such as "ssh:SHA256:…" and "openpgp:…".
const (
	Builtin    = "builtin"    // the pack is part of ppm
	Unsigned   = "unsigned"   // the version has no signature
	Unverified = "unverified" // it has one that could not be verified; a colon and the key that it names may follow
)

// Typed returns the reference that the user typed, which is Source unless that was reached through links.
func (c Component) Typed() ref.Ref {
	if len(c.Via) > 0 {
		return c.Via[0]
	}
	return c.Source
}

// References returns the links and Source: each is to the repository from which the next one was found.
func (c Component) References() []ref.Ref { return append(slices.Clone(c.Via), c.Source) }

// MayMean reports whether the install is of a tag, by its full name: as its ref says, or its source.
func (c Component) MayMean(tag string) bool {
	v := c.Source.Version
	return c.Ref == tag || v.Kind() == ref.Exact && (v.String() == tag || ref.TagPrefix+v.String() == tag)
}

// A File is one rendered file of an install. Its fields are also the fields of a [[component.file]], in their order.
type File struct {
	Path   string `toml:"path"`   // in the project: at or below the component's path, unless the user moved it
	From   string `toml:"from"`   // path of the rendered file, if the user moved it to Path; else empty
	Digest string `toml:"digest"` // "sha256:…" of the base
	// LFDigest is the digest of the base with LF line endings, if the base has both kinds. Else it is empty.
	LFDigest string `toml:"lf_digest"`
	Mode     string `toml:"mode"`    // "0644" or "0755"
	License  bool   `toml:"license"` // a license file of the pack, which is not part of the component
	Found    bool   `toml:"found"`   // existed with equal content before the install; removing the install keeps it

	// Conflict is the digest of the file as an upgrade wrote it with unresolved conflicts, or "". The upgrade is
	// incomplete until the user has resolved them.
	Conflict string `toml:"conflict"`
	Marker   int    `toml:"marker"` // length of the conflict markers; 0 means 7
	Sides    bool   `toml:"sides"`  // a binary file, whose three versions are beside it until the conflict is resolved
}

// Rendered returns the path of the file in the rendering.
func (f File) Rendered() string { return cmp.Or(f.From, f.Path) }

// Conflicts returns the files with unresolved conflicts of an upgrade, sorted by component and path.
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

// Owner returns the install that has a file at path, and the record of the file.
func (l *Lock) Owner(path string) (Component, File, bool) {
	for _, c := range l.Components {
		i, ok := slices.BinarySearchFunc(c.Files, path, func(f File, p string) int { return cmp.Compare(f.Path, p) })
		if ok {
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

// Remove removes the install at path, and reports whether there was one.
func (l *Lock) Remove(path string) bool {
	i, ok := l.find(path)
	if ok {
		l.Components = slices.Delete(l.Components, i, i+1)
	}
	return ok
}

func (l *Lock) find(path string) (int, bool) {
	byPath := func(c Component, p string) int { return cmp.Compare(c.Path, p) }
	return slices.BinarySearchFunc(l.Components, path, byPath)
}

// Check returns nil if the files of all installs can exist together on every system. Installs may share a file that
// has the same content and mode in each of them. Its errors are of kind Refused and name the files and the installs.
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
			// CheckCollisions reports a path twice in one install.
			case !shared || i > 0 && c.Files[i-1].Path == f.Path:
				files = append(files, f.Path)
				first[f.Path] = owned{c.Path, f}
			case other.Digest != f.Digest || other.Mode != f.Mode:
				return failure.Errorf(failure.Refused,
					"the installs %q and %q both have %q, with different content", other.by, c.Path, f.Path).
					WithHint("place one of them elsewhere with --located-path, " +
						"or remove one with ppm project remove")
			}
		}
	}
	if err := fileset.CheckCollisions(files); err != nil {
		return failure.Errorf(failure.Refused, "%w", err).
			WithHint("place one of the installs elsewhere with ppm project move or --located-path")
	}
	return nil
}

// Clone returns a copy of l. Put and Remove change only the copy.
func (l *Lock) Clone() *Lock { return &Lock{Components: slices.Clone(l.Components)} }
