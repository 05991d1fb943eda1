package status

import (
	"cmp"
	"context"
	"io/fs"
	"path"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// maxCandidates limits the files that are read to find those that the user moved.
const maxCandidates = 1000

// setMoved changes the state of missing files that were moved.
func (c Comparer) setMoved(ctx context.Context, result *Result) error {
	missing := map[string]string{}
	for _, in := range result.Installs {
		for _, f := range in.Files {
			if f.State == "missing" {
				_, locked, _ := c.State.Lock.Owner(f.Path)
				missing[f.Path] = locked.Digest
			}
		}
	}
	moved, _, err := c.FindMoved(ctx, missing)
	for _, in := range result.Installs {
		for i, f := range in.Files {
			if to := moved[f.Path]; to != "" {
				in.Files[i].State, in.Files[i].To = "moved", to
			}
		}
	}
	return err
}

// FindMoved searches the files that are in no install for missing ones, which are given as digests by path.
// sameContent has the path of a file with the same content, whatever its line endings, and sameName that of the only
// file with the same name.
func (c Comparer) FindMoved(
	ctx context.Context, missing map[string]string,
) (sameContent, sameName map[string]string, err error) {
	if len(missing) == 0 {
		return nil, nil, nil
	}
	byName := map[string][]string{} // paths by the names of the missing files
	for p := range missing {
		byName[path.Base(p)] = nil
	}
	candidates, err := c.candidates(ctx, byName)
	if err != nil {
		return nil, nil, err
	}
	disk, err := c.Tree.Scan(ctx, candidates)
	if err != nil {
		return nil, nil, err
	}
	converted, err := c.Tree.Convert(disk, nil)
	if err != nil {
		return nil, nil, err
	}
	byDigest := map[string]string{}
	for _, name := range slices.Backward(candidates) {
		if disk[name].Kind == plan.File {
			byDigest[disk[name].Digest] = name
			byDigest[cmp.Or(converted[name].Digest, disk[name].Digest)] = name
		}
	}
	sameContent, sameName = map[string]string{}, map[string]string{}
	for p, digest := range missing {
		sameContent[p] = byDigest[digest]
		if others := byName[path.Base(p)]; len(others) == 1 {
			sameName[p] = others[0]
		}
	}
	return sameContent, sameName, nil
}

// candidates returns the files that are in no install. Those with a name in byName come first; it adds them to
// byName.
func (c Comparer) candidates(ctx context.Context, byName map[string][]string) ([]string, error) {
	installed := c.State.InstalledFiles()
	var named, others []string
	skip := func(name string) bool { return installed[name] }
	err := c.Tree.Walk(ctx, skip, func(name string, d fs.DirEntry) error {
		if paths, ok := byName[path.Base(name)]; !ok {
			others = append(others, name)
		} else if fileset.CheckPath(name) == nil && d.Type().IsRegular() {
			named = append(named, name)
			byName[path.Base(name)] = append(paths, name)
		}
		return nil
	})
	out := slices.Concat(named, others)
	out = out[:min(len(out), maxCandidates)]
	return slices.DeleteFunc(out, func(name string) bool { return fileset.CheckPath(name) != nil }), err
}
