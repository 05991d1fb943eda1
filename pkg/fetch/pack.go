package fetch

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// A pack is git's file of many objects; its index says where in it each object is.
const (
	packName  = "incoming.pack"
	indexName = "incoming.idx"

	minObject      = 9  // bytes that the smallest object takes in a pack: a header and an empty zlib stream
	deltaHeader    = 20 // bytes that hold the two sizes at the start of a difference
	readsPerObject = 64 // of the pack while it is indexed; more means differences to differences without end
)

// errMalformedPack says that what a server sent is not a pack. It wraps what the git library found.
var errMalformedPack = errors.New("malformed pack")

// receive stores the pack that r delivers among the objects of the bare repository in dir. Sizes
// are checked before anything is inflated into memory. temp is a work folder on the same disk. It returns the
// path of the pack without extension.
func receive(ctx context.Context, r io.Reader, dir, temp string, l Limits) (base string, err error) {
	name := filepath.Join(temp, packName)
	f, err := os.Create(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	n, err := io.Copy(f, io.LimitReader(r, l.PackBytes+1))
	if err != nil {
		return "", err
	}
	if n > l.PackBytes {
		return "", overLimit("the pack that the server sends", n, "or more bytes", l.PackBytes)
	}
	if err := inspect(&meter{ctx: ctx, f: f, left: readBudget(n, 0)}, n, l); err != nil {
		return "", err
	}
	index, sum, err := indexPack(ctx, f, n)
	if err := errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	return install(dir, temp, sum, index)
}

// install moves the pack that is in temp into the repository in dir, with its index. A reader finds
// packs by their .pack files, so the index goes first. It returns their path without extension.
func install(dir, temp string, sum plumbing.Hash, index []byte) (base string, err error) {
	if err := os.WriteFile(filepath.Join(temp, indexName), index, 0o644); err != nil {
		return "", err
	}
	base = filepath.Join(dir, "objects", "pack", "pack-"+sum.String())
	return base, errors.Join(os.Rename(filepath.Join(temp, indexName), base+".idx"), os.Rename(filepath.Join(temp, packName), base+".pack"))
}

// indexPack returns the index of the pack in f, and the checksum that both are named by. Every
// object is inflated and hashed, so the ids in the index are those of the content.
func indexPack(ctx context.Context, f io.ReadSeeker, size int64) (index []byte, sum plumbing.Hash, err error) {
	var out bytes.Buffer
	err = guard(func() error {
		count, err := packedObjects(f, size)
		if err != nil {
			return err
		}
		var ids idxfile.Writer
		p, err := packfile.NewParser(packfile.NewScanner(&meter{ctx: ctx, f: f, left: readBudget(size, count)}), &ids)
		if err != nil {
			return err
		}
		if sum, err = p.Parse(); err != nil {
			return err
		}
		found, err := ids.Index()
		if err != nil {
			return err
		}
		_, err = idxfile.NewEncoder(&out).Encode(found)
		return err
	})
	return out.Bytes(), sum, malformed(err)
}

// inspect reads all object headers of a pack and compares what they declare with the limits. What
// an object really inflates to is bounded by its header.
func inspect(f io.ReadSeeker, size int64, l Limits) error {
	return malformed(guard(func() error {
		count, err := packedObjects(f, size)
		if err != nil {
			return err
		}
		if count > int64(l.Objects) {
			return overLimit("the pack that the server sends", count, "objects", int64(l.Objects))
		}
		s := packfile.NewScanner(f)
		if _, _, err := s.Header(); err != nil {
			return err
		}
		var total int64
		for range count {
			n, typ, err := nextSize(s, l.FileBytes)
			if err != nil {
				return err
			}
			if n > l.FileBytes {
				return overLimit(fmt.Sprintf("a %s that the server sends", typ), n, "bytes", l.FileBytes)
			}
			if total += n; total > l.Unpacked {
				return overLimit("the pack that the server sends", total, "or more bytes, inflated", l.Unpacked)
			}
		}
		_, err = s.Checksum()
		return err
	}))
}

// nextSize returns the inflated size of the next object of a pack, and reads it to its end
// unless it is over max.
func nextSize(s *packfile.Scanner, max int64) (int64, plumbing.ObjectType, error) {
	h, err := s.NextObjectHeader()
	if err != nil {
		return 0, 0, err
	}
	switch h.Type {
	case plumbing.CommitObject, plumbing.TreeObject, plumbing.BlobObject, plumbing.TagObject, plumbing.OFSDeltaObject, plumbing.REFDeltaObject:
	default:
		return 0, 0, errMalformedPack
	}
	if h.Length > max {
		return h.Length, h.Type, nil
	}
	var start prefix
	n, _, err := s.NextObject(&start)
	if err != nil {
		return 0, 0, err
	}
	if n != h.Length {
		return 0, 0, errMalformedPack
	}
	if !h.Type.IsDelta() {
		return n, h.Type, nil
	}
	n, err = start.resultSize()
	return n, h.Type, err
}

// packedObjects returns the number of objects that the header of a pack declares, which is checked
// against the size of the whole, and leaves f at its start.
func packedObjects(f io.ReadSeeker, size int64) (int64, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	_, n, err := packfile.NewScanner(f).Header()
	if err == nil && int64(n) > size/minObject {
		err = errMalformedPack
	}
	if err != nil {
		return 0, err
	}
	_, err = f.Seek(0, io.SeekStart)
	return int64(n), err
}

// A prefix keeps the first bytes written to it.
type prefix struct {
	buf [deltaHeader]byte
	n   int
}

func (p *prefix) Write(b []byte) (int, error) {
	p.n += copy(p.buf[p.n:], b)
	return len(b), nil
}

// resultSize reads the second of the two numbers at the start of a difference: seven bits a byte, lowest first.
func (p *prefix) resultSize() (int64, error) {
	_, n := binary.Uvarint(p.buf[:p.n])
	if n <= 0 {
		return 0, errMalformedPack
	}
	size, n := binary.Uvarint(p.buf[n:p.n])
	if n <= 0 || size > math.MaxInt64 {
		return 0, errMalformedPack
	}
	return int64(size), nil
}

// malformed gives errors of the git library the name errMalformedPack; failures that have a kind keep it.
func malformed(err error) error {
	var known *failure.Error
	if err == nil || errors.As(err, &known) || errors.Is(err, errMalformedPack) {
		return err
	}
	return fmt.Errorf("%w: %w", errMalformedPack, err)
}

// A meter passes on reads of a pack until its context ends or its budget is spent.
type meter struct {
	ctx  context.Context
	f    io.ReadSeeker
	left int64
}

// readBudget returns how many reads of a pack are enough to index it.
func readBudget(size, objects int64) int64 { return 1000 + size/512 + objects*readsPerObject }

func (m *meter) Read(p []byte) (int, error) {
	if err := check(m.ctx); err != nil {
		return 0, err
	}
	if m.left--; m.left < 0 {
		return 0, fmt.Errorf("%w: it differs from itself too many times over", errMalformedPack)
	}
	return m.f.Read(p)
}

func (m *meter) Seek(offset int64, whence int) (int64, error) { return m.f.Seek(offset, whence) }
