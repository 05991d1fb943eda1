package apply

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/internal/applytest"
	"github.com/Project-Manager-With-Git/ppm/pkg/authcode"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// testKeys are the keys of the user who runs the tests. Child processes have the same ones.
var testKeys *authcode.Keys

const keysEnv = "APPLY_TEST_KEYS"

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir := os.Getenv(keysEnv)
		if dir == "" {
			var err error
			if dir, err = os.MkdirTemp("", "apply-keys"); err != nil {
				panic(err)
			}
			defer os.RemoveAll(dir)
			os.Setenv(keysEnv, dir)
		}
		testKeys = authcode.New(dir)
		return m.Run()
	}())
}

func open(t testing.TB, dir string, o Options) *Project {
	t.Helper()
	p, err := Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func closeProject(t testing.TB, p *Project) {
	t.Helper()
	must(t, p.Close())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// files returns a set of files. A name "path*" is executable; the content names the version.
func files(version string, names ...string) fileset.Set {
	var out fileset.Set
	for _, name := range names {
		path, executable := strings.CutSuffix(name, "*")
		f := fileset.File{Path: path, Mode: fileset.Regular, Data: []byte(version + " of " + path + "\n")}
		if executable {
			f.Mode = fileset.Executable
		}
		out = append(out, f)
	}
	out, err := fileset.New(out)
	if err != nil {
		panic(err)
	}
	return out
}

func states(s fileset.Set) map[string]plan.State {
	out := make(map[string]plan.State)
	for _, f := range s {
		out[f.Path] = plan.FileState(f.Data, f.Mode)
	}
	return out
}

// makePlan plans the change from base to theirs, with the records that a command would write.
func makePlan(t testing.TB, p *Project, base, theirs fileset.Set, force bool) plan.Plan {
	t.Helper()
	var paths []string
	for _, f := range append(append(fileset.Set{}, base...), theirs...) {
		paths = append(paths, f.Path)
	}
	disk, err := p.Scan(t.Context(), paths)
	if err != nil {
		t.Fatal(err)
	}
	pl, err := plan.Make(plan.Input{Base: states(base), Disk: disk, Theirs: theirs, Force: force})
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range []string{plan.Manifest, plan.Lock} {
		old, err := p.ReadFile(record)
		if errors.Is(err, fs.ErrNotExist) {
			old, err = nil, nil
		}
		if err != nil {
			t.Fatal(err)
		}
		var next []byte
		if len(theirs) > 0 {
			next = []byte(record + " " + theirs.Digest() + "\n")
		}
		pl.Write(record, old, next)
	}
	return pl
}

// run opens dir, applies the plan from base to theirs, and closes the project.
func run(t testing.TB, dir string, base, theirs fileset.Set) {
	t.Helper()
	p := open(t, dir, Options{Keys: testKeys})
	if err := p.Apply(t.Context(), makePlan(t, p, base, theirs, false), Meta{Command: "test"}); err != nil {
		t.Fatal(err)
	}
	closeProject(t, p)
}

func TestApply(t *testing.T) {
	dir := t.TempDir()
	applytest.Write(t, dir, map[string]string{"mine.txt": "mine", "src/mine.py": "mine", "empty/": ""})
	before := applytest.Tree(t, dir)
	one := files("1", "src/a.py", "src/deep/er/b.py", "run.sh*", "empty/c")
	run(t, dir, nil, one)
	for _, f := range one {
		path := filepath.Join(dir, f.Path)
		data, err := os.ReadFile(path)
		info, _ := os.Stat(path)
		if err != nil || string(data) != string(f.Data) || (openDir{}).modeOf(info) != f.Mode {
			t.Errorf("%s = %q, %v, %v", f.Path, data, info.Mode(), err)
		}
	}
	if data, err := os.ReadFile(filepath.Join(dir, ".ppm", ".gitignore")); err != nil || string(data) != "*\n" {
		t.Errorf(".gitignore = %q, %v", data, err)
	}
	state, times := applytest.Tree(t, dir, ".ppm"), applytest.Times(t, dir)
	run(t, dir, one, one)
	if got := applytest.Times(t, dir); got != times {
		t.Errorf("applying twice wrote something:\n%s\nbefore:\n%s", got, times)
	}
	two := files("2", "src/a.py", "run.sh", "src/c.py*")
	run(t, dir, one, two)
	if _, err := os.Stat(filepath.Join(dir, "src/deep")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the empty folder was not removed: %v", err)
	}
	run(t, dir, two, one)
	if got := applytest.Tree(t, dir, ".ppm"); got != state {
		t.Errorf("after a change and its inverse:\n%s\nwant:\n%s", got, state)
	}
	run(t, dir, one, nil)
	if got := applytest.Tree(t, dir, ".ppm"); got != before {
		t.Errorf("after removing everything:\n%s\nwant:\n%s", got, before)
	}
}

func TestFileBecomesFolder(t *testing.T) {
	dir := t.TempDir()
	one, two := files("1", "a", "b/c"), files("2", "a/b/c", "b/c")
	run(t, dir, nil, one)
	run(t, dir, one, two)
	if data, err := os.ReadFile(filepath.Join(dir, "a/b/c")); err != nil || string(data) != "2 of a/b/c\n" {
		t.Errorf("a/b/c = %q, %v", data, err)
	}
}

// TestNothingWritten checks that a command that changes nothing leaves no trace, not even a modification time.
func TestNothingWritten(t *testing.T) {
	dir := t.TempDir()
	applytest.Write(t, dir, map[string]string{"a": "mine"})
	before := applytest.Tree(t, dir)
	p := open(t, dir, Options{Keys: testKeys})
	if err := p.Apply(t.Context(), plan.Plan{}, Meta{}); err != nil {
		t.Error(err)
	}
	err := p.Apply(t.Context(), makePlan(t, p, nil, files("1", "a", "b"), false), Meta{})
	if !errors.Is(err, failure.Refused) || !strings.Contains(err.Error(), `"a" exists`) {
		t.Errorf("Apply with a collision = %v", err)
	}
	closeProject(t, p)
	if got := applytest.Tree(t, dir); got != before {
		t.Errorf("left over:\n%s", got)
	}
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	p = open(t, dir, Options{Keys: testKeys, ReadOnly: true})
	if _, err := p.Scan(t.Context(), []string{"a", "b/c"}); err != nil {
		t.Error(err)
	}
	if err := p.Apply(t.Context(), makePlan(t, p, nil, files("1", "b"), false), Meta{}); err == nil {
		t.Error("wrote to a project that is open for reading")
	}
	closeProject(t, p)
	if after, err := os.Stat(dir); err != nil || !after.ModTime().Equal(info.ModTime()) {
		t.Errorf("opening for reading changed the folder: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		name, dir string
		files     map[string]string
		want      failure.Kind
	}{
		{"no such folder", "none", nil, failure.LocalIO},
		{"a file", "f", map[string]string{"f": ""}, failure.LocalIO},
		{"inside .git", ".git/modules/x", map[string]string{".git/modules/x/": ""}, failure.Refused},
		{"a link into .git", "l", map[string]string{".git/": "", "l": "->.git"}, failure.Refused},
		{".ppm is a link to a folder", "", map[string]string{"x/": "", ".ppm": "->x"}, failure.Refused},
		{".ppm is a dangling link", "", map[string]string{".ppm": "->x"}, failure.Refused},
		{".ppm is a file", "", map[string]string{".ppm": ""}, failure.Refused},
		{"the lock is a link", "", map[string]string{"x": "", ".ppm/lock": "->../x"}, failure.Refused},
		{"the lock is a dangling link", "", map[string]string{".ppm/lock": "->../x"}, failure.Refused},
		{"an invalid journal", "", map[string]string{".ppm/journal": "x"}, failure.Integrity},
		{"an empty journal", "", map[string]string{".ppm/journal": ""}, failure.Integrity},
		{"a journal that is a folder", "", map[string]string{".ppm/journal/": ""}, failure.Refused},
		{"a journal that is a link", "", map[string]string{"x": "", ".ppm/journal": "->../x"}, failure.Refused},
	} {
		dir := t.TempDir()
		applytest.Write(t, dir, c.files)
		before := applytest.Tree(t, dir, "lock", ".gitignore")
		p, err := Open(t.Context(), filepath.Join(dir, c.dir), Options{Keys: testKeys})
		if err == nil {
			closeProject(t, p)
		}
		if failure.KindOf(err) != c.want || failure.Hint(err) == "" || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: Open = %v (%v), hint %q", c.name, err, failure.KindOf(err), failure.Hint(err))
		}
		if got := applytest.Tree(t, dir, "lock", ".gitignore"); got != before {
			t.Errorf("%s: changed\n%s\nwas\n%s", c.name, got, before)
		}
	}
}

func TestDeletedDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p := open(t, dir, Options{Keys: testKeys, ReadOnly: true})
	t.Chdir(dir)
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if disk, err := p.Scan(t.Context(), []string{"a"}); err != nil || disk["a"].Kind != plan.Absent {
		t.Errorf("Scan = %v, %v", disk, err)
	}
	if _, err := Open(t.Context(), ".", Options{Keys: testKeys}); failure.KindOf(err) != failure.LocalIO {
		t.Errorf("Open of a folder that was deleted = %v", err)
	}
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	applytest.Write(t, dir, map[string]string{"ppm.toml": "", "a/f": "f", "link": "->a/f", "folder": "->a"})
	huge, err := os.Create(filepath.Join(dir, "huge"))
	if err != nil {
		t.Fatal(err)
	}
	must(t, huge.Truncate(maxRead+1))
	must(t, huge.Close())
	p := open(t, dir, Options{Keys: testKeys, ReadOnly: true})
	if data, err := p.ReadFile("ppm.toml"); err != nil || data == nil || len(data) != 0 {
		t.Errorf("an empty file: %v, %v", data, err) // not nil
	}
	for _, name := range []string{"none", "a/none", "a/f/x", "folder/f"} {
		if _, err := p.ReadFile(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("ReadFile(%q) = %v, want fs.ErrNotExist", name, err)
		}
	}
	for _, name := range []string{"link", "a", "huge"} {
		if _, err := p.ReadFile(name); !errors.Is(err, failure.Refused) {
			t.Errorf("ReadFile(%q) = %v, want Refused", name, err)
		}
	}
}

func TestHardLink(t *testing.T) {
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "f")
	one := files("1", "f")
	run(t, dir, nil, one)
	if err := os.Link(filepath.Join(dir, "f"), outside); err != nil {
		t.Fatal(err)
	}
	run(t, dir, one, files("2", "f"))
	if data, err := os.ReadFile(outside); err != nil || string(data) != "1 of f\n" {
		t.Errorf("the other link to the file: %q, %v", data, err)
	}
}

// TestInvalidPlan checks that Apply validates a plan, which may come from a file.
func TestInvalidPlan(t *testing.T) {
	dir := t.TempDir()
	applytest.Write(t, dir, map[string]string{"old": "old"})
	p := open(t, dir, Options{Keys: testKeys})
	data := []byte("new")
	file, old := plan.FileState(data, fileset.Regular), plan.FileState([]byte("old"), fileset.Regular)
	before := applytest.Tree(t, dir)
	changesOf := map[string][]plan.Change{
		"outside": {{Path: "../a", Action: plan.Create, New: file, Data: data}},
		"in .git": {{Path: ".git/hooks/post-commit", Action: plan.Create, New: file, Data: data}},
		"in .ppm": {{Path: ".ppm/lock", Action: plan.Create, New: file, Data: data}},
		"twice": {{Path: "a", Action: plan.Create, New: file, Data: data},
			{Path: "a", Action: plan.Create, New: file, Data: data}},
		"case collision": {{Path: "a", Action: plan.Create, New: file, Data: data},
			{Path: "A", Action: plan.Create, New: file, Data: data}},
		"other content":       {{Path: "a", Action: plan.Create, New: file, Data: []byte("other")}},
		"no content":          {{Path: "a", Action: plan.Create, New: file}},
		"unknown action":      {{Path: "a", Action: "chown", New: file, Data: data}},
		"a conflict":          {{Path: "a", Action: plan.Conflict, New: file, Data: data}},
		"creates a folder":    {{Path: "a", Action: plan.Create, New: plan.State{Kind: plan.Dir}}},
		"creates over a file": {{Path: "old", Action: plan.Create, Old: old, New: file, Data: data}},
		"missing old state":   {{Path: "old", Action: plan.Create, New: file, Data: data}},
		"updates a link": {{Path: "old", Action: plan.Update, Old: plan.State{Kind: plan.Symlink}, New: file,
			Data: data}},
		"updates to same":    {{Path: "old", Action: plan.Update, Old: old, New: old}},
		"other old content":  {{Path: "old", Action: plan.Update, Old: file, New: old, Data: []byte("old")}},
		"deletes and writes": {{Path: "old", Action: plan.Delete, Old: old, New: file}},
		"deletes another":    {{Path: "old", Action: plan.Delete, Old: file}},
		"below a file":       {{Path: "old/a", Action: plan.Create, New: file, Data: data}},
	}
	for name, changes := range changesOf {
		if err := p.Apply(t.Context(), plan.Plan{Changes: changes}, Meta{}); !errors.Is(err, failure.Refused) ||
			failure.Hint(err) == "" {
			t.Errorf("%s: Apply = %v, want Refused", name, err)
		}
		if got := applytest.Tree(t, dir); got != before {
			t.Fatalf("%s: changed\n%s", name, got)
		}
	}
}

func TestLockTimeout(t *testing.T) {
	dir := t.TempDir()
	first := open(t, dir, Options{Keys: testKeys})
	_, err := Open(t.Context(), dir, Options{Keys: testKeys, LockTimeout: 20 * time.Millisecond})
	if !errors.Is(err, failure.Locked) || failure.Hint(err) == "" || !strings.Contains(err.Error(), dir) {
		t.Errorf("Open of a locked project = %v", err)
	}
	if p, err := Open(t.Context(), dir, Options{Keys: testKeys, ReadOnly: true}); err != nil || p.Close() != nil {
		t.Errorf("reading a locked project: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = Open(ctx, dir, Options{Keys: testKeys, LockTimeout: time.Minute})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Open until the context ends = %v", err)
	}
	closeProject(t, first)
	closeProject(t, open(t, dir, Options{Keys: testKeys}))
	if got := applytest.Tree(t, dir); got != "" {
		t.Errorf("left over: %s", got)
	}
}

// TestTemporaryFiles checks that the next command, even a read-only one, removes the temporary files of a killed
// command, but not those of a running one.
func TestTemporaryFiles(t *testing.T) {
	dir := t.TempDir()
	busy := open(t, dir, Options{Keys: testKeys})
	left := filepath.Join(dir, stateDir, tempPrefix+"new-0")
	if err := os.WriteFile(left, []byte("half"), 0o666); err != nil {
		t.Fatal(err)
	}
	closeProject(t, open(t, dir, Options{Keys: testKeys, ReadOnly: true}))
	if _, err := os.Lstat(left); err != nil {
		t.Errorf("the file of a running command: %v", err)
	}
	busy.lock.Close() // as if killed
	closeProject(t, open(t, dir, Options{Keys: testKeys, ReadOnly: true}))
	if _, err := os.Lstat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file of a killed command: %v", err)
	}
}
