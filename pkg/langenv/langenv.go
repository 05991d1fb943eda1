// Package environment makes the place where a language's packages are installed for
// one project, such as Python's virtual environment, and installs packages into it.
//
// It runs the language's own tools, and only when a user asks for that. What a failed
// run has made is removed again.
package langenv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A Request says what to make.
type Request struct {
	Dir      string    // the project's folder
	Language string    // as a pack states it
	Packages []string  // in the language's own form
	Args     []ref.KV  // for what makes the environment: KEY::VALUE is --KEY=VALUE, KEY:: is --KEY
	Output   io.Writer // gets what the tools print
}

// A maker is how one language does it.
type maker struct {
	folder  string                           // made in the project; removed on failure unless it was there before
	create  func(args []string) []string     // the command line that makes the environment; nil when nothing has to be made
	install func(packages []string) []string // the command line that installs packages
}

var makers = map[string]maker{
	"py":     python,
	"cython": python,
	"go":     {install: func(p []string) []string { return append([]string{"go", "get"}, p...) }},
	"js":     {folder: "node_modules", install: func(p []string) []string { return append([]string{"npm", "install"}, p...) }},
}

var python = maker{
	folder: ".venv",
	create: func(args []string) []string {
		interpreter := "python3"
		if runtime.GOOS == "windows" {
			interpreter = "python"
		}
		return append(append([]string{interpreter, "-m", "venv"}, args...), ".venv")
	},
	install: func(p []string) []string {
		interpreter := filepath.Join(".venv", "bin", "python")
		if runtime.GOOS == "windows" {
			interpreter = filepath.Join(".venv", "Scripts", "python.exe")
		}
		return append([]string{interpreter, "-m", "pip", "install", "--disable-pip-version-check"}, p...)
	},
}

// Make makes the environment and installs the packages. Languages that know no
// packages have nothing to make. On failure the project's folder is as it was, but for
// files of the user's that the tools themselves edit, such as package.json.
func Make(ctx context.Context, r Request) (err error) {
	m, ok := makers[r.Language]
	if !ok {
		return nil
	}
	if m.folder != "" {
		folder := filepath.Join(r.Dir, m.folder)
		if _, statErr := os.Lstat(folder); errors.Is(statErr, fs.ErrNotExist) {
			defer func() {
				if err != nil {
					err = errors.Join(err, os.RemoveAll(folder))
				}
			}()
		}
	}
	if m.create != nil {
		if err := run(ctx, r, m.create(flags(r.Args))); err != nil {
			return err
		}
	}
	if len(r.Packages) == 0 {
		return nil
	}
	return run(ctx, r, m.install(r.Packages))
}

func flags(args []ref.KV) []string {
	var out []string
	for _, kv := range args {
		flag := "--" + strings.ReplaceAll(kv.Key, "_", "-")
		if kv.Value != "" {
			flag += "=" + kv.Value
		}
		out = append(out, flag)
	}
	return out
}

func run(ctx context.Context, r Request, line []string) error {
	name := line[0]
	if strings.ContainsRune(name, filepath.Separator) { // the environment's own tool
		name = filepath.Join(r.Dir, name)
	}
	cmd := exec.CommandContext(ctx, name, line[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = r.Dir, r.Output, r.Output
	err := cmd.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return failure.Errorf(failure.Other, "running %q: it is not installed", line[0]).
			WithHint("install it, or run the command again without --install")
	}
	return failure.Errorf(failure.Other, "running %q: %w", fmt.Sprint(strings.Join(line, " ")), err).
		WithHint("see what it printed above; without --install ppm leaves this to you")
}
