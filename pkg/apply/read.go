package apply

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// maxRead is the maximum size of a file that ReadFile returns, in bytes.
const maxRead = 64 << 20

// ErrTooLarge is returned by ReadFile for files larger than 64 MiB.
var ErrTooLarge = errors.New("it is larger than 64 MiB")

// ReadFile returns the content of the regular file at name. The error is fs.ErrNotExist if there is none, and of kind
// Refused for anything else than a regular file and for a file larger than 64 MiB (ErrTooLarge).
func (p *Project) ReadFile(name string) ([]byte, error) {
	kind, info, err := p.lookup(name)
	switch {
	case err != nil:
		return nil, err
	case kind == plan.Absent:
		return nil, failure.Errorf(failure.LocalIO, "reading %q: %w", name, fs.ErrNotExist).WithHint("check the path")
	case kind != plan.File:
		return nil, failure.Errorf(failure.Refused, "reading %q: it is not a regular file", name).
			WithHint("move it away")
	case info.Size() > maxRead:
		return nil, failure.Errorf(failure.Refused, "reading %q: %w", name, ErrTooLarge).WithHint("move it away")
	}
	f, err := p.openFile(name, info)
	if err != nil {
		return nil, err
	}
	var data bytes.Buffer
	data.Grow(int(info.Size()) + bytes.MinRead) // avoid reallocation
	_, err = data.ReadFrom(io.LimitReader(f, maxRead))
	if err = cmp.Or(err, f.Close()); err != nil {
		return nil, errIO("reading", name, err)
	}
	return data.Bytes(), nil
}

// state returns the current state at name, with its digest.
func (p *Project) state(name string) (plan.State, fs.FileInfo, error) {
	kind, info, err := p.lookup(name)
	if err != nil || kind != plan.File {
		return plan.State{Kind: kind}, info, err
	}
	digest, err := p.hash(context.Background(), name, info)
	return plan.State{Kind: plan.File, Digest: digest, Mode: p.modeOf(info)}, info, err
}

// lookup returns the kind of file at name. It is Absent below anything that is not a folder.
func (p *Project) lookup(name string) (plan.Kind, fs.FileInfo, error) {
	for _, dir := range ancestors(name) {
		if kind, _, err := p.lstat(dir); err != nil || kind != plan.Dir {
			return plan.Absent, nil, err
		}
	}
	return p.lstat(name)
}

// nonDirAbove returns the first path above name that exists and is not a folder, or "".
func (p *Project) nonDirAbove(name string) (string, error) {
	for _, dir := range ancestors(name) {
		if kind, _, err := p.lstat(dir); err != nil || kind != plan.Dir {
			if kind == plan.Absent {
				dir = ""
			}
			return dir, err
		}
	}
	return "", nil
}

// ancestors returns the folders above name, outermost first.
func ancestors(name string) []string {
	var out []string
	for i, r := range name {
		if r == '/' {
			out = append(out, name[:i])
		}
	}
	return out
}
