// Package apply carries out plans: it is the only writer in a user's project.
//
// A command opens the project, which takes the project's lock and, when an earlier
// command was killed, completes it or takes it back. It scans the paths it cares
// about, makes a plan of what it found, and applies the plan as one transaction:
//
//   - stage: the new contents are written to .ppm and made durable;
//   - journal: what will happen, and the old contents of what is replaced, are written
//     to one file, .ppm/journal. From the moment it is durable the command is decided;
//   - execute: each file is moved out of the way, its successor moved to its place, in the order of the plan;
//   - finish: the journal is renamed to .ppm/undo-NUMBER.zip, an entry of the history.
//
// A failure on the way takes everything back. After a crash, the next command finds the
// journal: it completes it when it can, else it takes it back, and leaves alone what the
// user has changed in the meantime.
//
// Everything goes through an os.Root, and no symbolic link is followed, not even one
// inside the project.
package apply

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// The folder of the project's state, and what is in it. Losing it loses no installed file.
const (
	stateDir    = ".ppm"
	lockName    = stateDir + "/lock"
	ignoreName  = stateDir + "/.gitignore"
	journalName = stateDir + "/journal"
	abortName   = stateDir + "/rollback" // the journal of a command that is being taken back
	tempPrefix  = "tmp-"                 // of all files that live only during a command
)

// Options says how to open a project.
type Options struct {
	// LockTimeout is how long to wait for another ppm that works in the project.
	LockTimeout time.Duration
	// ReadOnly opens the project for reading: nothing is written and no lock is taken,
	// unless an earlier command was killed: then it is completed or taken back first.
	ReadOnly bool

	wrap func(disk) disk // decorates what writes, in tests
}

// A Project is a folder that ppm works in. It is not safe for use by several goroutines.
type Project struct {
	spot
	disk      disk
	lock      *flock.Flock // nil when the project is open for reading
	recovered *Recovery
}

// Open opens the project in the folder dir, which must exist. Its errors are of kind
// Locked when another ppm works there, and Refused when dir lies in git's own folder
// or .ppm is not a folder.
func Open(ctx context.Context, dir string, o Options) (*Project, error) {
	if err := checkDir(dir); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, failure.Errorf(failure.LocalIO, "opening the project: %w", err).WithHint("name a folder that exists with --cwd")
	}
	p := &Project{spot: spot{root: root}, disk: rootDisk{root}}
	if o.wrap != nil {
		p.disk = o.wrap(p.disk)
	}
	if err := p.open(ctx, o); err != nil {
		return nil, cmp.Or(err, p.Close())
	}
	return p, nil
}

func (p *Project) open(ctx context.Context, o Options) error {
	if err := p.checkStateDir(); err != nil {
		return err
	}
	if o.ReadOnly {
		_, err1 := p.root.Lstat(journalName)
		_, err2 := p.root.Lstat(abortName)
		if errors.Is(err1, fs.ErrNotExist) && errors.Is(err2, fs.ErrNotExist) {
			p.tidy()
			return nil
		}
	}
	if err := p.acquire(ctx, o.LockTimeout); err != nil {
		return err
	}
	r, err := p.recover()
	p.recovered = r
	return err
}

// tidy removes what a command left that was killed before it decided anything. Where another ppm
// works in the project, or the disk cannot be written, that stays for a later command.
func (p *Project) tidy() {
	names, _ := p.stateFiles()
	if !slices.ContainsFunc(names, isTemporary) {
		return
	}
	lock, err := p.tryAcquire()
	if err != nil || lock == nil {
		return
	}
	p.lock = lock
	p.cleanUp()
	_ = p.release()
}

// Recovered returns what Open had to complete or take back, or nil.
func (p *Project) Recovered() *Recovery { return p.recovered }

// Close gives the project free for the next ppm. A .ppm folder that holds nothing is removed.
func (p *Project) Close() error {
	return cmp.Or(p.release(), p.root.Close())
}

// checkDir refuses a project inside git's own folder.
func checkDir(dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return failure.Errorf(failure.LocalIO, "opening the project %q: %w", dir, err).WithHint("change to a folder that exists")
	}
	if resolved, err := filepath.EvalSymlinks(abs); err == nil {
		abs = resolved
	}
	for segment := range strings.SplitSeq(filepath.ToSlash(abs), "/") {
		if strings.EqualFold(segment, ".git") {
			return failure.Errorf(failure.Refused, "opening the project %q: it lies in git's own folder", dir).
				WithHint("change to the work tree")
		}
	}
	return nil
}

// checkStateDir refuses a .ppm that is not a folder, such as a link to one elsewhere.
func (p *Project) checkStateDir() error {
	switch info, err := p.root.Lstat(stateDir); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return ioError("reading", stateDir, err)
	case !info.IsDir():
		return failure.Errorf(failure.Refused, "opening the project %q: %q is not a folder", p.root.Name(), stateDir).
			WithHint("remove %s", stateDir)
	}
	return nil
}

// ioError returns err as a failure of the local disk at path, unless it is a failure already.
func ioError(doing, path string, err error) error {
	var (
		known *failure.Error
		named *fs.PathError
		link  *os.LinkError
	)
	switch {
	case err == nil, errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &named): // by a name inside .ppm, which says nothing to the user
		err = named.Err
	case errors.As(err, &link):
		err = link.Err
	}
	e := failure.Errorf(failure.LocalIO, "%s %q: %w", doing, path, err)
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return e.WithHint("free some disk space, then try again")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return e.WithHint("check the permissions, and that the disk can be written")
	}
	return e.WithHint("try again")
}

// changed returns the error for a path that is not what the plan was made for.
func changed(path string) error {
	return failure.Errorf(failure.Refused, "writing %q: it was changed while ppm was running", path).
		WithHint("run the command again")
}
