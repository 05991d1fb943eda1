package apply

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/applytest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// undo undoes the last command. It returns the plan, and the error of making or applying it.
func undo(t *testing.T, dir string, force bool) (plan.Plan, error) {
	t.Helper()
	p := open(t, dir, Options{Keys: testKeys})
	defer closeProject(t, p)
	pl, m, err := p.PlanUndo(t.Context(), "undo", force)
	if err != nil {
		return pl, err
	}
	return pl, p.Apply(t.Context(), pl, m)
}

func TestUndo(t *testing.T) {
	dir := t.TempDir()
	applytest.Write(t, dir, map[string]string{"mine": "mine", "empty/": "", "forced": "mine, replaced",
		"ppm.toml": "# mine\n"})
	if err := os.Chmod(filepath.Join(dir, "forced"), 0o640); err != nil {
		t.Fatal(err)
	}
	sets := [][2]int{{0, 1}, {1, 2}, {2, 3}, {3, 0}}
	versions := map[int]func() []string{
		0: func() []string { return nil },
		1: func() []string { return []string{"a", "empty/b", "x/y/c*", "forced"} },
		2: func() []string { return []string{"a", "x/y/c", "x/z", "forced"} },
		3: func() []string { return []string{"a/b", "x/z"} },
	}
	var trees []string
	for _, step := range sets {
		trees = append(trees, applytest.Tree(t, dir, ".ppm"))
		p := open(t, dir, Options{Keys: testKeys})
		base := files(fmt.Sprint(step[0]), versions[step[0]]()...)
		theirs := files(fmt.Sprint(step[1]), versions[step[1]]()...)
		if err := p.Apply(t.Context(), makePlan(t, p, base, theirs, true),
			Meta{Command: fmt.Sprint("to ", step[1])}); err != nil {
			t.Fatal(err)
		}
		closeProject(t, p)
	}
	for i := len(trees) - 1; i >= 0; i-- {
		if _, err := undo(t, dir, false); err != nil {
			t.Fatalf("undoing command %d: %v", i+1, err)
		}
		if got := applytest.Tree(t, dir, ".ppm"); got != trees[i] {
			t.Errorf("after undoing command %d:\n%s", i+1, difference(got, trees[i]))
		}
	}
	if _, err := undo(t, dir, false); !errors.Is(err, failure.Usage) || failure.Hint(err) == "" {
		t.Errorf("undo with nothing left = %v", err)
	}
	p := open(t, dir, Options{Keys: testKeys, ReadOnly: true})
	history, err := p.History()
	if err != nil || len(history) != 8 {
		t.Fatalf("History = %+v, %v", history, err)
	}
	for i, c := range history { // 8 undoes 1, 7 undoes 2, …
		if c.Number != 8-i || c.Time.IsZero() || c.Changes == 0 || i < 4 && (c.Undoes != i+1 || c.Command != "undo") ||
			i >= 4 && (!c.Undone || c.Command != fmt.Sprint("to ", sets[7-i][1])) {
			t.Errorf("History[%d] = %+v", i, c)
		}
	}
}

// TestDamagedEntry checks that a damaged entry is listed, and only blocks undoing the commands before it.
func TestDamagedEntry(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 {
		p := open(t, dir, Options{Keys: testKeys})
		if err := p.Apply(t.Context(), makePlan(t, p, nil, files("0", fmt.Sprint("f", i)), false),
			Meta{Command: fmt.Sprint("add ", i)}); err != nil {
			t.Fatal(err)
		}
		closeProject(t, p)
	}
	applytest.Write(t, dir, map[string]string{undoName(2): "not a zip file"})
	p := open(t, dir, Options{Keys: testKeys, ReadOnly: true})
	history, err := p.History()
	if err != nil || len(history) != 3 {
		t.Fatalf("History = %+v, %v", history, err)
	}
	for i, c := range history {
		if damaged := i == 1; (c.Err != nil) != damaged || (c.Command == "") != damaged || c.Time.IsZero() ||
			c.Undone {
			t.Errorf("History[%d] = %+v", i, c)
		}
	}
	if _, err := undo(t, dir, false); err != nil {
		t.Fatalf("undoing the command after it: %v", err)
	}
	before := applytest.Tree(t, dir)
	if _, err := undo(t, dir, false); !errors.Is(err, failure.Integrity) ||
		!strings.Contains(failure.Hint(err), undoName(2)) {
		t.Errorf("undoing a damaged command = %v, hint %q", err, failure.Hint(err))
	}
	if got := applytest.Tree(t, dir); got != before {
		t.Errorf("it changed\n%s", difference(got, before))
	}
	if err := os.Remove(filepath.Join(dir, undoName(2))); err != nil {
		t.Fatal(err)
	}
	if pl, err := undo(t, dir, false); err == nil || pl.Err() == nil ||
		!strings.Contains(pl.Err().Error(), "ppm.lock") {
		t.Errorf("undoing the command before it = %v", err)
	}
}

func TestUndoAfterEdits(t *testing.T) {
	for _, c := range []struct {
		name, edited string // the file that is edited before the undo
		force        bool
		want         string // in the error, "" = done
		kept         bool
	}{
		{"nothing", "", false, "", false},
		{"a file that was added", "added", false, "", true},
		{"a file that was updated", "updated", false, `"updated" was changed since the command`, true},
		{"a file that was updated, forced", "updated", true, "", false},
		{"a file that was removed", "removed", false, `"removed" exists`, true},
		{"the lockfile", "ppm.lock", false, `"ppm.lock" was changed since the command`, true},
		{"the lockfile, forced", "ppm.lock", true, `"ppm.lock" was changed since the command`, true},
		{"something else", "other", false, "", true},
	} {
		dir := t.TempDir()
		one, two := files("1", "updated", "removed"), files("2", "updated", "added")
		run(t, dir, nil, one)
		before := applytest.Tree(t, dir, ".ppm")
		run(t, dir, one, two)
		if c.edited != "" {
			applytest.Write(t, dir, map[string]string{c.edited: "edited"})
		}
		after := applytest.Tree(t, dir, ".ppm")
		_, err := undo(t, dir, c.force)
		got := applytest.Tree(t, dir, ".ppm")
		switch {
		case c.want == "" && (err != nil || without(got, c.edited) != without(before, c.edited)):
			t.Errorf("%s: %v\n%s", c.name, err, difference(got, before))
		case c.want != "" && (!errors.Is(err, failure.Refused) || !strings.Contains(err.Error(), c.want) ||
			got != after):
			t.Errorf("%s: %v, want %q\n%s", c.name, err, c.want, difference(got, after))
		}
		if data, _ := os.ReadFile(filepath.Join(dir, c.edited)); (string(data) == "edited") != c.kept {
			t.Errorf("%s: afterwards it is %q", c.name, data)
		}
	}
}

// TestUndoAfterRevert reverts some of the files of a command, as git checkout does, and undoes the command: the others
// are restored, and the command counts as undone.
func TestUndoAfterRevert(t *testing.T) {
	names := []string{"updated", "removed", "added", "ppm.lock"}
	for reverted := range 1 << len(names) {
		dir, crlf := t.TempDir(), reverted%3 == 0
		one, two := files("1", "updated", "removed"), files("2", "updated", "added")
		run(t, dir, nil, one)
		before := applytest.Tree(t, dir, ".ppm")
		old := map[string]string{}
		for _, name := range names {
			data, _ := os.ReadFile(filepath.Join(dir, name))
			old[name] = string(data)
		}
		run(t, dir, one, two)
		var what []string
		for i, name := range names {
			if reverted&(1<<i) == 0 {
				continue
			}
			what = append(what, name)
			if name == "added" {
				must(t, os.Remove(filepath.Join(dir, name)))
				continue
			}
			text := old[name]
			if name == "ppm.lock" && crlf { // as with core.autocrlf
				text = strings.ReplaceAll(text, "\n", "\r\n")
			}
			applytest.Write(t, dir, map[string]string{name: text})
		}
		if _, err := undo(t, dir, false); err != nil {
			t.Errorf("after reverting %v: %v", what, err)
			continue
		}
		if got := applytest.Tree(t, dir, ".ppm"); without(got, "ppm.lock") != without(before, "ppm.lock") ||
			!crlf && got != before {
			t.Errorf("after reverting %v:\n%s", what, difference(got, before))
		}
		p := open(t, dir, Options{Keys: testKeys, ReadOnly: true})
		history, err := p.History()
		if err != nil || len(history) != 3 || !history[1].Undone || history[2].Undone {
			t.Errorf("after reverting %v: History = %+v, %v", what, history, err)
		}
		closeProject(t, p)
	}
}

// TestHistoryLimits checks that the history has at most 20 commands and 64 MiB, but always the last command.
func TestHistoryLimits(t *testing.T) {
	dir := t.TempDir()
	one, two := files("1", "a"), files("2", "a")
	run(t, dir, nil, one)
	for range 12 {
		run(t, dir, one, two)
		run(t, dir, two, one)
	}
	p := open(t, dir, Options{Keys: testKeys})
	history, err := p.History()
	if err != nil || len(history) != maxEntries || history[0].Number != 25 || history[maxEntries-1].Number != 6 {
		t.Errorf("%d commands, %v", len(history), err)
	}
	for _, n := range []int{22, 25} {
		data, err := os.ReadFile(filepath.Join(dir, undoName(n)))
		must(t, err)
		f, err := os.Create(filepath.Join(dir, undoName(n))) // a zip file can have other bytes before it
		must(t, err)
		_, err = f.WriteAt(data, 40<<20)
		must(t, err)
		must(t, f.Close())
	}
	closeProject(t, p)
	run(t, dir, one, two)
	p = open(t, dir, Options{Keys: testKeys})
	if numbers, err := p.entryNumbers(); err != nil || fmt.Sprint(numbers) != "[23 24 25 26]" {
		t.Errorf("with large entries the history is %v, %v", numbers, err)
	}
}

// TestDamagedOldContent checks that damaged content is not restored.
func TestDamagedOldContent(t *testing.T) {
	old := plan.FileState([]byte("old"), 0).String()
	text := `{"version":1,"number":1,"command":"c",` +
		`"changes":[{"path":"f","old":"` + old + `","new":"absent","perm":"0644"}]}`
	for _, content := range []string{"damaged", ""} {
		dir := t.TempDir()
		writeJournal(t, filepath.Join(dir, rollbackName), "journal.json", text, "old/f", content)
		_, err := Open(t.Context(), dir, Options{Keys: testKeys, Trust: true})
		if !errors.Is(err, failure.Integrity) || !strings.Contains(failure.Hint(err), rollbackName) {
			t.Errorf("Open = %v, hint %q", err, failure.Hint(err))
		}
		if got := applytest.Tree(t, dir, ".ppm"); got != "" {
			t.Errorf("it was restored: %s", got)
		}
	}
	dir := t.TempDir()
	writeJournal(t, filepath.Join(dir, rollbackName), "journal.json", text, "old/f", "old")
	p := open(t, dir, Options{Keys: testKeys, Trust: true})
	if r := p.Recovered(); r == nil || r.Completed || r.Command != "c" {
		t.Errorf("Recovered = %+v", r)
	}
	if data, err := p.ReadFile("f"); err != nil || string(data) != "old" {
		t.Errorf("f = %q, %v", data, err)
	}
}

// TestRecoverAroundLink checks that recovery skips a folder that became a symbolic link after a crash.
func TestRecoverAroundLink(t *testing.T) {
	s := newScene(t)
	for at := 1; ; at += stride() {
		dir, outside := s.stage(t), t.TempDir()
		f := &faulty{at: at}
		_ = s.apply(t.Context(), t, dir, f)
		if !f.fired {
			break
		}
		must(t, os.Rename(filepath.Join(dir, "src"), filepath.Join(dir, "elsewhere")))
		must(t, os.Symlink(outside, filepath.Join(dir, "src")))
		for range 2 {
			p, err := Open(t.Context(), dir, Options{Keys: testKeys})
			if err != nil {
				t.Fatalf("killed at %d: %v", at, err)
			}
			closeProject(t, p)
		}
		checkState(t, dir, "a link after a crash")
		if got := applytest.Tree(t, outside); got != "" {
			t.Errorf("killed at %d: written through the link: %s", at, got)
		}
		if _, err := os.Lstat(filepath.Join(dir, "elsewhere/mine")); errors.Is(err, fs.ErrNotExist) {
			t.Errorf("killed at %d: the user's file is gone", at)
		}
	}
}

// TestSpelling checks that on a case-insensitive disk a different spelling of a name does not match.
func TestSpelling(t *testing.T) {
	dir := t.TempDir()
	applytest.Write(t, dir, map[string]string{"src/README": "x"})
	p := open(t, dir, Options{Keys: testKeys, ReadOnly: true})
	s := &spellingChecker{p: p, probed: true, insensitive: true, names: map[string][]string{}}
	if !s.isExact("src/README") || !s.isExact("src") || s.isExact("src/readme") ||
		s.isExact("SRC") {
		t.Error("spellings are not distinguished")
	}
	s = &spellingChecker{p: p}
	if s.probe("src/README"); !s.probed {
		t.Error("the disk was not probed")
	}
}

// TestUndoReasons checks the reasons in the plan of an undo.
func TestUndoReasons(t *testing.T) {
	for _, c := range []struct {
		name  string
		write map[string]string // after the command
		gone  string
		force bool
		want  string
	}{
		{"nothing since", nil, "", false,
			"added: delete, created by the undone command; removed: create, restored; updated: update, restored"},
		{"edited since", map[string]string{"added": "edited"}, "", false,
			"added: keep, kept because you edited it; removed: create, restored; updated: update, restored"},
		{"edited since, forced", map[string]string{"updated": "edited"}, "", true,
			"added: delete, created by the undone command; removed: create, restored; updated: update, restored; " +
				"your edits are kept as \"old/updated\" in .ppm/undo-000003.zip"},
		{"deleted since", nil, "updated", false, "added: delete, created by the undone command; removed: create, " +
			"restored; updated: keep, not restored because you deleted it"},
		{"deleted before it could", nil, "added", false,
			"added: unchanged, already deleted; removed: create, restored; updated: update, restored"},
		{"undone by hand", map[string]string{"updated": "1 of updated\n"}, "", false,
			"added: delete, created by the undone command; removed: create, restored; updated: unchanged, already " +
				"restored"},
		{"in the way", map[string]string{"removed": "another"}, "", false, "added: delete, created by the undone " +
			"command; removed: conflict, exists with different content, not installed by ppm; " +
			"updated: update, restored"},
	} {
		dir := t.TempDir()
		one, two := files("1", "updated", "removed"), files("2", "updated", "added")
		run(t, dir, nil, one)
		run(t, dir, one, two)
		applytest.Write(t, dir, c.write)
		if c.gone != "" {
			if err := os.Remove(filepath.Join(dir, c.gone)); err != nil {
				t.Fatal(err)
			}
		}
		p := open(t, dir, Options{Keys: testKeys, ReadOnly: true})
		pl, _, err := p.PlanUndo(t.Context(), "undo", c.force)
		if err != nil {
			t.Fatal(err)
		}
		var reasons []string
		for _, change := range pl.Changes {
			if !change.Record {
				reasons = append(reasons, fmt.Sprintf("%s: %s, %s", change.Path, change.Action, change.Reason))
			}
		}
		if got := strings.Join(reasons, "; "); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
	}
}

// TestLinkedJournal checks that a history entry or journal that is a symbolic link is reported and not followed.
func TestLinkedJournal(t *testing.T) {
	for _, target := range []string{"../../outside", "../mine", "nothing"} {
		dir := t.TempDir()
		applytest.Write(t, dir, map[string]string{"project/mine": "mine", "outside": "outside"})
		dir = filepath.Join(dir, "project")
		run(t, dir, nil, files("1", "a"))
		link := func(name string) {
			must(t, os.RemoveAll(filepath.Join(dir, name)))
			must(t, os.Symlink(target, filepath.Join(dir, name)))
		}
		link(undoName(1))
		before := applytest.Tree(t, dir, "lock")
		if _, err := undo(t, dir, false); !errors.Is(err, failure.Refused) ||
			failure.Hint(err) != "remove "+undoName(1) {
			t.Errorf("undo of a link to %s = %v, hint %q", target, err, failure.Hint(err))
		}
		if got := applytest.Tree(t, dir, "lock"); got != before {
			t.Errorf("it changed\n%s", difference(got, before))
		}
		link(journalName)
		if _, err := Open(t.Context(), dir, Options{Keys: testKeys}); !errors.Is(err, failure.Refused) ||
			failure.Hint(err) != "remove "+journalName {
			t.Errorf("a journal that is a link to %s: Open = %v, hint %q", target, err, failure.Hint(err))
		}
	}
}
