package project

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// OwnOptions say whose a file shall be.
type OwnOptions struct {
	Path   string // of a file of an install, or of a folder of such files
	Own    manifest.Own
	DryRun bool
}

// OwnResult is what Own did, or with DryRun would do.
type OwnResult struct {
	Files   []OwnedFile `json:"files"`
	Changes []Change    `json:"changes"`
	DryRun  bool        `json:"dry_run"`
}

// An OwnedFile is a file and whose it is: merge, once or mine.
type OwnedFile struct {
	Path string `json:"path"`
	Own  string `json:"own"`
}

// Own changes whose the files at a path are. It writes the manifest alone: what it means
// shows at the next upgrade, sync or remove.
func (s *Session) Own(ctx context.Context, o OwnOptions) (result *OwnResult, err error) {
	end, err := s.begin(ctx, !o.DryRun)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)
	path, err := manifest.CleanPath(strings.TrimPrefix(o.Path, "./"))
	if err != nil {
		return nil, err
	}
	result = &OwnResult{Files: []OwnedFile{}, Changes: []Change{}, DryRun: o.DryRun}
	text := s.text
	for _, c := range s.lock.Components {
		want := s.wanted(c)
		names := ownable(c, want.Own, path)
		if len(names) == 0 {
			continue
		}
		own := map[string]manifest.Own{}
		maps.Copy(own, want.Own)
		for _, name := range names {
			if o.Own == manifest.Merged && own[name] != "" {
				s.setup.Notify(fmt.Sprintf("%s: what upstream changed while the file was yours counts as taken out by you; ppm project diff shows it", name))
			}
			own[name] = o.Own
			result.Files = append(result.Files, OwnedFile{name, string(o.Own)})
		}
		want.Own = own
		if text, err = manifest.SetComponents(ManifestName, text, want); err != nil {
			return nil, err
		}
	}
	if len(result.Files) == 0 {
		return nil, s.noFile(o.Path)
	}
	var p plan.Plan
	if !bytes.Equal(text, s.text) {
		p.Write(ManifestName, s.text, text)
	}
	result.Changes, err = s.carryOut(ctx, p, apply.Meta{Command: "own " + o.Path + " " + string(o.Own)}, o.DryRun)
	return result, err
}

// ownable returns the files of an install at or below a path, also those that it has no more and the manifest names.
func ownable(c lockfile.Component, own map[string]manifest.Own, path string) []string {
	var names []string
	for _, f := range filesBelow(c, path) {
		names = append(names, f.Path)
	}
	for name := range own {
		if atOrBelow(name, path) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// noFile reports a path at which no install has a file.
func (s *Session) noFile(path string) error {
	var known []string
	for _, c := range s.lock.Components {
		for _, f := range c.Files {
			known = append(known, f.Path)
		}
	}
	if len(known) == 0 {
		return failure.Errorf(failure.Usage, "no install has %q: nothing is installed in this project", path).
			WithHint("add a component with ppm add REFERENCE")
	}
	return failure.Errorf(failure.Usage, "no install has %q", path).WithHint("%s", suggest.Hint("file", path, known))
}

// atOrBelow reports whether a path is another or lies in it.
func atOrBelow(path, folder string) bool {
	_, ok := within(folder, path)
	return ok
}

// filesBelow returns the files of an install at or below a path.
func filesBelow(c lockfile.Component, path string) []lockfile.File {
	return slices.DeleteFunc(slices.Clone(c.Files), func(f lockfile.File) bool { return !atOrBelow(f.Path, path) })
}
