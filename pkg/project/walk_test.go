package project_test

import (
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
	walks     = flag.Int("walks", 16, "how many random walks to take through the verbs")
	firstWalk = flag.Uint64("first-walk", 1, "the number of the first random walk: each has a seed of its own")
)

// A walker edits a project and calls verbs in it at random.
type walker struct {
	*testing.T
	*rand.Rand
	st      *testPack
	dir     string   // the project's folder
	wrote   int      // how many marks there are: each edit, the user's or upstream's, is one of its own
	history []string // what was done

	apart  bool // the manifest was edited, and says another thing than the lockfile
	byHand bool // it was edited at all: what it says of keys may be less than the lockfile does
	owned  bool // files were the user's, and may still be those of an older version
}

// TestRandomWalks holds every verb, in any order and in the midst of any edits, to what all of them promise.
func TestRandomWalks(t *testing.T) {
	const steps = 25
	count := uint64(*walks)
	if testing.Short() {
		count = min(count, 3)
	}
	for number := *firstWalk; number < *firstWalk+count; number++ {
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			t.Parallel()
			w := &walker{T: t, Rand: rand.New(rand.NewPCG(number, 0)), dir: filepath.Join(t.TempDir(), "project")}
			w.st = w.newPack()
			must(t, os.Mkdir(w.dir, 0o777))
			for range steps {
				if len(w.history) > 3 && w.IntN(2) == 0 {
					w.edit()
				} else {
					w.call(w.verb())
				}
				if t.Failed() {
					t.Fatalf("after\n%s", strings.Join(w.history, "\n"))
				}
			}
		})
	}
}

func (w *walker) note(format string, args ...any) {
	w.history = append(w.history, fmt.Sprintf(format, args...))
}

func (w *walker) pick(of ...string) string { return of[w.IntN(len(of))] }

func (w *walker) at(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

func (w *walker) tree() string { return applytest.Tree(w.T, w.dir, ".ppm") }

// A verb is one command.
type verb struct {
	line   string
	do     func(p *project.Project) (any, *project.Transaction, error)
	shows  bool // it has a dry run
	undoes bool // it takes another one back, and may replace what was edited since
	twice  bool // done again, it has nothing to do
}

// call does a verb, and proves what all verbs promise.
func (w *walker) call(v verb) {
	before, held := w.tree(), w.files()
	shown, showErr := w.shown(v)
	planned := w.planned(v)
	result, err := w.do(v, w.dir)
	after := w.tree()
	w.note("%s: %v", v.line, err)
	w.owned = w.owned || strings.HasPrefix(v.line, "own")
	open := errors.Is(err, failure.Conflicts)
	if v.shows && (!open && fmt.Sprint(err) != fmt.Sprint(showErr) || !reflect.DeepEqual(changes(shown), changes(result))) {
		w.Errorf("%s: shown %+v, %v; done %+v, %v", v.line, shown, showErr, result, err)
	}
	if err != nil && !open {
		w.refused(v.line, err, before, after)
		return
	}
	if planned != "" && planned != after {
		w.Errorf("planned and applied, %s gives\n%s\nnot\n%s", v.line, planned, after)
	}
	w.apart = w.apart && (v.line != "sync" || open) || v.undoes && w.byHand
	if v.undoes {
		w.sound(v.line, w.files())
		return
	}
	w.sound(v.line, held)
	w.keeps(v.line, held)
	if after != before {
		w.reversible(v.line, before)
	}
	if v.twice && !open {
		w.again(v, after)
	}
}

// changes returns the changes that the result of a verb tells of.
func changes(result any) any {
	if v := reflect.ValueOf(result); v.IsValid() && !v.IsNil() {
		return v.Elem().FieldByName("Changes").Interface()
	}
	return nil
}

// refused proves that a failure has changed nothing, and tells what to do.
func (w *walker) refused(line string, err error, before, after string) {
	if after != before {
		w.Errorf("%s failed and changed\n%s\nto\n%s", line, before, after)
	}
	if kind := failure.KindOf(err); failure.Hint(err) == "" || kind != failure.Usage && kind != failure.Refused {
		w.Errorf("%s: %v (%v), hint %q", line, err, kind, failure.Hint(err))
	}
}

// shown does the dry run of a verb, which writes nothing.
func (w *walker) shown(v verb) (any, error) {
	if !v.shows {
		return nil, nil
	}
	before, times := w.tree(), applytest.Times(w.T, w.dir)
	result, err := w.preview(v)
	if now := w.tree(); now != before || applytest.Times(w.T, w.dir) != times {
		w.Errorf("shown, %s changed\n%s\nto\n%s", v.line, before, now)
	}
	return result, err
}

// planned returns what a copy of the project is after the plan of a verb is carried out there; empty when the verb fails.
func (w *walker) planned(v verb) string {
	if !v.shows {
		return ""
	}
	copied := w.copied()
	data, err := w.save(v, copied)
	if err != nil {
		return ""
	}
	load := verb{do: func(p *project.Project) (any, *project.Transaction, error) {
		tx, err := p.Load(w.Context(), data)
		return &struct{}{}, tx, err
	}}
	if _, err := w.do(load, copied); err != nil && !errors.Is(err, failure.Conflicts) {
		w.Errorf("planned, %s: %v\n%s", v.line, err, data)
	}
	return applytest.Tree(w.T, copied, ".ppm")
}

// do calls a verb in dir and applies its transaction.
func (w *walker) do(v verb, dir string) (any, error) {
	p, err := w.st.open(w.T, dir, project.Write)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	result, tx, err := v.do(p)
	if err != nil {
		return nil, err
	}
	if err = p.Apply(w.Context(), tx, project.ApplyOptions{}); err != nil && !errors.Is(err, failure.Conflicts) {
		return nil, err
	}
	return result, err
}

// preview calls a verb and applies nothing.
func (w *walker) preview(v verb) (any, error) {
	p, err := w.st.open(w.T, w.dir, project.Read)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	result, tx, err := v.do(p)
	if err != nil {
		return nil, err
	}
	p.Preview(tx)
	return result, nil
}

// save calls a verb in dir and returns its plan.
func (w *walker) save(v verb, dir string) ([]byte, error) {
	p, err := w.st.open(w.T, dir, project.Read)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	_, tx, err := v.do(p)
	if err != nil {
		return nil, err
	}
	data, err := p.Save(tx)
	must(w.T, err)
	return data, nil
}

// copied returns a copy of the project, with its history.
func (w *walker) copied() string {
	to := filepath.Join(w.TempDir(), "project")
	must(w.T, os.CopyFS(to, os.DirFS(w.dir)))
	must(w.T, filepath.WalkDir(w.dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		must(w.T, err)
		name, err := filepath.Rel(w.dir, p)
		must(w.T, err)
		return os.Chmod(filepath.Join(to, name), info.Mode())
	}))
	return to
}

// again proves that a verb that was done has nothing left to do.
func (w *walker) again(v verb, after string) {
	times := applytest.Times(w.T, w.dir)
	_, err := w.do(v, w.dir)
	if now := w.tree(); now != after || err != nil || applytest.Times(w.T, w.dir) != times {
		w.Errorf("%s again: %v\n%s\nto\n%s", v.line, err, after, now)
	}
}

// reversible proves in a copy that undo gives back every byte.
func (w *walker) reversible(line, before string) {
	copied := w.copied()
	if err := w.st.undo(w.T, copied); err != nil {
		w.Errorf("undo of %s: %v", line, err)
	}
	if back := applytest.Tree(w.T, copied, ".ppm"); back != before {
		w.Errorf("undo of %s gives\n%s\nbefore\n%s", line, back, before)
	}
}

var mine = regexp.MustCompile(`mine-\d+;`)

// keeps proves that what the user wrote is there still, unless they have asked for upstream's side.
func (w *walker) keeps(line string, before map[string]string) {
	text, _ := os.ReadFile(w.at("ppm.toml"))
	if strings.HasSuffix(line, "forced") || strings.Contains(string(text), `strategy = "theirs"`) {
		return
	}
	now := strings.Join(slices.Sorted(maps.Values(w.files())), "\n")
	for name, text := range before {
		for _, mark := range mine.FindAllString(text, -1) {
			if !strings.Contains(now, mark) {
				w.Errorf("%s lost %q of %q", line, mark, name)
			}
		}
	}
}

// sound proves that the lockfile is right about the files, and that a fresh clone gets them, with it and without it.
func (w *walker) sound(line string, before map[string]string) {
	p, err := w.st.open(w.T, w.dir, project.Read)
	must(w.T, err)
	defer p.Close()
	verified, err := p.Verify(w.Context(), project.VerifyOptions{})
	if err != nil && !errors.Is(err, failure.Differs) {
		w.Fatalf("after %s, verify: %v", line, err)
	}
	files, stood := w.files(), slices.Collect(maps.Values(before))
	for _, in := range verified.Installs {
		for _, f := range in.Files {
			text := files[f.Path]
			if f.State == "edited" && f.Own == "" && !w.owned && !mine.MatchString(text) && !slices.Contains(stood, text) {
				w.Errorf("after %s, %q is edited, but not by the user\n%s", line, f.Path, text)
			}
		}
	}
	if len(verified.Installs) > 0 && !w.open() {
		w.clone(line, true)
		w.clone(line, false)
	}
}

func (w *walker) clone(line string, locked bool) {
	if w.apart || w.byHand && !locked {
		return
	}
	clone, records := filepath.Join(w.TempDir(), "project"), map[string]string{"ppm.toml": w.record("ppm.toml")}
	lock := w.record("ppm.lock")
	if locked {
		records["ppm.lock"] = lock
	} else {
		lock = strings.ReplaceAll(lock, "found = true\n", "") // nothing is there before
	}
	must(w.T, os.Mkdir(clone, 0o777))
	applytest.Write(w.T, clone, records)
	_, err := do(w.T, w.st, clone, func(p *project.Project) (*project.SyncResult, *project.Transaction, error) {
		return p.Sync(w.Context(), project.SyncOptions{})
	})
	if got, _ := os.ReadFile(filepath.Join(clone, "ppm.lock")); err != nil || string(got) != lock {
		w.Errorf("after %s, sync of a fresh clone (locked: %v): %v\n%s\nlocks\n%s\nnot\n%s", line, locked, err, records["ppm.toml"], got, lock)
		return
	}
	p, err := w.st.open(w.T, clone, project.Read)
	must(w.T, err)
	defer p.Close()
	status, err := p.Status(w.Context(), nil)
	if err != nil || status.Changed() {
		w.Errorf("after %s, a fresh clone (locked: %v) is %+v, %v", line, locked, status, err)
	}
}

// record returns one of the project's records, or nothing.
func (w *walker) record(name string) string {
	text, _ := os.ReadFile(w.at(name))
	return string(text)
}

// open reports whether conflicts are left.
func (w *walker) open() bool { return strings.Contains(w.record("ppm.lock"), "\nconflict = ") }

// spot returns where an install may stand.
func (w *walker) spot() string {
	return w.pick("app", "app", "lib", "app/sub", "x/one", "lib/part", ".")
}

// install returns where an install stands, most of the time.
func (w *walker) install() string {
	m, err := manifest.Parse("ppm.toml", []byte(w.record("ppm.toml")), manifest.ProjectLayer)
	if err != nil || len(m.Components) == 0 || w.IntN(8) == 0 {
		return w.spot()
	}
	return m.Components[w.IntN(len(m.Components))].Path
}
