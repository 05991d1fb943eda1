// Package gitdir finds git's folders of a work tree: the folder that .git is or leads to, and, for a linked worktree,
// the common folder with the objects and the configuration.
package gitdir

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
)

// ErrNone says that a folder is in no git work tree.
var ErrNone = errors.New("no git work tree")

// Dirs are the folders of a work tree, as absolute paths without symbolic links.
type Dirs struct {
	Top    string // the root of the work tree
	Git    string // the folder with the index and HEAD
	Common string // the folder with the objects and the configuration; Git, except for a linked worktree
	Below  string // the path from Top to the folder that was asked for; "." for Top itself
	Inside bool   // Git is the folder .git of Top, not one that a file .git leads to
}

// Find returns the folders of the work tree that dir is in. Like git, it looks for the nearest folder with a .git, and
// uses no repository of another user. The error is ErrNone when there is none.
func Find(dir string) (Dirs, error) {
	d, err := Locate(dir)
	if err != nil {
		return Dirs{}, err
	}
	for _, path := range []string{filepath.Join(d.Top, ".git"), d.Git, d.Common} {
		if mine, err := isMine(path); err != nil || !mine {
			return Dirs{}, cmp.Or(err, fmt.Errorf("%q belongs to another user", path))
		}
	}
	return d, nil
}

// Locate is Find for a repository of any user, of which nothing is trusted.
func Locate(dir string) (Dirs, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Dirs{}, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return Dirs{}, err
	}
	for top := dir; ; top = filepath.Dir(top) {
		dotGit := filepath.Join(top, ".git")
		info, err := os.Lstat(dotGit)
		switch {
		case errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir() && !isGitDir(dotGit):
			if isGitDir(top) || filepath.Dir(top) == top {
				return Dirs{}, ErrNone
			}
			continue
		case err != nil:
			return Dirs{}, err
		case !info.IsDir() && !info.Mode().IsRegular():
			return Dirs{}, fmt.Errorf("%q is neither a folder nor a file", dotGit)
		}
		d := Dirs{Top: top, Git: dotGit, Inside: info.IsDir()}
		if d.Below, err = filepath.Rel(top, dir); err != nil {
			return Dirs{}, err
		}
		return d.follow(dotGit)
	}
}

// follow completes d, whose .git is a folder or a file.
func (d Dirs) follow(dotGit string) (_ Dirs, err error) {
	if !d.Inside {
		if d.Git, err = readDotGit(d.Top, dotGit); err != nil {
			return Dirs{}, err
		}
	}
	if d.Common, err = commonDirOf(d.Git); err != nil {
		return Dirs{}, err
	}
	return d, nil
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
	dir, err := ReadPath(gitDir, "commondir")
	if errors.Is(err, fs.ErrNotExist) {
		return gitDir, nil
	}
	return dir, err
}

// readDotGit returns the git folder that the .git file of the work tree at top names.
func readDotGit(top, dotGit string) (string, error) {
	text, err := readLine(dotGit)
	if err != nil {
		return "", err
	}
	name, ok := strings.CutPrefix(text, "gitdir: ")
	gitDir := Resolve(top, name)
	if !ok || !isGitDir(gitDir) {
		return "", fmt.Errorf("%q does not point to a repository", dotGit)
	}
	return gitDir, nil
}

// ReadPath returns the path in a file of a git folder that holds nothing else.
func ReadPath(gitDir, name string) (string, error) {
	text, err := readLine(filepath.Join(gitDir, name))
	if err != nil {
		return "", err
	}
	return Resolve(gitDir, text), nil
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

// Resolve returns the path that text means in a file in dir.
func Resolve(dir, text string) string {
	if filepath.IsAbs(text) {
		return filepath.Clean(text)
	}
	return filepath.Join(dir, filepath.FromSlash(text))
}

// Branch returns the name of the checked out branch, "" when there is none.
func (d Dirs) Branch() string {
	head, err := readLine(filepath.Join(d.Git, "HEAD"))
	name, ok := strings.CutPrefix(head, "ref: refs/heads/")
	if err != nil || !ok {
		return ""
	}
	return name
}

// Logical returns the path of Git through the symbolic links in dir, the folder that was asked for, when that is the
// root of the work tree. Else it is Git.
func (d Dirs) Logical(dir string) string {
	dir, err := filepath.Abs(dir)
	if err != nil || d.Below != "." || !d.Inside {
		return d.Git
	}
	return filepath.Join(dir, filepath.Base(d.Git))
}
