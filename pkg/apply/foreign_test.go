package apply

import (
	"archive/zip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/applytest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// TestHostileNumbers puts files with the names of history entries that ppm never writes into .ppm.
func TestHostileNumbers(t *testing.T) {
	one, two := files("1", "a"), files("2", "a")
	for _, number := range []string{
		"99999999999999999999", "9223372036854775807", "9223372036854775806", "18446744073709551615", "4294967295",
		"1000000000", "-00001", "000000", "+00002", "00000a", "0000002", "0x0002", "٠٠٠٠٠٢",
	} {
		dir := t.TempDir()
		applytest.Write(t, dir, map[string]string{stateDir + "/undo-" + number + ".zip": "foreign"})
		run(t, dir, nil, one)
		run(t, dir, one, two)
		p := open(t, dir, Options{Keys: testKeys})
		pl, m, err := p.PlanUndo(t.Context(), "undo", false)
		if err == nil {
			err = p.Apply(t.Context(), pl, m)
		}
		numbers, err2 := p.entryNumbers()
		data, err3 := p.ReadFile("a")
		if err != nil || err2 != nil || err3 != nil || fmt.Sprint(numbers) != "[1 2 3]" || string(data) != "1 of a\n" {
			t.Errorf("with undo-%s.zip: %v, a = %q; %v, %v, %v", number, numbers, data, err, err2, err3)
		}
		closeProject(t, p)
	}
	dir := t.TempDir()
	applytest.Write(t, dir, map[string]string{undoName(maxNumber): "foreign"})
	before := applytest.Tree(t, dir, "lock", ".gitignore")
	p := open(t, dir, Options{Keys: testKeys})
	err := p.Apply(t.Context(), makePlan(t, p, nil, one, false), Meta{Command: "test"})
	closeProject(t, p)
	if after := applytest.Tree(t, dir, "lock", ".gitignore"); !errors.Is(err, failure.Refused) || after != before {
		t.Errorf("with the highest number: %v\n%s", err, difference(after, before))
	}
	must(t, os.Rename(filepath.Join(dir, undoName(maxNumber)), filepath.Join(dir, undoName(maxNumber-1))))
	run(t, dir, nil, one)
	if _, err := os.Stat(filepath.Join(dir, undoName(maxNumber))); err != nil {
		t.Error(err)
	}
}

// writeJournal creates a journal from alternating member names and contents.
func writeJournal(t *testing.T, path string, members ...string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for i := 0; i < len(members); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: members[i]})
		if err == nil {
			_, err = w.Write([]byte(members[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	must(t, z.Close())
	must(t, f.Close())
}

// TestCraftedJournal opens projects with a crafted .ppm folder that the user trusts.
func TestCraftedJournal(t *testing.T) {
	const version1 = `{"version":1,"number":1,`
	mine := plan.FileState([]byte("mine"), 0).String()
	for _, c := range []struct {
		name, journal string
		want          failure.Kind
	}{
		{"newer", `{"version":2,"number":1,"changes":[{"path":"mine","old":"` + mine + `","new":"absent"}]}`,
			failure.Refused},
		{"no version", `{"changes":[{"path":"mine","old":"` + mine + `","new":"absent"}]}`, failure.Refused},
		{"no JSON", `{`, failure.Integrity},
		{"empty", ``, failure.Integrity},
		{"removes from .git", version1 + `"changes":[{"path":".git/config","old":"` + mine + `","new":"absent"}]}`,
			failure.Refused},
		{"removes from .GIT", version1 + `"changes":[{"path":".GIT/config","old":"` + mine + `","new":"absent"}]}`,
			failure.Refused},
		{"restores into .git", version1 + `"changes":[{"path":".git/hooks/x","old":"` + mine +
			`","new":"absent","perm":"0755"}]}`, failure.Refused},
		{"leaves the project", version1 + `"changes":[{"path":"../x","old":"` + mine + `","new":"absent"}]}`,
			failure.Refused},
		{"makes a folder in .git", version1 + `"changes":[],"made":[{"path":".git/x"}]}`, failure.Refused},
		{"removes a folder of .git", version1 + `"changes":[],"dropped":[{"path":".git/refs","perm":"0755"}]}`,
			failure.Refused},
		{"writes a link", version1 + `"changes":[{"path":"mine","old":"symlink","new":"absent"}]}`,
			failure.Integrity},
		{"setuid", version1 + `"changes":[{"path":"new","old":"` + mine + `","new":"absent","perm":"4755"}]}`,
			failure.Integrity},
		{"no such state", version1 + `"changes":[{"path":"new","old":"sha256:0","new":"absent"}]}`,
			failure.Integrity},
	} {
		for _, name := range []string{journalName, rollbackName} {
			dir := t.TempDir()
			applytest.Write(t, dir, map[string]string{"mine": "mine", ".git/config": "mine", ".git/refs/": ""})
			writeJournal(t, filepath.Join(dir, name), "journal.json", c.journal, "old/new", "mine", "old/.git/hooks/x",
				"mine", "old/../x", "mine")
			before := applytest.Tree(t, filepath.Dir(dir), "lock", ".gitignore")
			_, err := Open(t.Context(), dir, Options{Keys: testKeys, Trust: true})
			if failure.KindOf(err) != c.want || failure.Hint(err) == "" || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s in %s: Open = %v (%v)", c.name, name, err, failure.KindOf(err))
			}
			if got := applytest.Tree(t, filepath.Dir(dir), "lock", ".gitignore"); got != before {
				t.Errorf("%s in %s: changed\n%s", c.name, name, difference(got, before))
			}
		}
	}
}
