package project_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

const walkedPack = `[pack]
type = "components"
[pack.keys.name]
default = "n"
[pack.components.part]
source = "part"
[pack.components.two]
source = "two"
[pack.components.one]
source = "one"
`

// newPack makes a pack with three versions of two folders, of which one has a file whose name is a key, and of a file.
func (w *walker) newPack() *testPack {
	r := gittest.NewRepo(w.T)
	files := map[string]string{"part/bin": "\x00bin"}
	for _, name := range []string{"part/a", "part/b", "part/sub/c", "part/_ref_name_fer_.txt", "two/shared", "two/other", "one"} {
		files[name] = text(name)
	}
	for v := 1; v <= 3; v++ {
		for _, old := range []string{"part", "two", "one"} {
			must(w.T, os.RemoveAll(filepath.Join(r.Dir, old)))
		}
		r.Write("ppm.toml", walkedPack, 0o644)
		for _, name := range slices.Sorted(maps.Keys(files)) {
			mode := fs.FileMode(0o644)
			if w.IntN(6) == 0 {
				mode = 0o755
			}
			r.Write(name, files[name], mode)
		}
		r.Commit(fmt.Sprint("v", v))
		r.Tag(fmt.Sprint("v", v))
		files = w.evolve(files)
	}
	return &testPack{r.Dir, w.TempDir()}
}

func text(name string) string {
	var b strings.Builder
	for i := range 12 {
		fmt.Fprintf(&b, "%s %d\n", path.Base(name), i)
	}
	return b.String()
}

// evolve returns the files of the next version.
func (w *walker) evolve(files map[string]string) map[string]string {
	out := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		text := files[name]
		to := path.Join(path.Dir(name), w.pick("a", "b", "c", "d", "sub", "sub/c", "sub/d", "e/f"))
		stays := name == "one" || name == "two/shared"
		switch kind := w.IntN(12); {
		case !stays && kind == 0: // deleted
		case kind == 1:
			out[name] = text
		case !stays && kind < 4 && free(out, to) && free(files, to):
			out[to] = w.alter(text, "theirs")
		default:
			out[name] = w.alter(text, "theirs")
		}
	}
	if to := "part/" + w.pick("d", "e", "sub/e", "a/b"); free(out, to) {
		out[to] = text(to)
	}
	return out
}

// free reports whether a file can stand at a path beside others.
func free(files map[string]string, at string) bool {
	for name := range files {
		if name == at || strings.HasPrefix(name, at+"/") || strings.HasPrefix(at, name+"/") {
			return false
		}
	}
	return true
}

// alter changes a line of a text, its line ends or its end, and leaves a mark.
func (w *walker) alter(text, by string) string {
	w.wrote++
	mark := fmt.Sprintf("%s-%d;", by, w.wrote)
	switch w.IntN(8) {
	case 0:
		return strings.ReplaceAll(text, "\n", "\r\n") + mark + "\r\n"
	case 1:
		return strings.TrimSuffix(text, "\n") + "\n" + mark
	case 2:
		return "\ufeff" + mark + text
	case 3:
		return mark + "\n" + text
	}
	all := strings.SplitAfter(text, "\n")
	i := w.IntN(len(all))
	all[i] = strings.TrimRight(all[i], "\r\n") + " " + mark + "\n"
	return strings.Join(all, "")
}

// files returns the files of the project but for its records: contents by path.
func (w *walker) files() map[string]string {
	out := map[string]string{}
	must(w.T, filepath.WalkDir(w.dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() == ".ppm" {
			return fs.SkipDir
		}
		name, _ := filepath.Rel(w.dir, p)
		if !d.Type().IsRegular() || name == "ppm.toml" || name == "ppm.lock" {
			return nil
		}
		data, err := os.ReadFile(p)
		out[filepath.ToSlash(name)] = string(data)
		return err
	}))
	return out
}

func (w *walker) anyFile() string {
	return w.pick(append(slices.Sorted(maps.Keys(w.files())), "none")...)
}

// place returns a path that may be free or taken.
func (w *walker) place() string {
	return path.Join(w.pick("app", "lib", "app/sub", "lib/part", "x", "."), w.pick("a", "b", "z", "sub/c", "q/r", "a.base", "bin.ours"))
}

// edit does what users do without ppm.
func (w *walker) edit() {
	name, to := w.anyFile(), w.place()
	old, there := w.files()[name]
	own := strings.Contains(old, "mine")
	switch kind := w.IntN(22); {
	case kind == 0:
		w.settle()
	case kind < 3:
		w.rewrite()
	case kind == 3:
		w.write(to, w.alter("new\n", "mine"))
	case !there:
	case kind < 13:
		w.note("edit %s", name)
		must(w.T, os.WriteFile(w.at(name), []byte(w.alter(old, "mine")), 0o644))
	case kind < 15:
		w.note("chmod %s", name)
		must(w.T, os.Chmod(w.at(name), []fs.FileMode{0o755, 0o644, 0o600}[w.IntN(3)]))
	case kind < 18:
		if w.write(to, old) {
			w.note("which was %s", name)
			must(w.T, os.Remove(w.at(name)))
		}
	case own: // what else there is would take from the project what only the user has
	case kind < 20:
		w.note("rm %s", name)
		must(w.T, os.Remove(w.at(name)))
	case kind == 20:
		w.note("link %s", name)
		must(w.T, os.Remove(w.at(name)))
		must(w.T, os.Symlink("elsewhere", w.at(name)))
	default:
		w.note("folder %s", name)
		must(w.T, os.Remove(w.at(name)))
		must(w.T, os.Mkdir(w.at(name), 0o777))
		w.write(name+"/in", w.alter("in\n", "mine"))
	}
}

// write makes a file where nothing is.
func (w *walker) write(name, text string) bool {
	_, err := os.Lstat(w.at(name))
	if err == nil || os.MkdirAll(filepath.Dir(w.at(name)), 0o777) != nil {
		return false
	}
	w.note("write %s", name)
	must(w.T, os.WriteFile(w.at(name), []byte(text), 0o644))
	return true
}

// settle takes the markers out of all files, and leaves both sides.
func (w *walker) settle() {
	marker := regexp.MustCompile(`(?m)^(<{7,}|={7,}|>{7,}).*\n`)
	for name, text := range w.files() {
		if settled := marker.ReplaceAllString(text, ""); settled != text {
			w.note("settle %s", name)
			must(w.T, os.WriteFile(w.at(name), []byte(settled), 0o644))
		}
	}
}

// rewrite edits the manifest by hand.
func (w *walker) rewrite() {
	blocks := strings.Split(w.record("ppm.toml"), "[[component]]")
	if len(blocks) < 2 {
		return
	}
	i := 1 + w.IntN(len(blocks)-1)
	put := func(pattern, line string) {
		line += "\n"
		blocks[i] = strings.TrimRight(regexp.MustCompile("(?m)^"+pattern+" = .*\n").ReplaceAllString(blocks[i], ""), "\n") + "\n" + line + "\n"
	}
	switch w.IntN(6) {
	case 0:
		blocks = slices.Delete(blocks, i, i+1)
	case 1:
		put("path", fmt.Sprintf("path = %q", w.spot()))
	case 2:
		blocks[i] = regexp.MustCompile(`@v[123]`).ReplaceAllString(blocks[i], w.pick("@v1", "@v2", "@v3"))
	case 3, 4:
		put("moved", fmt.Sprintf("moved = { %q = %q }", w.pick(w.anyFile(), w.place()), w.pick(w.anyFile(), w.place(), ".git/x", "ppm.toml")))
	case 5:
		w.owned = true
		put("own", fmt.Sprintf("own = { %q = %q }", w.pick(w.anyFile(), w.place()), w.pick("mine", "once")))
	}
	text := strings.Join(blocks, "[[component]]")
	if _, err := manifest.Parse("ppm.toml", []byte(text), manifest.ProjectLayer); err == nil {
		w.note("manifest\n%s", text)
		w.apart, w.byHand = true, true
		must(w.T, os.WriteFile(w.at("ppm.toml"), []byte(text), 0o644))
	}
}

// verb returns a verb that makes some sense in the project as it is.
func (w *walker) verb() verb {
	if len(w.files()) < 4 || w.IntN(10) == 0 {
		return w.add()
	}
	if w.open() && w.IntN(2) == 0 {
		if w.IntN(2) == 0 {
			return verb{line: "abort", undoes: true, do: func(p *project.Project) (any, *project.Transaction, error) {
				return p.Abort(w.Context())
			}}
		}
		return verb{line: "continue", do: func(p *project.Project) (any, *project.Transaction, error) {
			return p.Continue(w.Context(), false)
		}}
	}
	name, old, to := w.install(), w.pick(w.anyFile(), w.install(), path.Dir(w.anyFile()), w.place()), w.pick(w.place(), w.spot())
	own, force := manifest.Ownerships[w.IntN(len(manifest.Ownerships))], w.IntN(2) == 0
	switch w.IntN(11) {
	case 0, 1, 2, 3, 4:
		return w.upgrade()
	case 5:
		return verb{"remove " + name, func(p *project.Project) (any, *project.Transaction, error) {
			return p.Remove(w.Context(), []string{name})
		}, true, false, false}
	case 6, 7:
		return verb{"move " + old + " " + to, func(p *project.Project) (any, *project.Transaction, error) {
			return p.Move(w.Context(), old, to)
		}, true, false, false}
	case 8:
		return verb{"own " + old + " " + string(own), func(p *project.Project) (any, *project.Transaction, error) {
			return p.Own(old, own)
		}, true, false, true}
	case 9:
		return verb{fmt.Sprint("undo, force: ", force), func(p *project.Project) (any, *project.Transaction, error) {
			return p.Undo(w.Context(), force)
		}, true, true, false}
	}
	return verb{"sync", func(p *project.Project) (any, *project.Transaction, error) {
		return p.Sync(w.Context(), project.SyncOptions{})
	}, true, false, true}
}

// version returns one, and often no key.
func (w *walker) version() (string, []ref.KV) {
	var keys []ref.KV
	if w.IntN(3) == 0 {
		keys = []ref.KV{{Key: "name", Value: w.pick("n", "m", "a")}}
	}
	return w.pick("v1", "v2", "v3"), keys
}

func (w *walker) add() verb {
	version, keys := w.version()
	r, err := ref.Parse(w.st.repo + "@" + version + "//" + w.pick("part", "part", "part", "two", "one"))
	must(w.T, err)
	o := project.AddOptions{Ref: r, Path: w.spot(), Force: w.IntN(4) == 0, Keys: keys}
	line := fmt.Sprintf("add %s at %s with %v", r, o.Path, o.Keys)
	if o.Force {
		line += " forced"
	}
	return verb{line, func(p *project.Project) (any, *project.Transaction, error) {
		return p.Add(w.Context(), o)
	}, true, false, true}
}

func (w *walker) upgrade() verb {
	var o project.UpgradeOptions
	o.To, o.Keys = w.version()
	o.Step = w.IntN(4) == 0
	if w.IntN(3) == 0 {
		o.Names = []string{w.install()}
	}
	if w.IntN(6) == 0 {
		o.Strategy = manifest.Strategies[w.IntN(len(manifest.Strategies))]
	}
	return verb{fmt.Sprintf("upgrade %v to %s with %v, %q, steps: %v", o.Names, o.To, o.Keys, o.Strategy, o.Step), func(p *project.Project) (any, *project.Transaction, error) {
		return p.Upgrade(w.Context(), o)
	}, true, false, true}
}
