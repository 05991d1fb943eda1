package project_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A planEdit is what somebody does to a change of a plan. It returns false if it has no effect on the result.
type planEdit struct {
	name string
	do   func(c *plan.Change) bool
}

var evil = []byte("evil\n")

// planEdits are edits after which the plan must not be applied.
var planEdits = []planEdit{
	{"kept", func(c *plan.Change) bool {
		wrote := c.Writes()
		c.Action, c.New, c.Data, c.Conflicts, c.Marker, c.Sides = plan.Keep, c.Old, nil, 0, 0, false
		return wrote
	}},
	{"unchanged", func(c *plan.Change) bool {
		wrote := c.Writes()
		c.Action, c.New, c.Data, c.Conflicts, c.Marker, c.Sides = plan.Unchanged, c.Old, nil, 0, 0, false
		return wrote
	}},
	{"deleted", func(c *plan.Change) bool {
		if c.Action == plan.Delete || c.Old.Kind != plan.File {
			return false
		}
		c.Action, c.New, c.Data, c.Conflicts, c.Marker, c.Sides = plan.Delete, plan.State{}, nil, 0, 0, false
		return true
	}},
	{"other content", func(c *plan.Change) bool {
		if c.Action != plan.Create && c.Action != plan.Update || len(c.Data) == 0 || c.From != "" {
			return false // the user's edits are merged into a file that moves
		}
		c.Data = evil
		c.New.Digest = fileset.Digest(evil)
		return true
	}},
	{"overwritten", func(c *plan.Change) bool {
		if c.Writes() || c.Old.Kind != plan.File {
			return false
		}
		c.Action, c.Data, c.New = plan.Merge, evil, plan.FileState(evil, c.Old.Mode)
		return c.Action == plan.Merge
	}},
	{"other mode", func(c *plan.Change) bool {
		if c.Action != plan.Create && c.Action != plan.Update || c.New.Mode != fileset.Regular {
			return false
		}
		c.New.Mode = fileset.Executable
		return c.Old.Mode != fileset.Executable
	}},
}

// TestPlanLacksAChange drops each change of the plans of all merge cases, or makes another one of it, and gives the
// plan the right digest and diffs. None of these plans is read, although the pack is gone.
func TestPlanLacksAChange(t *testing.T) {
	pack := newTestPack(t)
	for _, table := range mergeTables {
		for _, e := range table.edits {
			for i, v := range table.versions {
				if testing.Short() && (i+len(e.name))%4 != 0 {
					continue
				}
				dir := pack.install(t, table, e)
				data, err := pack.saveUpgrade(t, dir, tag(table.name, v.name))
				if err != nil {
					continue // the case is refused
				}
				pack.checkEdits(t, table.name+", "+e.name+" and "+v.name, dir, data)
			}
		}
	}
}

// saveUpgrade returns the saved plan of an upgrade.
func (tp *testPack) saveUpgrade(t *testing.T, dir, to string) ([]byte, error) {
	t.Helper()
	p, err := tp.open(t, dir, project.Read)
	must(t, err)
	defer p.Close()
	_, tx, err := p.Upgrade(t.Context(), project.UpgradeOptions{To: to})
	if err != nil {
		return nil, err
	}
	return p.Save(tx)
}

// load reads a saved plan.
func (tp *testPack) load(t *testing.T, dir string, data []byte) error {
	t.Helper()
	p, err := tp.open(t, dir, project.Read)
	must(t, err)
	defer p.Close()
	_, err = p.Load(t.Context(), data)
	return err
}

// checkEdits loads a plan and what somebody makes of it, without the pack.
func (tp *testPack) checkEdits(t *testing.T, name, dir string, data []byte) {
	t.Helper()
	must(t, os.Rename(tp.repo, tp.repo+".gone"))
	defer func() { must(t, os.Rename(tp.repo+".gone", tp.repo)) }()
	if err := tp.load(t, dir, data); err != nil {
		t.Errorf("%s: %v\n%s", name, err, data)
		return
	}
	saved, err := plan.ParseSaved(data)
	must(t, err)
	for i, c := range saved.Plan.Changes {
		edited := saved
		if c.Writes() || c.Record {
			edited.Plan.Changes = slices.Delete(slices.Clone(saved.Plan.Changes), i, i+1)
			tp.checkRefused(t, name+": "+c.Path+" left out", dir, edited, c.Action == plan.Merge)
		}
		for _, e := range planEdits {
			change := c
			if c.Record || !e.do(&change) {
				continue
			}
			edited.Plan.Changes = slices.Clone(saved.Plan.Changes)
			edited.Plan.Changes[i] = change
			tp.checkRefused(t, name+": "+c.Path+" "+e.name, dir, edited, c.Action == plan.Merge || c.From != "")
		}
	}
}

// checkRefused checks that an edited plan is refused. What is merged can only be compared with the pack, so that its
// absence is an error, too.
func (tp *testPack) checkRefused(t *testing.T, name, dir string, edited plan.Saved, isMerged bool) {
	t.Helper()
	data, err := edited.Format(func(path string) ([]byte, error) {
		return os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
	})
	must(t, err)
	err = tp.load(t, dir, data)
	if !errors.Is(err, failure.Integrity) && !(isMerged && err != nil) || failure.Hint(err) == "" {
		t.Errorf("%s: %v (%v)\n%s", name, err, failure.KindOf(err), data)
	}
}

// TestPlanOfAnotherPack changes a file, and its digest in the lockfile, in a plan to add an install: the plan agrees
// with itself, and not with the pack.
func TestPlanOfAnotherPack(t *testing.T) {
	pack := newTestPack(t)
	dir := t.TempDir()
	r, err := ref.Parse(pack.repo + "@" + tag(mergeTables[0].name, "base") + "//part")
	must(t, err)
	p, err := pack.open(t, dir, project.Read)
	must(t, err)
	_, tx, err := p.Add(t.Context(), project.AddOptions{Ref: r, Path: "part"})
	must(t, err)
	data, err := p.Save(tx)
	must(t, err)
	must(t, p.Close())
	must(t, pack.load(t, dir, data))
	saved, err := plan.ParseSaved(data)
	must(t, err)
	was := fileset.Digest([]byte("other\n"))
	for i, c := range saved.Plan.Changes {
		switch {
		case strings.HasSuffix(c.Path, "/other"):
			saved.Plan.Changes[i].Data, saved.Plan.Changes[i].New.Digest = evil, fileset.Digest(evil)
		case c.Path == plan.Lock:
			text := bytes.ReplaceAll(c.Data, []byte(was), []byte(fileset.Digest(evil)))
			if bytes.Equal(text, c.Data) {
				t.Fatalf("the lockfile does not have %s:\n%s", was, c.Data)
			}
			saved.Plan.Changes[i].Data, saved.Plan.Changes[i].New = text, plan.FileState(text, 0)
		}
	}
	pack.checkRefused(t, "another file", dir, saved, false)
}
