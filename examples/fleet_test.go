package examples_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/e2etest"
	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
)

// fleet is a git server with projects, a pack that they use, and a machine from which they are upgraded.
type fleet struct {
	t     *testing.T
	root  string // the server has the repositories root/NAME.git; commands run in root/work
	pack  *gittest.Repo
	packs string // the URL of the pack
	env   []string
}

// newFleet publishes the pack at v1.0.0. The tools are shell scripts that replace programs, by name.
func newFleet(t *testing.T, tools map[string]string) *fleet {
	root := t.TempDir()
	f := &fleet{t: t, root: root, pack: gittest.InitRepo(filepath.Join(root, "packs", "pack"), t.Fatalf)}
	f.release("v1.0.0", "alpha", "beta", "gamma", "delta")
	f.packs = gittest.ServeHTTP(t, filepath.Join(root, "packs")).URL + "/pack"
	for _, dir := range []string{"home", "work", "tools", "tmp"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range tools {
		f.write(filepath.Join("tools", name), "#!/bin/sh\n"+text)
	}
	path := []string{filepath.Join(root, "tools"), filepath.Dir(e2etest.Binary(t)), os.Getenv("PATH")}
	f.env = []string{
		"PATH=" + strings.Join(path, string(filepath.ListSeparator)), "ROOT=" + root,
		"HOME=" + filepath.Join(root, "home"), "TMPDIR=" + filepath.Join(root, "tmp"),
		"XDG_CACHE_HOME=", "XDG_CONFIG_HOME=", "PPM_CACHE_DIR=",
		"GIT_CONFIG_GLOBAL=" + filepath.Join(root, "home", ".gitconfig"), "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=bot", "GIT_AUTHOR_EMAIL=bot@example.com",
		"GIT_COMMITTER_NAME=bot", "GIT_COMMITTER_EMAIL=bot@example.com",
	}
	return f
}

// release publishes a version of the pack. Its component has a file of these lines, and one of this version only.
func (f *fleet) release(tag string, lines ...string) {
	if err := os.RemoveAll(filepath.Join(f.pack.Dir, "part")); err != nil {
		f.t.Fatal(err)
	}
	f.pack.Write("part/only-"+tag+".txt", tag+"\n", 0o644)
	f.pack.Write("ppm.toml", "[pack]\ntype = \"components\"\n[pack.components.part]\nsource = \"part\"\n", 0o644)
	f.pack.Write("part/text.txt", strings.Join(lines, "\n")+"\n", 0o644)
	f.pack.Commit(tag)
	f.pack.Tag(tag)
}

// write writes an executable file below root.
func (f *fleet) write(name, text string) {
	f.t.Helper()
	file := filepath.Join(f.root, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o777); err != nil {
		f.t.Fatal(err)
	}
}

// read returns the text of a file below root, or "" when it does not exist.
func (f *fleet) read(name string) string {
	text, err := os.ReadFile(filepath.Join(f.root, name))
	if err != nil && !os.IsNotExist(err) {
		f.t.Fatal(err)
	}
	return string(text)
}

// project publishes root/NAME.git, a repository with the component in a folder. A text in edited replaces its file.
func (f *fleet) project(name, folder, tag, edited string) {
	f.t.Helper()
	repo := gittest.InitRepo(filepath.Join(f.root, "made", name), f.t.Fatalf)
	repo.Write("README", name+"\n", 0o644)
	repo.Write(".gitignore", "*.txt\n", 0o644) // the file of the component is committed nevertheless
	dir := filepath.Join(repo.Dir, folder)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		f.t.Fatal(err)
	}
	f.output(f.command(dir, "ppm", "add", f.packs+"@"+tag+"//part"))
	if edited != "" {
		repo.Write(filepath.Join(folder, "part/text.txt"), edited, 0o644)
	}
	repo.Git("add", "-f", filepath.Join(folder, "part"))
	f.publish(name, repo)
}

// workspace publishes root/NAME.git, a workspace whose members have the component.
func (f *fleet) workspace(name, tag string, members ...string) {
	f.t.Helper()
	repo := gittest.InitRepo(filepath.Join(f.root, "made", name), f.t.Fatalf)
	repo.Write("ppm.toml", "[workspace]\nmembers = [\"*\"]\n", 0o644)
	for _, member := range members {
		repo.Write(member+"/ppm.toml", "", 0o644)
	}
	f.output(f.command(repo.Dir, "ppm", "add", f.packs+"@"+tag+"//part"))
	f.publish(name, repo)
}

// publish commits the files of a repository and clones it to root/NAME.git.
func (f *fleet) publish(name string, repo *gittest.Repo) {
	f.t.Helper()
	repo.Commit("Start")
	repo.Git("clone", "-q", "--bare", repo.Dir, filepath.Join(f.root, name+".git"))
}

// command returns a command in the environment of the fleet.
func (f *fleet) command(dir, name string, args ...string) *exec.Cmd {
	f.t.Helper()
	cmd := e2etest.Command(f.t, dir, name, args...)
	cmd.Env = append(cmd.Env, f.env...)
	if name == "ppm" {
		cmd.Path, cmd.Err = e2etest.Binary(f.t), nil
	}
	return cmd
}

// output runs a command, which must succeed, and returns its output without the last newline.
func (f *fleet) output(cmd *exec.Cmd) string {
	f.t.Helper()
	return strings.TrimRight(e2etest.Output(f.t, cmd), "\n")
}

// git runs git in a folder below root.
func (f *fleet) git(repository string, args ...string) string {
	f.t.Helper()
	return f.output(f.command(filepath.Join(f.root, repository), "git", args...))
}

// refs returns the branches of all projects with their commits.
func (f *fleet) refs() string {
	f.t.Helper()
	repositories, err := filepath.Glob(filepath.Join(f.root, "*.git"))
	if err != nil {
		f.t.Fatal(err)
	}
	var all strings.Builder
	for _, r := range repositories {
		all.WriteString(filepath.Base(r) + "\n" + f.output(f.command(r, "git", "for-each-ref")) + "\n")
	}
	return all.String()
}

// upgrade runs upgrade-fleet.sh with a list of projects as its input. It checks the exit code and the table that the
// script prints, and returns the error output.
func (f *fleet) upgrade(code int, list, want string, args ...string) string {
	f.t.Helper()
	script, err := filepath.Abs("upgrade-fleet.sh")
	if err != nil {
		f.t.Fatal(err)
	}
	cmd := f.command(filepath.Join(f.root, "work"), "sh", append([]string{script}, args...)...)
	var stdout, stderr strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(list), &stdout, &stderr
	cmd.Env = append(cmd.Env, "GIT_DIR="+f.root, "GIT_INDEX_FILE="+f.root) // as in a git hook
	cmd.Run()
	if got := cmd.ProcessState.ExitCode(); got != code {
		f.t.Fatalf("exit code %d, want %d\n%s%s", got, code, &stdout, &stderr)
	}
	columns := regexp.MustCompile("  +")
	got := strings.ReplaceAll(stdout.String(), f.root, "$ROOT")
	if columns.ReplaceAllString(got, "\t") != columns.ReplaceAllString(want, "\t") {
		f.t.Fatalf("the table is\n%s\nwant\n%s\n%s", got, want, &stderr)
	}
	if left, err := os.ReadDir(filepath.Join(f.root, "tmp")); err != nil || len(left) > 0 {
		f.t.Fatalf("temporary files left behind: %v, %v", left, err)
	}
	return stderr.String()
}

// record is a request command that appends its input to root/requests, and writes each body to root/bodies.
const record = `project=${REQUEST_PROJECT##*/}
echo "$REQUEST_STATE $REQUEST_BRANCH $REQUEST_BASE $project: $REQUEST_TITLE" >>"$ROOT/requests"
mkdir -p "$ROOT/bodies" && cp "$REQUEST_BODY" "$ROOT/bodies/$project" && git rev-parse HEAD >/dev/null`

// Each project gets a branch and a request, whatever happens to the others. A second run changes only what is needed.
func TestUpgradeFleet(t *testing.T) {
	e2etest.SkipInShort(t)
	t.Parallel()
	f := newFleet(t, map[string]string{"request": record})
	f.project("clean", "", "v1.0.0", "alpha\nbeta\ngamma\nmy delta\n")
	f.project("contested", "", "v1.0.0", "my alpha\nbeta\ngamma\ndelta\n")
	f.project("mono", "services/api", "v1.0.0", "")
	f.project("broken", "", "v1.0.0", "")
	f.git("made/broken", "rm", "-q", "ppm.toml")
	f.git("made/broken", "commit", "-qm", "Remove ppm.toml")
	f.git("made/broken", "push", "-q", "../../broken.git", "master")
	f.release("v1.1.0", "ALPHA", "beta", "gamma", "delta")
	f.project("current", "", "v1.1.0", "")
	f.git("work", "clone", "-q", "../mono.git", "checkout")
	f.write("work/checkout/services/api/part/text.txt", "not committed\n")
	checkout := f.git("work/checkout", "status", "--porcelain") + f.git("work/checkout", "for-each-ref")

	server := "file://" + f.root + "/"
	list := "# all projects\n\n" +
		"  " + server + "clean.git\r\n" +
		server + "contested.git\n" +
		server + "current.git\n" +
		"checkout/services/api"
	f.checkFirstUpgrade(server + "broken.git\n" + server + "absent.git\n" + list + "\n../tools")
	now := f.git("work/checkout", "status", "--porcelain") + f.git("work/checkout", "for-each-ref")
	if now != checkout {
		t.Errorf("the checkout changed to\n%s\nfrom\n%s", now, checkout)
	}
	f.checkFirstBranches()
	f.checkSecondUpgrade(list)
	f.checkNextVersion(list)
}

// checkFirstUpgrade checks that a project that cannot be upgraded is reported, and does not stop the others.
func (f *fleet) checkFirstUpgrade(list string) {
	f.t.Helper()
	stderr := f.upgrade(1, list, `RESULT         PROJECT                     DETAIL
failed         file://$ROOT/broken.git     exit 1: there is no ppm.toml on the branch master
failed         file://$ROOT/absent.git     exit 128: fatal: '$ROOT/absent.git' does not appear to be a git repository
requested      file://$ROOT/clean.git      ppm-upgrade
conflicts      file://$ROOT/contested.git  ppm-upgrade
nothing to do  file://$ROOT/current.git
requested      checkout/services/api       ppm-upgrade-services-api
failed         ../tools                    exit 128: fatal: not a git repository `+
		"(or any of the parent directories): .git\n", "-r", "request")
	if !strings.Contains(stderr, "make sure you have the correct access rights") {
		f.t.Errorf("the message of git is missing:\n%s", stderr)
	}
}

// checkFirstBranches checks the branches and the request that the first upgrade makes.
func (f *fleet) checkFirstBranches() {
	f.t.Helper()
	for branch, want := range map[string]string{
		"clean.git ppm-upgrade part/text.txt":                          "ALPHA\nbeta\ngamma\nmy delta",
		"mono.git ppm-upgrade-services-api services/api/part/text.txt": "ALPHA\nbeta\ngamma\ndelta",
		"clean.git master part/text.txt":                               "alpha\nbeta\ngamma\nmy delta",
	} {
		fields := strings.Fields(branch)
		if got := f.git(fields[0], "show", fields[1]+":"+fields[2]); got != want {
			f.t.Errorf("%s is %q, want %q", branch, got, want)
		}
	}
	const files = ".gitignore\nREADME\npart/only-v1.1.0.txt\npart/text.txt\nppm.lock\nppm.toml"
	if got := f.git("clean.git", "ls-tree", "-r", "--name-only", "ppm-upgrade"); got != files {
		f.t.Errorf("the branch of clean.git has the files\n%s", got)
	}
	body := f.read("bodies/contested.git")
	if !strings.Contains(body, "part/text.txt") || strings.HasPrefix(body, "#") {
		f.t.Errorf("the body of the request is\n%s", body)
	}
}

// checkSecondUpgrade checks that the same upgrade again updates the requests and moves no branch.
func (f *fleet) checkSecondUpgrade(list string) {
	f.t.Helper()
	refs, requests := f.refs(), f.read("requests")
	f.upgrade(0, list, `RESULT         PROJECT                     DETAIL
requested      file://$ROOT/clean.git      ppm-upgrade
conflicts      file://$ROOT/contested.git  ppm-upgrade
nothing to do  file://$ROOT/current.git
requested      checkout/services/api       ppm-upgrade-services-api
`, "-r", "request")
	if now := f.refs(); now != refs {
		f.t.Errorf("the branches moved:\n%s\nfrom\n%s", now, refs)
	}
	if now := f.read("requests"); now != requests+requests || strings.Count(requests, "\n") != 3 {
		f.t.Errorf("the requests are\n%s", now)
	}
}

// checkNextVersion checks that the next version replaces the commit on a branch, but not when somebody has resolved
// the conflicts there.
func (f *fleet) checkNextVersion(list string) {
	f.t.Helper()
	f.git("work", "clone", "-q", "-b", "ppm-upgrade", "../contested.git", "resolved")
	f.write("work/resolved/part/text.txt", "my ALPHA\nbeta\ngamma\ndelta\n")
	f.output(f.command(filepath.Join(f.root, "work/resolved"), "ppm", "project", "continue"))
	f.git("work/resolved", "commit", "-qam", "Resolve the conflicts")
	f.git("work/resolved", "push", "-q")
	resolved := f.git("contested.git", "rev-parse", "ppm-upgrade")
	f.release("v1.2.0", "ALPHA", "BETA", "gamma", "delta")
	f.write("work/list", list)
	f.upgrade(0, "", `RESULT      PROJECT                     DETAIL
requested   file://$ROOT/clean.git      ppm-upgrade
left alone  file://$ROOT/contested.git  somebody else has worked on ppm-upgrade
requested   file://$ROOT/current.git    ppm-upgrade
requested   checkout/services/api       ppm-upgrade-services-api
`, "-r", "request", "list", "--to", "v1.2.0")
	if got := f.git("contested.git", "rev-parse", "ppm-upgrade"); got != resolved {
		f.t.Errorf("the resolved branch moved to %s from %s", got, resolved)
	}
	if got := f.git("clean.git", "rev-list", "--count", "master..ppm-upgrade"); got != "1" {
		f.t.Errorf("the branch of clean.git has %s commits", got)
	}
	if got := f.git("clean.git", "show", "ppm-upgrade:part/text.txt"); got != "ALPHA\nBETA\ngamma\nmy delta" {
		f.t.Errorf("the branch of clean.git has %q", got)
	}
}

// Options skip projects. A request that fails is a failure of its project, and the next run repeats it.
func TestUpgradeFleetOptions(t *testing.T) {
	e2etest.SkipInShort(t)
	t.Parallel()
	f := newFleet(t, map[string]string{"request": record})
	f.project("clean", "", "v1.0.0", "")
	f.project("contested", "", "v1.0.0", "my alpha\n")
	f.workspace("many", "v1.0.0", "a", "b")
	f.release("v1.1.0", "ALPHA", "beta", "gamma", "delta")
	f.write("work/list", "../clean.git\n../contested.git\n")
	refs := f.refs()
	f.upgrade(0, "", `RESULT              PROJECT           DETAIL
would be requested  ../clean.git      upgrade/parts
would be requested  ../contested.git  upgrade/parts (conflicts)
`, "-n", "-r", "request", "-b", "upgrade/parts", "list")
	if now := f.refs(); now != refs || f.read("requests") != "" {
		t.Errorf("with -n, the branches are\n%s\nand the requests\n%s", now, f.read("requests"))
	}
	for _, row := range optionRows(f.packs) {
		stderr := f.upgrade(row.code, row.list, "RESULT  PROJECT  DETAIL\n"+row.want, row.args...)
		if strings.Contains(stderr, "secret") {
			t.Errorf("%s: the output has the password:\n%s", row.comment, stderr)
		}
	}
	f.upgrade(0, "../many.git", "RESULT  PROJECT  DETAIL\nrequested  ../many.git  ppm-upgrade\n", "-r", "request")
	const want = "clean ppm-upgrade master clean.git: Upgrade `part` to `v1.1.0`\n" +
		"clean ppm-upgrade master many.git: Upgrade components in 2 projects\n"
	if got := f.read("requests"); got != want {
		t.Errorf("the requests are\n%s\nwant\n%s", got, want)
	}
	if body := f.read("bodies/many.git"); !strings.HasPrefix(body, "# a\n") || strings.Count(body, "## Files") != 2 {
		t.Errorf("the body of a workspace's request is\n%s", body)
	}
	// An unknown option, an invalid branch, a missing list, an empty list.
	for _, args := range [][]string{{"-x"}, {"-b", "no branch"}, {"nowhere"}, {}} {
		f.upgrade(2, "# none\n", "", args...)
	}
}

// A project of which only some installs can be upgraded gets a request for these, and is a failure nevertheless.
func TestUpgradeFleetIncomplete(t *testing.T) {
	e2etest.SkipInShort(t)
	t.Parallel()
	f := newFleet(t, map[string]string{"request": record})
	repo := gittest.InitRepo(filepath.Join(f.root, "made", "half"), f.t.Fatalf)
	f.output(f.command(repo.Dir, "ppm", "add", f.packs+"@v1.0.0//part"))
	f.output(f.command(repo.Dir, "ppm", "add", f.packs+"@v1.0.0//part", "-p", "blocked"))
	repo.Write("blocked/only-v1.1.0.txt/mine.txt", "mine\n", 0o644)
	f.publish("half", repo)
	f.release("v1.1.0", "ALPHA", "beta", "gamma", "delta")
	f.upgrade(1, "../half.git", "RESULT      PROJECT      DETAIL\n"+
		"incomplete  ../half.git  ppm-upgrade (exit 3: failed for 1 install: blocked)\n", "-r", "request")
	if got := f.git("half.git", "show", "ppm-upgrade:part/text.txt"); !strings.HasPrefix(got, "ALPHA") {
		t.Errorf("the branch has %q", got)
	}
	if body := f.read("bodies/half.git"); !strings.Contains(body, "## Not upgraded\n\n- `blocked`: ") {
		t.Errorf("the body of the request is\n%s", body)
	}
}

// The script clones into a folder of its own name. Files that contain the name of the project stay as they are.
func TestUpgradeFleetKeepsNames(t *testing.T) {
	t.Parallel()
	f := newFleet(t, nil)
	f.pack.Write("part/about.txt.jinja", "{{ title }} {{ author }}\n", 0o644)
	f.pack.Write("ppm.toml", "[pack]\ntype = \"components\"\n"+
		"[pack.keys.title]\ndefault = \"The {{ project_name }}\"\n"+
		"[pack.components.part]\nsource = \"part\"\n", 0o644)
	f.pack.Commit("v1.1.0")
	f.pack.Tag("v1.1.0")
	f.write("home/.pmfprc/pmfprc.json", `{"author": "Ann"}`)
	f.project("shop", "", "v1.1.0", "")
	f.write("home/.pmfprc/pmfprc.json", `{"author": "Bot"}`)
	f.upgrade(0, "../shop.git", "RESULT         PROJECT      DETAIL\nnothing to do  ../shop.git\n")
	f.pack.Write("part/text.txt", "ALPHA\n", 0o644)
	f.pack.Commit("v1.2.0")
	f.pack.Tag("v1.2.0")
	f.upgrade(0, "../shop.git", "RESULT  PROJECT      DETAIL\npushed  ../shop.git  ppm-upgrade\n")
	if got := f.git("shop.git", "show", "ppm-upgrade:part/about.txt"); got != "The shop Ann" {
		t.Errorf("the branch has %q", got)
	}
	changed := f.git("shop.git", "diff", "--name-only", "HEAD", "ppm-upgrade")
	if changed != "part/text.txt\nppm.lock\nppm.toml" {
		t.Errorf("the branch changes %q", changed)
	}
}

// fleetRow is a run of upgrade-fleet.sh with one result.
type fleetRow struct {
	comment    string
	code       int
	list, want string
	args       []string
}

// optionRows returns runs after which clean.git is upgraded. Their order matters.
func optionRows(packs string) []fleetRow {
	const upgraded = "requested  ../clean.git  ppm-upgrade\n"
	withPassword := strings.Replace(packs, "//", "//bot:secret@", 1) + "s"
	return []fleetRow{
		{"no branch for conflicts", 0, "../contested.git", "skipped  ../contested.git  conflicts\n", []string{"-s"}},
		{"no request", 0, "../clean.git", "pushed  ../clean.git  ppm-upgrade\n", nil},
		{
			"the request fails", 1, "../clean.git", "failed  ../clean.git  exit 3: fatal: no forge\n",
			[]string{"-r", "echo 'fatal: no forge'; exit 3"},
		},
		{"the next run repeats it", 0, "../clean.git", upgraded, []string{"-r", "request"}},
		{
			"never the default branch", 1, "../clean.git",
			"failed  ../clean.git  exit 1: master is the branch that the change would be merged into\n",
			[]string{"-b", "master"},
		},
		{
			"no credentials in the output", 1, withPassword,
			"failed  " + packs + "s  exit 128: fatal: repository '" + packs + "s/' not found\n", nil,
		},
		{
			"the message of ppm", 1, "../clean.git",
			"failed  ../clean.git  exit 2: resolving " + packs + ": it has no tag, branch or commit \"v7\"\n",
			[]string{"-", "--to", "v7"},
		},
	}
}
