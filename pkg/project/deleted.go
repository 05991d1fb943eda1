package project

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
	"github.com/Project-Manager-With-Git/ppm/pkg/status"
)

// maxNamed is how many paths a hint names.
const maxNamed = 3

// HintMissing says what to do about the installed files that are missing, as status, verify and sync tell them; "" if
// there are none.
func (p *Project) HintMissing(installs []status.Install) string {
	var missing []string
	for _, in := range installs {
		for _, f := range in.Files {
			if f.State == "missing" && f.IsChanged() {
				missing = append(missing, f.Path)
			}
		}
	}
	if len(missing) == 0 {
		return ""
	}
	return p.hintMissing(missing)
}

// hintMissing says what to do about missing files.
func (p *Project) hintMissing(missing []string) string {
	return "restore what is missing with ppm project sync, or keep it deleted with " + p.keepDeleted(missing)
}

// keepDeleted returns the commands after which ppm no longer misses the files. It names a folder when all files of an
// install in it are missing, and removes an install of which no file is left.
func (p *Project) keepDeleted(missing []string) string {
	isMissing := map[string]bool{}
	for _, name := range missing {
		isMissing[name] = true
	}
	isThere := func(f lockfile.File) bool { return !isMissing[f.Path] }
	var commands []string
	for _, name := range missing {
		c, _, _ := p.Lock.Owner(name)
		command := fmt.Sprintf("ppm project own %s mine", p.Quote(deletedFolder(c, name, isThere)))
		if !slices.ContainsFunc(c.Files, isThere) {
			command = "ppm project remove " + p.Quote(c.Path)
		}
		if !slices.Contains(commands, command) {
			commands = append(commands, command)
		}
	}
	if more := len(commands) - maxNamed; more > 0 {
		commands = append(commands[:maxNamed], fmt.Sprintf("%d more", more))
	}
	return strings.Join(commands, ", ")
}

// deletedFolder returns the outermost folder around a missing file of an install in which no file of the install is
// left; the file itself if there is none.
func deletedFolder(c lockfile.Component, name string, isThere func(lockfile.File) bool) string {
	for dir := path.Dir(name); dir != "." && dir != c.Path; dir = path.Dir(dir) {
		if slices.ContainsFunc(c.Files, func(f lockfile.File) bool {
			return isThere(f) && state.IsAtOrBelow(f.Path, dir)
		}) {
			break
		}
		name = dir
	}
	return name
}
