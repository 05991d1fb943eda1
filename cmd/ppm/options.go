package main

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// flagValues are the flags of a command line.
type flagValues interface {
	IsSet(name string) bool
	Bool(name string) bool
	Int(name string) int
	String(name string) string
	StringSlice(name string) []string
}

// options are the settings of every command, from its flags and from the environment.
type options struct {
	cwd     string // as it was typed; empty for the current folder
	json    bool   // print one document on standard output, and no text
	quiet   bool
	verbose bool
	offline bool
	refresh bool
	yes     bool
	getenv  func(string) string
}

// read reads the flags that all commands share.
func (o *options) read(flags flagValues) {
	o.cwd = flags.String("cwd")
	o.json = o.json || flags.Bool("json") || flags.String("format") == formatJSON
	o.quiet = flags.Bool("quiet")
	o.verbose = flags.Bool("verbose")
	o.offline = flags.Bool("offline")
	o.refresh = flags.Bool("refresh")
	o.yes = flags.Bool("yes")
}

// dir returns the absolute path of the folder that the command works in.
func (o *options) dir() (string, error) {
	dir, err := filepath.Abs(o.cwd)
	if err != nil {
		return "", failure.Errorf(failure.LocalIO, "finding the current folder: %w", err).
			WithHint("change to a folder that exists")
	}
	return dir, nil
}

// path returns the path of a file that the user typed, relative to the folder that the command works in.
func (o *options) path(typed string) string {
	if typed == "" || typed == "-" || filepath.IsAbs(typed) {
		return typed
	}
	return filepath.Join(o.cwd, typed)
}

// typedFolder returns a folder as a user types it after --cwd.
func (o *options) typedFolder(dir string) string {
	current, err := os.Getwd()
	if err != nil {
		return dir
	}
	typed, err := filepath.Rel(current, dir)
	if err != nil {
		return dir
	}
	return filepath.ToSlash(typed)
}

// cacheDir returns the folder of ppm's cache: $PPM_CACHE_DIR, else "ppm" in the user's cache folder.
func (o *options) cacheDir() (string, error) {
	if dir := o.getenv("PPM_CACHE_DIR"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", failure.Errorf(failure.LocalIO, "finding the cache folder: %w", err).
			WithHint("set HOME, or PPM_CACHE_DIR to a folder of ppm's own")
	}
	return filepath.Join(dir, "ppm"), nil
}

// keyDirs returns the folders for the user's key for the files in .ppm: the folder for state, or the cache if that
// cannot be used.
func (o *options) keyDirs(home, cache string) []string {
	var dirs []string
	for _, dir := range []string{o.getenv("PPM_STATE_DIR"), o.stateDir(home), cache} {
		if abs, err := filepath.Abs(dir); dir != "" && err == nil {
			dirs = append(dirs, abs)
		}
	}
	return dirs
}

// knownTags returns the file with the list of known tags, in $PPM_STATE_DIR, else in ppm's folder in the user's folder
// for state or, on macOS and Windows, for configuration. It returns "" when there is no such folder.
func (o *options) knownTags(home string) string {
	dir := cmp.Or(o.getenv("PPM_STATE_DIR"), o.stateDir(home))
	if abs, err := filepath.Abs(dir); dir != "" && err == nil {
		return filepath.Join(abs, "known_tags")
	}
	return ""
}

// stateDir returns ppm's folder for what must survive the deletion of the cache, or "".
func (o *options) stateDir(home string) string {
	switch state := o.getenv("XDG_STATE_HOME"); {
	case runtime.GOOS == "windows" || runtime.GOOS == "darwin":
		if dir, err := os.UserConfigDir(); err == nil {
			return filepath.Join(dir, "ppm")
		}
	case filepath.IsAbs(state):
		return filepath.Join(state, "ppm")
	case filepath.IsAbs(home):
		return filepath.Join(home, ".local", "state", "ppm")
	}
	return ""
}

// layerFiles returns the files of the machine's and the user's layers of the manifest, which need not exist. A name is
// empty when there is no folder for the file.
func (o *options) layerFiles() (machine, user string, err error) {
	if machine, err = o.namedFile("PPM_MACHINE_CONFIG"); err != nil {
		return "", "", err
	}
	if user, err = o.namedFile("PPM_CONFIG"); err != nil {
		return "", "", err
	}
	if machine == "" {
		machine = machineFile(runtime.GOOS, o.getenv)
	}
	if dir, err := os.UserConfigDir(); user == "" && err == nil {
		user = filepath.Join(dir, "ppm", "ppm.toml")
	}
	return machine, user, nil
}

// namedFile returns the file that a variable names, or "". A file that is missing is an error: what it forbids would
// be allowed.
func (o *options) namedFile(variable string) (string, error) {
	file := o.getenv(variable)
	if file == "" {
		return "", nil
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return "", failure.Errorf(failure.LocalIO, "reading %q, which %s names: the file does not exist",
			file, variable).
			WithHint("correct %s, or set it to %s to use no such file", variable, os.DevNull)
	}
	return file, nil
}

// machineFile returns the default file of the machine's layer on a system.
func machineFile(system string, getenv func(string) string) string {
	switch system {
	case "windows":
		return cmp.Or(getenv("ProgramData"), `C:\ProgramData`) + `\ppm\ppm.toml`
	case "darwin":
		return "/Library/Application Support/ppm/ppm.toml"
	}
	return "/etc/ppm/ppm.toml"
}
