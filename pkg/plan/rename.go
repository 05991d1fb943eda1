package plan

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
)

// The bounds of the search for renames. Half of a file must be the same, as for git.
const (
	leastSimilar = 0.5
	maxCompared  = 1000 // files on each side; where there are more, only equal files are found
)

// Renames returns for files of theirs the file of base that each of them was: equal files
// first, then those that are the most similar. Each file is taken once.
func Renames(base, theirs fileset.Set) map[string]string {
	gone := without(base, theirs)
	come := without(theirs, base)
	out := make(map[string]string)
	taken := make(map[string]bool)
	byDigest := make(map[string][]string)
	for _, f := range gone {
		byDigest[f.Digest()] = append(byDigest[f.Digest()], f.Path)
	}
	for _, f := range come {
		if equal := byDigest[f.Digest()]; len(equal) > 0 {
			out[f.Path], byDigest[f.Digest()] = equal[0], equal[1:]
			taken[equal[0]] = true
		}
	}
	gone = slices.DeleteFunc(gone, func(f fileset.File) bool { return taken[f.Path] })
	come = slices.DeleteFunc(come, func(f fileset.File) bool { return out[f.Path] != "" })
	for _, p := range similar(gone, come) {
		if out[p.to] == "" && !taken[p.from] {
			out[p.to] = p.from
			taken[p.from] = true
		}
	}
	return out
}

// without returns the files of s, but for empty ones and those at a path that other has, too.
func without(s, other fileset.Set) []fileset.File {
	var out []fileset.File
	for _, f := range s {
		if _, both := other.Lookup(f.Path); !both && len(f.Data) > 0 {
			out = append(out, f)
		}
	}
	return out
}

// A pair is two files that may be one.
type pair struct {
	from, to   string
	similarity float64
}

// similar returns the pairs that are similar enough, the most similar first.
func similar(gone, come []fileset.File) []pair {
	if len(gone) > maxCompared || len(come) > maxCompared {
		return nil
	}
	seed := maphash.MakeSeed()
	lines := func(files []fileset.File) []map[uint64]int {
		out := make([]map[uint64]int, len(files))
		for i, f := range files {
			out[i] = weigh(seed, f.Data)
		}
		return out
	}
	var out []pair
	ofGone, ofCome := lines(gone), lines(come)
	for i, from := range gone {
		for j, to := range come {
			longer := max(len(from.Data), len(to.Data))
			if shorter := min(len(from.Data), len(to.Data)); float64(shorter) < leastSimilar*float64(longer) {
				continue
			}
			same := 0
			for line, n := range ofGone[i] {
				same += min(n, ofCome[j][line])
			}
			if s := float64(same) / float64(longer); s >= leastSimilar {
				out = append(out, pair{from.Path, to.Path, s})
			}
		}
	}
	slices.SortFunc(out, func(a, b pair) int {
		return cmp.Or(cmp.Compare(b.similarity, a.similarity), cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	return out
}

// weigh returns how many bytes each line has in a text.
func weigh(seed maphash.Seed, text []byte) map[uint64]int {
	out := make(map[uint64]int)
	for line := range bytes.Lines(text) {
		out[maphash.Bytes(seed, line)] += len(line)
	}
	return out
}
