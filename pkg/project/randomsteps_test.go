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

const randomPack = `[pack]
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

// newPack creates a pack with three versions of two folders and a file. One of the folders has a file that is named
// after a key.
func (s *randomSequence) newPack() *testPack {
	repo := gittest.NewRepo(s.T)
	files := map[string]string{"part/bin": "\x00bin"}
	for _, name := range []string{
		"part/a", "part/b", "part/sub/c", "part/_ref_name_fer_.txt", "two/shared", "two/other", "one",
	} {
		files[name] = newText(name)
	}
	for v := 1; v <= 3; v++ {
		for _, old := range []string{"part", "two", "one"} {
			must(s.T, os.RemoveAll(filepath.Join(repo.Dir, old)))
		}
		repo.Write("ppm.toml", randomPack, 0o644)
		for _, name := range slices.Sorted(maps.Keys(files)) {
			mode := fs.FileMode(0o644)
			if s.IntN(6) == 0 {
				mode = 0o755
			}
			repo.Write(name, files[name], mode)
		}
		repo.Commit(fmt.Sprint("v", v))
		repo.Tag(fmt.Sprint("v", v))
		files = s.nextVersion(files)
	}
	return &testPack{repo.Dir, s.TempDir()}
}

// newText returns the text of a new file.
func newText(name string) string {
	var b strings.Builder
	for i := range 12 {
		fmt.Fprintf(&b, "%s %d\n", path.Base(name), i)
	}
	return b.String()
}

// nextVersion returns the files of the next version.
func (s *randomSequence) nextVersion(files map[string]string) map[string]string {
	out := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		text := files[name]
		to := path.Join(path.Dir(name), s.pick("a", "b", "c", "d", "sub", "sub/c", "sub/d", "e/f"))
		fixed := name == "one" || name == "two/shared"
		switch kind := s.IntN(12); {
		case !fixed && kind == 0: // deleted
		case kind == 1:
			out[name] = text
		case !fixed && kind < 4 && free(out, to) && free(files, to):
			out[to] = s.alterText(text, "theirs")
		default:
			out[name] = s.alterText(text, "theirs")
		}
	}
	if to := "part/" + s.pick("d", "e", "sub/e", "a/b"); free(out, to) {
		out[to] = newText(to)
	}
	return out
}

// free reports whether a file can be created at a path without replacing other files.
func free(files map[string]string, at string) bool {
	for name := range files {
		if name == at || strings.HasPrefix(name, at+"/") || strings.HasPrefix(at, name+"/") {
			return false
		}
	}
	return true
}

// alterText changes a line of a text, its line endings or its end, and adds a mark.
func (s *randomSequence) alterText(text, by string) string {
	s.marks++
	mark := fmt.Sprintf("%s-%d;", by, s.marks)
	switch s.IntN(8) {
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
	i := s.IntN(len(all))
	all[i] = strings.TrimRight(all[i], "\r\n") + " " + mark + "\n"
	return strings.Join(all, "")
}

// files returns the contents of the project's files by path, without the records.
func (s *randomSequence) files() map[string]string {
	out := map[string]string{}
	must(s.T, filepath.WalkDir(s.dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() == ".ppm" {
			return fs.SkipDir
		}
		name, _ := filepath.Rel(s.dir, p)
		if !d.Type().IsRegular() || name == "ppm.toml" || name == "ppm.lock" {
			return nil
		}
		data, err := os.ReadFile(p)
		out[filepath.ToSlash(name)] = string(data)
		return err
	}))
	return out
}

// anyFile returns the path of a random file, or sometimes of none.
func (s *randomSequence) anyFile() string {
	return s.pick(append(slices.Sorted(maps.Keys(s.files())), "none")...)
}

// anyPath returns a random path, which may exist.
func (s *randomSequence) anyPath() string {
	dir := s.pick("app", "lib", "app/sub", "lib/part", "x", ".")
	return path.Join(dir, s.pick("a", "b", "z", "sub/c", "q/r", "a.base", "bin.ours"))
}

// edit makes a random edit without ppm.
func (s *randomSequence) edit() {
	name, to := s.anyFile(), s.anyPath()
	old, exists := s.files()[name]
	hasEdits := strings.Contains(old, "mine")
	switch kind := s.IntN(22); {
	case kind == 0:
		s.resolve()
	case kind < 3:
		s.editManifest()
	case kind == 3:
		s.write(to, s.alterText("new\n", "mine"))
	case !exists:
	case kind < 13:
		s.note("edit %s", name)
		must(s.T, os.WriteFile(s.abs(name), []byte(s.alterText(old, "mine")), 0o644))
	case kind < 15:
		s.note("chmod %s", name)
		must(s.T, os.Chmod(s.abs(name), []fs.FileMode{0o755, 0o644, 0o600}[s.IntN(3)]))
	case kind < 18:
		if s.write(to, old) {
			s.note("rm %s, which was moved", name)
			must(s.T, os.Remove(s.abs(name)))
		}
	case hasEdits: // the other edits would lose the user's edits
	case kind < 20:
		s.note("rm %s", name)
		must(s.T, os.Remove(s.abs(name)))
	case kind == 20:
		s.note("link %s", name)
		must(s.T, os.Remove(s.abs(name)))
		must(s.T, os.Symlink("elsewhere", s.abs(name)))
	default:
		s.note("folder %s", name)
		must(s.T, os.Remove(s.abs(name)))
		must(s.T, os.Mkdir(s.abs(name), 0o777))
		s.write(name+"/in", s.alterText("in\n", "mine"))
	}
}

// write creates a file, and reports whether the path was free.
func (s *randomSequence) write(name, text string) bool {
	_, err := os.Lstat(s.abs(name))
	if err == nil || os.MkdirAll(filepath.Dir(s.abs(name)), 0o777) != nil {
		return false
	}
	s.note("write %s", name)
	must(s.T, os.WriteFile(s.abs(name), []byte(text), 0o644))
	return true
}

// resolve removes the conflict markers from all files and keeps both sides.
func (s *randomSequence) resolve() {
	marker := regexp.MustCompile(`(?m)^(<{7,}|={7,}|>{7,}).*\n`)
	for name, text := range s.files() {
		if resolved := marker.ReplaceAllString(text, ""); resolved != text {
			s.note("resolve %s", name)
			must(s.T, os.WriteFile(s.abs(name), []byte(resolved), 0o644))
		}
	}
}

// editManifest makes a random edit of ppm.toml.
func (s *randomSequence) editManifest() {
	blocks := strings.Split(s.record("ppm.toml"), "[[component]]")
	if len(blocks) < 2 {
		return
	}
	i := 1 + s.IntN(len(blocks)-1)
	set := func(key, value string) {
		block := regexp.MustCompile("(?m)^"+key+" = .*\n").ReplaceAllString(blocks[i], "")
		blocks[i] = strings.TrimRight(block, "\n") + fmt.Sprintf("\n%s = %s\n\n", key, value)
	}
	switch s.IntN(6) {
	case 0:
		blocks = slices.Delete(blocks, i, i+1)
	case 1:
		set("path", fmt.Sprintf("%q", s.installPath()))
	case 2:
		blocks[i] = regexp.MustCompile(`@v[123]`).ReplaceAllString(blocks[i], s.pick("@v1", "@v2", "@v3"))
	case 3, 4:
		from, to := s.pick(s.anyFile(), s.anyPath()), s.pick(s.anyFile(), s.anyPath(), ".git/x", "ppm.toml")
		set("moved", fmt.Sprintf("{ %q = %q }", from, to))
	case 5:
		s.hasOwned = true
		set("own", fmt.Sprintf("{ %q = %q }", s.pick(s.anyFile(), s.anyPath()), s.pick("mine", "once")))
	}
	text := strings.Join(blocks, "[[component]]")
	if _, err := manifest.Parse("ppm.toml", []byte(text), manifest.ProjectLayer); err == nil {
		s.note("manifest\n%s", text)
		s.diverged, s.manifestEdited = true, true
		must(s.T, os.WriteFile(s.abs("ppm.toml"), []byte(text), 0o644))
	}
}

// randomVerb returns a random verb that can succeed in the current state of the project.
func (s *randomSequence) randomVerb() verbCall {
	if len(s.files()) < 4 || s.IntN(10) == 0 {
		return s.add()
	}
	if s.hasConflicts() && s.IntN(2) == 0 {
		if s.IntN(2) == 0 {
			do := func(p *project.Project) (any, *project.Transaction, error) { return p.Abort(s.Context()) }
			return verbCall{line: "abort", undoes: true, do: do}
		}
		do := func(p *project.Project) (any, *project.Transaction, error) { return p.Continue(s.Context(), false) }
		return verbCall{line: "continue", do: do}
	}
	name := s.anyInstall()
	old := s.pick(s.anyFile(), s.anyInstall(), path.Dir(s.anyFile()), s.anyPath())
	to := s.pick(s.anyPath(), s.installPath())
	own, force := manifest.Ownerships[s.IntN(len(manifest.Ownerships))], s.IntN(2) == 0
	switch s.IntN(11) {
	case 0, 1, 2, 3, 4:
		return s.upgrade()
	case 5:
		do := func(p *project.Project) (any, *project.Transaction, error) {
			return p.Remove(s.Context(), []string{name})
		}
		return verbCall{line: "remove " + name, hasDryRun: true, do: do}
	case 6, 7:
		line := "move " + old + " " + to
		do := func(p *project.Project) (any, *project.Transaction, error) { return p.Move(s.Context(), old, to) }
		return verbCall{line: line, hasDryRun: true, do: do}
	case 8:
		line := "own " + old + " " + string(own)
		do := func(p *project.Project) (any, *project.Transaction, error) { return p.Own(s.Context(), old, own) }
		return verbCall{line: line, hasDryRun: true, idempotent: true, do: do}
	case 9:
		line := fmt.Sprint("undo, force: ", force)
		do := func(p *project.Project) (any, *project.Transaction, error) { return p.Undo(s.Context(), force) }
		return verbCall{line: line, hasDryRun: true, undoes: true, do: do}
	}
	return verbCall{line: "sync", hasDryRun: true, idempotent: true,
		do: func(p *project.Project) (any, *project.Transaction, error) {
			return p.Sync(s.Context(), project.SyncOptions{})
		}}
}

// randomVersion returns a random version and sometimes a key.
func (s *randomSequence) randomVersion() (string, []ref.KV) {
	var keys []ref.KV
	if s.IntN(3) == 0 {
		keys = []ref.KV{{Key: "name", Value: s.pick("n", "m", "a")}}
	}
	return s.pick("v1", "v2", "v3"), keys
}

// add returns an add with random options.
func (s *randomSequence) add() verbCall {
	version, keys := s.randomVersion()
	reference, err := ref.Parse(s.pack.repo + "@" + version + "//" + s.pick("part", "part", "part", "two", "one"))
	must(s.T, err)
	o := project.AddOptions{Ref: reference, Path: s.installPath(), Force: s.IntN(4) == 0, Keys: keys}
	line := fmt.Sprintf("add %s at %s with %v", reference, o.Path, o.Keys)
	if o.Force {
		line += " forced"
	}
	do := func(p *project.Project) (any, *project.Transaction, error) { return p.Add(s.Context(), o) }
	return verbCall{line: line, hasDryRun: true, idempotent: true, do: do}
}

// upgrade returns an upgrade with random options.
func (s *randomSequence) upgrade() verbCall {
	var o project.UpgradeOptions
	o.To, o.Keys = s.randomVersion()
	o.Step = s.IntN(4) == 0
	if s.IntN(3) == 0 {
		o.Names = []string{s.anyInstall()}
	}
	if s.IntN(6) == 0 {
		o.Strategy = manifest.Strategies[s.IntN(len(manifest.Strategies))]
	}
	line := fmt.Sprintf("upgrade %v to %s with %v, %q, steps: %v", o.Names, o.To, o.Keys, o.Strategy, o.Step)
	do := func(p *project.Project) (any, *project.Transaction, error) { return p.Upgrade(s.Context(), o) }
	return verbCall{line: line, hasDryRun: true, idempotent: true, do: do}
}
