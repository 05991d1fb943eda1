package main

import (
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

// On a terminal control characters of a diff are escaped, and it has colours if these are shown.
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

// Only on a terminal a diff is escaped: elsewhere it is a patch.
func TestDiffToTerminalAndPipe(t *testing.T) {
	const diff = "--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+\ufeff\x1b[2J caf\xe9\n"
	result := &project.DiffResult{Files: []project.FileDiff{{Path: "x", Base64: []byte(diff)}}}
	for screen, want := range map[bool]string{
		false: diff,
		true:  "--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+\\ufeff\\x1b[2J caf\\xe9\n",
	} {
		var out strings.Builder
		printDiff(&invocation{terminal: &terminal{out: &out, outScreen: screen}}, result)
		if out.String() != want {
			t.Errorf("to a terminal %v: %q, want %q", screen, out.String(), want)
		}
	}
}
