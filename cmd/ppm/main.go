// Command ppm adds components of git repositories to projects and keeps them up to date.
//
// Each command is one file: its declaration, the function that runs it with one call into package project, and the
// functions that print the result. Results go to standard output, everything else to standard error.
package main

import (
	"context"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// gcPercent is how much the heap grows before a garbage collection. Most commands end before the first one.
const gcPercent = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, s := catchSignals(context.Background()) // until the process ends: a late signal changes no exit code
	t := newTerminal(os.Stdin, os.Stdout, os.Stderr, os.Getenv)
	os.Exit(run(ctx, os.Args, &invocation{terminal: t, signals: s}, os.Getenv))
}

// run executes one command line with a new invocation and returns its exit code.
func run(ctx context.Context, line []string, in *invocation, getenv func(string) string) int {
	in.options.getenv = getenv
	in.options.json = asksForJSON(line) // an error in the rest of the line is a document, too
	root := commands()
	args, err := arrange(root, line)
	if err == nil {
		err = newApp(root, in, line).RunContext(ctx, args)
	}
	return in.finish(ctx, err)
}

// asksForJSON reports whether the flag --json is set in a command line that may be wrong otherwise.
func asksForJSON(line []string) bool {
	asked := false
	for _, arg := range line {
		if arg == "--" {
			break
		}
		if name, value, given := strings.Cut(arg, "="); name == "--json" {
			on, err := strconv.ParseBool(value)
			asked = !given || on || err != nil
		}
	}
	return asked
}
