// Package difftool shows two sets of files in a tool of the user's own, such as meld or
// vimdiff, which gets them as two folders.
//
// The folders are copies that live as long as the tool runs. Nothing that is changed in them comes back.
package difftool

import (
	"cmp"
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

// A Request says which tool to run, and where.
type Request struct {
	Command string // the tool and its arguments, which the two folders follow; quotes keep blanks in a word
	Dir     string // a folder of ppm's own, for the copies; made when it does not exist
	In      io.Reader
	Out     io.Writer
	Err     io.Writer
}

const (
	grace = time.Second    // between asking the tool to end and killing it
	stale = 24 * time.Hour // after which copies are what a killed ppm left
)

// Show runs the tool and waits for it. That it ends with 1 is no failure: tools say so that
// the files differ. When ctx ends, so does the tool.
func Show(ctx context.Context, r Request, before, after fileset.Set) (err error) {
	words, err := split(r.Command)
	if err != nil {
		return err
	}
	dir, err := r.folder()
	if err != nil {
		return failure.Errorf(failure.LocalIO, "making folders for the tool: %w", err).WithHint("check the permissions of %q", r.Dir)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	for name, files := range map[string]fileset.Set{"before": before, "after": after} {
		if err := write(filepath.Join(dir, name), files); err != nil {
			return failure.Errorf(failure.LocalIO, "copying files for the tool: %w", err).WithHint("free some disk space, then try again")
		}
	}
	cmd := exec.CommandContext(ctx, words[0], append(words[1:], filepath.Join(dir, "before"), filepath.Join(dir, "after"))...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = r.In, r.Out, r.Err
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(os.Interrupt) }, grace
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil, errors.As(err, &exit) && exit.ExitCode() == 1:
		return nil
	}
	return failure.Errorf(failure.Other, "running %q: %w", r.Command, err).WithHint("name a tool that compares two folders, with its path if need be")
}

// folder makes an empty folder, and removes those that nobody uses any more.
func (r Request) folder() (string, error) {
	if err := os.MkdirAll(r.Dir, 0o700); err != nil {
		return "", err
	}
	left, err := os.ReadDir(r.Dir)
	if err != nil {
		return "", err
	}
	for _, e := range left {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > stale {
			_ = os.RemoveAll(filepath.Join(r.Dir, e.Name())) // the next run tries again
		}
	}
	return os.MkdirTemp(r.Dir, "")
}

// write writes the files to be looked at: read-only, so that an editor warns who would lose an edit.
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
		if err := cmp.Or(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, f.Data, mode)); err != nil {
			return err
		}
	}
	return nil
}

// split cuts a command into words at blanks. Between '…' or "…" all stands for itself; there
// are no escapes, so that paths of Windows are what they are.
func split(command string) ([]string, error) {
	var words []string
	var word strings.Builder
	open, quote := false, rune(0)
	for _, r := range command {
		switch {
		case r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			open, quote = true, r
		case r != ' ' && r != '\t':
			open = true
			word.WriteRune(r)
		case open:
			words = append(words, word.String())
			word.Reset()
			open = false
		}
	}
	if open {
		words = append(words, word.String())
	}
	if quote != 0 || len(words) == 0 || words[0] == "" {
		return nil, failure.Errorf(failure.Usage, "%q is not a command", command).WithHint("write it as in --tool meld or --tool \"'my tool' --flag\"")
	}
	return words, nil
}
