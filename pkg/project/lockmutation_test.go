package project_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/applytest"
	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

var lockShare = flag.Int("lock-share", 4, "try each verb with one of this many altered locks; 1 for all")

// A lockMutation is a well-formed lock that differs from the good lock of a project.
type lockMutation struct {
	name string
	kind string // the field, or what happened to whole blocks
	text []byte
}

// A lockVerb is a verb that reads the lock. It returns what a user sees of it besides the files.
type lockVerb struct {
	name string
	do   func(t *testing.T, p *project.Project) (any, *project.Transaction, error)
}

var lockVerbs = []lockVerb{
	{"verify", func(t *testing.T, p *project.Project) (any, *project.Transaction, error) {
		_, err := p.Verify(t.Context(), project.VerifyOptions{})
		return nil, nil, err
	}},
	{"verify --remote", func(t *testing.T, p *project.Project) (any, *project.Transaction, error) {
		_, err := p.Verify(t.Context(), project.VerifyOptions{Remote: true})
		return nil, nil, err
	}},
	{"sync --check", func(t *testing.T, p *project.Project) (any, *project.Transaction, error) {
		r, _, err := p.Sync(t.Context(), project.SyncOptions{Check: true})
		if err == nil {
			err = project.FailedError(r.Failed)
		}
		return nil, nil, err
	}},
	{"sync", func(t *testing.T, p *project.Project) (any, *project.Transaction, error) {
		r, tx, err := p.Sync(t.Context(), project.SyncOptions{})
		if err == nil && len(r.Failed) > 0 {
			return nil, nil, project.FailedError(r.Failed)
		}
		return nil, tx, err
	}},
	{"upgrade", func(t *testing.T, p *project.Project) (any, *project.Transaction, error) {
		r, tx, err := p.Upgrade(t.Context(), project.UpgradeOptions{})
		if err == nil && len(r.Failed) > 0 {
			return nil, nil, project.FailedError(r.Failed)
		}
		return nil, tx, err
	}},
	{"remove app", removeInstalls("app")},
	{"remove all", removeInstalls("app", "one.txt", "linked", "other")},
	{"move", func(t *testing.T, p *project.Project) (any, *project.Transaction, error) {
		_, tx, err := p.Move(t.Context(), "app", "moved/app")
		return nil, tx, err
	}},
	{"own", func(t *testing.T, p *project.Project) (any, *project.Transaction, error) {
		_, tx, err := p.Own(t.Context(), "app", manifest.Mine)
		return nil, tx, err
	}},
	{"add", func(t *testing.T, p *project.Project) (any, *project.Transaction, error) {
		source := p.Manifest.Components[0].Source
		source.Component = "one"
		_, tx, err := p.Add(t.Context(), project.AddOptions{Ref: source, Path: "new.txt"})
		return nil, tx, err
	}},
	{"diff", func(t *testing.T, p *project.Project) (any, *project.Transaction, error) {
		r, err := p.Diff(t.Context(), project.DiffOptions{})
		if err != nil {
			return nil, nil, err
		}
		return r.Files, nil, project.FailedError(r.Failed)
	}},
}

func removeInstalls(names ...string) func(t *testing.T, p *project.Project) (any, *project.Transaction, error) {
	return func(t *testing.T, p *project.Project) (any, *project.Transaction, error) {
		_, tx, err := p.Remove(t.Context(), names)
		return nil, tx, err
	}
}

// TestLockMutations gives every field of a good lock every value that it has in another block of that lock, or of the
// lock of another project, adds, drops and mixes blocks, and calls every verb: it must refuse the lock, or do what it
// does with the good one. No byte of a file of the user's is lost.
func TestLockMutations(t *testing.T) {
	m := newLockProject(t)
	mutations := m.mutations()
	var tried, refused atomic.Int64
	share := *lockShare
	if testing.Short() {
		share *= 10
	}
	for _, v := range lockVerbs {
		want := m.run(v, m.good)
		if want.err != nil {
			t.Fatalf("%s with the good lock: %v", v.name, want.err)
		}
		var all sync.WaitGroup
		running := make(chan struct{}, 8) // a run waits for the disk most of the time
		for i, mutation := range mutations {
			if (i+len(v.name))%share != 0 {
				continue
			}
			running <- struct{}{}
			all.Go(func() {
				got := m.run(v, mutation.text)
				if tried.Add(1); got.err != nil {
					refused.Add(1)
				}
				m.check(v, mutation, got, want)
				<-running
			})
		}
		all.Wait()
	}
	t.Logf("tried %d verbs with %d locks: %d were refused", tried.Load(), len(mutations), refused.Load())
	if refused.Load() == 0 || refused.Load() == tried.Load() {
		t.Error("the locks are not what the test is about")
	}
}

// A lockProject is a project with a good lock, and the lock of another project.
type lockProject struct {
	*testing.T
	dir, home   string
	good, other []byte
	n           atomic.Int64
}

// userFiles are files of the user's. Some have the content of installed files.
var userFiles = map[string]string{
	"app/mine.txt": "one v1\n", "lib/user.txt": "text\n", "linked/mine.txt": "mine\n", "one.txt.base": "one v1\n",
	"src/text.txt": "text shop\n", "moved.txt": "mine\n",
}

func newLockProject(t *testing.T) *lockProject {
	t.Helper()
	gittest.NeedProgram(t, "git")
	m := &lockProject{T: t, dir: filepath.Join(t.TempDir(), "project"), home: t.TempDir()}
	first, second := m.newPack("first", ""), m.newPack("second", "")
	second.Write("ppm.toml", "[pack]\ntype = \"components\"\n[pack.components.link]\nsource = \""+
		filepath.ToSlash(first.Dir)+"@v1//part\"\n[pack.components.part]\nsource = \"part\"\n"+
		"[pack.keys.key]\ndefault = \"default\"\n", 0o644)
	second.Commit("link")
	second.Tag("v3")
	evil := m.newPack("evil", "echo evil\n")
	applytest.Write(t, m.dir, userFiles)
	m.add(m.dir, first.Dir+"@v1//part", "app", "typed")
	m.add(m.dir, first.Dir+"@v1*//one", "one.txt", "")
	m.add(m.dir, second.Dir+"@main//part", "other", "")
	m.add(m.dir, second.Dir+"@v3//link", "linked", "")
	_, err := do(t, m.pack(), m.dir, func(p *project.Project) (*project.MoveResult, *project.Transaction, error) {
		return p.Move(t.Context(), "app/text.txt", "lib/text.txt")
	})
	must(t, err)
	other := filepath.Join(t.TempDir(), "other")
	m.add(other, evil.Dir+"@v1//part", "app", "other")
	m.add(other, first.Dir+"@v2//one", "one.txt", "")
	m.add(other, evil.Dir+"@main//one", "src/text.txt", "")
	m.good, m.other = m.read(m.dir), m.read(other)
	return m
}

func (m *lockProject) newPack(name, also string) *gittest.Repo {
	r := gittest.NewRepo(m.T)
	for _, version := range []string{"v1", "v2"} {
		r.Write("ppm.toml", "[pack]\ntype = \"components\"\n[pack.components.part]\nsource = \"part\"\n"+
			"[pack.components.one]\nsource = \"one.txt\"\n[pack.keys.key]\ndefault = \"default\"\n", 0o644)
		r.Write("part/text.txt.jinja", "text {{ project_name }} {{ key }}\n"+also, 0o644)
		r.Write("part/run.sh", "#!/bin/sh\n"+also, 0o755)
		r.Write("part/"+version+".txt", version+"\n", 0o644)
		r.Write("one.txt", "one "+version+"\n", 0o644)
		r.Commit(name + version)
		r.Tag(version)
		r.Git("rm", "-q", "part/"+version+".txt")
	}
	r.Git("reset", "-q", "--hard")
	r.Git("branch", "-M", "main")
	return r
}

func (m *lockProject) pack() *testPack { return &testPack{home: m.home} }

func (m *lockProject) add(dir, reference, path, key string) {
	m.Helper()
	must(m.T, os.MkdirAll(dir, 0o777))
	o := project.AddOptions{Ref: parse(m.T, reference), Path: path}
	if key != "" {
		o.Keys = []ref.KV{{Key: "key", Value: key}}
	}
	_, err := do(m.T, m.pack(), dir, func(p *project.Project) (*project.AddResult, *project.Transaction, error) {
		return p.Add(m.Context(), o)
	})
	must(m.T, err)
}

func (m *lockProject) read(dir string) []byte {
	text, err := os.ReadFile(filepath.Join(dir, "ppm.lock"))
	must(m.T, err)
	return text
}

// mutations returns the locks that are well formed, each once.
func (m *lockProject) mutations() []lockMutation {
	good, err := lockfile.Parse("good", m.good)
	must(m.T, err)
	other, err := lockfile.Parse("other", m.other)
	must(m.T, err)
	blocks := slices.Concat(good.Components, other.Components)
	var out []lockMutation
	known := map[string]bool{string(m.good): true}
	add := func(kind, name string, l *lockfile.Lock) {
		text := l.Format()
		if _, err := lockfile.Parse("ppm.lock", text); err == nil && !known[string(text)] {
			known[string(text)] = true
			out = append(out, lockMutation{name, kind, text})
		}
	}
	replace := func(kind string, i int, b lockfile.Component, name string) {
		l := &lockfile.Lock{}
		for j, c := range good.Components {
			if j == i {
				c = b
			}
			l.Put(c)
		}
		add(kind, name+" of "+good.Components[i].Path, l)
	}
	for i, c := range good.Components {
		l := good.Clone()
		l.Remove(c.Path)
		add("block dropped", c.Path+" dropped", l)
		for _, from := range blocks {
			replace("block", i, from, "the block from "+from.Source.String())
			moved := from
			moved.Path = c.Path
			replace("block", i, moved, "the block but the path from "+from.Source.String())
			linked := moved
			linked.Via, linked.ViaCommits = []ref.Ref{c.Typed()}, []string{c.Commit}
			replace("block linked", i, linked, "the typed reference leads to "+from.Source.String())
			for _, fields := range fieldGroups(c) {
				b := c
				for _, name := range fields {
					reflect.ValueOf(&b).Elem().FieldByName(name).Set(reflect.ValueOf(from).FieldByName(name))
				}
				replace(strings.Join(fields, " "), i, b, fmt.Sprintf("%v from %s", fields, from.Source))
			}
		}
		mutateFiles(c, blocks, func(kind, name string, b lockfile.Component) { replace(kind, i, b, name) })
	}
	for _, from := range other.Components {
		for _, path := range []string{from.Path, "added", "src", "lib"} {
			l := good.Clone()
			from.Path = path
			l.Put(from)
			add("block added", "a block at "+path+" from "+from.Source.String(), l)
		}
	}
	return out
}

// fieldGroups returns each field of a block, and groups of those that describe one thing.
func fieldGroups(c lockfile.Component) [][]string {
	var out [][]string
	for _, f := range reflect.VisibleFields(reflect.TypeOf(c)) {
		if f.Name != "Dir" { // it is derived
			out = append(out, []string{f.Name})
		}
	}
	return append(out, []string{"URL", "Commit", "Object"}, []string{"Commit", "Object"},
		[]string{"Commit", "Object", "Tree", "Digest"}, []string{"Commit", "Object", "Tree", "Digest", "Files"},
		[]string{"URL", "Ref", "Commit", "Object", "Tree", "Digest", "Files"},
		[]string{"Source", "URL"}, []string{"Source", "URL", "Ref"}, []string{"Source", "Via", "URL", "Ref"},
		[]string{"Ref", "Commit", "Object"}, []string{"Keys", "Files"}, []string{"Tree", "Digest", "Files"})
}

// mutateFiles calls f with the blocks in which a file has a field of another file, or that claim a file of the user's.
func mutateFiles(c lockfile.Component, blocks []lockfile.Component, f func(kind, name string, b lockfile.Component)) {
	with := func(files ...lockfile.File) lockfile.Component {
		b := c
		b.Files = files
		return b
	}
	for i, file := range c.Files {
		var values []lockfile.File
		for _, b := range blocks {
			values = append(values, b.Files...)
		}
		for name := range userFiles {
			values = append(values, lockfile.File{Path: name, From: file.Path, Found: true, Sides: true, Marker: 9,
				Conflict: file.Digest, LFDigest: file.Digest, Mode: "0755", Digest: file.Digest})
		}
		for _, v := range values {
			for _, field := range reflect.VisibleFields(reflect.TypeOf(file)) {
				next := file
				set := func(name string) {
					reflect.ValueOf(&next).Elem().FieldByName(name).Set(reflect.ValueOf(v).FieldByName(name))
				}
				set(field.Name)
				if field.Name == "Path" && file.From == "" { // claim it through from
					next.From = file.Path
				}
				if field.Name == "Sides" || field.Name == "Marker" {
					set("Conflict")
				}
				files := slices.Clone(c.Files)
				files[i] = next
				f("File."+field.Name, fmt.Sprintf("%s of %s: %v", field.Name, file.Path, v), with(files...))
			}
			f("file added", fmt.Sprintf("%s added", v.Path), with(append(slices.Clone(c.Files), v)...))
		}
		f("file dropped", file.Path+" dropped", with(slices.Delete(slices.Clone(c.Files), i, i+1)...))
	}
}

// A lockOutcome is what a verb did in a copy of the project.
type lockOutcome struct {
	err    error
	result any
	files  string // without the lock
	before string
	lost   []string // files of the user's that are not there any more, at any path
}

// run calls a verb in a copy of the project that has a lock.
func (m *lockProject) run(v lockVerb, lock []byte) (out lockOutcome) {
	m.Helper()
	dir := filepath.Join(m.home, fmt.Sprint("copy", m.n.Add(1)), "shop")
	defer os.RemoveAll(filepath.Dir(dir))
	must(m.T, os.CopyFS(dir, os.DirFS(m.dir)))
	must(m.T, os.WriteFile(filepath.Join(dir, "ppm.lock"), lock, 0o666))
	out.before = applytest.Tree(m.T, dir, ".ppm", "ppm.lock")
	p, err := m.pack().open(m.T, dir, project.Write)
	if err == nil {
		var tx *project.Transaction
		if out.result, tx, err = v.do(m.T, p); err == nil && tx != nil {
			err = p.Apply(m.Context(), tx, project.ApplyOptions{})
		}
		err = errors.Join(err, p.Close())
	}
	out.err = err
	out.files = applytest.Tree(m.T, dir, ".ppm", "ppm.lock")
	texts := map[string]bool{}
	for _, text := range describeAll(m.T, dir) {
		texts[text] = true
	}
	for name, text := range userFiles {
		if data, err := os.ReadFile(filepath.Join(dir, name)); (err != nil || string(data) != text) && !texts[text] {
			out.lost = append(out.lost, name)
		}
	}
	return out
}

// describeAll returns the contents of all files in a folder.
func describeAll(t *testing.T, dir string) (texts []string) {
	must(t, filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		texts = append(texts, string(data))
		return err
	}))
	return texts
}

// check checks the outcome of a verb with a mutated lock against the one with the good lock.
func (m *lockProject) check(v lockVerb, mutation lockMutation, got, want lockOutcome) {
	m.Helper()
	report := func(format string, args ...any) {
		m.Helper()
		m.Errorf("%s with %s (%s): %s", v.name, mutation.name, mutation.kind, fmt.Sprintf(format, args...))
	}
	if len(got.lost) > 0 {
		report("lost %v", got.lost)
	}
	// Such a lock can be right, such as one after an edit of the manifest. Only a part of the work may be done then.
	isOther := strings.HasPrefix(mutation.kind, "block") || mutation.kind == "Path" || mutation.kind == "File.Found"
	switch {
	case got.err != nil && got.files != got.before:
		report("%v, and the project is changed:\n%s\nwas\n%s", got.err, got.files, got.before)
	case errors.Is(got.err, failure.Integrity),
		errors.Is(got.err, failure.Differs) && (v.name == "sync --check" || isOther),
		errors.Is(got.err, failure.Usage) && isOther, // no such install
		errors.Is(got.err, failure.Refused) && strings.Contains(got.err.Error(), "unresolved conflicts"):
	case got.err != nil:
		report("%v, want an error of kind integrity", got.err)
	case isOther && !isPart(got.files, got.before, want.files):
		report("the files are\n%s\nwere\n%s\nand with the good lock\n%s", got.files, got.before, want.files)
	case !isOther && (got.files != want.files || !reflect.DeepEqual(got.result, want.result)):
		report("the files are\n%s\nwant\n%s", got.files, want.files)
	}
}

// isPart reports whether files are as before, or as they are wanted, each of them. The manifest does not count.
func isPart(got, before, want string) bool {
	lines := func(s string) map[string]bool {
		out := map[string]bool{}
		for line := range strings.Lines(s) {
			if !strings.HasPrefix(line, "ppm.toml ") {
				out[line] = true
			}
		}
		return out
	}
	now, was, then := lines(got), lines(before), lines(want)
	for line := range now {
		if !was[line] && !then[line] {
			return false
		}
	}
	for line := range was {
		if then[line] && !now[line] {
			return false
		}
	}
	return true
}
