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

// A repository is what an index needs of the git repository of a work tree.
//
// There may be two folders: a linked worktree has its own for the index, and shares the other, with the objects.
// Both are opened as roots, so that no link in them leads elsewhere.
type repository struct {
	own, shared *os.Root
	locked      bool
	prefix      string // of the project's paths in the index; empty, or ends with a slash
	foldCase    bool   // the disk does not tell "a" from "A"
	modes       bool   // the disk knows which files can be executed
}

// maxSetting bounds the small files of a repository that are read: configuration and pointers to folders.
const maxSetting = 1 << 20

// find returns the repository of the work tree that holds dir, as git looks for it: the nearest folder with a .git.
func find(dir string) (*repository, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	for top := dir; ; top = filepath.Dir(top) {
		link := filepath.Join(top, ".git")
		info, err := os.Lstat(link)
		switch {
		case errors.Is(err, fs.ErrNotExist) || err == nil && info.IsDir() && !isGitFolder(link):
			if isGitFolder(top) || filepath.Dir(top) == top {
				return nil, ErrNone
			}
			continue
		case err != nil:
			return nil, err
		case !info.IsDir() && !info.Mode().IsRegular():
			return nil, fmt.Errorf("%q is neither a folder nor a file", link)
		}
		r, err := open(top, link, info.IsDir())
		if err != nil {
			return nil, err
		}
		if below, err := filepath.Rel(top, dir); err == nil && below != "." {
			r.prefix = filepath.ToSlash(below) + "/"
		}
		return r, nil
	}
}

// isGitFolder reports whether dir is what git takes for a repository.
func isGitFolder(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, "HEAD"))
	shared, err2 := sharedFolder(dir)
	if err != nil || err2 != nil {
		return false
	}
	for _, name := range []string{"objects", "refs"} {
		if info, err := os.Stat(filepath.Join(shared, name)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// sharedFolder returns the folder with the objects of the repository at dir: dir itself, but for a linked worktree.
func sharedFolder(dir string) (string, error) {
	text, err := readSetting(filepath.Join(dir, "commondir"))
	if errors.Is(err, fs.ErrNotExist) {
		return dir, nil
	}
	return resolve(dir, text), err
}

// open opens the repository of the work tree top, which the folder or file at link leads to.
func open(top, link string, folder bool) (_ *repository, err error) {
	own := link
	if !folder {
		if own, err = follow(top, link); err != nil {
			return nil, err
		}
	}
	shared, err := sharedFolder(own)
	if err != nil {
		return nil, err
	}
	for _, path := range []string{link, own, shared} {
		if mine, err := isMine(path); err != nil || !mine {
			return nil, cmp.Or(err, fmt.Errorf("%q belongs to another user", path))
		}
	}
	r := &repository{}
	if err := r.configure(top, own, shared, folder); err != nil {
		return nil, err
	}
	if r.own, err = os.OpenRoot(own); err != nil {
		return nil, err
	}
	if r.shared, err = os.OpenRoot(shared); err != nil {
		return nil, errors.Join(err, r.own.Close())
	}
	return r, nil
}

// follow returns the folder that the file at link names.
func follow(top, link string) (string, error) {
	text, err := readSetting(link)
	if err != nil {
		return "", err
	}
	name, ok := strings.CutPrefix(text, "gitdir: ")
	own := resolve(top, name)
	if !ok || !isGitFolder(own) {
		return "", fmt.Errorf("%q does not lead to a repository", link)
	}
	return own, nil
}

// configure reads what a repository says about itself, and fails when its index is none of the work tree top, or
// is of a kind that is not known here.
func (r *repository) configure(top, own, shared string, folder bool) error {
	var settings config.Config
	if err := settings.ReadFile(filepath.Join(shared, "config")); err != nil {
		return err
	}
	if settings.Bool("extensions", "worktreeconfig", false) {
		if err := settings.ReadFile(filepath.Join(own, "config.worktree")); err != nil {
			return err
		}
	}
	if version := settings.Get("core", "repositoryformatversion"); version != "" && version != "0" && version != "1" {
		return fmt.Errorf("%q has the format %q, which is not known", shared, version)
	}
	if format := settings.Get("extensions", "objectformat"); format != "" && !strings.EqualFold(format, "sha1") {
		return fmt.Errorf("%q has ids of the kind %q", shared, format)
	}
	r.foldCase = settings.Bool("core", "ignorecase", false)
	r.modes = settings.Bool("core", "filemode", true)
	if folder && settings.Bool("core", "bare", false) {
		return ErrNone
	}
	// A folder in the work tree is its own, unless it says something else. What a file leads to must lead back.
	back, err := readSetting(filepath.Join(own, "gitdir"))
	switch tree := settings.Get("core", "worktree"); {
	case err == nil && own != shared:
		back = filepath.Dir(resolve(own, back))
	case tree != "":
		back = resolve(own, tree)
	case folder:
		return nil
	}
	if back, err = filepath.EvalSymlinks(back); err != nil || back != top {
		return fmt.Errorf("%q is the repository of another work tree", own)
	}
	return nil
}

// readSetting returns the text of a small file, without the line breaks at its end.
func readSetting(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSetting))
	return string(bytes.TrimRight(data, "\r\n")), err
}

// resolve returns the path that text means when it stands in a file in dir.
func resolve(dir, text string) string {
	if filepath.IsAbs(text) {
		return filepath.Clean(text)
	}
	return filepath.Join(dir, filepath.FromSlash(text))
}
