package plan

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
)

// Limits of the rename detection.
const (
	minSimilarity = 0.5  // as in git
	maxCompared   = 1000 // files on each side; with more files, only exact renames are found
)

// Renames maps each file of theirs that was renamed to its path in base. It finds exact renames first, and then the
// pairs of files with the highest similarity. It uses each file once.
func Renames(base, theirs fileset.Set) map[string]string {
	removed := without(base, theirs)
	added := without(theirs, base)
	out := make(map[string]string)
	used := make(map[string]bool)
	byDigest := make(map[string][]string)
	for _, f := range removed {
		byDigest[f.Digest()] = append(byDigest[f.Digest()], f.Path)
	}
	for _, f := range added {
		if equal := byDigest[f.Digest()]; len(equal) > 0 {
			out[f.Path], byDigest[f.Digest()] = equal[0], equal[1:]
			used[equal[0]] = true
		}
	}
	removed = slices.DeleteFunc(removed, func(f fileset.File) bool { return used[f.Path] })
	added = slices.DeleteFunc(added, func(f fileset.File) bool { return out[f.Path] != "" })
	for _, p := range similar(removed, added) {
		if out[p.to] == "" && !used[p.from] {
			out[p.to] = p.from
			used[p.from] = true
		}
	}
	return out
}

// without returns the files of s that are not empty and whose path is not in other.
func without(s, other fileset.Set) []fileset.File {
	var out []fileset.File
	for _, f := range s {
		if _, both := other.Lookup(f.Path); !both && len(f.Data) > 0 {
			out = append(out, f)
		}
	}
	return out
}

// A pair is a file of the base and a file of theirs that may be a rename.
type pair struct {
	from, to   string
	similarity float64
}

// similar returns the pairs with at least minSimilarity, the most similar first.
func similar(removed, added []fileset.File) []pair {
	if len(removed) > maxCompared || len(added) > maxCompared {
		return nil
	}
	seed := maphash.MakeSeed()
	lines := func(files []fileset.File) []map[uint64]int {
		out := make([]map[uint64]int, len(files))
		for i, f := range files {
			out[i] = lineBytes(seed, f.Data)
		}
		return out
	}
	var out []pair
	removedLines, addedLines := lines(removed), lines(added)
	for i, from := range removed {
		for j, to := range added {
			longer := max(len(from.Data), len(to.Data))
			if shorter := min(len(from.Data), len(to.Data)); float64(shorter) < minSimilarity*float64(longer) {
				continue
			}
			same := 0
			for line, n := range removedLines[i] {
				same += min(n, addedLines[j][line])
			}
			if s := float64(same) / float64(longer); s >= minSimilarity {
				out = append(out, pair{from.Path, to.Path, s})
			}
		}
	}
	slices.SortFunc(out, func(a, b pair) int {
		return cmp.Or(cmp.Compare(b.similarity, a.similarity), cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	return out
}

// lineBytes maps the hash of each line of text to the number of bytes in all lines with this hash. CRLF counts as LF,
// so that other line endings do not hide a rename.
func lineBytes(seed maphash.Seed, text []byte) map[uint64]int {
	out := make(map[uint64]int)
	for line := range bytes.Lines(text) {
		if text, ok := bytes.CutSuffix(line, []byte("\r\n")); ok {
			out[maphash.Bytes(seed, text)] += len(line)
		} else {
			out[maphash.Bytes(seed, bytes.TrimSuffix(line, []byte("\n")))] += len(line)
		}
	}
	return out
}
