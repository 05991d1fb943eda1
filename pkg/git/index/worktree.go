package index

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/config"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/gitdir"
)

// findRepository returns the repository of the work tree that dir is in.
func findRepository(dir string) (*repository, error) {
	dirs, err := gitdir.Find(dir)
	switch {
	case errors.Is(err, gitdir.ErrNone):
		return nil, ErrNone
	case err != nil:
		return nil, err
	}
	r, err := openRepository(dirs)
	if err != nil {
		return nil, err
	}
	if below := filepath.ToSlash(dirs.Below); below != "." {
		r.prefix = below + "/"
	}
	return r, nil
}

// openRepository opens the repository of a work tree.
func openRepository(dirs gitdir.Dirs) (_ *repository, err error) {
	r := &repository{}
	if err := r.configure(dirs); err != nil {
		return nil, err
	}
	if r.gitDir, err = os.OpenRoot(dirs.Git); err != nil {
		return nil, err
	}
	if r.commonDir, err = os.OpenRoot(dirs.Common); err != nil {
		return nil, errors.Join(err, r.gitDir.Close())
	}
	return r, nil
}

// configure reads the configuration of a repository. It fails when the index is not that of the work tree, or of an
// unknown kind.
func (r *repository) configure(dirs gitdir.Dirs) error {
	var c config.Config
	if err := c.ReadFile(filepath.Join(dirs.Common, "config")); err != nil {
		return err
	}
	if c.Bool("extensions", "worktreeconfig", false) {
		if err := c.ReadFile(filepath.Join(dirs.Git, "config.worktree")); err != nil {
			return err
		}
	}
	if version := c.Get("core", "repositoryformatversion"); version != "" && version != "0" && version != "1" {
		return fmt.Errorf("%q has the format %q, which is not known", dirs.Common, version)
	}
	if format := c.Get("extensions", "objectformat"); format != "" && !strings.EqualFold(format, "sha1") {
		return fmt.Errorf("%q has ids of the kind %q", dirs.Common, format)
	}
	r.ignoreCase = c.Bool("core", "ignorecase", false)
	r.fileMode = c.Bool("core", "filemode", true)
	if dirs.Inside && c.Bool("core", "bare", false) {
		return ErrNone
	}
	// A .git folder belongs to its parent, unless it is configured otherwise. A folder that a .git file leads to must
	// lead back.
	tree, err := gitdir.ReadPath(dirs.Git, "gitdir")
	switch configured := c.Get("core", "worktree"); {
	case err == nil && dirs.Git != dirs.Common:
		tree = filepath.Dir(tree)
	case configured != "":
		tree = gitdir.Resolve(dirs.Git, configured)
	case dirs.Inside:
		return nil
	}
	if tree, err = filepath.EvalSymlinks(tree); err != nil || tree != dirs.Top {
		return fmt.Errorf("%q is the repository of another work tree", dirs.Git)
	}
	return nil
}
