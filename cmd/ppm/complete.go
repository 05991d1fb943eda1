package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

// typed is the part of a command line that is completed.
type typed struct {
	last string // the last word
	args []string
	cwd  string
}

// complete prints the words that can follow in the command line of a command. Standard prints its flags and commands.
func complete(c *command, line typed, out io.Writer, standard func()) {
	var words []string
	if !strings.HasPrefix(line.last, "-") {
		standard()
		if c.complete != nil {
			words = c.complete(readLock(line.cwd), line.args)
		}
	} else if f, ok := findFlag(c.flags, strings.TrimLeft(line.last, "-")); ok && f.kind == choiceFlag {
		words = f.choices
	} else {
		standard()
	}
	for _, word := range words {
		fmt.Fprintln(out, word)
	}
}

// readLock returns the lock of a project, or an empty one when it cannot be read.
func readLock(dir string) *lockfile.Lock {
	data, err := os.ReadFile(filepath.Join(dir, project.LockName))
	if err != nil {
		return &lockfile.Lock{}
	}
	lock, err := lockfile.Parse(project.LockName, data)
	if err != nil {
		return &lockfile.Lock{}
	}
	return lock
}
