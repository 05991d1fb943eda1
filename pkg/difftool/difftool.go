// Package difftool compares two sets of files in an external diff tool, such as meld or vimdiff.
//
// The tool gets two temporary folders with copies of the files. Changes to the copies are lost.
package difftool

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
)

// A Request describes the tool to run.
type Request struct {
	Command string // the tool and its arguments, to which the two folders are added; words may be quoted
	Dir     string // the parent of the temporary folders; created if missing
	In      io.Reader
	Out     io.Writer
	Err     io.Writer
}

const (
	killDelay = time.Second    // from interrupting the tool to killing it
	maxAge    = 24 * time.Hour // of temporary folders; older ones are left over from a killed ppm
)

// Show runs the tool and waits for it. It interrupts the tool when ctx is done. Exit code 1 is not an error: diff
// tools use it to report that the files differ.
func Show(ctx context.Context, r Request, before, after fileset.Set) (err error) {
	words, err := split(r.Command)
	if err != nil {
		return err
	}
	dir, err := r.makeDir()
	if err != nil {
		return failure.Errorf(failure.LocalIO, "creating folders for the tool: %w", err).
			WithHint("check the permissions of %q", r.Dir)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	beforeDir, afterDir := filepath.Join(dir, "before"), filepath.Join(dir, "after")
	for dir, files := range map[string]fileset.Set{beforeDir: before, afterDir: after} {
		if err := write(dir, files); err != nil {
			return failure.Errorf(failure.LocalIO, "copying files for the tool: %w", err).
				WithHint("free some disk space, then try again")
		}
	}
	cmd := exec.CommandContext(ctx, words[0], append(words[1:], beforeDir, afterDir)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = r.In, r.Out, r.Err
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(os.Interrupt) }, killDelay
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil, errors.As(err, &exit) && exit.ExitCode() == 1:
		return nil
	}
	return failure.Errorf(failure.Other, "running %q: %w", r.Command, err).
		WithHint("name a tool that compares two folders, with its path if it is not in PATH")
}

// makeDir creates an empty folder in r.Dir, and removes old ones.
func (r Request) makeDir() (string, error) {
	if err := os.MkdirAll(r.Dir, 0o700); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(r.Dir)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > maxAge {
			_ = os.RemoveAll(filepath.Join(r.Dir, e.Name())) // the next run tries again
		}
	}
	return os.MkdirTemp(r.Dir, "")
}

// write writes the files below dir. They are read-only, so that an editor warns that changes are lost.
func write(dir string, files fileset.Set) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Path))
		mode := os.FileMode(0o444)
		if f.Mode == fileset.Executable {
			mode = 0o555
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(name, f.Data, mode); err != nil {
			return err
		}
	}
	return nil
}

// split splits a command into words at spaces and tabs. '…' and "…" quote any characters. There are no escapes, so
// that Windows paths need no quoting.
func split(command string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord, quote := false, rune(0)
	for _, r := range command {
		switch {
		case r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			inWord, quote = true, r
		case r != ' ' && r != '\t':
			inWord = true
			word.WriteRune(r)
		case inWord:
			words = append(words, word.String())
			word.Reset()
			inWord = false
		}
	}
	if inWord {
		words = append(words, word.String())
	}
	if quote != 0 || len(words) == 0 || words[0] == "" {
		return nil, failure.Errorf(failure.Usage, "%q is not a command", command).
			WithHint("write it as in --tool meld or --tool \"'my tool' --flag\"")
	}
	return words, nil
}
