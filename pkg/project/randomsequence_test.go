package project_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/applytest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

var (
	sequences     = flag.Int("sequences", 16, "number of random sequences of edits and verbs")
	firstSequence = flag.Uint64("first-sequence", 1, "number of the first random sequence, which is its seed")
)

// A randomSequence edits a project and calls verbs in it at random.
type randomSequence struct {
	*testing.T
	*rand.Rand
	pack    *testPack
	dir     string   // the folder of the project
	marks   int      // the number of edits by the user and upstream; each edit adds a unique mark
	history []string // the steps

	diverged       bool // the manifest was edited, and is not equal to the lockfile
	manifestEdited bool // the manifest was edited, and may lack keys that the lockfile has
	hasOwned       bool // the user owned files, which may still be those of an older version
}

// TestRandomSequences checks what every verb guarantees, in random sequences of edits and verbs.
func TestRandomSequences(t *testing.T) {
	const steps = 25
	count := uint64(*sequences)
	if testing.Short() {
		count = min(count, 1)
	}
	t.Logf("tried %d random verbs and edits", count*steps)
	for number := *firstSequence; number < *firstSequence+count; number++ {
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "project")
			s := &randomSequence{T: t, Rand: rand.New(rand.NewPCG(number, 0)), dir: dir}
			s.pack = s.newPack()
			must(t, os.Mkdir(s.dir, 0o777))
			for range steps {
				if len(s.history) > 3 && s.IntN(2) == 0 {
					s.edit()
				} else {
					s.call(s.randomVerb())
				}
				if t.Failed() {
					t.Fatalf("after\n%s", strings.Join(s.history, "\n"))
				}
			}
		})
	}
}

// note adds a step to the history.
func (s *randomSequence) note(format string, args ...any) {
	s.history = append(s.history, fmt.Sprintf(format, args...))
}

// pick returns a random one of several words.
func (s *randomSequence) pick(words ...string) string { return words[s.IntN(len(words))] }

// abs returns the absolute path of a file of the project.
func (s *randomSequence) abs(name string) string {
	return filepath.Join(s.dir, filepath.FromSlash(name))
}

func (s *randomSequence) tree() string { return applytest.Tree(s.T, s.dir, ".ppm") }

// A verbCall is a call of a verb of package project.
type verbCall struct {
	line       string // the command line, for messages
	do         func(p *project.Project) (any, *project.Transaction, error)
	hasDryRun  bool
	undoes     bool // it undoes another verb, and may replace later edits
	idempotent bool // a second call changes nothing
}

// call calls a verb, and checks what all verbs guarantee.
func (s *randomSequence) call(v verbCall) {
	before, filesBefore := s.tree(), s.files()
	dryRun, dryRunErr := s.dryRun(v)
	planned := s.applySaved(v)
	result, err := s.do(v, s.dir)
	after := s.tree()
	s.note("%s: %v", v.line, err)
	s.hasOwned = s.hasOwned || strings.HasPrefix(v.line, "own")
	open := errors.Is(err, failure.Conflicts)
	sameErr := open || fmt.Sprint(err) == fmt.Sprint(dryRunErr)
	if v.hasDryRun && (!sameErr || !reflect.DeepEqual(changes(dryRun), changes(result))) {
		s.Errorf("%s: dry run %+v, %v; result %+v, %v", v.line, dryRun, dryRunErr, result, err)
	}
	if err != nil && !open {
		s.checkFailure(v.line, err, before, after)
		return
	}
	if planned != "" && planned != after {
		s.Errorf("the saved plan of %s changes the project to\n%s\nwant\n%s", v.line, planned, after)
	}
	isSynced := v.line == "sync" && !open && len(failedOf(result)) == 0
	s.diverged = s.diverged && !isSynced || v.undoes && s.manifestEdited
	if v.undoes {
		s.checkLock(v.line, s.files())
		return
	}
	s.checkLock(v.line, filesBefore)
	s.checkKeepsEdits(v.line, filesBefore)
	if after != before {
		s.checkUndo(v.line, before)
	}
	if v.idempotent && !open {
		s.checkIdempotent(v, after)
	}
}

// changes returns the changes in the result of a verb.
func changes(result any) any {
	if v := reflect.ValueOf(result); v.IsValid() && !v.IsNil() {
		return v.Elem().FieldByName("Changes").Interface()
	}
	return nil
}

// failedOf returns the failed installs in the result of a verb.
func failedOf(result any) []project.Failed {
	if sync, ok := result.(*project.SyncResult); ok {
		return sync.Failed
	}
	return nil
}

// checkFailure checks that a failed verb changed nothing, and that its error has a hint.
func (s *randomSequence) checkFailure(line string, err error, before, after string) {
	if after != before {
		s.Errorf("%s failed, but changed\n%s\nto\n%s", line, before, after)
	}
	if kind := failure.KindOf(err); failure.Hint(err) == "" || kind != failure.Usage && kind != failure.Refused {
		s.Errorf("%s: %v (%v), hint %q", line, err, kind, failure.Hint(err))
	}
}

// dryRun runs a verb with --dry-run, and checks that it writes nothing.
func (s *randomSequence) dryRun(v verbCall) (any, error) {
	if !v.hasDryRun {
		return nil, nil
	}
	before, times := s.tree(), applytest.Times(s.T, s.dir)
	result, err := s.preview(v)
	if now := s.tree(); now != before || applytest.Times(s.T, s.dir) != times {
		s.Errorf("the dry run of %s changed\n%s\nto\n%s", v.line, before, now)
	}
	return result, err
}

// applySaved applies the saved plan of a verb to a copy of the project, and returns the files of the copy. It
// returns "" when the verb fails.
func (s *randomSequence) applySaved(v verbCall) string {
	if !v.hasDryRun {
		return ""
	}
	copied := s.copyProject()
	data, err := s.save(v, copied)
	if err != nil {
		return ""
	}
	load := verbCall{do: func(p *project.Project) (any, *project.Transaction, error) {
		tx, err := p.Load(s.Context(), data)
		return &struct{}{}, tx, err
	}}
	if _, err := s.do(load, copied); err != nil && !errors.Is(err, failure.Conflicts) {
		s.Errorf("applying the plan of %s: %v\n%s", v.line, err, data)
	}
	return applytest.Tree(s.T, copied, ".ppm")
}

// do calls a verb in dir and applies its transaction.
func (s *randomSequence) do(v verbCall, dir string) (any, error) {
	p, err := s.pack.open(s.T, dir, project.Write)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	result, tx, err := v.do(p)
	if err != nil {
		return nil, err
	}
	if err = p.Apply(s.Context(), tx, project.ApplyOptions{}); err != nil && !errors.Is(err, failure.Conflicts) {
		return nil, err
	}
	return result, err
}

// preview calls a verb and previews its transaction.
func (s *randomSequence) preview(v verbCall) (any, error) {
	p, err := s.pack.open(s.T, s.dir, project.Read)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	result, tx, err := v.do(p)
	if err != nil {
		return nil, err
	}
	if err := p.Preview(context.Background(), tx); err != nil {
		return nil, err
	}
	return result, nil
}

// save calls a verb in dir and returns its saved plan.
func (s *randomSequence) save(v verbCall, dir string) ([]byte, error) {
	p, err := s.pack.open(s.T, dir, project.Read)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	_, tx, err := v.do(p)
	if err != nil {
		return nil, err
	}
	data, err := p.Save(tx)
	must(s.T, err)
	return data, nil
}

// copyProject returns a copy of the project with its history.
func (s *randomSequence) copyProject() string {
	to := filepath.Join(s.TempDir(), "project")
	must(s.T, os.CopyFS(to, os.DirFS(s.dir)))
	must(s.T, filepath.WalkDir(s.dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		must(s.T, err)
		name, err := filepath.Rel(s.dir, p)
		must(s.T, err)
		return os.Chmod(filepath.Join(to, name), info.Mode())
	}))
	_, _, err := project.Trust(s.Context(), s.pack.setup(to), false) // the history was written for another folder
	must(s.T, err)
	return to
}

// checkIdempotent checks that a second call of a verb changes nothing.
func (s *randomSequence) checkIdempotent(v verbCall, after string) {
	times := applytest.Times(s.T, s.dir)
	_, err := s.do(v, s.dir)
	if now := s.tree(); now != after || err != nil || applytest.Times(s.T, s.dir) != times {
		s.Errorf("the second %s: %v\n%s\nto\n%s", v.line, err, after, now)
	}
}

// checkUndo checks in a copy that undo restores every byte.
func (s *randomSequence) checkUndo(line, before string) {
	copied := s.copyProject()
	if err := s.pack.undo(s.T, copied); err != nil {
		s.Errorf("undo of %s: %v", line, err)
	}
	if back := applytest.Tree(s.T, copied, ".ppm"); back != before {
		s.Errorf("undo of %s changed the project to\n%s\nwant\n%s", line, back, before)
	}
}

// userMark matches the marks of the user's edits.
var userMark = regexp.MustCompile(`mine-\d+;`)

// checkKeepsEdits checks that no edit of the user is lost, unless the user chose upstream's version.
func (s *randomSequence) checkKeepsEdits(line string, before map[string]string) {
	text, _ := os.ReadFile(s.abs("ppm.toml"))
	if strings.HasSuffix(line, "forced") || strings.Contains(string(text), `strategy = "theirs"`) {
		return
	}
	now := strings.Join(slices.Sorted(maps.Values(s.files())), "\n")
	for name, text := range before {
		for _, mark := range userMark.FindAllString(text, -1) {
			if !strings.Contains(now, mark) {
				s.Errorf("%s lost %q of %q", line, mark, name)
			}
		}
	}
}

// checkLock checks that the lockfile matches the files, and that sync restores them in a fresh clone, with the
// lockfile and without it.
func (s *randomSequence) checkLock(line string, before map[string]string) {
	p, err := s.pack.open(s.T, s.dir, project.Read)
	must(s.T, err)
	defer p.Close()
	verified, err := p.Verify(s.Context(), project.VerifyOptions{})
	if err != nil && !errors.Is(err, failure.Differs) {
		s.Fatalf("after %s, verify: %v", line, err)
	}
	files, textsBefore := s.files(), slices.Collect(maps.Values(before))
	for _, in := range verified.Installs {
		for _, f := range in.Files {
			text := files[f.Path]
			byUser := userMark.MatchString(text) || slices.Contains(textsBefore, text)
			if f.State == "edited" && f.Own == "" && !s.hasOwned && !byUser {
				s.Errorf("after %s, %q is edited, but not by the user\n%s", line, f.Path, text)
			}
		}
	}
	if len(verified.Installs) > 0 && !s.hasConflicts() {
		s.checkClone(line, true)
		s.checkClone(line, false)
	}
}

// checkClone checks that sync of a fresh clone gives the same lockfile, and files that are up to date. If locked is
// false, the clone has no lockfile.
func (s *randomSequence) checkClone(line string, locked bool) {
	if s.diverged || s.manifestEdited && !locked {
		return
	}
	clone, records := filepath.Join(s.TempDir(), "project"), map[string]string{"ppm.toml": s.record("ppm.toml")}
	lock := s.record("ppm.lock")
	if locked {
		records["ppm.lock"] = lock
	} else {
		lock = strings.ReplaceAll(lock, "found = true\n", "") // the clone has no files
	}
	must(s.T, os.Mkdir(clone, 0o777))
	applytest.Write(s.T, clone, records)
	result, err := do(s.T, s.pack, clone, func(p *project.Project) (*project.SyncResult, *project.Transaction, error) {
		return p.Sync(s.Context(), project.SyncOptions{})
	})
	if err == nil {
		err = project.FailedError(result.Failed)
	}
	if got, _ := os.ReadFile(filepath.Join(clone, "ppm.lock")); err != nil || string(got) != lock {
		s.Errorf("after %s, sync of a fresh clone (locked: %v): %v\n%s\nhas the lockfile\n%s\nwant\n%s",
			line, locked, err, records["ppm.toml"], got, lock)
		return
	}
	p, err := s.pack.open(s.T, clone, project.Read)
	must(s.T, err)
	defer p.Close()
	status, err := p.Status(s.Context(), nil)
	if err != nil || status.Changed() {
		s.Errorf("after %s, a fresh clone (locked: %v) is %+v, %v", line, locked, status, err)
	}
}

// record returns one of the project's records, or "" when it does not exist.
func (s *randomSequence) record(name string) string {
	text, _ := os.ReadFile(s.abs(name))
	return string(text)
}

// hasConflicts reports whether the project has unresolved conflicts.
func (s *randomSequence) hasConflicts() bool {
	return strings.Contains(s.record("ppm.lock"), "\nconflict = ")
}

// installPath returns a random path for an install.
func (s *randomSequence) installPath() string {
	return s.pick("app", "app", "lib", "app/sub", "x/one", "lib/part", ".")
}

// anyInstall returns the path of a random install, or sometimes any path.
func (s *randomSequence) anyInstall() string {
	m, err := manifest.Parse("ppm.toml", []byte(s.record("ppm.toml")), manifest.ProjectLayer)
	if err != nil || len(m.Components) == 0 || s.IntN(8) == 0 {
		return s.installPath()
	}
	return m.Components[s.IntN(len(m.Components))].Path
}
