package architecture_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// Limits of every Go file. A tab counts as four columns.
const (
	maxColumns       = 119
	maxFileLines     = 499
	maxFunctionLines = 59
)

func TestFilesAreWithinLimits(t *testing.T) {
	watchSources(t)
	list := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard", "*.go")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	files := strings.Fields(string(out))
	if len(files) < 100 {
		t.Fatalf("git ls-files found only %d files", len(files))
	}
	for _, name := range files {
		source, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) { // deleted, but still in the index
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		checkLines(t, name, string(source))
		checkFunctions(t, name, source)
	}
}

func checkLines(t *testing.T, name, source string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(source, "\n"), "\n")
	if len(lines) > maxFileLines {
		t.Errorf("%s has %d lines; at most %d", name, len(lines), maxFileLines)
	}
	for i, line := range lines {
		if n := utf8.RuneCountInString(strings.ReplaceAll(line, "\t", "    ")); n > maxColumns {
			t.Errorf("%s:%d has %d columns; at most %d", name, i+1, n, maxColumns)
		}
	}
}

func checkFunctions(t *testing.T, name string, source []byte) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		start, end := set.Position(f.Pos()).Line, set.Position(f.End()).Line
		if n := end - start + 1; n > maxFunctionLines {
			t.Errorf("%s:%d: %s has %d lines; at most %d", name, start, f.Name.Name, n, maxFunctionLines)
		}
	}
}
