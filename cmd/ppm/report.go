package main

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// A report is what a command has done: what --json prints of it, and what decides the exit code.
type report struct {
	command string // the full name, such as "project add"; empty until the command line was read
	result  any    // nil when there is none
	notes   []string
	help    bytes.Buffer // what --help prints, which is the result with --json
	project string       // the folder of the project, absolute; empty when the command works on none
	changed bool         // the command has changed a project, the cache or a file
}

// A document is what --json prints: one envelope for every command. docs/json.md describes it.
type document struct {
	Version int      `json:"version"`
	Command string   `json:"command"`
	Project string   `json:"project,omitempty"`
	OK      bool     `json:"ok"`
	Result  any      `json:"result,omitempty"`
	Error   *problem `json:"error,omitempty"`
	Notes   []string `json:"notes,omitempty"`
}

type problem struct {
	Kind    string `json:"kind"`
	Code    int    `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

const documentVersion = 1

// document returns the document of a command that ended with err.
func (r *report) document(ctx context.Context, err error) document {
	d := document{
		Version: documentVersion, Command: r.command, Project: r.project,
		OK: err == nil, Result: r.result, Notes: r.notes,
	}
	if err != nil {
		d.Error = newProblem(err, exitCode(ctx, err, r.changed))
	} else if r.help.Len() > 0 {
		d.Result = map[string]string{"help": r.help.String()}
	}
	return d
}

func newProblem(err error, code int) *problem {
	return &problem{
		Kind: failure.KindOf(err).Error(), Code: code,
		Message: printable(err.Error()), Hint: printable(failure.Hint(err)),
	}
}

// errTerminated is the cause of a context that SIGTERM or SIGHUP cancelled.
var errTerminated = errors.New("terminated")

// exitTerminated is 128 plus the number of SIGTERM, as in shells. It is also the code after SIGHUP.
const exitTerminated = 143

// isDone reports whether a command with an exit code has done its work.
func isDone(code int) bool {
	return code == 0 || code == int(failure.Conflicts) || code == int(failure.Differs)
}

// exitCode returns the exit code of a command that ended with err, and that has changed something or not.
func exitCode(ctx context.Context, err error, changed bool) int {
	switch kind := failure.KindOf(err); {
	case err == nil:
		return 0
	case kind == failure.Conflicts, kind == failure.Differs, changed && kind != failure.Interrupted:
		return int(kind) // the work is done, so a signal came too late
	case ctx.Err() != nil && errors.Is(context.Cause(ctx), errTerminated):
		return exitTerminated
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return int(failure.Interrupted)
	}
	return int(failure.KindOf(err))
}

// errorLine returns an error as one line: it can be several errors, or contain a name with a line break.
func errorLine(err error) string {
	if errors.Is(err, context.Canceled) {
		return "interrupted; nothing was changed"
	}
	return oneLine(err.Error())
}

func oneLine(text string) string { return strings.ReplaceAll(text, "\n", "; ") }
