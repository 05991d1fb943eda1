package difftool

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
)

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		command string
		want    []string // nil for an error
	}{
		{"meld", []string{"meld"}},
		// Spaces around words and in quotes.
		{"  vimdiff  -R\t-c 'set diff' ", []string{"vimdiff", "-R", "-c", "set diff"}},
		{`"C:\Program Files\kdiff3.exe" -m`, []string{`C:\Program Files\kdiff3.exe`, "-m"}},
		{`C:\bin\diff.exe`, []string{`C:\bin\diff.exe`}}, // no escapes
		{`a'b c'"d'e"f`, []string{"ab cd'ef"}},           // quotes inside a word
		{"tool ''", []string{"tool", ""}},                // an empty argument
		{"$EDITOR;ls", []string{"$EDITOR;ls"}},           // no shell
		{"", nil},
		{"  ", nil},
		{"'' x", nil},
		{"tool 'x", nil}, // an unterminated quote
	} {
		got, err := split(c.command)
		if !slices.Equal(got, c.want) || (err == nil) != (c.want != nil) || err != nil &&
			(!errors.Is(err, failure.Usage) || failure.Hint(err) == "") {
			t.Errorf("split(%q) = %q, %v; want %q", c.command, got, err, c.want)
		}
	}
}

func TestShow(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // the test needs a shell
	}
	before := fileset.Set{{Path: "a/run.sh", Mode: fileset.Executable, Data: []byte("old\n")}}
	after := fileset.Set{{Path: "a/run.sh", Mode: fileset.Regular, Data: []byte("new\n")},
		{Path: "b", Mode: fileset.Regular, Data: []byte("b\n")}}
	dir := filepath.Join(t.TempDir(), "made")
	var out strings.Builder
	const script = `cd "$1" && ls -l a | cut -c1-10 && cat a/run.sh && cd "$2" && cat a/run.sh b; exit 1`
	r := Request{Command: "sh -c '" + script + "' tool", Dir: dir, Out: &out, Err: &out}
	if err := Show(t.Context(), r, before, after); err != nil {
		t.Error(err)
	}
	if !strings.Contains(out.String(), "-r-xr-xr-x\nold\nnew\nb\n") {
		t.Errorf("the tool saw\n%s", out.String())
	}
	for _, c := range []struct {
		what, command, want string
	}{
		{"a tool that does not exist", "no-such-tool-here", "no-such-tool-here"},
		{"a tool that fails", "sh -c 'exit 2' tool", "exit status 2"},
	} {
		r.Command = c.command
		if err := Show(t.Context(), r, before, after); !errors.Is(err, failure.Other) ||
			!strings.Contains(err.Error(), c.want) || failure.Hint(err) == "" {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	r.Command = "sh -c 'exec sleep 60' tool"
	if err := Show(ctx, r, before, after); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a tool that is interrupted: %v", err)
	}
	// Old folders are removed; new ones may be in use.
	for name, age := range map[string]time.Duration{"old": maxAge + time.Hour, "young": 0} {
		at := filepath.Join(dir, name)
		if err := errors.Join(os.Mkdir(at, 0o700), os.Chtimes(at, time.Now(), time.Now().Add(-age))); err != nil {
			t.Fatal(err)
		}
	}
	r.Command = "true"
	if err := Show(t.Context(), r, before, after); err != nil {
		t.Error(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || left[0].Name() != "young" {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
