package main

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/location"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
)

// A completion returns the words that can follow the arguments typed so far, in a project with these installs. Other
// arguments are files of any kind, which the shell itself completes.
type completion func(l installed, typed []string) []string

// installed are the installs of the project that a folder belongs to.
type installed struct {
	location location.Location
	lock     *lockfile.Lock
}

func noWords(installed, []string) []string { return nil }

func completeInstalls(l installed, _ []string) []string {
	var words []string
	for _, c := range l.lock.Components {
		words = append(words, l.location.Typed(c.Path))
	}
	return sortedWords(words)
}

func completeFiles(l installed, _ []string) []string {
	var words []string
	for _, c := range l.lock.Components {
		for _, f := range c.Files {
			words = append(words, l.location.Typed(f.Path))
		}
	}
	return sortedWords(words)
}

func completeInstallsAndFiles(l installed, typed []string) []string {
	return sortedWords(slices.Concat(completeInstalls(l, typed), completeFiles(l, typed)))
}

func sortedWords(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}

// readInstalled returns the installs of the project that a folder belongs to, or none when it cannot be read.
func (in *invocation) readInstalled(cwd string) installed {
	in.options.cwd = cwd
	none := installed{lock: &lockfile.Lock{}}
	dir, err := in.options.dir()
	if err != nil {
		return none
	}
	l, _, err := in.projectOf(dir)
	if err != nil {
		return none
	}
	return installed{l, readLock(l.Project)}
}

// readLock returns the lock of a project, or an empty one when it cannot be read.
func readLock(dir string) *lockfile.Lock {
	data, err := os.ReadFile(filepath.Join(dir, state.LockName))
	if err != nil {
		return &lockfile.Lock{}
	}
	lock, err := lockfile.Parse(state.LockName, data)
	if err != nil {
		return &lockfile.Lock{}
	}
	return lock
}
