package main

import (
	"fmt"
	"os"

	"github.com/Project-Manager-With-Git/ppm/pkg/adopt"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/location"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

// A search says how a command finds the folder that it works in.
type search int

const (
	_               search = iota
	noSearch               // the current folder itself
	nearestProject         // the nearest project; it is an error if there is none
	nearestHistory         // the nearest folder with a project or a history
	newestHistory          // as nearestHistory, but not a folder with only an old history in a newer project
	nearestOrCreate        // the nearest project; if there is none, the command creates one in the current folder
	nearestOrPmfp          // the nearest project, of pmfp or of ppm; if there is none, as nearestOrCreate
	nearestOrHere          // the nearest project; if there is none, the current folder as it is
)

// historyDir is the folder in which ppm keeps the history of a project.
const historyDir = ".ppm"

// find finds the folder that the command works in.
func (in *invocation) find(s search) error {
	current, err := in.options.dir()
	if err != nil {
		return err
	}
	in.search, in.location = s, location.Location{Current: current, Project: current}
	if s == noSearch {
		return nil
	}
	found := false
	if in.location, found, err = in.projectOf(current, s.markers()...); err != nil {
		return err
	}
	if s == newestHistory {
		if in.location, found, err = in.newestHistory(current); err != nil {
			return err
		}
	}
	if !found && (s == nearestProject || s == nearestHistory || s == newestHistory) {
		return in.errNoProject()
	}
	if s == nearestOrCreate || s == nearestOrPmfp {
		is, exists, err := in.projectOf(in.location.Project)
		if err != nil {
			return err
		}
		in.creates = !exists || is.Project != in.location.Project
	}
	if in.location.IsElsewhere() && !in.options.json && !in.options.quiet {
		in.terminal.message("note", "the project is "+in.location.Project)
	}
	return nil
}

// markers returns the names of files and folders that mark the folder of a command besides ppm's own.
func (s search) markers() []string {
	switch s {
	case nearestHistory, newestHistory:
		return []string{historyDir}
	case nearestOrPmfp:
		return []string{adopt.PmfpName}
	}
	return nil
}

// newestHistory returns the nearest project or history of a folder. A folder with only a history, which a project that
// was removed or moved has left, counts if its last command is newer than that of the project above it.
func (in *invocation) newestHistory(dir string) (location.Location, bool, error) {
	left, found, err := in.projectOf(dir, historyDir)
	if err != nil || !found {
		return left, found, err
	}
	nearest, found, err := in.projectOf(dir)
	if err != nil || found && nearest.Project == left.Project {
		return left, true, err
	}
	search, err := in.projects(historyDir)
	if err != nil {
		return left, true, err
	}
	search.Skip = left.Project
	above, found, err := search.Find(dir)
	if err != nil || !found {
		return left, true, err
	}
	keyDirs, err := in.keyDirs()
	if err != nil {
		return left, true, err
	}
	old, isOld := project.LastChange(left.Project, keyDirs)
	last, isLast := project.LastChange(above.Project, keyDirs)
	if !isOld || isLast && last.After(old) {
		return above, true, nil
	}
	return left, true, nil
}

// keyDirs is options.keyDirs of this user.
func (in *invocation) keyDirs() ([]string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	cache, err := in.options.cacheDir()
	return in.options.keyDirs(home, cache), err
}

// projectOf returns the nearest project of a folder.
func (in *invocation) projectOf(dir string, also ...string) (location.Location, bool, error) {
	search, err := in.projects(also...)
	if err != nil {
		return location.Location{}, false, err
	}
	return search.Find(dir)
}

// projects returns the search for projects. Also is as in location.Search.
func (in *invocation) projects(also ...string) (location.Search, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	machine, user, err := in.options.layerFiles()
	return location.Search{Home: home, Layers: []string{machine, user}, Also: also}, err
}

// errNoProject returns the error about a folder that belongs to no project.
func (in *invocation) errNoProject() error {
	dir, what := in.location.Current, ""
	if in.search == newestHistory {
		what = "there is no command to undo: "
	}
	err := failure.Errorf(failure.Usage, "%sno project in %q: found no ppm.toml in this folder or its parents",
		what, dir)
	if pmfp, found, _ := in.projectOf(dir, adopt.PmfpName); found {
		return err.WithHint("%s is a pmfp project; convert it with ppm project adopt", pmfp.Project)
	}
	return err.WithHint("create a project with ppm init or ppm project add, or name the project's folder with --cwd")
}

// noteCreated says that the command has created a project.
func (in *invocation) noteCreated() {
	if in.creates {
		in.note(fmt.Sprintf("%s a project in %s: found no ppm.toml in this folder or its parents",
			verb(in.dryRun(), "would create", "created"), in.location.Project))
	}
}
