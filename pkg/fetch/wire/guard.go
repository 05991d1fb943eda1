package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

var errCut = errors.New("the connection was closed before the end of the response")

// Reasons for which a guard ends an exchange.
type (
	stalledError struct{ after time.Duration }
	slowError    struct{ window time.Duration }
	sizeError    struct{ limit int64 }
)

func (e stalledError) Error() string { return fmt.Sprintf("the server sent nothing for %v", e.after) }
func (e slowError) Error() string {
	return fmt.Sprintf("the server sent less than 1 KiB/s for %v", e.window)
}
func (e sizeError) Error() string {
	return fmt.Sprintf("the response is larger than the limit of %d bytes", e.limit)
}

// A guard watches one exchange with a server and ends it when the server stalls or is too slow. Only time spent
// waiting for the server counts.
type guard struct {
	ctx    context.Context // ends when the guard or the caller ends the exchange; its cause is the reason
	cancel context.CancelCauseFunc

	stall, window time.Duration
	waited        time.Duration // in the current window
	got           int64         // bytes in the current window
}

func newGuard(ctx context.Context, stall, window time.Duration) *guard {
	ctx, cancel := context.WithCancelCause(ctx)
	return &guard{ctx: ctx, cancel: cancel, stall: stall, window: window}
}

// wait runs an operation that waits for the server and returns the number of bytes that it received. When the exchange
// has ended, the error is the reason for that.
func (g *guard) wait(operation func() (int, error)) (int, error) {
	timer := time.AfterFunc(g.stall, func() { g.cancel(stalledError{g.stall}) })
	start := time.Now()
	n, err := operation()
	timer.Stop()
	g.waited += time.Since(start)
	g.got += int64(n)
	if g.waited >= g.window {
		if float64(g.got) < 1024*g.waited.Seconds() {
			g.cancel(slowError{g.window})
		}
		g.waited, g.got = 0, 0
	}
	if g.ctx.Err() != nil {
		return n, context.Cause(g.ctx)
	}
	return n, err
}

// A guardedReader reads a response under a guard. It fails with a sizeError after limit bytes, and with errCut at the
// end: the protocol says where to stop before that.
type guardedReader struct {
	*guard
	r     io.ReadCloser
	limit int64
	total int64

	complete bool // the end of the response according to the protocol has been read
}

func (r *guardedReader) Read(p []byte) (int, error) {
	n, err := r.wait(func() (int, error) { return r.r.Read(p) })
	if r.total += int64(n); r.total > r.limit {
		n, err = 0, sizeError{r.limit}
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = errCut
	}
	return n, err
}

func (r *guardedReader) Close() error {
	err := r.r.Close()
	r.cancel(nil)
	return err
}
