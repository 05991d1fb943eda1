// Package apply applies plans. It is the only writer in a user's project.
//
// A command opens the project, which locks it and completes or rolls back an earlier command that was killed. The
// command scans the paths it is interested in, makes a plan, and applies the plan as one transaction:
//
//   - stage: write the new contents to .ppm, durably;
//   - journal: write all changes, and the old contents of the files that they replace, to .ppm/journal. Once this file
//     is durable, the command will be completed;
//   - execute: in the order of the plan, move each old file aside and the new one into its place;
//   - finish: rename the journal to .ppm/undo-NUMBER.zip, an entry of the history.
//
// If a step fails, everything is rolled back. After a crash, the next command finds the journal. It completes the
// command if possible and rolls it back otherwise, and leaves files alone that the user has changed meanwhile.
//
// What a command leaves in .ppm has an authentication code (package authcode), because a repository or an archive can
// have a .ppm folder. A later command uses nothing there that this user did not write in this folder.
//
// All access is through an os.Root and follows no symbolic link, not even inside the project.
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

	"github.com/Project-Manager-With-Git/ppm/pkg/authcode"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// The folder of the project's state, and its files. Losing them loses no installed file.
const (
	StateDir     = ".ppm"
	stateDir     = StateDir
	lockName     = stateDir + "/lock"
	ignoreName   = stateDir + "/.gitignore"
	journalName  = stateDir + "/journal"
	rollbackName = stateDir + "/rollback" // the journal of a command that is being rolled back
	tempPrefix   = "tmp-"                 // of files that exist only during a command
)

// Options says how to open a project.
type Options struct {
	// LockTimeout is how long to wait for another ppm process that has locked the project.
	LockTimeout time.Duration
	// ReadOnly opens the project without locking it. Nothing is written, except that a command that was killed is
	// completed or rolled back first.
	ReadOnly bool
	// Keys make and check the authentication codes of the files in .ppm. With nil, they have none, and a command that
	// was killed is not completed before the user trusts its journal.
	Keys *authcode.Keys
	// Trust accepts the files in .ppm whoever wrote them, and gives them authentication codes of this user. With
	// ReadOnly, nothing is completed and nothing is written.
	Trust bool
	// IgnoreModes says that the modes of files on this disk have no meaning, as git's core.fileMode = false does. ppm
	// finds out by itself that a file system has none.
	IgnoreModes bool
	// Sparse reports whether git has a file at a path, relative to the project, that it has not checked out. Such a
	// file does not count as deleted by the user. Sparse is only called for paths at which nothing exists. Nil means
	// that there are no such files.
	Sparse func(path string) bool

	wrap func(disk) disk // wraps the disk in tests
}

// A Project is a folder that ppm works in. It is not safe for concurrent use.
type Project struct {
	openDir
	disk      disk
	sparse    func(path string) bool // as in Options; never nil
	lock      fileLock               // nil if the project is open for reading
	keys      *authcode.Keys
	trust     bool // as in Options
	recovered *Recovery
	untrusted error // why a journal was left alone
}

// Open opens the project in the folder dir, which must exist. If an earlier command was killed, Open completes it or
// rolls it back. The error is of kind Locked if another ppm process is working there, and Refused if dir is in a .git
// folder or .ppm is not a folder.
func Open(ctx context.Context, dir string, o Options) (*Project, error) {
	if err := checkDir(dir); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, failure.Errorf(failure.LocalIO, "opening the project: %w", err).
			WithHint("name an existing folder with --cwd")
	}
	p := &Project{openDir: openDir{root: root}, disk: rootDisk{root}, sparse: o.Sparse, keys: o.Keys,
		trust: o.Trust}
	if p.sparse == nil {
		p.sparse = func(string) bool { return false }
	}
	if o.wrap != nil {
		p.disk = o.wrap(p.disk)
	}
	if p.ignoreModes = o.IgnoreModes || !p.keepsModes(); p.ignoreModes {
		p.disk = modelessDisk{p.disk}
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
	if o.ReadOnly && o.Trust {
		return nil
	}
	pending, err := p.hasJournal()
	if o.ReadOnly {
		switch {
		case isForeign(err):
			p.untrusted = err
			return nil
		case err == nil && !pending:
			p.cleanUpIfIdle()
			return nil
		}
	}
	if err != nil {
		return err
	}
	if err := p.acquireLock(ctx, o.LockTimeout); err != nil {
		return err
	}
	if p.trust {
		if err := p.authenticateAll(); err != nil {
			return err
		}
	}
	p.recovered, err = p.recover()
	return err
}

// hasJournal reports whether there is a journal of a command that was killed. An error says why it cannot be used.
func (p *Project) hasJournal() (bool, error) {
	for _, name := range []string{rollbackName, journalName} {
		a, err := p.openJournal(name)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errReplaced) { // another process has just finished
			continue
		}
		if err != nil {
			return true, err
		}
		return true, errIO("reading", name, a.Close())
	}
	return false, nil
}

// cleanUpIfIdle removes the temporary files of a command that was killed before its journal was durable, unless
// another ppm process is working in the project. A failure is left to a later command.
func (p *Project) cleanUpIfIdle() {
	names, _ := p.stateFiles()
	if !slices.ContainsFunc(names, isTemporary) {
		return
	}
	lock, err := p.tryLock()
	if err != nil || lock == nil {
		return
	}
	p.lock = lock
	if pending, err := p.hasJournal(); err == nil && !pending { // else another process was killed meanwhile
		p.cleanUp()
	}
	_ = p.releaseLock()
}

// WhileIdle calls f while no other ppm process works in the project. If one does, it returns nil and does not call f.
func (p *Project) WhileIdle(f func() error) error {
	if p.lock != nil {
		return f()
	}
	lock, err := p.tryLock()
	if err != nil || lock == nil {
		return err
	}
	p.lock = lock
	return cmp.Or(f(), p.releaseLock())
}

// Recovered returns what Open completed or rolled back, or nil.
func (p *Project) Recovered() *Recovery { return p.recovered }

// Untrusted returns why Open has left a journal alone, or nil. Only a project that is open for reading can be opened
// then.
func (p *Project) Untrusted() error { return p.untrusted }

// Close unlocks the project. It removes the .ppm folder if it has no content.
func (p *Project) Close() error {
	err := p.releaseLock()
	return cmp.Or(err, p.root.Close())
}

// checkDir returns an error if dir is inside a .git folder.
func checkDir(dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return failure.Errorf(failure.LocalIO, "opening the project %q: %w", dir, err).
			WithHint("change to a folder that exists")
	}
	if resolved, err := filepath.EvalSymlinks(abs); err == nil {
		abs = resolved
	}
	for segment := range strings.SplitSeq(filepath.ToSlash(abs), "/") {
		if strings.EqualFold(segment, ".git") {
			return failure.Errorf(failure.Refused, "opening the project %q: it is inside a .git folder", dir).
				WithHint("change to the work tree")
		}
	}
	return nil
}

// checkStateDir returns an error if .ppm is not a folder, such as a symbolic link.
func (p *Project) checkStateDir() error {
	switch info, err := p.root.Lstat(stateDir); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return errIO("reading", stateDir, err)
	case !info.IsDir():
		return failure.Errorf(failure.Refused, "opening the project %q: %q is not a folder", p.root.Name(), stateDir).
			WithHint("remove %s", stateDir)
	}
	return nil
}

// errIO returns err as a failure of the local disk at path. It returns nil, failures and context errors as they are.
func errIO(doing, path string, err error) error {
	var (
		known *failure.Error
		named *fs.PathError
		link  *os.LinkError
	)
	switch {
	case err == nil, errors.As(err, &known), errors.Is(err, context.Canceled),
		errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &named): // the user does not know a name inside .ppm
		err = named.Err
	case errors.As(err, &link):
		err = link.Err
	}
	e := failure.Errorf(failure.LocalIO, "%s %q: %w", doing, path, err)
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return e.WithHint("free some disk space, then try again")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return e.WithHint("check the permissions and that the disk is writable")
	}
	return e.WithHint("try again")
}

// errChanged returns the error for a path whose state is not what the plan was made for.
func errChanged(path string) error {
	return failure.Errorf(failure.Refused, "writing %q: %w", path, errReplaced).WithHint("run the command again")
}

var errReplaced = errors.New("it was changed while ppm was running")
