package apply

import (
	"cmp"
	"context"
	"io/fs"
	"path"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// maxJobSize is the maximum number of files in one job.
const maxJobSize = 100

// Scan returns the state of each path and of the folders above it. It follows no symbolic link: a path below one is
// Absent, and the link is in the result. A path at which nothing is can be Sparse. The error
// is of kind Refused for an invalid path.
func (p *Project) Scan(ctx context.Context, paths []string) (plan.Disk, error) {
	s := &scanner{openDir: p.openDir, disk: make(plan.Disk, len(paths)), dirs: make(map[string]fs.FileInfo),
		spelling: spellingChecker{p: p}}
	requested := make(map[string]bool, len(paths))
	for _, name := range paths {
		if err := fileset.CheckPath(name); err != nil {
			return nil, err
		}
		requested[name] = true
	}
	jobs, err := s.jobs(ctx, paths)
	if err != nil {
		return nil, err
	}
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, j := range jobs {
		group.Go(func() error { return s.run(within, j) })
	}
	err = group.Wait()
	if err = cmp.Or(err, ctx.Err()); err != nil {
		return nil, err
	}
	for _, j := range jobs {
		for i, name := range j.names {
			s.disk[name] = j.states[i]
		}
	}
	for _, name := range paths {
		switch s.disk[name].Kind {
		case plan.Absent:
			if p.sparse(name) {
				s.disk[name] = plan.State{Kind: plan.Sparse}
			}
		case plan.Dir:
			if _, err := p.scanDir(name, requested, s.disk); err != nil {
				return nil, err
			}
		}
	}
	return s.disk, nil
}

// A scanner looks up the folders first, from the top, and then the files in each of them: once a folder is open, the
// path to its files does not have to be resolved again.
type scanner struct {
	openDir
	disk     plan.Disk
	dirs     map[string]fs.FileInfo // by path; nil if there is no folder
	mu       sync.Mutex             // guards spelling
	spelling spellingChecker
}

// A job is a folder and paths of files in it that one goroutine looks up.
type job struct {
	dir    string
	names  []string
	states []plan.State // of the names, set by run
}

// jobs looks up the folders above the paths, and returns the jobs for those that exist.
func (s *scanner) jobs(ctx context.Context, paths []string) ([]*job, error) {
	top, err := s.root.Lstat(".")
	if err != nil {
		return nil, errIO("reading", ".", err)
	}
	s.dirs["."] = top
	var jobs []*job
	open := make(map[string]*job) // by folder
	for _, name := range paths {
		if _, seen := s.disk[name]; seen { // a duplicate, or above another path
			continue
		}
		s.disk[name] = plan.State{}
		dir := path.Dir(name)
		info, err := s.dirInfo(ctx, dir)
		if err != nil {
			return nil, err
		}
		if info == nil {
			continue
		}
		j := open[dir]
		if j == nil || len(j.names) == maxJobSize {
			j = &job{dir: dir}
			open[dir] = j
			jobs = append(jobs, j)
		}
		j.names = append(j.names, name)
	}
	return jobs, nil
}

// dirInfo returns the folder at name, or nil if it does not exist or is something else.
func (s *scanner) dirInfo(ctx context.Context, name string) (fs.FileInfo, error) {
	if info, seen := s.dirs[name]; seen {
		return info, nil
	}
	above, err := s.dirInfo(ctx, path.Dir(name))
	if err != nil || above == nil {
		return nil, err
	}
	state, info, err := s.state(ctx, s.openDir, name)
	if err != nil {
		return nil, err
	}
	s.disk[name] = state
	if state.Kind != plan.Dir {
		info = nil
	}
	s.dirs[name] = info
	return info, nil
}

// run sets the states of a job.
func (s *scanner) run(ctx context.Context, j *job) error {
	in, err := s.openSubdir(j.dir, s.dirs[j.dir])
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

// state returns the state of a name in a folder, with its digest.
func (s *scanner) state(ctx context.Context, in openDir, name string) (plan.State, fs.FileInfo, error) {
	kind, info, err := in.lstat(name)
	if err != nil || kind == plan.Absent {
		return plan.State{}, nil, err
	}
	s.mu.Lock()
	isExact := s.spelling.isExact(in.path(name))
	s.mu.Unlock()
	switch {
	case !isExact:
		return plan.State{Kind: plan.Alias}, info, nil
	case kind != plan.File:
		return plan.State{Kind: kind}, info, nil
	}
	digest, err := in.hash(ctx, name, info)
	return plan.State{Kind: kind, Digest: digest, Mode: in.modeOf(info)}, info, err
}

// scanDir adds the content of a folder to disk, up to the first file that was not requested, and reports whether there
// is no such file. It does not hash files.
func (p *Project) scanDir(dir string, requested map[string]bool, disk plan.Disk) (bool, error) {
	names, err := p.readDir(dir)
	if err != nil {
		return false, errIO("reading", dir, err)
	}
	for _, name := range names {
		full := dir + "/" + name
		kind, _, err := p.lstat(full)
		if err != nil {
			return false, err
		}
		if kind != plan.Dir && requested[full] {
			continue
		}
		disk[full] = plan.State{Kind: kind}
		only := false
		if kind == plan.Dir {
			only, err = p.scanDir(full, requested, disk)
		}
		if err != nil || !only {
			return false, err
		}
	}
	return true, nil
}
