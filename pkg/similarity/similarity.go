// Package likeness owns how near two sets of files are to each other, and the search for the values of keys that
// bring a rendering nearest to files that were rendered once and edited since.
//
// A likeness is a share of bytes: those of the lines that both sides have, out of those of all
// lines of both sides. Line ends do not count, so that a copy with CRLF is like the original. A file that
// only one side has is like nothing; binary files are equal or not.
package similarity

import (
	"bytes"
	"math"

	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
)

// A Likeness says how much two sides have in common. The zero value is that of two sides with no files.
type Likeness struct {
	Common int // bytes, counted on both sides
	Total  int // bytes of both sides
}

// A File is how a file is like another.
type File struct {
	Likeness
	Exact    bool // every byte is the same
	LineEnds bool // the line ends differ, and some would be the same but for them
}

// Compare returns how like two contents are. Each file counts as one byte more than it has, so that an empty one counts, too.
func Compare(a, b []byte) File {
	if bytes.Equal(a, b) {
		return File{Likeness: Likeness{2 * (len(a) + 1), 2 * (len(a) + 1)}, Exact: true}
	}
	plainA, plainB := plain(a), plain(b)
	common := merge.CommonBytes(plainA, plainB)
	f := File{Likeness: Likeness{Common: 2 * common, Total: len(plainA) + len(plainB) + 2}}
	if common > 0 || bytes.Equal(plainA, plainB) {
		f.Common += 2
	}
	f.LineEnds = (len(plainA) < len(a)) != (len(plainB) < len(b)) && common > 0
	return f
}

// Alone returns the likeness of a file of so many bytes that only one side has.
func Alone(size int) Likeness { return Likeness{Total: size + 1} }

// Add returns the likeness of two pairs of sides taken together.
func (l Likeness) Add(m Likeness) Likeness { return Likeness{l.Common + m.Common, l.Total + m.Total} }

// Less reports whether l is a smaller share than m.
func (l Likeness) Less(m Likeness) bool { return l.share() < m.share() }

// Percent returns the likeness in percent with one decimal, rounded down: it is 100 only when nothing differs.
func (l Likeness) Percent() float64 { return math.Floor(1000*l.share()) / 10 }

func (l Likeness) share() float64 {
	if l.Total == 0 {
		return 0
	}
	return float64(l.Common) / float64(l.Total)
}

// plain returns a text with LF line ends.
func plain(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }
