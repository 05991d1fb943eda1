package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	sessionInMarkdown = regexp.MustCompile("(?s)```console\n(.*?)```")
	endOfLineComment  = regexp.MustCompile(` +# .*`)
)

// editor changes a line that upstream changes, too, and resolves conflicts with the user's side.
const editor = `#!/bin/sh
sed '
/^<<<<<<< /d
/^=======$/,/^>>>>>>> /d
s/Return the line to print/Return the text to show/
' "$1" > "$1.new" && mv "$1.new" "$1"
`

// The commands in the README print what it shows.
func TestReadmeSession(t *testing.T) {
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("..", "..", name))
			if err != nil {
				t.Fatal(err)
			}
			session := sessionInMarkdown.FindSubmatch(text)
			if session == nil {
				t.Fatal("it shows no session")
			}
			home, project := t.TempDir(), t.TempDir()
			edit := filepath.Join(home, "edit")
			if err := os.WriteFile(edit, []byte(editor), 0o755); err != nil {
				t.Fatal(err)
			}
			for step := range strings.SplitSeq("\n"+string(session[1]), "\n$ ") {
				line, want, _ := strings.Cut(step, "\n")
				if line == "" {
					continue
				}
				run := exec.Command("sh", "-c", endOfLineComment.ReplaceAllString(line, ""))
				run.Dir = project
				path := binary + string(filepath.ListSeparator) + os.Getenv("PATH")
				run.Env = []string{"HOME=" + home, "EDITOR=" + edit, "PATH=" + path}
				out, _ := run.CombinedOutput() // a conflict is an exit code, too
				if strings.TrimRight(string(out), "\n") != strings.TrimRight(want, "\n") {
					t.Fatalf("%s prints\n%s\nand not\n%s", line, out, want)
				}
			}
		})
	}
}
