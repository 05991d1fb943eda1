package fetch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/go-git/go-git/v5/storage/filesystem/dotgit"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

const (
	fileScheme  = "file://"
	gitDir      = ".git"
	gitFile     = "gitdir:"
	commonDir   = "commondir"
	maxPathFile = 1 << 16 // bytes of a file that holds one path
	maxTag      = 1 << 20 // bytes of a tag object, or of the commit it stands for
	lazyObject  = 1 << 20 // larger objects show their size before they are inflated
)

// local is the origin of a repository on this disk. It is only read, in process.
type local struct {
	at      string // as the user wrote it
	storage *filesystem.Storage
}

// isLocal reports whether url names a repository on this disk.
func isLocal(url string) bool {
	for _, prefix := range []string{fileScheme, "/", "./", "../", `.\`, `..\`} {
		if strings.HasPrefix(url, prefix) {
			return true
		}
	}
	return url == "." || url == ".." || filepath.IsAbs(url)
}

// openLocal opens the repository at a path or file URL: bare, with a .git folder, or a worktree or
// submodule whose .git file leads to its repository. A relative path begins at dir.
func openLocal(dir, at string) (*local, error) {
	l := &local{at: at}
	path, err := localPath(dir, at)
	if err != nil {
		return nil, l.wrong("%w", err)
	}
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, l.wrong("%s does not exist", quote(path))
	case err != nil:
		return nil, failure.Errorf(failure.LocalIO, "opening the repository %s: %w", quote(at), err).WithHint("check the permissions")
	case !info.IsDir():
		return nil, l.wrong("it is not a git repository, but a file")
	}
	dot, err := repositoryFS(path)
	if err != nil {
		return nil, l.wrong("%w", err)
	}
	l.storage = filesystem.NewStorageWithOptions(dot, cache.NewObjectLRU(deltaCache), filesystem.Options{
		KeepDescriptors: true, LargeObjectThreshold: lazyObject, AlternatesFS: osfs.New(filepath.VolumeName(path) + string(filepath.Separator)),
	})
	switch err := guard(l.checkFormat); {
	case errors.Is(err, git.ErrRepositoryNotExists):
		return nil, l.wrong("it is not a git repository")
	case errors.Is(err, git.ErrUnknownExtension), errors.Is(err, git.ErrUnsupportedExtensionRepositoryFormatVersion), errors.Is(err, errFormat):
		return nil, failure.Errorf(failure.Refused, "opening the repository %s: %w", quote(at), err).
			WithHint("convert it to the sha1 object format and the files ref format")
	case err != nil:
		return nil, l.wrong("%w", err)
	}
	return l, nil
}

var errFormat = errors.New("its format is newer than this ppm")

// checkFormat reads the repository's configuration and refuses formats and extensions that change
// how refs and objects are read.
func (l *local) checkFormat() error {
	if _, err := git.Open(l.storage, nil); err != nil {
		return err
	}
	config, err := l.storage.Config()
	if err != nil {
		return err
	}
	if v := config.Raw.Section("core").Options.Get("repositoryformatversion"); v != "" && v != "0" && v != "1" {
		return fmt.Errorf("%w: version %q", errFormat, v)
	}
	return nil
}

func (l *local) wrong(format string, args ...any) error {
	return failure.Errorf(failure.Usage, "opening the repository %s: "+format, append([]any{quote(l.at)}, args...)...).
		WithHint("give the path of a git repository")
}

// localPath returns the absolute path that a path or file URL stands for.
func localPath(dir, at string) (string, error) {
	if !strings.HasPrefix(at, fileScheme) {
		if !filepath.IsAbs(at) {
			at = filepath.Join(dir, at)
		}
		return filepath.Abs(at)
	}
	u, err := url.Parse(at)
	if err != nil {
		return "", errors.New("the URL is malformed")
	}
	if u.Host != "" && u.Host != "localhost" {
		return "", fmt.Errorf("the URL names the host %q; on this disk it has none", u.Host)
	}
	path := u.Path
	if runtime.GOOS == "windows" {
		path = strings.TrimPrefix(path, "/")
	}
	return filepath.Abs(filepath.FromSlash(path))
}

// repositoryFS finds the folders that hold the repository at path.
func repositoryFS(path string) (billy.Filesystem, error) {
	dot := path
	info, err := os.Stat(filepath.Join(path, gitDir))
	switch {
	case err == nil && info.IsDir():
		dot = filepath.Join(path, gitDir)
	case err == nil:
		if dot, err = pathFile(path, gitDir, gitFile); err != nil {
			return nil, err
		}
	}
	common, err := pathFile(dot, commonDir, "")
	if errors.Is(err, fs.ErrNotExist) {
		return osfs.New(dot), nil
	}
	if err != nil {
		return nil, err
	}
	return dotgit.NewRepositoryFilesystem(osfs.New(dot), osfs.New(common)), nil
}

// pathFile reads a file of dir that holds a path, absolute or relative to dir, after a prefix.
func pathFile(dir, name, prefix string) (string, error) {
	name = filepath.Join(dir, name)
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() || info.Size() > maxPathFile {
		return "", fmt.Errorf("%s does not hold a path", quote(name))
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	path, ok := strings.CutPrefix(strings.TrimSpace(string(data)), prefix)
	if path = strings.TrimSpace(path); !ok || path == "" {
		return "", fmt.Errorf("%s does not hold a path", quote(name))
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	return path, nil
}

func (l *local) url() string { return l.at }

func (l *local) close() error { return l.storage.Close() }

func (l *local) objects() *objects { return &objects{l.storage, nil} }

func (l *local) refs(ctx context.Context, exact string) ([]ref.GitRef, error) {
	refs, err := l.list(ctx)
	if err != nil {
		return nil, err
	}
	if mayBeCommit(refs, exact) {
		return withCommit(l.at, refs, exact, l.objects())
	}
	return refs, nil
}

// list reads all tags and branches, with tags peeled. Tags of other things than commits are left out.
func (l *local) list(ctx context.Context) ([]ref.GitRef, error) {
	var refs []ref.GitRef
	var target string
	err := guard(func() error {
		iter, err := l.storage.IterReferences()
		if err != nil {
			return err
		}
		defer iter.Close()
		return iter.ForEach(func(r *plumbing.Reference) error {
			name := r.Name().String()
			if name == head {
				target = r.Target().String()
			}
			if r.Type() != plumbing.HashReference {
				return nil
			}
			g := newRef(name, r.Hash())
			if r.Name().IsTag() {
				commit, ok := l.objects().peel(r.Hash(), maxTag)
				if !ok {
					return nil
				}
				g.Commit = commit.String()
			}
			if name == head || r.Name().IsTag() || r.Name().IsBranch() {
				refs = append(refs, g)
			}
			return check(ctx)
		})
	})
	if err != nil {
		if err := check(ctx); err != nil {
			return nil, err
		}
		return nil, failure.Errorf(failure.LocalIO, "listing the refs of %s: %w", quote(l.at), err).
			WithHint("check the repository with git fsck")
	}
	slices.SortFunc(refs, byName)
	if target != "" {
		refs = withHead(refs, target)
	}
	return refs, nil
}

func (l *local) open(_ context.Context, pin ref.Pin, damage *damaged) (*objects, error) {
	o := l.objects()
	if ok, err := o.holds(pin.Commit); err == nil && !ok && damage == nil {
		return nil, noCommit(l.at, pin.Commit)
	}
	return o, nil // what is damaged shows when it is read
}
