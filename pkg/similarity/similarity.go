// Package similarity measures how similar two sets of files are, and searches for the values of keys whose rendering
// is most similar to edited files.
//
// The similarity of two texts is the number of bytes in lines that both have, divided by the number of all bytes. Line
// endings are ignored. Binary files are either equal or not similar at all, as is a file that only one side has.
package similarity

import (
	"bytes"
	"math"

	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
)

// A Score is the similarity of two sides. The zero value is that of two sides without files.
type Score struct {
	Common int // bytes of both sides in lines that both sides have
	Total  int // bytes of both sides
}

// A File is the similarity of two files.
type File struct {
	Score
	Exact    bool // the files are equal
	LineEnds bool // the line endings differ, and some lines are equal without them
}

// Compare returns the similarity of two contents. It counts one byte more for each file, so that empty files count.
func Compare(a, b []byte) File {
	if bytes.Equal(a, b) {
		return File{Score: Score{2 * (len(a) + 1), 2 * (len(a) + 1)}, Exact: true}
	}
	plainA, plainB := withLF(a), withLF(b)
	common := merge.CommonBytes(plainA, plainB)
	f := File{Score: Score{Common: 2 * common, Total: len(plainA) + len(plainB) + 2}}
	if common > 0 || bytes.Equal(plainA, plainB) {
		f.Common += 2
	}
	f.LineEnds = (len(plainA) < len(a)) != (len(plainB) < len(b)) && common > 0
	return f
}

// Alone returns the score of a file of that size in bytes that only one side has.
func Alone(size int) Score { return Score{Total: size + 1} }

// Add returns the score of the files of both s and t.
func (s Score) Add(t Score) Score { return Score{s.Common + t.Common, s.Total + t.Total} }

// Less reports whether s is less similar than t.
func (s Score) Less(t Score) bool { return s.share() < t.share() }

// Percent returns the score in percent with one decimal, rounded down: 100 means that nothing differs.
func (s Score) Percent() float64 { return math.Floor(1000*s.share()) / 10 }

func (s Score) share() float64 {
	if s.Total == 0 {
		return 0
	}
	return float64(s.Common) / float64(s.Total)
}

// withLF returns a text with LF line endings.
func withLF(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }
