package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// table aligns the tab-separated cells that rows writes in columns, without blanks at the ends of lines.
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

// count formats a number with its noun in the singular or the plural.
func count(n int, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// orEmpty returns a list that is never nil, so that JSON has an empty array and not null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
