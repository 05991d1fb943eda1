package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

var errCut = errors.New("the connection was closed before the end of the response")

// Reasons for which a guard ends an exchange.
type (
	stalledError struct{ after time.Duration }
	slowError    struct{ window time.Duration }
	longError    struct{ limit time.Duration }
	sizeError    struct{ limit int64 }
)

func (e stalledError) Error() string { return fmt.Sprintf("the server sent nothing for %v", e.after) }
func (e slowError) Error() string {
	return fmt.Sprintf("the server sent less than 1 KiB/s for %v", e.window)
}
func (e longError) Error() string {
	return fmt.Sprintf("all answers of the server together took longer than %v", e.limit)
}
func (e sizeError) Error() string {
	return fmt.Sprintf("the response is larger than the limit of %d bytes", e.limit)
}

// A budget is the time that may be spent on waiting for one server. It is safe for concurrent use.
type budget struct {
	limit time.Duration // 0 for no limit
	spent atomic.Int64  // in nanoseconds
}

// left returns the time that is left, and false when there is no limit.
func (b *budget) left() (time.Duration, bool) {
	return b.limit - time.Duration(b.spent.Load()), b.limit > 0
}

// A guard watches one exchange with a server and ends it when the server stalls or is too slow, or when the budget is
// spent. Only time spent waiting for the server counts.
type guard struct {
	ctx    context.Context // ends when the guard or the caller ends the exchange; its cause is the reason
	cancel context.CancelCauseFunc

	budget        *budget
	stall, window time.Duration
	waited        time.Duration // in the current window
	got           int64         // bytes in the current window
}

func newGuard(ctx context.Context, b *budget, stall, window time.Duration) *guard {
	ctx, cancel := context.WithCancelCause(ctx)
	return &guard{ctx: ctx, cancel: cancel, budget: b, stall: stall, window: window}
}

// wait runs an operation that waits for the server and returns the number of bytes that it received. When the exchange
// has ended, the error is the reason for that.
func (g *guard) wait(operation func() (int, error)) (int, error) {
	patience, reason := g.stall, error(stalledError{g.stall})
	if left, limited := g.budget.left(); limited && left < patience {
		patience, reason = left, longError{g.budget.limit}
	}
	if patience <= 0 {
		g.cancel(reason)
		return 0, context.Cause(g.ctx)
	}
	timer := time.AfterFunc(patience, func() { g.cancel(reason) })
	start := time.Now()
	n, err := operation()
	timer.Stop()
	took := time.Since(start)
	g.budget.spent.Add(int64(took))
	g.waited += took
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
