package project

import (
	"context"
	"io/fs"
	"path"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// maxCandidates bounds the files that are read in search of those that the user moved.
const maxCandidates = 1000

// findMoved looks for the content of missing files among the files that no install has, and
// tells of those it finds that they were moved. Files of the same name are looked at first.
func (s *Session) findMoved(ctx context.Context, result *StatusResult) error {
	names := map[string]bool{} // of the missing files
	for _, in := range result.Installs {
		for _, f := range in.Files {
			if f.State == "missing" {
				names[path.Base(f.Path)] = true
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	installed := s.installedFiles()
	var alike, others []string
	err := s.walk(ctx, func(name string) bool { return installed[name] }, func(name string, d fs.DirEntry) error {
		if names[path.Base(name)] {
			alike = append(alike, name)
		} else {
			others = append(others, name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	candidates := slices.Concat(alike, others)
	candidates = slices.DeleteFunc(candidates[:min(len(candidates), maxCandidates)], func(name string) bool { return fileset.CheckPath(name) != nil })
	disk, err := s.store.Scan(ctx, candidates)
	if err != nil {
		return err
	}
	at := map[string]string{}
	for _, name := range slices.Backward(candidates) {
		if disk[name].Kind == plan.File {
			at[disk[name].Digest] = name
		}
	}
	for i, in := range result.Installs {
		for j, f := range in.Files {
			_, locked, _ := s.lock.Owner(f.Path)
			if to := at[locked.Digest]; f.State == "missing" && to != "" {
				result.Installs[i].Files[j].State, result.Installs[i].Files[j].To = "moved", to
			}
		}
	}
	return nil
}

// findExtra lists the files in the folders of installs that no install has. What stands in
// the project's folder itself is the user's own business.
func (s *Session) findExtra(ctx context.Context, result *StatusResult, installs []lockfile.Component) error {
	folders := map[string]int{} // of installs → index in the result
	above := map[string]bool{}
	for i, c := range installs {
		if c.Dir && c.Path != "." {
			folders[c.Path] = i
			for folder := path.Dir(c.Path); folder != "."; folder = path.Dir(folder) {
				above[folder] = true
			}
		}
	}
	if len(folders) == 0 {
		return nil
	}
	inside := func(name string) (int, bool) {
		for folder := name; folder != "."; folder = path.Dir(folder) {
			if i, ok := folders[folder]; ok {
				return i, true
			}
		}
		return 0, false
	}
	installed := s.installedFiles()
	pass := func(name string) bool {
		if installed[name] {
			return true
		}
		_, in := inside(name)
		return !in && !above[name]
	}
	return s.walk(ctx, pass, func(name string, _ fs.DirEntry) error {
		if i, ok := inside(name); ok {
			result.Installs[i].Files = append(result.Installs[i].Files, FileStatus{Path: name, State: "extra"})
		}
		return nil
	})
}

// installedFiles returns the files of all installs.
func (s *Session) installedFiles() map[string]bool {
	out := map[string]bool{}
	for _, c := range s.lock.Components {
		for _, f := range c.Files {
			out[f.Path] = true
		}
	}
	return out
}
