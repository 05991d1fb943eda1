package failure_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

func TestKindOf(t *testing.T) {
	_, missing := os.Open("no-such-file")
	for _, c := range []struct {
		err  error
		want failure.Kind
	}{
		{errors.New("x"), failure.Other},
		{failure.Errorf(failure.Network, "x"), failure.Network},
		{fmt.Errorf("adding: %w", failure.Errorf(failure.Usage, "x")), failure.Usage}, // wrapped
		// The outermost error decides.
		{failure.Errorf(failure.Refused, "a: %w", failure.Errorf(failure.Usage, "b")), failure.Refused},
		{fmt.Errorf("reading: %w", context.Canceled), failure.Interrupted},
		{missing, failure.LocalIO}, // a standard error
	} {
		if got := failure.KindOf(c.err); got != c.want {
			t.Errorf("KindOf(%v) = %v, want %v", c.err, got, c.want)
		}
	}
}

func TestIsAndHint(t *testing.T) {
	inner := failure.Errorf(failure.Usage, "no component %q", "x").WithHint("run %s", "ppm registry list")
	err := fmt.Errorf("adding: %w", inner)
	if !errors.Is(err, failure.Usage) || errors.Is(err, failure.Network) {
		t.Errorf("errors.Is does not report the kind of %v", err)
	}
	if got := failure.Hint(err); got != "run ppm registry list" {
		t.Errorf("Hint = %q", got)
	}
	if got := failure.Hint(errors.Join(errors.New("x"), err)); got != "run ppm registry list" {
		t.Errorf("Hint of joined errors = %q", got)
	}
	if err.Error() != `adding: no component "x"` {
		t.Errorf("Error() = %q", err)
	}
}
