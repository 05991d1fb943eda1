package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
)

// choices are the ways in which a user can resolve a conflict.
var choices = []string{"ours", "theirs", "neither", "both"}

// resolveConflicts returns text with its conflicts resolved in one way.
func resolveConflicts(text, choice string) string {
	var out strings.Builder
	in := ""
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "<<<<<<< "):
			in = "ours"
		case line == "=======\n":
			in = "theirs"
		case strings.HasPrefix(line, ">>>>>>> "):
			in = ""
		case in == "" || in == choice || choice == "both":
			out.WriteString(line)
		}
	}
	return out.String()
}

// differentChoices returns the choices that lead to different texts, or an empty one if there is no conflict.
func differentChoices(text string) []string {
	if !strings.Contains(text, "<<<<<<< ") {
		return []string{""}
	}
	var out []string
	seen := map[string]bool{}
	for _, choice := range choices {
		if resolved := resolveConflicts(text, choice); !seen[resolved] {
			seen[resolved] = true
			out = append(out, choice)
		}
	}
	return out
}

// A mergeSetting is a project in a repository that merges with ppm's driver.
type mergeSetting struct {
	*testing.T
	dir string
	env []string
}

func newMergeSetting(t *testing.T) mergeSetting {
	home := t.TempDir()
	pack := gittest.InitRepo(filepath.Join(home, "pack"), t.Fatalf)
	for _, version := range []string{"1", "2", "3"} {
		pack.Write("ppm.toml", "[pack]\ntype = \"components\"\n[pack.keys.k]\ndefault = \"d\"\n"+
			"[pack.components.a]\nsource = \"a\"\n[pack.components.b]\nsource = \"b\"\n"+
			"[pack.components.z]\nsource = \"z\"\n", 0o644)
		for _, name := range []string{"a", "b", "z"} {
			pack.Write(name+"/f.jinja", name+" "+version+" {{ k }}\n", 0o644)
			pack.Write(name+"/h", "one\ntwo\nthree\n", 0o644)
		}
		pack.Commit(version)
		pack.Git("tag", "v"+version)
	}
	s := mergeSetting{t, filepath.Join(home, "project"), []string{
		"HOME=" + home, "PATH=" + binary + string(filepath.ListSeparator) + os.Getenv("PATH"),
		"GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
	}}
	if err := os.Mkdir(s.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	s.must("git init -q -b main")
	s.must("git config merge.ppm.driver 'ppm lock merge %O %A %B %P %L %S %X %Y'")
	s.must("printf '%s merge=ppm\\n' ppm.lock ppm.toml > .gitattributes")
	s.must("ppm add ../pack@v1//z && ppm add ../pack@v1//b && git add . && git commit -qm base")
	return s
}

// run runs a line of a shell in the project and returns its exit code and output.
func (s mergeSetting) run(line string) (int, string) {
	s.Helper()
	c := exec.Command("sh", "-c", line)
	c.Dir, c.Env = s.dir, s.env
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.Fatal(err)
	}
	return c.ProcessState.ExitCode(), string(out)
}

func (s mergeSetting) must(line string) {
	s.Helper()
	if code, out := s.run(line); code != 0 {
		s.Fatalf("%s: exit code %d\n%s", line, code, out)
	}
}

func (s mergeSetting) read(name string) string {
	s.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.Fatal(err)
	}
	return string(text)
}

func (s mergeSetting) write(name, text string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o666); err != nil {
		s.Fatal(err)
	}
}

// branches are what the branches of the setting change, by their names.
var branches = map[string]string{
	"two":     "ppm project upgrade z --to v2 && ppm add ../pack@v1//a",
	"three":   "ppm project upgrade z --to v3",
	"removed": "ppm project remove z",
	"key":     "ppm project upgrade z --to v1 --kv k::x",
	"other":   "ppm project upgrade z --to v1 --kv k::y",
	"moved":   "ppm project move z/h g",
	"place":   "ppm project move z y",
	"mine":    "ppm project own z/h mine",
	"once":    "ppm project own z/h once",
	"added":   "ppm add ../pack@v1//a",
	"b":       "ppm project upgrade b --to v2",
	"name":    "sed 's/^name = .*/name = \"n\"/' ppm.toml > t && mv t ppm.toml",
}

func (s mergeSetting) makeBranches() {
	s.Helper()
	for name, line := range branches {
		s.must("git checkout -q -b " + name + " main && { " + line + "; } && git add . && git commit -qm " + name)
	}
}

// TestBranchesMerge merges, rebases and cherry-picks every branch with every other one. Without a conflict, the
// project is in order. With one, ppm says so, unless the conflict is only in other files.
func TestBranchesMerge(t *testing.T) {
	t.Parallel()
	s := newMergeSetting(t)
	s.makeBranches()
	sample := []string{"two", "moved", "place", "b"}
	all, clean := 0, 0
	for ours := range branches {
		for theirs := range branches {
			inSample := slices.Contains(sample, ours) && slices.Contains(sample, theirs)
			for _, command := range []string{"git merge -q", "git rebase -q", "git cherry-pick"} {
				if ours == theirs || !inSample && (testing.Short() || command != "git merge -q") {
					continue
				}
				all++
				s.must("git checkout -qf --detach " + ours + " && git clean -qfd")
				code, out := s.run(command + " " + theirs)
				unmerged, _ := s.run("git diff --name-only --diff-filter=U | grep -q '^ppm'")
				checked, problem := s.run("ppm project sync --check && ppm project verify")
				hasMarkers := checked == 2 && strings.Contains(problem, "conflict markers")
				switch {
				case code == 0 && checked != 0, unmerged == 0 && !hasMarkers:
					t.Errorf("%s: %s with %s exits with %d: %s\nsync --check exits with %d: %s",
						command, ours, theirs, code, out, checked, problem)
				case code == 0:
					clean++
				}
				_, _ = s.run("git merge --abort || git rebase --abort || git cherry-pick --abort")
				s.must("git reset -q --hard")
			}
		}
	}
	if clean < all/3 || clean == all {
		t.Errorf("%d of %d are without conflict: the branches are not useful", clean, all)
	}
}

// TestBadResolutionsAreNoticed merges two branches that changed one install, and resolves the conflicts in ppm.toml
// and ppm.lock in every combination of ways. Only a combination in which both files say the same is in order.
func TestBadResolutionsAreNoticed(t *testing.T) {
	t.Parallel()
	s := newMergeSetting(t)
	s.makeBranches()
	for i, c := range []struct {
		ours, theirs string
		good         string // the pairs of choices, for ppm.toml and ppm.lock, that are in order
	}{
		{"two", "three", "ours+ours theirs+theirs neither+neither"},
		{"removed", "two", "ours+ours theirs+theirs"},
		{"three", "removed", "ours+ours theirs+theirs"},
		{"key", "other", "ours+ours theirs+theirs neither+neither"},
		{"two", "added", ""},   // no conflict in z; see below
		{"three", "key", ""},   // ppm.toml has both changes, and neither side of ppm.lock does
		{"moved", "three", ""}, // the same
		{"place", "two", "ours+ours theirs+theirs neither+neither both+both"},
		{"removed", "place", "ours+ours theirs+theirs"},
		{"mine", "once", "ours theirs"},
		{"removed", "mine", "ours"},
	} {
		if testing.Short() && i > 1 {
			break
		}
		s.must("git checkout -qf --detach " + c.ours + " && git clean -qfd")
		code, out := s.run("git merge -q " + c.theirs)
		s.checkResolutions(c.ours+" and "+c.theirs, c.good, code, out)
		_, _ = s.run("git merge --abort")
		s.must("git reset -q --hard")
	}
}

func (s mergeSetting) checkResolutions(name, good string, code int, out string) {
	s.Helper()
	manifest, lock := s.read("ppm.toml"), s.read("ppm.lock")
	inManifest, inLock := strings.Contains(manifest, "<<<<<<< "), strings.Contains(lock, "<<<<<<< ")
	if (code != 0) != (inManifest || inLock) {
		s.Fatalf("%s: git merge exits with %d: %s", name, code, out)
	}
	for _, first := range differentChoices(manifest) {
		for _, second := range differentChoices(lock) {
			pair := strings.Trim(first+"+"+second, "+")
			resolved := resolveConflicts(manifest, first)
			s.write("ppm.toml", resolved)
			s.write("ppm.lock", resolveConflicts(lock, second))
			isGood := strings.Contains(" "+good+" ", " "+pair+" ") || pair == ""
			code, out := s.run("ppm project sync --check")
			if code == 9 && isGood { // files that the merge of git removed
				s.must("ppm project sync")
				code, out = s.run("ppm project sync --check")
				if s.read("ppm.toml") != resolved {
					s.Errorf("%s, %s: sync changed ppm.toml", name, pair)
				}
			}
			if (code == 0) != isGood || code != 0 && code != 2 && code != 3 && code != 9 {
				s.Errorf("%s, %s: sync --check exits with %d: %s", name, pair, code, out)
			}
			if isGood {
				s.checkDropped(name + ", " + pair)
			}
		}
	}
}

// TestMixedBlocksAreNoticed makes every mixture of the lines of an install in two versions of ppm.lock.
func TestMixedBlocksAreNoticed(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs more than a hundred commands")
	}
	t.Parallel()
	s := newMergeSetting(t)
	s.must("ppm project upgrade z --to v2")
	two := strings.Split(s.read("ppm.lock"), "\n")
	s.must("ppm project upgrade z --to v3")
	three := strings.Split(s.read("ppm.lock"), "\n")
	var differ []int
	for i := range three {
		if two[i] != three[i] {
			differ = append(differ, i)
		}
	}
	if len(differ) != 6 {
		t.Fatalf("%d lines differ", len(differ))
	}
	for mixture := range 1 << len(differ) {
		mixed := slices.Clone(three)
		for bit, i := range differ {
			if mixture>>bit&1 == 1 {
				mixed[i] = two[i]
			}
		}
		s.write("ppm.lock", strings.Join(mixed, "\n"))
		code, out := s.run("ppm project sync --check && ppm project verify --remote")
		if (code == 0) != (mixture == 0) {
			t.Errorf("mixture %06b: exit code %d: %s\n%s", mixture, code, out, strings.Join(mixed, "\n"))
		}
	}
}

// checkDropped drops an install that is in no conflict from one of the files.
func (s mergeSetting) checkDropped(name string) {
	s.Helper()
	for _, file := range []string{"ppm.toml", "ppm.lock"} {
		text := s.read(file)
		blocks := strings.Split(text, "\n[[component]]\n")
		for i, block := range blocks {
			if i == 0 || !strings.Contains(block, "path = \"b\"") {
				continue
			}
			rest := append(append([]string{}, blocks[:i]...), blocks[i+1:]...)
			s.write(file, strings.Join(rest, "\n[[component]]\n"))
			if code, out := s.run("ppm project sync --check"); code != 9 {
				s.Errorf("%s, without b in %s: sync --check exits with %d: %s", name, file, code, out)
			}
		}
		s.write(file, text)
	}
}
