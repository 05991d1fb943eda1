package objects

import (
	"context"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// Limits bounds what a server may send in one response.
type Limits struct {
	PackBytes   int64 // bytes of the pack
	Objects     int   // objects in it
	Unpacked    int64 // bytes of all of them, inflated
	ObjectBytes int64 // bytes of one of them, inflated
}

// LimitError returns the error of kind Refused that something has n of what, more than limit.
func LimitError[N int | int64](something string, n N, what string, limit N) error {
	return failure.Errorf(failure.Refused, "reading %s: %d %s; the limit is %d", something, n, what, limit).
		WithHint("ask the author of the pack for a smaller one; docs/limits.md says which settings raise limits")
}

// checkContext returns the error of an ended context as one of kind Interrupted, or nil.
func checkContext(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return failure.Errorf(failure.Interrupted, "reading git objects: %w", context.Cause(ctx))
}
