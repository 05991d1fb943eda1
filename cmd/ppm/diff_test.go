package main

import (
	"strings"
	"testing"
)

// On a terminal a diff has colours, and control characters in it are escaped.
func TestDiffInColours(t *testing.T) {
	const diff = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n same\n-\x1b[2J\n+new\r\n"
	for _, c := range []struct {
		colours bool
		want    string
	}{
		{false, "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n same\n-\\x1b[2J\n+new\r\n"},
		{true, "\x1b[31m--- a/x\x1b[0m\n\x1b[32m+++ b/x\x1b[0m\n\x1b[36m@@ -1,2 +1,2 @@\x1b[0m\n same\n" +
			"\x1b[31m-\\x1b[2J\x1b[0m\n\x1b[32m+new\\r\x1b[0m\n"},
	} {
		var out strings.Builder
		for line := range strings.Lines(diff) {
			out.WriteString(diffLine(line, c.colours))
		}
		if out.String() != c.want {
			t.Errorf("with colours %v: %q, want %q", c.colours, out.String(), c.want)
		}
	}
}
