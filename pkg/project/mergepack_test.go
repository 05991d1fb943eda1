package project_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/applytest"
	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// contents are the contents of files, by the names that the merge cases use. mine and theirs change different lines
// of base; clash changes the same line as theirs.
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

	"base-crlf":   crlf(lines("first", "last")),
	"mine-crlf":   crlf(lines("first, mine", "last")),
	"theirs-crlf": crlf(lines("first", "last, theirs")),
	"both-crlf":   crlf(lines("first, mine", "last, theirs")),
}

func crlf(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }

// lines returns a text with the given first and last lines.
func lines(first, last string) string {
	return first + "\n1\n2\n3\n4\n5\n6\n7\n8\n" + last + "\n"
}

// A tree maps the paths of a component's files to the names of their contents. The path of an executable file ends
// with a star.
type tree map[string]string

// A mergeTable is a component with local edits and upstream versions. Each pair of them is a merge case.
type mergeTable struct {
	name     string
	base     tree
	edits    []edit
	versions []version
}

// An edit is a change that the user makes in the project.
type edit struct {
	name string
	do   editFunc
}

// An editFunc makes an edit in the project in dir.
type editFunc func(t *testing.T, tp *testPack, dir string)

// A version is the component that upstream publishes after the base.
type version struct {
	name string
	tree tree
}

func writeFile(name, content string) editFunc {
	return func(t *testing.T, _ *testPack, dir string) {
		applytest.Write(t, filepath.Join(dir, "part"), map[string]string{name: contents[content]})
	}
}

func removeFile(name string) editFunc {
	return func(t *testing.T, _ *testPack, dir string) { must(t, os.RemoveAll(filepath.Join(dir, "part", name))) }
}

func moveFile(from, to string) editFunc {
	return func(t *testing.T, _ *testPack, dir string) {
		must(t, os.Rename(filepath.Join(dir, "part", from), filepath.Join(dir, "part", to)))
	}
}

// moveWithPPM moves a file with ppm project move.
func moveWithPPM(from, to string) editFunc {
	return func(t *testing.T, tp *testPack, dir string) {
		_, err := do(t, tp, dir, func(p *project.Project) (*project.MoveResult, *project.Transaction, error) {
			return p.Move(t.Context(), "part/"+from, "part/"+to)
		})
		must(t, err)
	}
}

func chmod(name string, mode fs.FileMode) editFunc {
	return func(t *testing.T, _ *testPack, dir string) { must(t, os.Chmod(filepath.Join(dir, "part", name), mode)) }
}

func symlink(name string) editFunc {
	return func(t *testing.T, _ *testPack, dir string) {
		must(t, os.Symlink("elsewhere", filepath.Join(dir, "part", name)))
	}
}

// all makes several edits.
func all(edits ...editFunc) editFunc {
	return func(t *testing.T, tp *testPack, dir string) {
		for _, do := range edits {
			do(t, tp, dir)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mergeTables are the tables of docs/merge.md.
var mergeTables = []mergeTable{
	{"A file", tree{"file": "base"}, []edit{
		{"unchanged", all()},
		{"edited", writeFile("file", "mine")},
		{"edited in the same lines", writeFile("file", "clash")},
		{"edited identically", writeFile("file", "theirs")},
		{"deleted", removeFile("file")},
		{"moved", moveFile("file", "away")},
		{"moved to the same path", moveFile("file", "there")},
		{"moved and edited", all(moveFile("file", "away"), writeFile("away", "mine"))},
		{"moved with ppm project move", moveWithPPM("file", "away")},
		{"moved with ppm project move, and edited", all(moveWithPPM("file", "away"), writeFile("away", "mine"))},
		{"moved with ppm project move to the same path", moveWithPPM("file", "there")},
		{"mode changed", chmod("file", 0o755)},
		{"mode changed, and edited", all(writeFile("file", "mine"), chmod("file", 0o755))},
		{"line endings changed", writeFile("file", "base-crlf")},
		{"line endings changed, and edited", writeFile("file", "mine-crlf")},
		{"edited, and another file added at the new path",
			all(writeFile("file", "mine"), writeFile("there", "clash"))},
		{"moved to the same path, and edited", all(moveFile("file", "there"), writeFile("there", "mine"))},
		{"replaced by a folder", all(removeFile("file"), writeFile("file/own", "mine"))},
		{"replaced by a link", all(removeFile("file"), symlink("file"))},
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
		{"edited", writeFile("file", "my-bytes")},
		{"edited identically", writeFile("file", "its-bytes")},
	}, []version{
		{"edited", tree{"file": "its-bytes"}},
		{"deleted", tree{}},
		{"moved", tree{"there": "bytes"}},
		{"mode changed", tree{"file*": "bytes"}},
	}},
	{"A new file", tree{}, []edit{
		{"no file", all()},
		{"same file added", writeFile("file", "theirs")},
		{"same file added, executable", all(writeFile("file", "theirs"), chmod("file", 0o755))},
		{"different file added", writeFile("file", "mine")},
		{"different binary file added", writeFile("file", "my-bytes")},
		{"folder added", writeFile("file/own", "mine")},
		{"link added", symlink("file")},
	}, []version{
		{"added", tree{"file": "theirs"}},
		{"added as a folder", tree{"file/inner": "another"}},
	}},
	{"A folder", tree{"file/inner": "another"}, []edit{
		{"unchanged", all()},
		{"edited", writeFile("file/inner", "mine")},
		{"deleted", removeFile("file")},
		{"file added in it", writeFile("file/own", "mine")},
		{"replaced by the same file", all(removeFile("file"), writeFile("file", "theirs"))},
		{"replaced by another file", all(removeFile("file"), writeFile("file", "mine"))},
		{"replaced by a link", all(removeFile("file"), symlink("file"))},
	}, []version{
		{"replaced by a file", tree{"file": "theirs"}},
		{"deleted", tree{}},
	}},
}

// A testPack is a pack with a tag for each version of every table, and a home folder for ppm.
type testPack struct{ repo, home string }

func newTestPack(t *testing.T) *testPack {
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
	for _, table := range mergeTables {
		put(tag(table.name, "base"), table.base)
		for _, v := range table.versions {
			put(tag(table.name, v.name), v.tree)
		}
	}
	must(t, os.Remove(filepath.Join(r.Dir, "part", "other")))
	must(t, os.Symlink("elsewhere", filepath.Join(r.Dir, "part", "other")))
	r.Commit("a link")
	r.Tag("link")
	return &testPack{r.Dir, t.TempDir()}
}

// tag returns the tag that is named after words.
func tag(words ...string) string {
	return strings.NewReplacer(" ", "-", ",", "").Replace(strings.ToLower(strings.Join(words, "-")))
}

// open opens the project in dir.
func (tp *testPack) open(t *testing.T, dir string, access project.Access) (*project.Project, error) {
	return project.Open(t.Context(), tp.setup(dir), access)
}

func (tp *testPack) setup(dir string) project.Setup {
	return project.Setup{
		Dir: dir, Home: tp.home, CacheDir: filepath.Join(tp.home, "cache"), Env: func(string) string { return "" },
		KeyDirs: []string{filepath.Join(tp.home, "state")},
	}
}

// do calls a verb in dir and applies its transaction.
func do[R any](
	t *testing.T, tp *testPack, dir string, verb func(*project.Project) (*R, *project.Transaction, error),
) (*R, error) {
	t.Helper()
	p, err := tp.open(t, dir, project.Write)
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

// install creates a project with the component of a table, makes an edit, and returns the folder of the project.
func (tp *testPack) install(t *testing.T, table mergeTable, e edit) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "project")
	must(t, os.Mkdir(dir, 0o777))
	r, err := ref.Parse(tp.repo + "@" + tag(table.name, "base") + "//part")
	must(t, err)
	_, err = do(t, tp, dir, func(p *project.Project) (*project.AddResult, *project.Transaction, error) {
		return p.Add(t.Context(), project.AddOptions{Ref: r, Path: "part"})
	})
	must(t, err)
	e.do(t, tp, dir)
	return dir
}

func (tp *testPack) upgrade(t *testing.T, dir, to string) (*project.UpgradeResult, error) {
	t.Helper()
	return do(t, tp, dir, func(p *project.Project) (*project.UpgradeResult, *project.Transaction, error) {
		return p.Upgrade(t.Context(), project.UpgradeOptions{To: to})
	})
}

func (tp *testPack) undo(t *testing.T, dir string) error {
	t.Helper()
	_, err := do(t, tp, dir, func(p *project.Project) (*project.UndoResult, *project.Transaction, error) {
		return p.Undo(t.Context(), false)
	})
	return err
}
