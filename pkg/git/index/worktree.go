package index

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/config"
)

// findRepository returns the repository of the work tree that dir is in. Like git, it looks for the nearest folder
// with a .git.
func findRepository(dir string) (*repository, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	for top := dir; ; top = filepath.Dir(top) {
		dotGit := filepath.Join(top, ".git")
		info, err := os.Lstat(dotGit)
		switch {
		case errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir() && !isGitDir(dotGit):
			if isGitDir(top) || filepath.Dir(top) == top {
				return nil, ErrNone
			}
			continue
		case err != nil:
			return nil, err
		case !info.IsDir() && !info.Mode().IsRegular():
			return nil, fmt.Errorf("%q is neither a folder nor a file", dotGit)
		}
		r, err := openRepository(top, dotGit, info.IsDir())
		if err != nil {
			return nil, err
		}
		if below, err := filepath.Rel(top, dir); err == nil && below != "." {
			r.prefix = filepath.ToSlash(below) + "/"
		}
		return r, nil
	}
}

// openRepository opens the repository of the work tree at top, which the folder or file at dotGit leads to.
func openRepository(top, dotGit string, isDir bool) (_ *repository, err error) {
	gitDir := dotGit
	if !isDir {
		if gitDir, err = readDotGit(top, dotGit); err != nil {
			return nil, err
		}
	}
	commonDir, err := commonDirOf(gitDir)
	if err != nil {
		return nil, err
	}
	for _, path := range []string{dotGit, gitDir, commonDir} {
		if mine, err := isMine(path); err != nil || !mine {
			return nil, cmp.Or(err, fmt.Errorf("%q belongs to another user", path))
		}
	}
	r := &repository{}
	if err := r.configure(top, gitDir, commonDir, isDir); err != nil {
		return nil, err
	}
	if r.gitDir, err = os.OpenRoot(gitDir); err != nil {
		return nil, err
	}
	if r.commonDir, err = os.OpenRoot(commonDir); err != nil {
		return nil, errors.Join(err, r.gitDir.Close())
	}
	return r, nil
}

// configure reads the configuration of a repository. It fails when the index is not that of the work tree at top, or
// of an unknown kind.
func (r *repository) configure(top, gitDir, commonDir string, isDir bool) error {
	var c config.Config
	if err := c.ReadFile(filepath.Join(commonDir, "config")); err != nil {
		return err
	}
	if c.Bool("extensions", "worktreeconfig", false) {
		if err := c.ReadFile(filepath.Join(gitDir, "config.worktree")); err != nil {
			return err
		}
	}
	if version := c.Get("core", "repositoryformatversion"); version != "" && version != "0" && version != "1" {
		return fmt.Errorf("%q has the format %q, which is not known", commonDir, version)
	}
	if format := c.Get("extensions", "objectformat"); format != "" && !strings.EqualFold(format, "sha1") {
		return fmt.Errorf("%q has ids of the kind %q", commonDir, format)
	}
	r.ignoreCase = c.Bool("core", "ignorecase", false)
	r.fileMode = c.Bool("core", "filemode", true)
	if isDir && c.Bool("core", "bare", false) {
		return ErrNone
	}
	// A .git folder belongs to its parent, unless it is configured otherwise. A folder that a .git file leads to must
	// lead back.
	tree, err := readLine(filepath.Join(gitDir, "gitdir"))
	switch configured := c.Get("core", "worktree"); {
	case err == nil && gitDir != commonDir:
		tree = filepath.Dir(resolve(gitDir, tree))
	case configured != "":
		tree = resolve(gitDir, configured)
	case isDir:
		return nil
	}
	if tree, err = filepath.EvalSymlinks(tree); err != nil || tree != top {
		return fmt.Errorf("%q is the repository of another work tree", gitDir)
	}
	return nil
}

// isGitDir reports whether git would take dir for a repository.
func isGitDir(dir string) bool {
	if _, err := os.Lstat(filepath.Join(dir, "HEAD")); err != nil {
		return false
	}
	commonDir, err := commonDirOf(dir)
	if err != nil {
		return false
	}
	for _, name := range []string{"objects", "refs"} {
		if info, err := os.Stat(filepath.Join(commonDir, name)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// commonDirOf returns the folder with the objects of the repository: gitDir itself, except for a linked worktree.
func commonDirOf(gitDir string) (string, error) {
	text, err := readLine(filepath.Join(gitDir, "commondir"))
	if errors.Is(err, fs.ErrNotExist) {
		return gitDir, nil
	}
	return resolve(gitDir, text), err
}

// readDotGit returns the git folder that the .git file of the work tree at top names.
func readDotGit(top, dotGit string) (string, error) {
	text, err := readLine(dotGit)
	if err != nil {
		return "", err
	}
	name, ok := strings.CutPrefix(text, "gitdir: ")
	gitDir := resolve(top, name)
	if !ok || !isGitDir(gitDir) {
		return "", fmt.Errorf("%q does not lead to a repository", dotGit)
	}
	return gitDir, nil
}

// readLine returns the text of a file with one line.
func readLine(path string) (string, error) {
	const maxLine = 1 << 20
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxLine))
	return string(bytes.TrimRight(data, "\r\n")), err
}

// resolve returns the path that text means in a file in dir.
func resolve(dir, text string) string {
	if filepath.IsAbs(text) {
		return filepath.Clean(text)
	}
	return filepath.Join(dir, filepath.FromSlash(text))
}
