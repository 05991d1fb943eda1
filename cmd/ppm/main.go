// Command ppm adds components of git repositories to projects and keeps them up to date.
//
// Each command is one file: its declaration, the function that runs it with one call into package project, and the
// functions that print the result. Results go to standard output, everything else to standard error.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
)

// gcPercent is how much the heap grows before a garbage collection. Most commands end before the first one.
const gcPercent = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	os.Exit(run(os.Args, newTerminal(os.Stdin, os.Stdout, os.Stderr, os.Getenv), os.Getenv))
}

// run executes one command line and returns its exit code.
func run(line []string, t *terminal, getenv func(string) string) int {
	ctx, stop := withSignals(context.Background())
	defer stop()
	in := &invocation{terminal: t}
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

// withSignals returns a context that the first interrupt or SIGTERM cancels.
// A second one ends the process at once; the next run recovers from that.
func withSignals(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case sig := <-caught:
			signal.Stop(caught)
			if sig == syscall.SIGTERM {
				cancel(errTerminated)
				return
			}
			cancel(context.Canceled)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { signal.Stop(caught); cancel(nil) }
}
