package apply

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/applytest"
	"github.com/Project-Manager-With-Git/ppm/pkg/authcode"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// strangersKeys returns the keys of another user or another machine.
func strangersKeys(t *testing.T) *authcode.Keys { return authcode.New(t.TempDir()) }

// wantForeign fails the test unless err says what to do about the file name, which this user did not write.
func wantForeign(t *testing.T, what string, err error, name string, reason error) {
	t.Helper()
	if !errors.Is(err, failure.Integrity) || !errors.Is(err, reason) || !strings.Contains(err.Error(), name) ||
		!strings.Contains(failure.Hint(err), "ppm project trust") || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: %v, hint %q; want %v", what, err, failure.Hint(err), reason)
	}
}

// pending returns the name of the journal of a killed command, or "".
func pending(dir string) string {
	for _, name := range []string{journalName, rollbackName} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return name
		}
	}
	return ""
}

// TestForeignJournal opens projects with a journal that another user or machine has left: nothing is carried out and
// nothing is written, until the user trusts it.
func TestForeignJournal(t *testing.T) {
	s, stranger := newScene(t), strangersKeys(t)
	tested := make(map[string]int)
	for at := 1; ; at += stride() {
		dir := s.stage(t)
		f := &faulty{at: at}
		if at%3 == 0 {
			f.err = errors.New("disk error") // which begins a rollback
			f.hook = func(op int) {
				if f.fired && op > at+3 {
					f.err, f.at = nil, op // and is killed
				}
			}
		}
		err := s.applyWith(t.Context(), t, stranger, dir, f)
		if !f.fired {
			break
		}
		name := pending(dir)
		if name == "" {
			continue
		}
		tested[name]++
		what := fmt.Sprintf("%s, killed at %d (%v)", name, at, err)
		checkNotCarriedOut(t, what, dir, name)
		keys := testKeys
		if at%2 == 0 {
			keys = nil // a user without a folder for keys can trust the journal, too
		}
		p := open(t, dir, Options{Keys: keys, Trust: true})
		if r := p.Recovered(); r == nil || r.Command != "scene" {
			t.Errorf("%s, trusted: Recovered = %+v", what, r)
		}
		closeProject(t, p)
		s.check(t, dir, what+", trusted", true, true)
	}
	if tested[journalName] == 0 || tested[rollbackName] == 0 {
		t.Errorf("tested %v", tested)
	}
}

// checkNotCarriedOut opens a project in which a stranger has left the journal name in every way but with trust.
func checkNotCarriedOut(t *testing.T, what, dir, name string) {
	t.Helper()
	before := applytest.Tree(t, dir)
	_, err := Open(t.Context(), dir, Options{Keys: testKeys})
	wantForeign(t, what, err, name, authcode.ErrForeign)
	_, err = Open(t.Context(), dir, Options{})
	wantForeign(t, what+", without keys", err, name, authcode.ErrNoKey)
	p := open(t, dir, Options{Keys: testKeys, ReadOnly: true})
	wantForeign(t, what+", read-only", p.Untrusted(), name, authcode.ErrForeign)
	if p.Recovered() != nil {
		t.Errorf("%s: carried out", what)
	}
	closeProject(t, p)
	p = open(t, dir, Options{Keys: testKeys, ReadOnly: true, Trust: true})
	list, err := p.ForeignFiles()
	if err != nil || !slices.ContainsFunc(list, func(f ForeignFile) bool {
		return f.Name == name && f.Pending && f.Command == "scene" && f.Changes > 5
	}) {
		t.Errorf("%s: ForeignFiles = %+v, %v", what, list, err)
	}
	closeProject(t, p)
	if after := applytest.Tree(t, dir); after != before {
		t.Fatalf("%s: changed\n%s", what, difference(after, before))
	}
}

// TestMovedProject kills a command, and moves or copies the project before the next one.
func TestMovedProject(t *testing.T) {
	s := newScene(t)
	moved := filepath.Join(s.root, "moved")
	for at := 1; ; at += stride() {
		dir := s.stage(t)
		f := &faulty{at: at}
		_ = s.apply(t.Context(), t, dir, f)
		if !f.fired {
			break
		}
		name := pending(dir)
		if name == "" {
			continue
		}
		if out, err := exec.Command("cp", "-a", dir, filepath.Join(s.root, "copy")).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		must(t, os.Rename(dir, moved))
		closeProject(t, open(t, moved, Options{Keys: testKeys}))
		s.check(t, moved, fmt.Sprintf("moved, killed at %d", at), true, true)
		_, err := Open(t.Context(), filepath.Join(s.root, "copy"), Options{Keys: testKeys})
		wantForeign(t, "copied", err, name, authcode.ErrElsewhere)
		p := open(t, filepath.Join(s.root, "copy"), Options{Keys: testKeys, Trust: true})
		closeProject(t, p)
		s.check(t, filepath.Join(s.root, "copy"), fmt.Sprintf("copied, killed at %d", at), true, true)
		must(t, os.RemoveAll(moved))
		must(t, os.RemoveAll(filepath.Join(s.root, "copy")))
	}
}

// TestReplayedJournal puts copies of entries of the history in the place of other files of .ppm, also of entries that
// the history does not have any more.
func TestReplayedJournal(t *testing.T) {
	dir := t.TempDir()
	one, two := files("1", "a", "b"), files("2", "a")
	run(t, dir, nil, one)
	run(t, dir, one, two)
	entry, err := os.ReadFile(filepath.Join(dir, undoName(2)))
	must(t, err)
	before := applytest.Tree(t, dir, stateDir)
	for _, name := range []string{journalName, rollbackName} {
		must(t, os.WriteFile(filepath.Join(dir, name), entry, 0o600))
		_, err := Open(t.Context(), dir, Options{Keys: testKeys})
		wantForeign(t, "as "+name, err, name, authcode.ErrForeign)
		_, err = Open(t.Context(), dir, Options{Keys: testKeys, Trust: true})
		if !errors.Is(err, failure.Integrity) || !strings.Contains(err.Error(), undoName(2)) ||
			failure.Hint(err) == "" {
			t.Errorf("as %s, trusted: %v", name, err)
		}
		must(t, os.Remove(filepath.Join(dir, pendingName))) // trusting it has made this code
		must(t, os.Remove(filepath.Join(dir, undoName(2))))
		_, err = Open(t.Context(), dir, Options{Keys: testKeys})
		wantForeign(t, "without the entry, as "+name, err, name, authcode.ErrForeign)
		must(t, os.Rename(filepath.Join(dir, name), filepath.Join(dir, undoName(2))))
	}
	must(t, os.WriteFile(filepath.Join(dir, undoName(7)), entry, 0o600))
	p := open(t, dir, Options{Keys: testKeys})
	_, _, err = p.PlanUndo(t.Context(), "undo", true)
	if !errors.Is(err, failure.Integrity) || !strings.Contains(err.Error(), undoName(7)) {
		t.Errorf("undoing a copied entry: %v", err)
	}
	closeProject(t, p)
	if after := applytest.Tree(t, dir, stateDir); after != before {
		t.Errorf("changed\n%s", difference(after, before))
	}
}

// TestJournalIsFinishedWhileRead finishes a command while another process reads its journal, which is not foreign.
func TestJournalIsFinishedWhileRead(t *testing.T) {
	dir := t.TempDir()
	one := files("1", "a")
	run(t, dir, nil, one)
	must(t, os.Rename(filepath.Join(dir, undoName(1)), filepath.Join(dir, journalName)))
	p := open(t, dir, Options{Keys: testKeys, ReadOnly: true})
	wantForeign(t, "with the journal", p.Untrusted(), journalName, authcode.ErrForeign)
	f, err := os.Open(filepath.Join(dir, journalName))
	must(t, err)
	defer f.Close()
	must(t, os.Rename(filepath.Join(dir, journalName), filepath.Join(dir, undoName(1))))
	a := &journalReader{journal: new(journal), name: journalName, file: f}
	if err := a.read(p); !errors.Is(err, errReplaced) {
		t.Errorf("the journal was finished: %v", err)
	}
}

// TestReplayedRollback kills a command and puts an entry of the history beside its journal, as a rollback that is not
// that of the journal.
func TestReplayedRollback(t *testing.T) {
	dir := t.TempDir()
	one, two := files("1", "a", "b"), files("2", "a")
	run(t, dir, nil, one)
	tested := 0
	for at := 1; ; at++ {
		f := &faulty{at: at}
		p, err := Open(t.Context(), dir, Options{Keys: testKeys, wrap: f.wrap})
		if err == nil {
			err = p.Apply(t.Context(), makePlan(t, p, one, two, false), Meta{Command: "killed"})
			_ = p.Close()
		}
		if err == nil && !f.fired {
			break
		}
		if pending(dir) == journalName {
			tested++
			before := applytest.Tree(t, dir)
			must(t, os.Rename(filepath.Join(dir, undoName(1)), filepath.Join(dir, rollbackName)))
			_, err := Open(t.Context(), dir, Options{Keys: testKeys})
			wantForeign(t, fmt.Sprintf("killed at %d", at), err, rollbackName, authcode.ErrForeign)
			must(t, os.Rename(filepath.Join(dir, rollbackName), filepath.Join(dir, undoName(1))))
			if after := applytest.Tree(t, dir); after != before {
				t.Fatalf("killed at %d: changed\n%s", at, difference(after, before))
			}
		}
		dir = t.TempDir()
		run(t, dir, nil, one)
	}
	if tested == 0 {
		t.Error("no command was killed with a journal")
	}
}

// TestForeignHistory checks that entries of strangers are neither undone nor removed, and that they do not displace
// this user's entries.
func TestForeignHistory(t *testing.T) {
	dir, theirs := t.TempDir(), t.TempDir()
	one, two := files("1", "a"), files("2", "a")
	from, err := Open(t.Context(), theirs, Options{Keys: strangersKeys(t)})
	must(t, err)
	must(t, from.Apply(t.Context(), makePlan(t, from, nil, two, false), Meta{Command: "theirs"}))
	closeProject(t, from)
	entry, err := os.ReadFile(filepath.Join(theirs, undoName(1)))
	must(t, err)
	run(t, dir, nil, one)
	for n := 2; n < 30; n++ {
		must(t, os.WriteFile(filepath.Join(dir, undoName(n)), entry, 0o600))
	}
	p := open(t, dir, Options{Keys: testKeys})
	history, err := p.History()
	if err != nil || len(history) != 29 || history[28].Err != nil {
		t.Fatalf("%d entries, %v", len(history), err)
	}
	wantForeign(t, "History", history[0].Err, undoName(29), authcode.ErrForeign)
	_, _, err = p.PlanUndo(t.Context(), "undo", true)
	wantForeign(t, "PlanUndo", err, undoName(29), authcode.ErrForeign)
	closeProject(t, p)
	for range 11 {
		run(t, dir, one, two)
		run(t, dir, two, one)
	}
	p = open(t, dir, Options{Keys: testKeys})
	numbers, err := p.entryNumbers()
	var mine []int
	for _, n := range numbers {
		if n < 2 || n > 29 {
			mine = append(mine, n)
		}
	}
	if err != nil || len(numbers) != 28+maxEntries || len(mine) != maxEntries || mine[0] != 32 {
		t.Errorf("%d entries, this user's are %v, %v", len(numbers), mine, err)
	}
	pl, m, err := p.PlanUndo(t.Context(), "undo", false)
	must(t, err)
	must(t, p.Apply(t.Context(), pl, m))
}

// TestForeignState reads state that a stranger wrote, or changed.
func TestForeignState(t *testing.T) {
	dir := t.TempDir()
	p, err := Open(t.Context(), dir, Options{Keys: strangersKeys(t)})
	must(t, err)
	must(t, p.WriteState(IndexState, []byte("theirs")))
	closeProject(t, p)
	file := stateDir + "/" + IndexState
	theirs, err := os.ReadFile(filepath.Join(dir, file))
	must(t, err)
	p = open(t, dir, Options{Keys: testKeys})
	_, err = p.ReadState(IndexState)
	wantForeign(t, "a stranger's", err, file, authcode.ErrForeign)
	must(t, p.WriteState(IndexState, []byte("mine")))
	for _, text := range []string{"", "theirs", "\ntheirs", "mine"} {
		mine, err := os.ReadFile(filepath.Join(dir, file))
		must(t, err)
		applytest.Write(t, dir, map[string]string{file: text})
		_, err = p.ReadState(IndexState)
		wantForeign(t, fmt.Sprintf("%q", text), err, file, authcode.ErrForeign)
		must(t, os.WriteFile(filepath.Join(dir, file), mine, 0o600))
	}
	if data, err := p.ReadState(IndexState); err != nil || string(data) != "mine" {
		t.Errorf("ReadState = %q, %v", data, err)
	}
	closeProject(t, p)
	must(t, os.WriteFile(filepath.Join(dir, file), theirs, 0o600))
	closeProject(t, open(t, dir, Options{Keys: testKeys, Trust: true}))
	p = open(t, dir, Options{Keys: testKeys})
	if data, err := p.ReadState(IndexState); err != nil || string(data) != "theirs" {
		t.Errorf("trusted: ReadState = %q, %v", data, err)
	}
}

// TestKillWhileTrusting kills a command that trusts a foreign journal and a foreign history, at each operation, and
// another one after it. The next one can trust them all the same, and undo works afterwards.
func TestKillWhileTrusting(t *testing.T) {
	s, stranger := newScene(t), strangersKeys(t)
	for at := 1; ; at += stride() {
		dir := s.stage(t)
		must(t, s.applyWith(t.Context(), t, stranger, dir, &faulty{}))
		p := open(t, dir, Options{Keys: stranger})
		pl, m, err := p.PlanUndo(t.Context(), "undo", false)
		must(t, err)
		p.disk = (&faulty{at: 25 + at%10}).wrap(p.disk) // in the middle of the command
		_ = p.Apply(t.Context(), pl, m)
		must(t, p.root.Close())
		must(t, p.lock.Close())
		first, second := &faulty{at: at}, &faulty{at: 1 + at*3%20, err: errors.New("disk error")}
		for _, f := range []*faulty{first, second, {}} {
			q, openErr := Open(t.Context(), dir, Options{Keys: testKeys, Trust: true, wrap: f.wrap})
			if err = openErr; err == nil {
				_ = q.Close()
			}
		}
		if err != nil {
			t.Fatalf("killed at %d: the last attempt fails: %v", at, err)
		}
		s.check(t, dir, fmt.Sprintf("killed at %d", at), true, true)
		p = open(t, dir, Options{Keys: testKeys})
		if list, err := p.ForeignFiles(); err != nil || len(list) > 0 {
			t.Errorf("killed at %d: still foreign: %v, %v", at, list, err)
		}
		history, err := p.History()
		if err != nil || history[0].Err != nil {
			t.Errorf("killed at %d: %+v, %v", at, history, err)
		}
		closeProject(t, p)
		checkState(t, dir, fmt.Sprintf("killed at %d", at))
		if !first.fired {
			break
		}
	}
}
