// Package langenv creates the environment in which the packages of a language are installed for
// one project, such as Python's virtual environment, and installs packages into it.
//
// It runs the tools of the language, which the user has to ask for.
package langenv

import (
	"context"
	"errors"
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

// A Request describes an environment.
type Request struct {
	Dir      string    // the project's folder
	Language string    // as in a pack's manifest
	Packages []string  // as arguments of the language's installer
	Args     []ref.KV  // for the tool that creates the environment: KEY::VALUE is --KEY=VALUE, KEY:: is --KEY
	Output   io.Writer // for the output of the tools
}

// A toolchain defines the commands of a language.
type toolchain struct {
	dir     string                           // the folder of the environment in the project
	create  func(args []string) []string     // returns the command that creates the environment; nil if there is none
	install func(packages []string) []string // returns the command that installs packages
}

var toolchains = map[string]toolchain{
	"py":     python,
	"cython": python,
	"go":     {install: func(p []string) []string { return append([]string{"go", "get", "--"}, p...) }},
	"js": {
		dir:     "node_modules",
		install: func(p []string) []string { return append([]string{"npm", "install", "--"}, p...) },
	},
}

var python = toolchain{
	dir: ".venv",
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
		return append([]string{interpreter, "-m", "pip", "install", "--disable-pip-version-check", "--"}, p...)
	},
}

// Make creates the environment and installs the packages. It does nothing for a language without packages. If it
// fails, it removes an environment that did not exist before; it does not restore files that the tools edit, such as
// package.json.
func Make(ctx context.Context, r Request) (err error) {
	t, ok := toolchains[r.Language]
	if !ok {
		return nil
	}
	if t.dir != "" {
		dir := filepath.Join(r.Dir, t.dir)
		if _, statErr := os.Lstat(dir); errors.Is(statErr, fs.ErrNotExist) {
			defer func() {
				if err != nil {
					err = errors.Join(err, os.RemoveAll(dir))
				}
			}()
		}
	}
	if t.create != nil {
		if err := run(ctx, r, t.create(flags(r.Args))); err != nil {
			return err
		}
	}
	if len(r.Packages) == 0 {
		return nil
	}
	return run(ctx, r, t.install(r.Packages))
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

func run(ctx context.Context, r Request, command []string) error {
	name := command[0]
	if strings.ContainsRune(name, filepath.Separator) { // a tool in the environment
		name = filepath.Join(r.Dir, name)
	}
	cmd := exec.CommandContext(ctx, name, command[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = r.Dir, r.Output, r.Output
	err := cmd.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return failure.Errorf(failure.Other, "running %q: it is not installed", command[0]).
			WithHint("install it, or run the command again without --install")
	}
	return failure.Errorf(failure.Other, "running %q: %w", strings.Join(command, " "), err).
		WithHint("see its output above, or run the command again without --install")
}
