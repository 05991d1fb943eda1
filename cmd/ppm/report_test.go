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
		name    string
		cause   error // why the context was canceled; nil if it was not
		err     error
		changed bool
		want    int
	}{
		{"success", nil, nil, false, 0},
		{"success, and a late SIGTERM", errTerminated, nil, false, 0},
		{"a failure", nil, usage, false, 2},
		{"an unknown failure", nil, errors.New("unknown"), false, 1},
		{"an interrupt", context.Canceled, context.Canceled, false, 130},
		{"SIGTERM", errTerminated, context.Canceled, false, 143},
		{"SIGTERM hides the failure that it causes", errTerminated, usage, false, 143},
		{"conflicts, and a late interrupt", context.Canceled, conflicts, false, 8},
		{"conflicts, and a late SIGTERM", errTerminated, conflicts, false, 8},
		{"some installs failed, the others are done, and a late SIGTERM", errTerminated, usage, true, 2},
		{"an interrupted workspace", errTerminated, context.Canceled, true, 143},
		{"differences, and a late SIGTERM", errTerminated, differs, false, 9},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		if c.cause != nil {
			cancel(c.cause)
		}
		if got := exitCode(ctx, c.err, c.changed); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
		cancel(nil)
	}
}
