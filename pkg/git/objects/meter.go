package objects

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// readsPerObject bounds the reads of a pack while it is indexed; more means endless deltas against deltas.
const readsPerObject = 64

// A meter passes on reads of a pack until its context ends or its budget is used up.
type meter struct {
	ctx  context.Context
	f    io.ReadSeeker
	left int64
}

// readBudget returns how many reads of a pack are enough to index it.
func readBudget(size, objects int64) int64 { return 1000 + size/512 + objects*readsPerObject }

func (m *meter) Read(p []byte) (int, error) {
	if err := checkContext(m.ctx); err != nil {
		return 0, err
	}
	if m.left--; m.left < 0 {
		return 0, fmt.Errorf("%w: it has too many deltas against deltas", ErrMalformedPack)
	}
	return m.f.Read(p)
}

func (m *meter) Seek(offset int64, whence int) (int64, error) { return m.f.Seek(offset, whence) }

// maxDeltaHeader is the number of bytes that the two sizes at the start of a delta can take.
const maxDeltaHeader = 20

// A deltaHeader keeps the first bytes written to it.
type deltaHeader struct {
	buf [maxDeltaHeader]byte
	n   int
}

func (h *deltaHeader) Write(b []byte) (int, error) {
	h.n += copy(h.buf[h.n:], b)
	return len(b), nil
}

// resultSize returns the second of the two sizes at the start of a delta: seven bits a byte, lowest first.
func (h *deltaHeader) resultSize() (int64, error) {
	_, n := binary.Uvarint(h.buf[:h.n])
	if n <= 0 {
		return 0, ErrMalformedPack
	}
	size, n := binary.Uvarint(h.buf[n:h.n])
	if n <= 0 || size > math.MaxInt64 {
		return 0, ErrMalformedPack
	}
	return int64(size), nil
}
