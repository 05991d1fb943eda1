package config

import (
	"cmp"
	"errors"
	"path/filepath"
	"runtime"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// A Place is where git would look for configuration.
type Place struct {
	Home string              // the user's home folder
	Dir  string              // the folder that the user works in, for the conditions of includeIf; may be empty
	Env  func(string) string // the environment
}

// ReadUser reads the configuration of the system and of the user, and then what GIT_CONFIG_COUNT and
// GIT_CONFIG_PARAMETERS set in the environment. Errors are of kind Usage for a malformed file or variable.
func ReadUser(p Place) (*Config, error) {
	c := &Config{}
	if err := p.readUserFiles(c); err != nil {
		return nil, err
	}
	return c, p.readEnv(c)
}

// ReadRepository reads the configuration of the repository that the user works in. Where there is none, or it belongs
// to another user, it has no settings.
func ReadRepository(p Place) (*Config, error) {
	c := &Config{}
	return c, p.readRepository(c)
}

// Read reads all of this in the order of git: the files of the system, the user and the repository, then the
// environment.
func Read(p Place) (*Config, error) {
	c := &Config{}
	if err := cmp.Or(p.readUserFiles(c), p.readRepository(c)); err != nil {
		return nil, err
	}
	return c, p.readEnv(c)
}

func (p Place) readUserFiles(c *Config) error {
	in := newIncluder(p)
	in.remotes = p.remotes
	for _, f := range userFiles(p.Home, p.Env) {
		if err := in.read(c, f, 0); err != nil {
			return errRead(err).WithHint("correct the file, or name another one in GIT_CONFIG_GLOBAL")
		}
	}
	return nil
}

func (p Place) readEnv(c *Config) error {
	settings, err := envSettings(p.Env)
	if err != nil {
		return errRead(failure.Errorf(failure.Usage, "%w", err)).WithHint("correct or unset that variable")
	}
	c.settings = append(c.settings, settings...)
	return nil
}

func (p Place) readRepository(c *Config) error {
	in := newIncluder(p)
	in.remotes = p.remotes
	if err := in.readRepository(c); err != nil {
		return errRead(err).WithHint("correct the file")
	}
	return nil
}

func (in *includer) readRepository(c *Config) error {
	if in.dirs == nil {
		return nil
	}
	err := in.read(c, filepath.Join(in.dirs.Common, "config"), 0)
	if err == nil && c.Bool("extensions", "worktreeconfig", false) {
		err = in.read(c, filepath.Join(in.dirs.Git, "config.worktree"), 0)
	}
	return err
}

// remotes returns the URLs of the remotes of the user's and the repository's configuration. Files that are included
// because of such a URL cannot add others.
func (p Place) remotes() []string {
	in := newIncluder(p)
	c := &Config{}
	var errs []error
	for _, f := range userFiles(p.Home, p.Env) {
		errs = append(errs, in.read(c, f, 0))
	}
	if errors.Join(append(errs, in.readRepository(c))...) != nil {
		return nil // the caller reads the same files, and reports it
	}
	var urls []string
	for s := range c.All("remote", "url") {
		urls = append(urls, s.Value)
	}
	return urls
}

func errRead(err error) *failure.Error {
	return failure.Errorf(failure.KindOf(err), "reading git's configuration: %w", err)
}

// userFiles lists the files that git reads, in its order.
func userFiles(home string, env func(string) string) []string {
	var files []string
	if !IsTrue(env("GIT_CONFIG_NOSYSTEM")) {
		files = systemFiles(env)
	}
	if global := env("GIT_CONFIG_GLOBAL"); global != "" {
		return append(files, global)
	}
	xdg := configfile.InHome(home, ".config", "git", "config")
	if dir := env("XDG_CONFIG_HOME"); dir != "" {
		xdg = filepath.Join(dir, "git", "config")
	}
	return append(files, xdg, configfile.InHome(home, ".gitconfig"))
}

// systemFiles lists where the usual builds of git keep the configuration of the whole machine.
func systemFiles(env func(string) string) []string {
	if f := env("GIT_CONFIG_SYSTEM"); f != "" {
		return []string{f}
	}
	switch runtime.GOOS {
	case "darwin":
		return []string{
			"/Library/Developer/CommandLineTools/usr/share/git-core/gitconfig",
			"/Applications/Xcode.app/Contents/Developer/usr/share/git-core/gitconfig",
			"/opt/homebrew/etc/gitconfig", "/usr/local/etc/gitconfig", "/etc/gitconfig",
		}
	case "windows":
		return []string{
			filepath.Join(env("ProgramData"), "Git", "config"),
			filepath.Join(env("ProgramFiles"), "Git", "etc", "gitconfig"),
		}
	}
	return []string{"/etc/gitconfig"}
}
