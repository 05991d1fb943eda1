package main

import (
	"context"
	"errors"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

func TestExitCode(t *testing.T) {
	conflicts := failure.Errorf(failure.Conflicts, "unresolved conflicts")
	differs := failure.Errorf(failure.Differs, "differences")
	usage := failure.Errorf(failure.Usage, "usage")
	for _, c := range []struct {
		name  string
		cause error // why the context was canceled; nil if it was not
		err   error
		want  int
	}{
		{"success", nil, nil, 0},
		{"success, and a late SIGTERM", errTerminated, nil, 0},
		{"a failure", nil, usage, 2},
		{"an unknown failure", nil, errors.New("unknown"), 1},
		{"an interrupt", context.Canceled, context.Canceled, 130},
		{"SIGTERM", errTerminated, context.Canceled, 143},
		{"SIGTERM hides the failure that it causes", errTerminated, usage, 143},
		{"conflicts, and a late interrupt", context.Canceled, conflicts, 8},
		{"conflicts, and a late SIGTERM", errTerminated, conflicts, 8},
		{"differences, and a late SIGTERM", errTerminated, differs, 9},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		if c.cause != nil {
			cancel(c.cause)
		}
		if got := exitCode(ctx, c.err); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
		cancel(nil)
	}
}
