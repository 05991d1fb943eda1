package apply

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// maxRead bounds what ReadFile returns: the project's records and the files that a merge holds in memory.
const maxRead = 64 << 20

// ErrTooLarge says of a file that ReadFile does not read it.
var ErrTooLarge = errors.New("it is larger than 64 MiB")

// maxAtOnce is how many files of one folder are looked at one after the other.
const maxAtOnce = 100

// Scan returns the state of each path, and of the folders above it. It follows no link: what
// lies behind one is Absent, and the link itself is in the result. A path that CheckPath refuses is Refused.
func (p *Project) Scan(ctx context.Context, paths []string) (plan.Disk, error) {
	s := &scan{spot: p.spot, disk: make(plan.Disk, len(paths)), folders: make(map[string]fs.FileInfo), spelling: speller{p: p}}
	asked := make(map[string]bool, len(paths))
	for _, name := range paths {
		if err := fileset.CheckPath(name); err != nil {
			return nil, err
		}
		asked[name] = true
	}
	jobs, err := s.jobs(ctx, paths)
	if err != nil {
		return nil, err
	}
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, j := range jobs {
		group.Go(func() error { return s.look(within, j) })
	}
	if err := cmp.Or(group.Wait(), ctx.Err()); err != nil {
		return nil, err
	}
	for _, j := range jobs {
		for i, name := range j.names {
			s.disk[name] = j.states[i]
		}
	}
	for _, name := range paths {
		if s.disk[name].Kind == plan.Folder {
			if _, err := p.scanFolder(name, asked, s.disk); err != nil {
				return nil, err
			}
		}
	}
	return s.disk, nil
}

// A scan looks at the folders first, from the top, and then at what is in each of them: once a folder is open, the
// paths of its files need not be walked again.
type scan struct {
	spot
	disk     plan.Disk
	folders  map[string]fs.FileInfo // above what is asked for; nil when something else is there, or nothing
	mu       sync.Mutex             // of spelling
	spelling speller
}

// A job is a folder and names in it, by their whole paths, that one goroutine looks at.
type job struct {
	folder string
	names  []string
	states []plan.State // of the names, when it is done
}

// jobs looks at the folders above the paths, and returns what is to be done in those that are there.
func (s *scan) jobs(ctx context.Context, paths []string) ([]*job, error) {
	top, err := s.root.Lstat(".")
	if err != nil {
		return nil, ioError("reading", ".", err)
	}
	s.folders["."] = top
	var jobs []*job
	open := make(map[string]*job) // by folder
	for _, name := range paths {
		if _, seen := s.disk[name]; seen { // it stands twice in paths, or above another of them
			continue
		}
		s.disk[name] = plan.State{}
		folder := path.Dir(name)
		info, err := s.folder(ctx, folder)
		if err != nil {
			return nil, err
		}
		if info == nil {
			continue
		}
		j := open[folder]
		if j == nil || len(j.names) == maxAtOnce {
			j = &job{folder: folder}
			open[folder] = j
			jobs = append(jobs, j)
		}
		j.names = append(j.names, name)
	}
	return jobs, nil
}

// folder returns the folder at name; nil when it, or one above it, is something else or not there.
func (s *scan) folder(ctx context.Context, name string) (fs.FileInfo, error) {
	if info, seen := s.folders[name]; seen {
		return info, nil
	}
	above, err := s.folder(ctx, path.Dir(name))
	if err != nil || above == nil {
		return nil, err
	}
	state, info, err := s.state(ctx, s.spot, name)
	if err != nil {
		return nil, err
	}
	s.disk[name] = state
	if state.Kind != plan.Folder {
		info = nil
	}
	s.folders[name] = info
	return info, nil
}

// look does a job.
func (s *scan) look(ctx context.Context, j *job) error {
	in, err := s.enter(j.folder, s.folders[j.folder])
	if err != nil {
		return err
	}
	j.states = make([]plan.State, len(j.names))
	for i, name := range j.names {
		if j.states[i], _, err = s.state(ctx, in, path.Base(name)); err != nil {
			break
		}
	}
	return cmp.Or(err, in.root.Close())
}

// state returns what stands at a name in a spot, hashed.
func (s *scan) state(ctx context.Context, in spot, name string) (plan.State, fs.FileInfo, error) {
	kind, info, err := in.lstat(name)
	if err != nil || kind == plan.Absent {
		return plan.State{}, nil, err
	}
	s.mu.Lock()
	right := s.spelling.right(in.path(name), info)
	s.mu.Unlock()
	switch {
	case !right:
		return plan.State{Kind: plan.Alias}, info, nil
	case kind != plan.File:
		return plan.State{Kind: kind}, info, nil
	}
	digest, err := in.hash(ctx, name, info)
	return plan.State{Kind: kind, Digest: digest, Mode: modeOf(info)}, info, err
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
	var data bytes.Buffer
	data.Grow(int(info.Size()) + bytes.MinRead) // once and for all
	_, err = data.ReadFrom(io.LimitReader(f, maxRead))
	if err = cmp.Or(err, f.Close()); err != nil {
		return nil, ioError("reading", name, err)
	}
	return data.Bytes(), nil
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
