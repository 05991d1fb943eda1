package project_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/applytest"
	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// The contents of files, by the names under which the cells speak of them. Mine and theirs changed different
// lines of base; clash changed the line that theirs did.
var contents = map[string]string{
	"base":      lines("first", "last"),
	"mine":      lines("first, mine", "last"),
	"theirs":    lines("first", "last, theirs"),
	"both":      lines("first, mine", "last, theirs"),
	"clash":     lines("first", "last, mine"),
	"bytes":     "\x00\x01\x02base",
	"my-bytes":  "\x00\x01\x02mine",
	"its-bytes": "\x00\x01\x02theirs",
	"another":   "Something else.\n",
}

func lines(first, last string) string {
	return first + "\n1\n2\n3\n4\n5\n6\n7\n8\n" + last + "\n"
}

// A tree is the files of a component: a path, with a star when the file is executable, to the name of a content.
type tree map[string]string

// A scene is a component, what the user made of it and what upstream did.
type scene struct {
	name     string
	base     tree
	mine     []edit
	upstream []version
}

type edit struct {
	name string
	do   func(t *testing.T, st *stage, dir string) // dir is the project's folder
}

type version struct {
	name string
	tree tree
}

func writes(name, content string) func(*testing.T, *stage, string) {
	return func(t *testing.T, _ *stage, dir string) {
		applytest.Write(t, filepath.Join(dir, "part"), map[string]string{name: contents[content]})
	}
}

func removes(name string) func(*testing.T, *stage, string) {
	return func(t *testing.T, _ *stage, dir string) { must(t, os.RemoveAll(filepath.Join(dir, "part", name))) }
}

func moves(from, to string) func(*testing.T, *stage, string) {
	return func(t *testing.T, _ *stage, dir string) {
		must(t, os.Rename(filepath.Join(dir, "part", from), filepath.Join(dir, "part", to)))
	}
}

// tells moves a file, and lets ppm know.
func tells(from, to string) func(*testing.T, *stage, string) {
	return func(t *testing.T, st *stage, dir string) {
		_, err := do(t, st, dir, func(p *project.Project) (*project.MoveResult, *project.Transaction, error) {
			return p.Move(t.Context(), "part/"+from, "part/"+to)
		})
		must(t, err)
	}
}

func sets(name string, mode fs.FileMode) func(*testing.T, *stage, string) {
	return func(t *testing.T, _ *stage, dir string) { must(t, os.Chmod(filepath.Join(dir, "part", name), mode)) }
}

func links(name string) func(*testing.T, *stage, string) {
	return func(t *testing.T, _ *stage, dir string) {
		must(t, os.Symlink("elsewhere", filepath.Join(dir, "part", name)))
	}
}

func all(edits ...func(*testing.T, *stage, string)) func(*testing.T, *stage, string) {
	return func(t *testing.T, st *stage, dir string) {
		for _, do := range edits {
			do(t, st, dir)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var scenes = []scene{
	{"A file", tree{"file": "base"}, []edit{
		{"unchanged", all()},
		{"edited", writes("file", "mine")},
		{"edited in the same place", writes("file", "clash")},
		{"edited in the same way", writes("file", "theirs")},
		{"deleted", removes("file")},
		{"moved", moves("file", "away")},
		{"moved to the same place", moves("file", "there")},
		{"moved and edited", all(moves("file", "away"), writes("away", "mine"))},
		{"moved with ppm project move", tells("file", "away")},
		{"moved with ppm project move, and edited", all(tells("file", "away"), writes("away", "mine"))},
		{"moved with ppm project move to the same place", tells("file", "there")},
		{"mode changed", sets("file", 0o755)},
		{"mode changed, and edited", all(writes("file", "mine"), sets("file", 0o755))},
		{"edited, and another added at the new place", all(writes("file", "mine"), writes("there", "clash"))},
		{"moved to the same place, and edited", all(moves("file", "there"), writes("there", "mine"))},
		{"replaced by a folder", all(removes("file"), writes("file/own", "mine"))},
		{"replaced by a link", all(removes("file"), links("file"))},
	}, []version{
		{"unchanged", tree{"file": "base"}},
		{"edited", tree{"file": "theirs"}},
		{"deleted", tree{}},
		{"moved", tree{"there": "base"}},
		{"moved and edited", tree{"there": "theirs"}},
		{"mode changed", tree{"file*": "base"}},
		{"replaced by a folder", tree{"file/inner": "another"}},
	}},
	{"A binary file", tree{"file": "bytes"}, []edit{
		{"edited", writes("file", "my-bytes")},
		{"edited in the same way", writes("file", "its-bytes")},
	}, []version{
		{"edited", tree{"file": "its-bytes"}},
		{"deleted", tree{}},
		{"moved", tree{"there": "bytes"}},
		{"mode changed", tree{"file*": "bytes"}},
	}},
	{"A file that was not there", tree{}, []edit{
		{"nothing", all()},
		{"the same added", writes("file", "theirs")},
		{"the same added, executable", all(writes("file", "theirs"), sets("file", 0o755))},
		{"another added", writes("file", "mine")},
		{"another binary file added", writes("file", "my-bytes")},
		{"a folder added", writes("file/own", "mine")},
		{"a link added", links("file")},
	}, []version{
		{"added", tree{"file": "theirs"}},
		{"added as a folder", tree{"file/inner": "another"}},
	}},
	{"A folder", tree{"file/inner": "another"}, []edit{
		{"unchanged", all()},
		{"edited", writes("file/inner", "mine")},
		{"deleted", removes("file")},
		{"a file added in it", writes("file/own", "mine")},
		{"replaced by the same file", all(removes("file"), writes("file", "theirs"))},
		{"replaced by another file", all(removes("file"), writes("file", "mine"))},
		{"replaced by a link", all(removes("file"), links("file"))},
	}, []version{
		{"replaced by a file", tree{"file": "theirs"}},
		{"deleted", tree{}},
	}},
}

// A cell is what becomes of one change of the user's and one of upstream's.
type cell struct {
	scene, mine, upstream string
	outcome               outcome
	disk                  string // the component's folder afterwards, see look
	says                  string // one line for each file that is not simply up to date; or the error
}

// An outcome is how a cell ends, in one word for the user.
type outcome string

const (
	same     outcome = "nothing to do" // for the file: it is as upstream has it, or the user's own business
	taken    outcome = "upstream's"    // what upstream has stands there now
	kept     outcome = "yours"         // what the user has stays
	merged   outcome = "both"          // what both did is there
	conflict outcome = "conflict"      // exit code 8
	refused  outcome = "refused"       // exit code 3, and nothing is changed
)

// A stage is a pack with a version for each change of upstream's in every scene.
type stage struct{ pack, home string }

func newStage(t *testing.T) *stage {
	r := gittest.NewRepo(t)
	put := func(tag string, files tree) {
		must(t, os.RemoveAll(filepath.Join(r.Dir, "part")))
		r.Write("ppm.toml", "[pack]\ntype = \"components\"\n[pack.components.part]\nsource = \"part\"\n", 0o644)
		r.Write("part/other", "other\n", 0o644)
		for name, content := range files {
			mode := fs.FileMode(0o644)
			path, executable := strings.CutSuffix(name, "*")
			if executable {
				mode = 0o755
			}
			r.Write("part/"+path, contents[content], mode)
		}
		r.Commit(tag)
		r.Tag(tag)
	}
	for _, s := range scenes {
		put(tag(s.name, "base"), s.base)
		for _, v := range s.upstream {
			put(tag(s.name, v.name), v.tree)
		}
	}
	must(t, os.Remove(filepath.Join(r.Dir, "part", "other")))
	must(t, os.Symlink("elsewhere", filepath.Join(r.Dir, "part", "other")))
	r.Commit("a link")
	r.Tag("link")
	return &stage{r.Dir, t.TempDir()}
}

func tag(words ...string) string {
	return strings.NewReplacer(" ", "-", ",", "").Replace(strings.ToLower(strings.Join(words, "-")))
}

// open opens the project in dir.
func (st *stage) open(t *testing.T, dir string, access project.Access) (*project.Project, error) {
	return project.Open(t.Context(), project.Setup{
		Dir: dir, Home: st.home, CacheDir: filepath.Join(st.home, "cache"), Env: func(string) string { return "" },
	}, access)
}

// do calls a verb in dir and applies its transaction, as one run of ppm does.
func do[R any](t *testing.T, st *stage, dir string, verb func(*project.Project) (*R, *project.Transaction, error)) (*R, error) {
	t.Helper()
	p, err := st.open(t, dir, project.Write)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	result, tx, err := verb(p)
	if err != nil {
		return nil, err
	}
	if err = p.Apply(t.Context(), tx, project.ApplyOptions{}); err != nil && !errors.Is(err, failure.Conflicts) {
		return nil, err
	}
	return result, err
}

// install makes a project with the scene's component and the user's change.
func (st *stage) install(t *testing.T, s scene, mine edit) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "project")
	must(t, os.Mkdir(dir, 0o777))
	r, err := ref.Parse(st.pack + "@" + tag(s.name, "base") + "//part")
	must(t, err)
	_, err = do(t, st, dir, func(p *project.Project) (*project.AddResult, *project.Transaction, error) {
		return p.Add(t.Context(), project.AddOptions{Ref: r, Path: "part"})
	})
	must(t, err)
	mine.do(t, st, dir)
	return dir
}

func (st *stage) upgrade(t *testing.T, dir, to string) (*project.UpgradeResult, error) {
	t.Helper()
	return do(t, st, dir, func(p *project.Project) (*project.UpgradeResult, *project.Transaction, error) {
		return p.Upgrade(t.Context(), project.UpgradeOptions{To: to})
	})
}

func (st *stage) undo(t *testing.T, dir string) error {
	t.Helper()
	_, err := do(t, st, dir, func(p *project.Project) (*project.UndoResult, *project.Transaction, error) {
		return p.Undo(t.Context(), false)
	})
	return err
}

// TestCells does a real upgrade for each cell, and holds it to the laws of every upgrade.
func TestCells(t *testing.T) {
	st := newStage(t)
	for _, s := range scenes {
		for _, mine := range s.mine {
			for _, v := range s.upstream {
				t.Run(tag(s.name, mine.name, "and", v.name), func(t *testing.T) {
					t.Parallel()
					if got := st.play(t, s, mine, v); got != find(s.name, mine.name, v.name) {
						t.Errorf("the cell is\n{%q, %q, %q, %q, %q, %q},", got.scene, got.mine, got.upstream, got.outcome, got.disk, got.says)
					}
				})
			}
		}
	}
}

// play does an upgrade and says how it ended.
func (st *stage) play(t *testing.T, s scene, mine edit, v version) cell {
	dir, to := st.install(t, s, mine), tag(s.name, v.name)
	before, mineAlone, work := applytest.Tree(t, dir, ".ppm"), look(t, dir), texts(t, dir)
	result, err := st.upgrade(t, dir, to)
	c := cell{scene: s.name, mine: mine.name, upstream: v.name, disk: look(t, dir)}
	after := applytest.Tree(t, dir, ".ppm")
	switch {
	case errors.Is(err, failure.Refused):
		if after != before {
			t.Errorf("it was refused and changed the project\n%s\nbefore\n%s", after, before)
		}
		c.outcome, c.says = refused, strings.ReplaceAll(err.Error(), "part/", "")
		return c
	case errors.Is(err, failure.Conflicts):
		c.outcome = conflict
	case err != nil:
		t.Fatal(err)
	}
	c.says = says(result)
	switch {
	case c.outcome != "":
	case c.disk == mineAlone && c.says == "":
		c.outcome = same
	case c.disk == mineAlone:
		c.outcome = kept
	case c.disk == v.tree.String():
		c.outcome = taken
	default:
		c.outcome = merged
	}
	for _, text := range work { // what the user wrote is in a file
		if now := texts(t, dir); !slices.ContainsFunc(now, func(n string) bool { return holds(n, text) }) {
			t.Errorf("%q is in none of %q", text, now)
		}
	}
	st.repeat(t, dir, to, before, after, c.outcome == conflict)
	return c
}

// repeat proves that an upgrade done twice is as done once, that it can be taken back and done again.
func (st *stage) repeat(t *testing.T, dir, to, before, after string, open bool) {
	t.Helper()
	again, err := st.upgrade(t, dir, to)
	if open && !errors.Is(err, failure.Refused) || !open && (err != nil || len(again.Upgrades) > 0) {
		t.Errorf("the second upgrade: %+v, %v", again, err)
	}
	if twice := applytest.Tree(t, dir, ".ppm"); twice != after {
		t.Errorf("the second upgrade changed\n%s\nto\n%s", after, twice)
	}
	must(t, st.undo(t, dir))
	if back := applytest.Tree(t, dir, ".ppm"); back != before {
		t.Errorf("taken back, the project is\n%s\nbefore\n%s", back, before)
	}
	if _, err := st.upgrade(t, dir, to); err != nil && !open {
		t.Errorf("after an undo: %v", err)
	}
	if once := applytest.Tree(t, dir, ".ppm"); once != after {
		t.Errorf("after an undo, the upgrade gives\n%s\nbefore\n%s", once, after)
	}
}

// String describes a tree as look does.
func (f tree) String() string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(f)) {
		out = append(out, name+"="+f[name])
	}
	return strings.Join(out, " ")
}

// says returns what the user reads about the files, but for those that are up to date, with a plus between them.
func says(r *project.UpgradeResult) string {
	var out []string
	for _, c := range r.Changes {
		if !c.Record && c.Action != "unchanged" {
			out = append(out, fmt.Sprintf("%s %s: %s", c.Action, strings.TrimPrefix(c.Path, "part/"), strings.ReplaceAll(c.Reason, "part/", "")))
		}
	}
	return strings.Join(out, " + ")
}

// look describes the files of a component: path=content, with a star when a file is executable, and path->target for a link.
func look(t *testing.T, dir string) string {
	t.Helper()
	part := filepath.Join(dir, "part")
	var out []string
	must(t, filepath.WalkDir(part, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "other" {
			return err
		}
		name, _ := filepath.Rel(part, path)
		if d.Type()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(path)
			out = append(out, name+"->"+target)
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode()&0o100 != 0 {
			name += "*"
		}
		data, err := os.ReadFile(path)
		out = append(out, name+"="+called(string(data)))
		return err
	}))
	return strings.Join(out, " ")
}

// called returns the name of a content. One with conflicts is named after what either side makes of it.
func called(text string) string {
	for _, name := range slices.Sorted(maps.Keys(contents)) {
		if contents[name] == text {
			return name
		}
	}
	if !strings.Contains(text, "<<<<<<< yours\n") {
		return fmt.Sprintf("%q", text)
	}
	var sides [2]string
	in := []bool{true, true}
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "<<<<<<< "):
			in = []bool{true, false}
		case line == "=======\n":
			in = []bool{false, true}
		case strings.HasPrefix(line, ">>>>>>> "):
			in = []bool{true, true}
		default:
			for i := range sides {
				if in[i] {
					sides[i] += line
				}
			}
		}
	}
	return called(sides[0]) + "|" + called(sides[1])
}

// texts returns the contents of the component's files that upstream does not have.
func texts(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	must(t, filepath.WalkDir(filepath.Join(dir, "part"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if text := string(data); strings.Contains(text, "mine") {
			out = append(out, text)
		}
		return err
	}))
	return out
}

// holds reports whether every line that the user wrote in one text is in another.
func holds(text, wrote string) bool {
	for line := range strings.Lines(wrote) {
		if !strings.Contains(text, line) && (strings.Contains(line, "mine") || strings.Contains(line, "theirs")) {
			return false
		}
	}
	return true
}

// A version with anything but files is refused, whatever the user did.
func TestCellsWithALink(t *testing.T) {
	st := newStage(t)
	for _, mine := range scenes[0].mine {
		dir := st.install(t, scenes[0], mine)
		before := applytest.Tree(t, dir, ".ppm")
		if _, err := st.upgrade(t, dir, "link"); !errors.Is(err, failure.Refused) || applytest.Tree(t, dir, ".ppm") != before {
			t.Errorf("%s: %v", mine.name, err)
		}
	}
}
