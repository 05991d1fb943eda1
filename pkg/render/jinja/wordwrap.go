package jinja

import (
	"strings"
	"unicode/utf8"
)

// filterWordWrap wraps each line as Python's textwrap does.
func filterWordWrap(c *call) any {
	p := c.params("s", "width?", "break_long_words?", "wrapstring?", "break_on_hyphens?")
	s, width := c.mustStr(p[0]), c.intOr(p[1], 79)
	breakLong, onHyphens := c.boolOr(p[2], true), c.boolOr(p[4], true)
	newline := "\n"
	if orNone(p[3]) != nil {
		newline = c.mustStr(p[3])
	}
	if width <= 0 {
		c.at.fail("the width %d must be positive", width)
	}
	if onHyphens && strings.Contains(s, "-") {
		c.at.unsupported("wordwrap of a text with hyphens, unless break_on_hyphens is false,")
	}
	if strings.ContainsFunc(s, func(r rune) bool { return isSpace(r) && !strings.ContainsRune(" \t\n\r\v\f", r) }) {
		c.at.unsupported("wordwrap of a text with unusual spaces")
	}
	var lines []string
	for _, line := range splitLines(s, false) {
		lines = append(lines, strings.Join(wrap(line, width, breakLong), newline))
	}
	return c.joinAll(lines, newline)
}

// wrap breaks a line into lines of at most width characters, without white space at the end of a line or at the start
// of a line other than the first.
func wrap(line string, width int, breakLong bool) []string {
	chunks := wordChunks(line)
	var lines []string
	for len(chunks) > 0 {
		if len(lines) > 0 && isBlank(chunks[0]) {
			chunks = chunks[1:]
			if len(chunks) == 0 {
				break
			}
		}
		var row []string
		used := 0
		for len(chunks) > 0 && used+utf8.RuneCountInString(chunks[0]) <= width {
			used += utf8.RuneCountInString(chunks[0])
			row = append(row, chunks[0])
			chunks = chunks[1:]
		}
		if len(chunks) > 0 && utf8.RuneCountInString(chunks[0]) > width {
			switch {
			case breakLong:
				head := firstRunes(chunks[0], width-used)
				row = append(row, head)
				chunks[0] = chunks[0][len(head):]
			case len(row) == 0:
				row = append(row, chunks[0])
				chunks = chunks[1:]
			}
		}
		if len(row) > 0 && isBlank(row[len(row)-1]) {
			row = row[:len(row)-1]
		}
		if len(row) > 0 {
			lines = append(lines, strings.Join(row, ""))
		}
	}
	return lines
}

func isBlank(s string) bool { return strings.TrimSpace(s) == "" }

// wordChunks splits a line into words and the white space between them.
func wordChunks(line string) []string {
	var chunks []string
	for line != "" {
		n := strings.IndexFunc(line, isSpace)
		if n == 0 {
			n = strings.IndexFunc(line, func(r rune) bool { return !isSpace(r) })
		}
		if n < 0 {
			n = len(line)
		}
		chunks = append(chunks, line[:n])
		line = line[n:]
	}
	return chunks
}
