package apply

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// maxRead bounds what ReadFile returns: the project's records and the files that a merge holds in memory.
const maxRead = 64 << 20

// ErrTooLarge says of a file that ReadFile does not read it.
var ErrTooLarge = errors.New("it is larger than 64 MiB")

// Scan returns the state of each path, and of the folders above it. It follows no link: what
// lies behind one is Absent, and the link itself is in the result. A path that CheckPath refuses is Refused.
func (p *Project) Scan(ctx context.Context, paths []string) (plan.Disk, error) {
	disk := make(plan.Disk, len(paths))
	found := make(map[string]fs.FileInfo, len(paths)) // the files
	spelling := speller{p: p}
	asked := make(map[string]bool, len(paths))
	for _, name := range paths {
		if err := fileset.CheckPath(name); err != nil {
			return nil, err
		}
		asked[name] = true
	}
	for _, name := range paths {
		for _, at := range append(ancestors(name), name) {
			state, seen := disk[at]
			if !seen {
				kind, info, err := p.lstat(at)
				if err != nil {
					return nil, err
				}
				if kind != plan.Absent && !spelling.right(at, info) {
					kind = plan.Alias
				}
				if kind == plan.File {
					found[at] = info
				}
				state = plan.State{Kind: kind}
				disk[at] = state
			}
			if at != name && state.Kind != plan.Folder {
				disk[name] = plan.State{}
				break
			}
		}
		if disk[name].Kind == plan.Folder {
			if _, err := p.scanFolder(name, asked, disk); err != nil {
				return nil, err
			}
		}
	}
	return disk, p.hashAll(ctx, found, disk)
}

// scanFolder adds to disk what is in a folder, up to the first file that is not asked for,
// and reports whether there is none. It hashes nothing.
func (p *Project) scanFolder(folder string, asked map[string]bool, disk plan.Disk) (bool, error) {
	names, err := p.readDir(folder)
	if err != nil {
		return false, ioError("reading", folder, err)
	}
	for _, name := range names {
		at := folder + "/" + name
		kind, _, err := p.lstat(at)
		if err != nil {
			return false, err
		}
		if kind != plan.Folder && asked[at] {
			continue
		}
		disk[at] = plan.State{Kind: kind}
		only := false
		if kind == plan.Folder {
			only, err = p.scanFolder(at, asked, disk)
		}
		if err != nil || !only {
			return false, err
		}
	}
	return true, nil
}

// hashAll puts the digests and modes of the files into disk.
func (p *Project) hashAll(ctx context.Context, files map[string]fs.FileInfo, disk plan.Disk) error {
	var (
		names = make(chan string)
		mu    sync.Mutex
		first error
		wg    sync.WaitGroup
	)
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		wg.Go(func() {
			for name := range names {
				digest, err := p.hash(ctx, name, files[name])
				mu.Lock()
				disk[name] = plan.State{Kind: plan.File, Digest: digest, Mode: modeOf(files[name])}
				if first == nil {
					first = err
				}
				mu.Unlock()
			}
		})
	}
	for name := range files {
		names <- name
	}
	close(names)
	wg.Wait()
	return first
}

// ReadFile returns the content of the regular file at name. errors.Is(err, fs.ErrNotExist) when there
// is nothing; a link, and a file of more than 64 MiB (ErrTooLarge), is Refused.
func (p *Project) ReadFile(name string) ([]byte, error) {
	kind, info, err := p.look(name)
	switch {
	case err != nil:
		return nil, err
	case kind == plan.Absent:
		return nil, failure.Errorf(failure.LocalIO, "reading %q: %w", name, fs.ErrNotExist).WithHint("check the path")
	case kind != plan.File:
		return nil, failure.Errorf(failure.Refused, "reading %q: it is not a regular file", name).WithHint("move it away")
	case info.Size() > maxRead:
		return nil, failure.Errorf(failure.Refused, "reading %q: %w", name, ErrTooLarge).WithHint("move it away")
	}
	f, err := p.openFile(name, info)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxRead))
	if err = cmp.Or(err, f.Close()); err != nil {
		return nil, ioError("reading", name, err)
	}
	return data, nil
}

// state returns what stands at name now, hashed.
func (p *Project) state(name string) (plan.State, fs.FileInfo, error) {
	kind, info, err := p.look(name)
	if err != nil || kind != plan.File {
		return plan.State{Kind: kind}, info, err
	}
	digest, err := p.hash(context.Background(), name, info)
	return plan.State{Kind: plan.File, Digest: digest, Mode: modeOf(info)}, info, err
}

// look returns what stands at name. Below anything but a folder that is nothing.
func (p *Project) look(name string) (plan.Kind, fs.FileInfo, error) {
	for _, folder := range ancestors(name) {
		if kind, _, err := p.lstat(folder); err != nil || kind != plan.Folder {
			return plan.Absent, nil, err
		}
	}
	return p.lstat(name)
}

func (p *Project) lstat(name string) (plan.Kind, fs.FileInfo, error) {
	info, err := p.root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return plan.Absent, nil, nil
	case err != nil:
		return plan.Absent, nil, ioError("reading", name, err)
	case info.Mode().IsRegular():
		return plan.File, info, nil
	case info.IsDir():
		return plan.Folder, info, nil
	case info.Mode()&fs.ModeSymlink != 0:
		return plan.Symlink, info, nil
	}
	return plan.Other, info, nil
}

// blocker returns the thing above name that is not a folder, or "".
func (p *Project) blocker(name string) (string, error) {
	for _, folder := range ancestors(name) {
		if kind, _, err := p.lstat(folder); err != nil || kind != plan.Folder {
			if kind == plan.Absent {
				folder = ""
			}
			return folder, err
		}
	}
	return "", nil
}

// openFile opens for reading the regular file that info is about, and no other that took its place.
func (p *Project) openFile(name string, info fs.FileInfo) (*os.File, error) {
	f, err := p.root.OpenFile(name, os.O_RDONLY|nonblock, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, changed(name)
	}
	if err != nil {
		return nil, ioError("reading", name, err)
	}
	opened, err := f.Stat()
	if err != nil || !os.SameFile(info, opened) {
		return nil, cmp.Or(changed(name), f.Close())
	}
	return f, nil
}

func (p *Project) hash(ctx context.Context, name string, info fs.FileInfo) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	f, err := p.openFile(name, info)
	if err != nil {
		return "", err
	}
	digest, err := copyHash(io.Discard, f)
	return digest, ioError("reading", name, cmp.Or(err, f.Close()))
}

var buffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// copyHash copies r to w and returns the digest of what it copied.
func copyHash(w io.Writer, r io.Reader) (string, error) {
	h := sha256.New()
	buf := buffers.Get().(*[64 << 10]byte)
	defer buffers.Put(buf)
	// Both sides hide their own ways of copying, which would allocate a buffer for each file.
	if _, err := io.CopyBuffer(io.MultiWriter(h, w), struct{ io.Reader }{r}, buf[:]); err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}

// readDir returns the names in a folder, sorted; none when it does not exist.
func (p *Project) readDir(folder string) ([]string, error) {
	f, err := p.root.Open(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names, err := f.Readdirnames(-1)
	slices.Sort(names)
	return names, cmp.Or(err, f.Close())
}

// modeOf returns the one bit of a file's mode that ppm keeps, as a mode of a file set. Windows has no such bit.
func modeOf(info fs.FileInfo) fs.FileMode {
	switch {
	case runtime.GOOS == "windows":
		return 0
	case info.Mode()&0o100 != 0:
		return fileset.Executable
	}
	return fileset.Regular
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

// A speller knows on a disk that ignores case or Unicode form whether a name is spelled as it stands there.
type speller struct {
	p       *Project
	probed  bool
	ignores bool
	names   map[string][]string // of each folder asked about
}

// right reports whether the last segment of name, where info was found, is spelled as on the disk.
func (s *speller) right(name string, info fs.FileInfo) bool {
	if !s.probed {
		s.probe(name, info)
	}
	if !s.ignores {
		return true
	}
	folder := path.Dir(name)
	names, ok := s.names[folder]
	if !ok {
		names, _ = s.p.readDir(folder) // a folder that cannot be read has no right names: nothing is written there
		s.names[folder] = names
	}
	_, ok = slices.BinarySearch(names, path.Base(name))
	return ok
}

// probe finds out what the disk ignores, from the first name that has a letter to try it with.
func (s *speller) probe(name string, info fs.FileInfo) {
	other := strings.ToUpper(name)
	if other == name {
		other = strings.ToLower(name)
	}
	if s.ignores = runtime.GOOS == "darwin"; s.ignores { // even where case matters, Unicode forms do not
		s.probed = true
	} else if other != name {
		found, err := s.p.root.Lstat(other)
		s.probed, s.ignores = true, err == nil && os.SameFile(info, found)
	}
	if s.ignores {
		s.names = make(map[string][]string)
	}
}
