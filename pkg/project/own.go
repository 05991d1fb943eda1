package project

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// OwnResult is what Own changes.
type OwnResult struct {
	Files   []OwnedFile `json:"files"`
	Changes []Change    `json:"changes"`
	DryRun  bool        `json:"dry_run"`
}

// An OwnedFile is a file and who owns it: merge, once or mine.
type OwnedFile struct {
	Path string `json:"path"`
	Own  string `json:"own"`
}

// Own changes who owns the files of installs at or below a path. It writes only the manifest: it takes effect
// at the next upgrade, sync or remove.
func (p *Project) Own(name string, to manifest.Ownership) (*OwnResult, *Transaction, error) {
	path, err := manifest.CleanPath(strings.TrimPrefix(name, "./"))
	if err != nil {
		return nil, nil, err
	}
	result := &OwnResult{Files: []OwnedFile{}, Changes: []Change{}}
	text := p.ManifestText
	for _, c := range p.Lock.Components {
		want := p.wanted(c)
		names := ownable(c, want.Own, path)
		if len(names) == 0 {
			continue
		}
		own := map[string]manifest.Ownership{}
		maps.Copy(own, want.Own)
		for _, name := range names {
			if to == manifest.Merged && own[name] != "" {
				p.setup.Notify(fmt.Sprintf("%s: what upstream changed while the file was yours counts as taken out by you; ppm project diff shows it", name))
			}
			own[name] = to
			result.Files = append(result.Files, OwnedFile{name, string(to)})
		}
		want.Own = own
		if text, err = manifest.SetComponents(ManifestName, text, want); err != nil {
			return nil, nil, err
		}
	}
	if len(result.Files) == 0 {
		return nil, nil, p.errNoFile(name)
	}
	var pl plan.Plan
	if !bytes.Equal(text, p.ManifestText) {
		pl.Write(ManifestName, p.ManifestText, text)
	}
	t := newTransaction(pl, apply.Meta{Command: "own " + name + " " + string(to)}, p.Lock)
	result.Changes = t.Changes
	return result, t, nil
}

// ownable returns the files of an install at or below a path, also those that it has no more and the manifest names.
func ownable(c lockfile.Component, own map[string]manifest.Ownership, path string) []string {
	var names []string
	for _, f := range filesBelow(c, path) {
		names = append(names, f.Path)
	}
	for name := range own {
		if isAtOrBelow(name, path) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// filesBelow returns the files of an install at or below a path.
func filesBelow(c lockfile.Component, path string) []lockfile.File {
	return slices.DeleteFunc(slices.Clone(c.Files), func(f lockfile.File) bool { return !isAtOrBelow(f.Path, path) })
}
