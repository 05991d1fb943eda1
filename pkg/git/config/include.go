package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/gitdir"
)

// maxIncludes is git's own limit on nested includes.
const maxIncludes = 10

// An includer reads configuration files with the files that they include. The conditions of includeIf are about the
// repository that the user works in.
type includer struct {
	home    string
	dir     string          // that the user works in; empty when that does not matter
	dirs    *gitdir.Dirs    // nil when there is no repository
	remotes func() []string // URLs of the remotes of all configuration files; nil while they are collected
}

func newIncluder(p Place) *includer {
	in := &includer{home: p.Home, dir: p.Dir}
	if p.Dir == "" {
		return in
	}
	dirs, err := gitdir.Find(p.Dir)
	if err != nil && !errors.Is(err, gitdir.ErrNone) {
		if dirs, err = gitdir.Locate(p.Dir); err == nil && !p.isSafe(dirs.Top) {
			return in // git does not use it either
		}
	}
	if err == nil {
		in.dirs = &dirs
	}
	return in
}

// isSafe reports whether the user lets git use a work tree of another user, by safe.directory.
func (p Place) isSafe(top string) bool {
	c := &Config{}
	for _, f := range userFiles(p.Home, p.Env) {
		if (&includer{home: p.Home}).read(c, f, 0) != nil {
			return false
		}
	}
	settings, err := envSettings(p.Env)
	if err != nil {
		return false
	}
	c.settings = append(c.settings, settings...)
	safe := false
	for s := range c.All("safe", "directory") {
		dir := configfile.ExpandHome(s.Value, p.Home)
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			dir = real
		}
		below, isPrefix := strings.CutSuffix(s.Value, "/*")
		switch {
		case s.Value == "":
			safe = false
		case s.Value == "*", dir == top, isPrefix && strings.HasPrefix(top, configfile.ExpandHome(below, p.Home)+"/"):
			safe = true
		}
	}
	return safe
}

// read adds the settings of a file and, in their place, those of the files that it includes.
func (in *includer) read(c *Config, file string, depth int) error {
	data, err := configfile.Read(file)
	if errors.Is(err, fs.ErrNotExist) || file == os.DevNull {
		return nil
	}
	if err != nil {
		return err
	}
	err = parse(string(data), func(s Setting) error {
		c.settings = append(c.settings, s)
		if s.Name != "path" || !in.follows(s, file) {
			return nil
		}
		if depth == maxIncludes {
			return errors.New("includes are nested too deeply")
		}
		c.conditional = c.conditional || s.Section == "includeif"
		path := configfile.ExpandHome(s.Value, in.home)
		if path != "" && !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(file), path)
		}
		return in.read(c, path, depth+1)
	})
	var inner *failure.Error // of an included file
	if err != nil && !errors.As(err, &inner) {
		return failure.Errorf(failure.Usage, "%q: %w", file, err)
	}
	return err
}

// follows reports whether a setting of a file includes another file.
func (in *includer) follows(s Setting, file string) bool {
	if s.Section == "include" {
		return s.Subsection == ""
	}
	kind, pattern, _ := strings.Cut(s.Subsection, ":")
	switch {
	case s.Section != "includeif":
		return false
	case kind == "hasconfig":
		return in.matchesRemote(pattern)
	case in.dirs == nil:
		return false
	case kind == "gitdir":
		return in.matchesGitDir(pattern, file, func(s string) string { return s })
	case kind == "gitdir/i":
		return in.matchesGitDir(pattern, file, strings.ToLower)
	case kind == "onbranch":
		branch := in.dirs.Branch()
		return branch != "" && wildmatch(withFolder(pattern), branch)
	}
	return false
}

// matchesRemote reports whether the pattern of a hasconfig condition matches the URL of a remote.
func (in *includer) matchesRemote(condition string) bool {
	pattern, ok := strings.CutPrefix(condition, "remote.*.url:")
	return ok && in.remotes != nil &&
		slices.ContainsFunc(in.remotes(), func(url string) bool { return wildmatch(pattern, url) })
}

// matchesGitDir reports whether the pattern in a file matches the git folder, with or without the symbolic links on
// the way to it.
func (in *includer) matchesGitDir(pattern, file string, fold func(string) string) bool {
	prefix := ""
	if rest, ok := strings.CutPrefix(pattern, "~/"); ok && filepath.IsAbs(in.home) {
		pattern = filepath.ToSlash(in.home) + "/" + rest
	}
	switch rest, relative := strings.CutPrefix(pattern, "./"); {
	case relative:
		if real, err := filepath.EvalSymlinks(file); err == nil {
			file = real
		}
		prefix, pattern = filepath.ToSlash(filepath.Dir(file))+"/", rest
	case !filepath.IsAbs(pattern):
		pattern = "**/" + pattern
	}
	pattern = withFolder(pattern)
	for _, dir := range []string{in.dirs.Git, in.dirs.Logical(in.dir)} {
		text, ok := strings.CutPrefix(fold(filepath.ToSlash(dir)), fold(prefix))
		if ok && wildmatch(fold(pattern), text) {
			return true
		}
	}
	return false
}

// withFolder makes a pattern that ends with a slash match everything below.
func withFolder(pattern string) string {
	if strings.HasSuffix(pattern, "/") {
		return pattern + "**"
	}
	return pattern
}

// wildmatch matches as git does with paths: "*" matches no slash. Braces have no meaning in git.
func wildmatch(pattern, text string) bool {
	pattern = strings.NewReplacer(`\{`, `\{`, `\}`, `\}`, `{`, `\{`, `}`, `\}`).Replace(pattern)
	ok, err := doublestar.Match(pattern, text)
	return ok && err == nil
}
