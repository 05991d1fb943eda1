package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

var errCut = errors.New("the connection was cut before the end of the answer")

// stalled and slow are the reasons for which a guard ends an exchange.
type (
	stalled struct{ after time.Duration }
	slow    struct{ window time.Duration }
	tooMuch struct{ limit int64 }
)

func (e stalled) Error() string { return fmt.Sprintf("the server sent nothing for %v", e.after) }
func (e slow) Error() string {
	return fmt.Sprintf("the server sent less than 1 KiB/s for %v", e.window)
}
func (e tooMuch) Error() string {
	return fmt.Sprintf("the answer is larger than the limit of %d bytes", e.limit)
}

// A guard watches one exchange with a server and ends it when the server says
// nothing for too long or too little over a long time. Only time spent waiting
// for the server counts.
type guard struct {
	ctx    context.Context // ends when the guard or the caller ends the exchange; its cause tells why
	cancel context.CancelCauseFunc

	stall, window time.Duration
	waited        time.Duration // in the current window
	got           int64         // bytes in the current window
}

func (d *Dialer) guard(ctx context.Context) *guard {
	ctx, cancel := context.WithCancelCause(ctx)
	return &guard{ctx: ctx, cancel: cancel, stall: d.o.Stall, window: d.o.SlowWindow}
}

// wait runs an operation that waits for the server and returns how many bytes
// came. When the exchange has ended, its error is the reason for that.
func (g *guard) wait(operation func() (int, error)) (int, error) {
	timer := time.AfterFunc(g.stall, func() { g.cancel(stalled{g.stall}) })
	start := time.Now()
	n, err := operation()
	timer.Stop()
	g.waited += time.Since(start)
	g.got += int64(n)
	if g.waited >= g.window {
		if float64(g.got) < 1024*g.waited.Seconds() {
			g.cancel(slow{g.window})
		}
		g.waited, g.got = 0, 0
	}
	if g.ctx.Err() != nil {
		return n, context.Cause(g.ctx)
	}
	return n, err
}

// A guardedReader reads an answer under a guard. It fails with tooMuch past
// limit bytes, and with errCut where the answer ends: whoever reads it knows
// from the protocol where to stop.
type guardedReader struct {
	*guard
	r     io.ReadCloser
	limit int64
	total int64
	err   error // of the last Read

	complete bool // the protocol's end of the answer has been read
}

func (r *guardedReader) Read(p []byte) (int, error) {
	n, err := r.wait(func() (int, error) { return r.r.Read(p) })
	if r.total += int64(n); r.total > r.limit {
		n, err = 0, tooMuch{r.limit}
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = errCut
	}
	r.err = err
	return n, err
}

func (r *guardedReader) Close() error {
	err := r.r.Close()
	r.cancel(nil)
	return err
}
