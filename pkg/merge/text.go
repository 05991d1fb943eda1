package merge

import "bytes"

// A line stands for the bytes of a line, its line end included. Equal lines have equal numbers,
// also across texts that were read with one table.
type line int32

// A text is cut into lines.
type text struct {
	bytes []byte
	lines []line
	ends  []int // ends[i] is where line i ends
}

// A table numbers lines, from 0.
type table map[string]line

func (t table) read(data []byte) text {
	n := countLines(data)
	out := text{bytes: data, lines: make([]line, 0, n), ends: make([]int, 0, n)}
	for at := 0; at < len(data); {
		end := len(data)
		if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		number, ok := t[string(data[at:end])] // the compiler makes no copy for a look-up
		if !ok {
			number = line(len(t))
			t[string(data[at:end])] = number
		}
		out.lines = append(out.lines, number)
		out.ends = append(out.ends, end)
		at = end
	}
	return out
}

// offset returns where line i begins. Line len(lines) begins at the end of the text.
func (t text) offset(i int) int {
	if i == 0 {
		return 0
	}
	return t.ends[i-1]
}

// span returns the bytes that the lines of s take up.
func (t text) span(s span) span { return span{t.offset(s.lo), t.offset(s.hi)} }

// slice returns the bytes of the lines of s.
func (t text) slice(s span) []byte { return t.bytes[t.offset(s.lo):t.offset(s.hi)] }

// line returns the bytes of line i.
func (t text) line(i int) []byte { return t.slice(span{i, i + 1}) }

// texts are the three texts of a merge.
type texts struct {
	base, ours, theirs text
	differ             differ
}

func split(base, ours, theirs []byte) texts {
	numbers := make(table, countLines(base))
	t := texts{base: numbers.read(base), ours: numbers.read(ours), theirs: numbers.read(theirs)}
	t.differ = newDiffer(len(numbers))
	return t
}
