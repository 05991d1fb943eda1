package examples_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/e2etest"
	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/resolver"
)

var installRenovate = e2etest.NodeTool("renovate", "44.121.2")

// renovate returns a command that runs a program of Renovate. It reaches only the loopback address.
func renovate(t *testing.T, dir, home, name string, args ...string) *exec.Cmd {
	t.Helper()
	script := filepath.Join(installRenovate(t), "dist", name+".js")
	node := e2etest.Tool(t, "node")
	cmd := e2etest.Command(t, dir, node, append([]string{script}, args...)...)
	const nowhere = "http://127.0.0.1:9"
	cmd.Env = []string{
		"PATH=" + filepath.Dir(node) + string(filepath.ListSeparator) + os.Getenv("PATH"),
		"HOME=" + home, "RENOVATE_BASE_DIR=" + filepath.Join(home, "base"),
		"HTTP_PROXY=" + nowhere, "HTTPS_PROXY=" + nowhere, "NO_PROXY=127.0.0.1",
		"GIT_CONFIG_NOSYSTEM=1", "LOG_LEVEL=warn",
	}
	return cmd
}

// preset holds the fields of renovate.json that these tests read.
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
	text, err := os.ReadFile("renovate.json")
	if err != nil {
		t.Fatal(err)
	}
	var p preset
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// The preset passes the validator of Renovate. Its regular expressions are valid in RE2, which Renovate uses.
func TestRenovatePresetIsValid(t *testing.T) {
	e2etest.SkipInShort(t)
	t.Parallel()
	file, err := filepath.Abs("renovate.json")
	if err != nil {
		t.Fatal(err)
	}
	validator := renovate(t, t.TempDir(), t.TempDir(), "config-validator", "--strict", "--no-global", file)
	if out := e2etest.Output(t, validator); strings.Contains(out, "ERROR") {
		t.Errorf("the validator prints\n%s", out)
	}
	for _, manager := range readPreset(t).CustomManagers {
		versioning := strings.TrimPrefix(manager.VersioningTemplate, "regex:")
		for _, expression := range append(manager.MatchStrings, versioning) {
			if _, err := regexp.Compile(expression); err != nil {
				t.Error(err)
			}
		}
	}
}

// The forms of a source in ppm.toml. PACK is replaced by the URL of the pack.
var (
	// taggedSources name a tag that is not the newest of its series.
	taggedSources = []string{
		"tp_py_grpc@cp-0.0.1//part",                            // a name alone
		"tp_py_grpc@cp-0.2.0-rc.0//part",                       // a prerelease
		"team::pack@v1.0//part",                                // a namespace
		"git.example.com::team/sub::pack@py3.8-0.0.1//part",    // a host
		"git.example.com:8443::~me::pack@v1.0//part",           // a port
		"https://git.example.com/team/pack.git@1.0.0//part",    // a URL, nothing before the version
		"ssh://git@git.example.com/team/pack.git@v1//part",     // one number
		"git@git.example.com:team/pack.git@parts/v1.0.0//part", // a slash in the tag
		"PACK@v1.0.0//part",                                    // the URL of a server
	}
	// otherSources have nothing that Renovate could upgrade.
	otherSources = []string{
		"tp_py_grpc//part", "tp_py_grpc@latest//part", // the latest version
		"tp_py_grpc@dev//part", "tp_py_grpc@3f2c9d1//part", // a branch, a commit
		"tp_py_grpc@cp-^0.0.1//part", "tp_py_grpc@cp-*//part", "tp_py_grpc@>=1.2 <2//part", // a range
		"tp_py_grpc@stable//part",                       // a tag without a version
		"tp_py_grpc@v1.0+linux//part",                   // build metadata, which is a series of its own
		"./pack@v1.0.0//part", "/srv/pack@v1.0.0//part", // a local repository
	}
	publishedTags = []string{
		"cp-0.0.1", "cp-0.0.2", "cp-0.1.0", "cp-v0.1.1", "cp-0.2.0-rc.0", "cp-0.2.0-rc.1", "sync-9.0.0",
		"py3.8-0.0.1", "py3.8-0.0.9", "py3.9-1.0.0",
		"v1", "v1.0", "v1.0+linux", "v1.0.0", "v1.3", "1.0.0", "1.1.0", "1.10.0-beta",
		"parts/v1.0.0", "parts/v1.2.0", "stable", "2024-01-31",
	}
)

// dependency holds the fields of a dependency in the report of Renovate.
type dependency struct {
	DepName, PackageName, CurrentValue, ReplaceString string
	Updates                                           []struct{ NewValue string }
}

// lookUp runs Renovate in a project, and returns the dependencies that it finds, by file and source.
func lookUp(t *testing.T, project, home string) map[string]dependency {
	t.Helper()
	file := filepath.Join(home, "report.json")
	out := e2etest.Output(t, renovate(t, project, home, "renovate",
		"--platform=local", "--dry-run=lookup", "--report-type=file", "--report-path="+file))
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
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
				source = strings.Trim(source, `"'`) + "part" // ReplaceString ends before the component
				found[file.PackageFile+" "+source] = d
			}
		}
	}
	return found
}

// Renovate finds the same repositories and the same newer tags as ppm. The preset then installs the upgrade.
func TestRenovateFindsUpgrades(t *testing.T) {
	e2etest.SkipInShort(t)
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
		fmt.Fprintf(&list, "[[component]]\nsource = %s\n", quote+sources[i]+quote)
		fmt.Fprintf(&list, "path = \"part%d\"\nkeys = { source = \"timer\" }\n", i)
		fmt.Fprintf(&config, "insteadOf = %s\n", cloneURL(t, sources[i])) // each URL leads to the one pack
	}
	project := gittest.InitRepo(filepath.Join(t.TempDir(), "project"), t.Fatalf)
	text, err := os.ReadFile("renovate.json")
	if err != nil {
		t.Fatal(err)
	}
	project.Write("renovate.json", string(text), 0o644)
	project.Write("all/ppm.toml", list.String(), 0o644)
	e2etest.PPM(t, project.Dir, "add", url+"@v1.0.0//part")
	project.Commit("Start")
	if err := os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(config.String()), 0o666); err != nil {
		t.Fatal(err)
	}

	found := lookUp(t, project.Dir, home)
	for i, source := range sources {
		checkFound(t, found["all/ppm.toml "+source], source, i < len(taggedSources))
	}
	d := found["ppm.toml "+url+"@v1.0.0//part"]
	if d.CurrentValue != "v1.0.0" || len(d.Updates) != 1 || d.Updates[0].NewValue != "v1.3" {
		t.Fatalf("for the installed component Renovate reports %+v", d)
	}
	applyUpgrade(t, project, "@v1.0.0//", "@v1.3//")
}

// cloneURL returns the URL from which ppm clones a source.
func cloneURL(t *testing.T, source string) string {
	t.Helper()
	r, err := ref.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	return r.Origin.CloneURL("github.com", "Project-Manager-With-Git")
}

// checkFound checks that Renovate and ppm upgrade a source to the same tag of the same repository.
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
		got = d.Updates[n-1].NewValue // the highest: there may be one within the major version and one beyond
	}
	if got != want {
		t.Errorf("%s: Renovate upgrades to %q, ppm to %q", source, got, want)
	}
	if tagged && d.PackageName != cloneURL(t, source) {
		t.Errorf("%s: Renovate uses %q, ppm %q", source, d.PackageName, cloneURL(t, source))
	}
}

// applyUpgrade changes ppm.toml as Renovate does, and then runs the commands of the preset.
func applyUpgrade(t *testing.T, project *gittest.Repo, old, new string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(project.Dir, "ppm.toml"))
	if err != nil {
		t.Fatal(err)
	}
	project.Write("ppm.toml", strings.Replace(string(text), old, new, 1), 0o644)
	tasks := readPreset(t).PackageRules[0].PostUpgradeTasks
	if tasks.WorkingDirTemplate != "{{{packageFileDir}}}" || len(tasks.Commands) == 0 {
		t.Errorf("the tasks of the preset are %+v", tasks)
	}
	for _, command := range tasks.Commands {
		e2etest.PPM(t, project.Dir, strings.Fields(strings.TrimPrefix(command, "ppm "))...)
	}
	e2etest.PPM(t, project.Dir, "project", "sync", "--check")
	if got := project.Git("diff", "--name-only"); got != "part/text.txt\nppm.lock\nppm.toml" {
		t.Errorf("the changed files are\n%s", got)
	}
}
