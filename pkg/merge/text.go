package merge

import "bytes"

// A line identifies a line with its line ending. Equal lines of texts that were split with the same table have equal
// numbers.
type line int32

// A text is a text split into lines.
type text struct {
	bytes []byte
	lines []line
	ends  []int // ends[i] is where line i ends
}

// A table assigns numbers to lines, from 0.
type table struct {
	numbers    map[string]line
	foldSpaces bool // lines that differ only in the amount of white space are equal
}

func newTable(lines int) table { return table{numbers: make(map[string]line, lines)} }

func (t table) number(text []byte) line {
	if t.foldSpaces {
		text = foldSpaces(text)
	}
	number, ok := t.numbers[string(text)] // does not allocate
	if !ok {
		number = line(len(t.numbers))
		t.numbers[string(text)] = number
	}
	return number
}

// split returns data as a text, adding its lines to the table.
func (t table) split(data []byte) text {
	n := countLines(data)
	out := text{bytes: data, lines: make([]line, 0, n), ends: make([]int, 0, n)}
	for at := 0; at < len(data); {
		end := len(data)
		if i := bytes.IndexByte(data[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		out.lines = append(out.lines, t.number(data[at:end]))
		out.ends = append(out.ends, end)
		at = end
	}
	return out
}

// offset returns where line i starts. Line len(lines) is the end of the text.
func (t text) offset(i int) int {
	if i == 0 {
		return 0
	}
	return t.ends[i-1]
}

// span returns the bytes of the lines s.
func (t text) span(s span) span { return span{t.offset(s.lo), t.offset(s.hi)} }

// slice returns the content of the lines s.
func (t text) slice(s span) []byte { return t.bytes[t.offset(s.lo):t.offset(s.hi)] }

// line returns the content of line i.
func (t text) line(i int) []byte { return t.slice(span{i, i + 1}) }

// texts are the three texts of a merge.
type texts struct {
	base, ours, theirs text
	differ             differ
}

// split splits the three texts of a merge into lines.
func (o Options) split(base, ours, theirs []byte) texts {
	lines := newTable(countLines(base))
	lines.foldSpaces = o.IgnoreSpaceChange
	t := texts{base: lines.split(base), ours: lines.split(ours), theirs: lines.split(theirs)}
	t.differ = lines.differ()
	return t
}
