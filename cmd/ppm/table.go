package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// table returns what rows writes, its tab-separated cells in columns, and no blanks at the end of a line.
func table(rows func(io.Writer)) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	rows(w)
	w.Flush()
	var out strings.Builder
	for line := range strings.Lines(b.String()) {
		out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return out.String()
}

// count writes a number with what there are so many of, of which one is the form for 1.
func count(n int, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// orEmpty makes an empty list an empty array in a document, not null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
