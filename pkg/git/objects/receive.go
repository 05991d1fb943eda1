package objects

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// Names of a pack's files until it is complete.
const (
	tempPack  = "incoming.pack"
	tempIndex = "incoming.idx"
)

// minObject is the number of bytes that the smallest object takes in a pack: a header and an empty zlib stream.
const minObject = 9

// Receive adds the pack that r delivers to the bare repository in dir. A partial pack is marked as one that a server
// sent without the content of files. temp is an empty folder on the same disk.
//
// Errors are of kind Refused above the limits, or ErrMalformedPack.
func Receive(ctx context.Context, r io.Reader, dir, temp string, partial bool, l Limits) error {
	f, err := os.Create(filepath.Join(temp, tempPack))
	if err != nil {
		return err
	}
	defer f.Close()
	n, err := io.Copy(f, io.LimitReader(r, l.PackBytes+1))
	if err != nil {
		return err
	}
	if n > l.PackBytes {
		return LimitError("the pack that the server sends", n, "or more bytes", l.PackBytes)
	}
	if err := inspect(&meter{ctx: ctx, f: f, left: readBudget(n, 0)}, n, l); err != nil {
		return err
	}
	index, sum, err := indexPack(ctx, f, n)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return install(dir, temp, sum, index, partial)
}

// install moves the pack that is in temp into the repository in dir, with its index. Readers look for .pack files, so
// that one goes last.
func install(dir, temp string, sum ID, index []byte, partial bool) error {
	base := filepath.Join(packDir(dir), "pack-"+sum.String())
	if err := os.WriteFile(filepath.Join(temp, tempIndex), index, 0o644); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(temp, tempIndex), base+indexExt); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(temp, tempPack), base+packExt); err != nil {
		return err
	}
	if !partial {
		return nil
	}
	return os.WriteFile(base+promisorExt, nil, 0o644)
}

// indexPack returns the index of the pack in f, and the checksum that both files are named by. Every object is
// inflated and hashed, so the ids in the index are those of the content.
func indexPack(ctx context.Context, f io.ReadSeeker, size int64) (index []byte, sum ID, err error) {
	var out bytes.Buffer
	err = Guard(func() error {
		count, err := countObjects(f, size)
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

// inspect reads all object headers of a pack and compares the sizes in them with the limits. No object inflates to
// more than its header says.
func inspect(f io.ReadSeeker, size int64, l Limits) error {
	return malformed(Guard(func() error {
		count, err := countObjects(f, size)
		if err != nil {
			return err
		}
		if count > int64(l.Objects) {
			return LimitError("the pack that the server sends", count, "objects", int64(l.Objects))
		}
		s := packfile.NewScanner(f)
		if _, _, err := s.Header(); err != nil {
			return err
		}
		var total int64
		for range count {
			n, typ, err := nextSize(s, l.ObjectBytes)
			if err != nil {
				return err
			}
			if n > l.ObjectBytes {
				return LimitError(fmt.Sprintf("a %s that the server sends", typ), n, "bytes", l.ObjectBytes)
			}
			if total += n; total > l.Unpacked {
				return LimitError("the pack that the server sends", total, "or more bytes, inflated", l.Unpacked)
			}
		}
		_, err = s.Checksum()
		return err
	}))
}

// nextSize returns the inflated size of the next object of a pack. It reads the object to its end unless the size is
// over limit.
func nextSize(s *packfile.Scanner, limit int64) (int64, plumbing.ObjectType, error) {
	h, err := s.NextObjectHeader()
	if err != nil {
		return 0, 0, err
	}
	switch h.Type {
	case plumbing.CommitObject, plumbing.TreeObject, plumbing.BlobObject, plumbing.TagObject:
	case plumbing.OFSDeltaObject, plumbing.REFDeltaObject:
	default:
		return 0, 0, ErrMalformedPack
	}
	if h.Length > limit {
		return h.Length, h.Type, nil
	}
	var start deltaHeader
	n, _, err := s.NextObject(&start)
	if err != nil {
		return 0, 0, err
	}
	if n != h.Length {
		return 0, 0, ErrMalformedPack
	}
	if !h.Type.IsDelta() {
		return n, h.Type, nil
	}
	n, err = start.resultSize()
	return n, h.Type, err
}

// countObjects returns the number of objects in the header of a pack, which is compared with the size of the pack, and
// leaves f at its start.
func countObjects(f io.ReadSeeker, size int64) (int64, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	_, n, err := packfile.NewScanner(f).Header()
	if err == nil && int64(n) > size/minObject {
		err = ErrMalformedPack
	}
	if err != nil {
		return 0, err
	}
	_, err = f.Seek(0, io.SeekStart)
	return int64(n), err
}

// malformed wraps an error of the git library in ErrMalformedPack. Errors with a kind are returned as they are.
func malformed(err error) error {
	var known *failure.Error
	if err == nil || errors.As(err, &known) || errors.Is(err, ErrMalformedPack) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrMalformedPack, err)
}
