package project

import (
	"cmp"
	"context"
	"io/fs"
	"maps"
	"path"
	"slices"
	"unicode/utf8"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// maxCandidates bounds the files that are read in search of those that the user moved.
const maxCandidates = 1000

// findMoved looks for the content of missing files among the files that no install has, and
// tells of those it finds that they were moved.
func (p *Project) findMoved(ctx context.Context, result *StatusResult) error {
	gone := map[string]string{}
	for _, in := range result.Installs {
		for _, f := range in.Files {
			if f.State == "missing" {
				_, locked, _ := p.Lock.Owner(f.Path)
				gone[f.Path] = locked.Digest
			}
		}
	}
	moved, _, err := p.whereabouts(ctx, gone)
	for i, in := range result.Installs {
		for j, f := range in.Files {
			if to := moved[f.Path]; to != "" {
				result.Installs[i].Files[j].State, result.Installs[i].Files[j].To = "moved", to
			}
		}
	}
	return err
}

// whereabouts returns for files that are gone, by path with their digests, where one of the same content stands among the
// files that no install has, and where the only one of the same name does. Files of the same name are looked at first.
func (p *Project) whereabouts(ctx context.Context, gone map[string]string) (same, namesake map[string]string, err error) {
	if len(gone) == 0 {
		return nil, nil, nil
	}
	names := map[string][]string{} // of the files that are gone: where others of the name stand
	for p := range gone {
		names[path.Base(p)] = nil
	}
	installed := p.installedFiles()
	var alike, others []string
	err = p.tree.Walk(ctx, func(name string) bool { return installed[name] }, func(name string, d fs.DirEntry) error {
		if at, ok := names[path.Base(name)]; !ok {
			others = append(others, name)
		} else if fileset.CheckPath(name) == nil && d.Type().IsRegular() {
			alike = append(alike, name)
			names[path.Base(name)] = append(at, name)
		}
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	candidates := slices.Concat(alike, others)
	candidates = slices.DeleteFunc(candidates[:min(len(candidates), maxCandidates)], func(name string) bool { return fileset.CheckPath(name) != nil })
	disk, err := p.tree.Scan(ctx, candidates)
	if err != nil {
		return nil, nil, err
	}
	at := map[string]string{}
	for _, name := range slices.Backward(candidates) {
		if disk[name].Kind == plan.File {
			at[disk[name].Digest] = name
		}
	}
	same, namesake = map[string]string{}, map[string]string{}
	for p, digest := range gone {
		same[p] = at[digest]
		if others := names[path.Base(p)]; len(others) == 1 {
			namesake[p] = others[0]
		}
	}
	return same, namesake, nil
}

// findMovedAway returns the files that a plan leaves deleted although upstream changed them, with where they may have been
// moved to. A failure to find out is no reason to stop.
func (p *Project) findMovedAway(ctx context.Context, pl plan.Plan, coming []install.Component) []movedHint {
	gone := map[string]string{}
	for _, c := range pl.Changes {
		if c.Action != plan.Keep || c.Old.Kind != plan.Absent {
			continue
		}
		was := cmp.Or(c.From, c.Path)
		_, f, installed := p.Lock.Owner(was)
		for _, next := range coming {
			file, comes := next.Files.Lookup(c.Path)
			if installed && comes && p.entries[next.Want.Path].Own[was] == "" && f.Digest != file.Digest() {
				gone[was] = f.Digest
			}
		}
	}
	same, namesake, err := p.whereabouts(ctx, gone)
	if err != nil {
		return nil
	}
	var out []movedHint
	for _, name := range slices.Sorted(maps.Keys(gone)) {
		if to := cmp.Or(same[name], namesake[name]); to != "" {
			out = append(out, movedHint{name, to})
		}
	}
	return out
}

// findExtra lists the files in the folders of installs that no install has. What stands in
// the project's folder itself is the user's own business.
func (p *Project) findExtra(ctx context.Context, result *StatusResult, installs []lockfile.Component) error {
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
	installed := p.installedFiles()
	for _, in := range result.Installs {
		for _, f := range in.Files {
			installed[f.To] = true // as moved
		}
	}
	pass := func(name string) bool {
		if installed[name] {
			return true
		}
		_, in := inside(name)
		return !in && !above[name]
	}
	return p.tree.Walk(ctx, pass, func(name string, _ fs.DirEntry) error {
		if i, ok := inside(name); ok {
			file := FileStatus{Path: name, State: "extra"}
			if !utf8.ValidString(name) {
				file.PathBase64 = []byte(name)
			}
			result.Installs[i].Files = append(result.Installs[i].Files, file)
		}
		return nil
	})
}
