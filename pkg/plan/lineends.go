package plan

import (
	"cmp"
	"maps"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
)

// A Converted describes a text file on the disk of which all lines end in the same way.
type Converted struct {
	LineEnds merge.LineEnds
	Digest   string // of the file with the other line endings
}

// Convert returns the description of a file with this content, or false if its lines do not all end in the same way.
func Convert(data []byte) (Converted, bool) {
	ends := merge.LineEndsOf(data)
	if !ends.IsUniform() {
		return Converted{}, false
	}
	return Converted{ends, fileset.Digest(merge.WithLineEnds(data, ends.Other()))}, true
}

// IgnoringLineEnds returns the state of a file on the disk for a comparison with want: it has the digest of want if
// the two files differ only in their line endings. c describes the file, and is zero if it cannot be converted.
func (s State) IgnoringLineEnds(want State, c Converted) State {
	isWanted := c.Digest == want.Digest
	if want.LFDigest != "" {
		isWanted = c.Digest == want.LFDigest || s.Digest == want.LFDigest
	}
	if s.Kind == File && c.LineEnds.IsUniform() && isWanted {
		s.Digest = want.Digest
	}
	return s
}

// withLineEndsOfDisk returns the input with the line endings of the disk. Git can check out any text file with other
// line endings, so a file that differs from the base only in its line endings is not edited, and its new version gets
// the line endings of the disk.
func (in Input) withLineEndsOfDisk() Input {
	base := maps.Clone(in.Base)
	ends := map[string]merge.LineEnds{} // of these files on the disk, by path in the base
	add := func(name, onDisk string) {
		was, now, c := in.Base[name], in.Disk[onDisk], in.Converted[onDisk]
		if now.IgnoringLineEnds(was, c) != now {
			ends[name] = c.LineEnds
			was.Digest = now.Digest
			base[name] = was
		}
	}
	for name := range in.Converted {
		add(name, name)
		if from := in.Renamed[name]; from != "" && in.Disk[from].Kind == Absent { // the user moved it
			add(from, name)
		}
	}
	in.Theirs = slices.Clone(in.Theirs)
	for i, f := range in.Theirs {
		to := ends[cmp.Or(in.Renamed[f.Path], f.Path)]
		c := in.Converted[f.Path]
		if to == merge.NoLineEnds && c.Digest != "" && c.Digest == f.Digest() { // the disk has it already
			to = c.LineEnds
		}
		if to != merge.NoLineEnds {
			in.Theirs[i].Data = merge.WithLineEnds(f.Data, to)
		}
	}
	in.Base = base
	return in
}
