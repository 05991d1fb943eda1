package main

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
)

// A completion returns the words that can follow the arguments typed so far, in a project with the given lock. Other
// arguments are files of any kind, which the shell itself completes.
type completion func(lock *lockfile.Lock, typed []string) []string

func noWords(*lockfile.Lock, []string) []string { return nil }

func completeInstalls(lock *lockfile.Lock, _ []string) []string {
	var words []string
	for _, c := range lock.Components {
		words = append(words, c.Path)
	}
	return sortedWords(words)
}

func completeFiles(lock *lockfile.Lock, _ []string) []string {
	var words []string
	for _, c := range lock.Components {
		for _, f := range c.Files {
			words = append(words, f.Path)
		}
	}
	return sortedWords(words)
}

func completeInstallsAndFiles(lock *lockfile.Lock, typed []string) []string {
	return sortedWords(slices.Concat(completeInstalls(lock, typed), completeFiles(lock, typed)))
}

func sortedWords(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
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
