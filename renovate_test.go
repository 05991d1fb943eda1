package ppm_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/resolver"
)

const renovateVersion = "44.121.2"

// installRenovate puts Renovate into the user's cache folder, once. Its dependencies run nothing while they are installed.
var installRenovate = sync.OnceValues(func() (string, error) {
	python, err := makeVenv()
	if err != nil {
		return "", err
	}
	return cached("renovate@"+renovateVersion, func(dir string) error {
		cmd := exec.Command(inVenv(filepath.Dir(filepath.Dir(python)), "npm"), "install", "--prefix", dir,
			"--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "renovate@"+renovateVersion)
		cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(python)+string(filepath.ListSeparator)+os.Getenv("PATH"))
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("installing Renovate: %w\n%s", err, out)
		}
		return nil
	})
})

// renovate is one of Renovate's programs, on a machine that reaches nothing but itself.
func renovate(t *testing.T, dir, home, name string, args ...string) *exec.Cmd {
	t.Helper()
	installed, err := installRenovate()
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(installed, "node_modules", "renovate", "dist", name+".js")
	cmd := program(t, dir, filepath.Join(filepath.Dir(livePython(t)), "node"), append([]string{script}, args...)...)
	nowhere := "http://127.0.0.1:9"
	cmd.Env = []string{
		"PATH=" + filepath.Dir(livePython(t)) + string(filepath.ListSeparator) + os.Getenv("PATH"), "HOME=" + home, "RENOVATE_BASE_DIR=" + filepath.Join(home, "base"),
		"HTTP_PROXY=" + nowhere, "HTTPS_PROXY=" + nowhere, "NO_PROXY=127.0.0.1", "GIT_CONFIG_NOSYSTEM=1", "LOG_LEVEL=warn",
	}
	return cmd
}

// A preset is what these tests read of the preset.
type preset struct {
	CustomManagers []struct {
		MatchStrings       []string
		VersioningTemplate string
	}
	PackageRules []struct {
		PostUpgradeTasks struct {
			Commands           []string
			WorkingDirTemplate string
		}
	}
}

func readPreset(t *testing.T) preset {
	t.Helper()
	text, err := os.ReadFile("examples/renovate.json")
	if err != nil {
		t.Fatal(err)
	}
	var p preset
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// Renovate itself takes the preset, with nothing to migrate, and so does RE2, which is what Renovate's expressions are written for.
func TestRenovatePresetIsValid(t *testing.T) {
	t.Parallel()
	file, err := filepath.Abs("examples/renovate.json")
	if err != nil {
		t.Fatal(err)
	}
	said := output(t, renovate(t, t.TempDir(), t.TempDir(), "config-validator", "--strict", "--no-global", file))
	if strings.Contains(said, "ERROR") {
		t.Errorf("it says\n%s", said)
	}
	for _, manager := range readPreset(t).CustomManagers {
		for _, expression := range append(manager.MatchStrings, strings.TrimPrefix(manager.VersioningTemplate, "regex:")) {
			if _, err := regexp.Compile(expression); err != nil {
				t.Error(err)
			}
		}
	}
}

// The sources that a ppm.toml can have. Those of the first kind name a tag that is not the newest. PACK stands for the URL of the pack.
var (
	taggedSources = []string{
		"tp_py_grpc@cp-0.0.1//part",                            // a name alone
		"tp_py_grpc@cp-0.2.0-rc.0//part",                       // a prerelease
		"team::pack@v1.0//part",                                // a namespace
		"git.example.com::team/sub::pack@py3.8-0.0.1//part",    // a host
		"git.example.com:8443::~me::pack@v1.0+linux//part",     // a port, build metadata
		"https://git.example.com/team/pack.git@1.0.0//part",    // a URL, nothing before the version
		"ssh://git@git.example.com/team/pack.git@v1//part",     // one number
		"git@git.example.com:team/pack.git@parts/v1.0.0//part", // a slash in the tag
		"PACK@v1.0.0//part",                                    // where it is
	}
	otherSources = []string{
		"tp_py_grpc//part", "tp_py_grpc@latest//part", "tp_py_grpc@dev//part", "tp_py_grpc@3f2c9d1//part", // what is newest is said already, or a commit
		"tp_py_grpc@cp-^0.0.1//part", "tp_py_grpc@cp-*//part", "tp_py_grpc@>=1.2 <2//part", // so it is by a range
		"tp_py_grpc@stable//part",                       // a tag with no version
		"./pack@v1.0.0//part", "/srv/pack@v1.0.0//part", // a repository on somebody's machine
	}
	publishedTags = []string{
		"cp-0.0.1", "cp-0.0.2", "cp-v0.1.0", "cp-0.2.0-rc.0", "cp-0.2.0-rc.1", "sync-9.0.0", "py3.8-0.0.1", "py3.8-0.0.9", "py3.9-1.0.0",
		"v1", "v1.0", "v1.0+linux", "v1.0.0", "v1.3", "1.0.0", "1.10.0-beta", "parts/v1.0.0", "parts/v1.2.0", "stable", "2024-01-31",
	}
)

// A dependency is one that Renovate has found.
type dependency struct {
	DepName, PackageName, CurrentValue, ReplaceString string
	Updates                                           []struct{ NewValue string }
}

// lookUp has Renovate look for updates in the project, and returns what it found by file and source.
func lookUp(t *testing.T, project, home string) map[string]dependency {
	t.Helper()
	file := filepath.Join(home, "report.json")
	said := output(t, renovate(t, project, home, "renovate", "--platform=local", "--dry-run=lookup", "--report-type=file", "--report-path="+file))
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	var report struct {
		Repositories map[string]struct {
			PackageFiles map[string][]struct {
				PackageFile string
				Deps        []dependency
			}
		}
	}
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	found := map[string]dependency{}
	for _, files := range report.Repositories["local"].PackageFiles {
		for _, file := range files {
			for _, d := range file.Deps {
				_, source, _ := strings.Cut(d.ReplaceString, "source = ")
				found[file.PackageFile+" "+strings.Trim(source, `"'`)+"part"] = d // the component itself does not count
			}
		}
	}
	return found
}

// Renovate reads ppm.toml as ppm does: the same repositories, and the same tags newer. What it writes, ppm project sync installs.
func TestRenovateFindsUpgrades(t *testing.T) {
	t.Parallel()
	root, home := t.TempDir(), t.TempDir()
	pack := gittest.InitRepo(filepath.Join(root, "pack"), t.Fatalf)
	for _, tag := range publishedTags {
		pack.Write("ppm.toml", "[pack]\ntype = \"components\"\n[pack.components.part]\nsource = \"part\"\n", 0o644)
		pack.Write("part/text.txt", tag+"\n", 0o644)
		pack.Commit(tag)
		pack.Tag(tag)
	}
	url := gittest.ServeHTTP(t, root).URL + "/pack"
	sources := slices.Concat(taggedSources, otherSources)
	var list, config strings.Builder
	fmt.Fprintf(&config, "[url %q]\n", url)
	for i, source := range sources {
		sources[i] = strings.ReplaceAll(source, "PACK", url)
		quote := string(`"'`[i%2])
		fmt.Fprintf(&list, "[[component]]\nsource = %s\npath = \"part%d\"\nkeys = { source = \"timer\" }\n", quote+sources[i]+quote, i)
		fmt.Fprintf(&config, "insteadOf = %s\n", cloneURL(t, sources[i])) // all are that one pack
	}
	project := gittest.InitRepo(filepath.Join(t.TempDir(), "project"), t.Fatalf)
	text, err := os.ReadFile("examples/renovate.json")
	if err != nil {
		t.Fatal(err)
	}
	project.Write("renovate.json", string(text), 0o644)
	project.Write("all/ppm.toml", list.String(), 0o644)
	ppmIn(t, project.Dir, "add", url+"@v1.0.0//part")
	project.Commit("Begin")
	if err := os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(config.String()), 0o666); err != nil {
		t.Fatal(err)
	}

	found := lookUp(t, project.Dir, home)
	for i, source := range sources {
		checkFound(t, found["all/ppm.toml "+source], source, i < len(taggedSources))
	}
	if d := found["ppm.toml "+url+"@v1.0.0//part"]; d.CurrentValue != "v1.0.0" || len(d.Updates) != 1 || d.Updates[0].NewValue != "v1.3" {
		t.Fatalf("of the installed component Renovate says %+v", d)
	}
	takeUpgrade(t, project, "@v1.0.0//", "@v1.3//")
}

func cloneURL(t *testing.T, source string) string {
	t.Helper()
	r, err := ref.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	return r.Origin.CloneURL("github.com", "Project-Manager-With-Git")
}

// checkFound compares what Renovate found for a source with what ppm would do.
func checkFound(t *testing.T, d dependency, source string, tagged bool) {
	t.Helper()
	r, err := ref.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	want, got := "", ""
	if newer := resolver.Newer(publishedTags, r.Version.String()); tagged {
		want = newer[len(newer)-1]
	}
	if n := len(d.Updates); n > 0 {
		got = d.Updates[n-1].NewValue // the highest of several: one within the major version, and one beyond it
	}
	if got != want {
		t.Errorf("%s: Renovate goes to %q, ppm to %q", source, got, want)
	}
	if tagged && d.PackageName != cloneURL(t, source) {
		t.Errorf("%s: Renovate looks at %q, ppm at %q", source, d.PackageName, cloneURL(t, source))
	}
}

// takeUpgrade changes ppm.toml as Renovate does, and then does what the preset says.
func takeUpgrade(t *testing.T, project *gittest.Repo, old, new string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(project.Dir, "ppm.toml"))
	if err != nil {
		t.Fatal(err)
	}
	project.Write("ppm.toml", strings.Replace(string(text), old, new, 1), 0o644)
	tasks := readPreset(t).PackageRules[0].PostUpgradeTasks
	if tasks.WorkingDirTemplate != "{{{packageFileDir}}}" || len(tasks.Commands) == 0 {
		t.Errorf("what Renovate does then is %+v", tasks)
	}
	for _, command := range tasks.Commands {
		ppmIn(t, project.Dir, strings.Fields(strings.TrimPrefix(command, "ppm "))...)
	}
	ppmIn(t, project.Dir, "project", "sync", "--check")
	if got := project.Git("diff", "--name-only"); got != "part/text.txt\nppm.lock\nppm.toml" {
		t.Errorf("the change is of\n%s", got)
	}
}
