// Command ppm adds components of git repositories to projects and keeps them up to date.
//
// Each command is one file: it declares flags, builds the options of one call into
// package project, and prints what comes back. Results go to standard output,
// everything else to standard error.
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// collectAt is how much the heap grows, in percent, before garbage is collected. A command is over
// soon, and what it does in little memory has no need of a collection at all.
const collectAt = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	os.Exit(run(os.Args, newStreams(os.Stdin, os.Stdout, os.Stderr, os.Getenv)))
}

// run executes one command line and returns its exit code.
func run(args []string, s *streams) int {
	ctx, stop := withSignals(context.Background())
	defer stop()
	s.json = asksForJSON(args) // an error in the rest of the line is a document, too
	app := newApp(s)
	args, err := arrange(app, args)
	if err == nil {
		s.line = args
		err = app.RunContext(ctx, args)
	}
	return s.finish(ctx, err)
}

// asksForJSON reports whether the flag --json is set in a command line that may be wrong otherwise.
func asksForJSON(args []string) bool {
	asked := false
	for _, arg := range args {
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

// errTerminated is the cause of a context that SIGTERM ended.
var errTerminated = errors.New("terminated")

// exitTerminated is 128 and the number of SIGTERM, as shells count.
const exitTerminated = 143

// withSignals returns a context that the first interrupt or SIGTERM cancels.
// A second one ends the process at once, which the next run recovers from.
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

// exitCode returns the exit code of a command that ended with err.
func exitCode(ctx context.Context, err error) int {
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil && errors.Is(context.Cause(ctx), errTerminated):
		return exitTerminated
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return int(failure.Interrupted)
	}
	return int(failure.KindOf(err))
}
