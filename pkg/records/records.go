// Package records merges three versions of a project's records, ppm.toml and ppm.lock, as git's merge driver does and
// as ppm lock resolve does after a merge without it.
//
// A version is the base, which both sides started from, ours or theirs. Records are merged by what they mean: a lock
// by its installs, a manifest by its tables, fields, and the keys of tables on one line. What only one side changed is
// taken from that side. What both changed in different ways is a conflict, and both versions of it are in the result,
// between the markers that git uses. An install in conflict is there as a whole, in both files, so that one decision
// resolves both.
//
// Before a merge is used, check.go proves, without the code that made it, that nothing of either side is missing. If
// a version cannot be read, or the proof fails, the texts are merged by lines, and the result is never without
// conflicts.
package records

import (
	"bytes"
	"cmp"
	"path"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
)

// The names of the two files.
const (
	manifestName = "ppm.toml"
	lockName     = "ppm.lock"
)

// IsRecord reports whether the file at a slash-separated path is a record.
func IsRecord(name string) bool {
	return path.Base(name) == manifestName || path.Base(name) == lockName
}

// Options say how conflicts are written.
type Options struct {
	Style      merge.Style
	Labels     merge.Labels // an empty label is "ours", "theirs" or "base"
	MarkerSize int          // 0 is merge.DefaultMarkerSize
}

// A Result is a merged record.
type Result struct {
	Text      []byte
	Conflicts []string // what each conflict is about, such as `the install at "app"`
	ByLines   error    // why the texts were merged by lines; nil if they were not
}

// Clean reports whether there is nothing for the user to resolve.
func (r Result) Clean() bool { return len(r.Conflicts) == 0 && r.ByLines == nil }

// Check returns an error of kind Conflicts that names the conflicts in the merged record, or nil if there are none.
// name is the name of the file.
func (r Result) Check(name string) error {
	switch {
	case r.Clean():
		return nil
	case r.ByLines != nil:
		return failure.Errorf(failure.Conflicts, "merging %q: it was merged by lines, because one version of it "+
			"cannot be used: %w", name, r.ByLines).
			WithHint("correct the file, then run ppm project sync and git add")
	}
	list := strings.Join(r.Conflicts, ", ")
	return failure.Errorf(failure.Conflicts, "merging %q: both sides changed %s", name, list).
		WithHint("keep one side of each conflict, the same one in ppm.toml and ppm.lock, " +
			"then run ppm project sync and git add")
}

// Merge merges three versions of the record with this name. An empty version is one that does not exist. Line endings,
// a byte order mark and a missing line ending at the end are merged like a field.
func Merge(name string, base, ours, theirs []byte, o Options) Result {
	switch {
	case bytes.Equal(ours, theirs), bytes.Equal(theirs, base):
		return Result{Text: ours}
	case bytes.Equal(ours, base):
		return Result{Text: theirs}
	}
	o.Labels.Base = cmp.Or(o.Labels.Base, "base")
	o.Labels.Ours = cmp.Or(o.Labels.Ours, "ours")
	o.Labels.Theirs = cmp.Or(o.Labels.Theirs, "theirs")
	b, o1, t := layoutOf(base), layoutOf(ours), layoutOf(theirs)
	plain := versions{b.strip(base), o1.strip(ours), t.strip(theirs)}
	mergeTexts := mergeManifests
	if path.Base(name) == lockName {
		mergeTexts = mergeLocks
	}
	r := Result{}
	pieces, err := mergeTexts(name, plain)
	if err == nil {
		w := writer{Options: o, size: o.markerSize(pieces)}
		r.Text, r.Conflicts = w.write(pieces), conflictsOf(pieces)
	} else {
		lines := merge.ThreeWay([]byte(plain.base), []byte(plain.ours), []byte(plain.theirs),
			merge.Options{Style: o.Style, Labels: o.Labels})
		r.Text, r.ByLines = lines.Text, err
	}
	r.Text = mergeLayouts(b, o1, t).apply(r.Text)
	return r
}

// versions are the three texts of a merge, with \n at the end of each line.
type versions struct{ base, ours, theirs string }

// A layout is what the text of a record has besides its content.
type layout struct{ bom, crlf, noEnd, exists bool }

const bom = "\ufeff"

func layoutOf(text []byte) layout {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	return layout{
		exists: len(text) > 0,
		bom:    bytes.HasPrefix(text, []byte(bom)),
		crlf:   bytes.HasSuffix(first, []byte("\r")),
		noEnd:  len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")),
	}
}

// strip returns text without its layout.
func (l layout) strip(text []byte) string {
	s := strings.ReplaceAll(strings.TrimPrefix(string(text), bom), "\r\n", "\n")
	if l.noEnd {
		s += "\n"
	}
	return s
}

// apply is the inverse of strip.
func (l layout) apply(text []byte) []byte {
	if l.noEnd {
		text = bytes.TrimSuffix(text, []byte("\n"))
	}
	if l.crlf {
		text = bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
	}
	if l.bom {
		text = append([]byte(bom), text...)
	}
	return text
}

func mergeLayouts(base, ours, theirs layout) layout {
	switch { // a version that does not exist has no layout
	case !ours.exists:
		ours = theirs
	case !theirs.exists:
		theirs = ours
	}
	if !base.exists {
		base = theirs // so that ours is taken
	}
	pick := func(b, o, t bool) bool {
		if o == b {
			return t
		}
		return o
	}
	return layout{
		bom:   pick(base.bom, ours.bom, theirs.bom),
		crlf:  pick(base.crlf, ours.crlf, theirs.crlf),
		noEnd: pick(base.noEnd, ours.noEnd, theirs.noEnd),
	}
}
