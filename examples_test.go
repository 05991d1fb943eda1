package ppm_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
)

// A fleet is a machine with projects on a git server, a pack that they use, and somebody who upgrades them.
type fleet struct {
	t     *testing.T
	root  string // the server's repositories are root/NAME.git, what is typed stands in root/work
	pack  *gittest.Repo
	packs string // the URL of the pack
	env   []string
}

// newFleet publishes the pack at v1.0.0. The tools are shell scripts that stand for programs.
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
	path := []string{filepath.Join(root, "tools"), filepath.Dir(liveBinary(t)), os.Getenv("PATH")}
	f.env = []string{
		"PATH=" + strings.Join(path, string(filepath.ListSeparator)), "HOME=" + filepath.Join(root, "home"), "ROOT=" + root,
		"XDG_CACHE_HOME=", "XDG_CONFIG_HOME=", "PPM_CACHE_DIR=", "TMPDIR=" + filepath.Join(root, "tmp"), "GIT_CONFIG_GLOBAL=" + filepath.Join(root, "home", ".gitconfig"), "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=bot", "GIT_AUTHOR_EMAIL=bot@example.com", "GIT_COMMITTER_NAME=bot", "GIT_COMMITTER_EMAIL=bot@example.com",
	}
	return f
}

// release publishes a version of the pack's component: a file of these lines, and one that no other version has.
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

// read returns the text of a file, or nothing when there is none.
func (f *fleet) read(name string) string {
	text, err := os.ReadFile(filepath.Join(f.root, name))
	if err != nil && !os.IsNotExist(err) {
		f.t.Fatal(err)
	}
	return string(text)
}

// project publishes root/NAME.git: a repository with the component in its folder, and then the edited file.
func (f *fleet) project(name, folder, tag, edited string) {
	f.t.Helper()
	repo := gittest.InitRepo(filepath.Join(f.root, "made", name), f.t.Fatalf)
	repo.Write("README", name+"\n", 0o644)
	repo.Write(".gitignore", "*.txt\n", 0o644) // the component's file stands there although
	inside := filepath.Join(repo.Dir, folder)
	if err := os.MkdirAll(inside, 0o777); err != nil {
		f.t.Fatal(err)
	}
	f.output(f.program(inside, "ppm", "add", f.packs+"@"+tag+"//part"))
	if edited != "" {
		repo.Write(filepath.Join(folder, "part/text.txt"), edited, 0o644)
	}
	repo.Git("add", "-f", filepath.Join(folder, "part"))
	f.publish(name, repo)
}

// workspace publishes root/NAME.git: a repository whose members have the component.
func (f *fleet) workspace(name, tag string, members ...string) {
	f.t.Helper()
	repo := gittest.InitRepo(filepath.Join(f.root, "made", name), f.t.Fatalf)
	repo.Write("ppm.toml", "[workspace]\nmembers = [\"*\"]\n", 0o644)
	for _, member := range members {
		repo.Write(member+"/ppm.toml", "", 0o644)
	}
	f.output(f.program(repo.Dir, "ppm", "add", f.packs+"@"+tag+"//part"))
	f.publish(name, repo)
}

func (f *fleet) publish(name string, repo *gittest.Repo) {
	f.t.Helper()
	repo.Commit("Begin")
	repo.Git("clone", "-q", "--bare", repo.Dir, filepath.Join(f.root, name+".git"))
}

// program is a program on the machine of the fleet.
func (f *fleet) program(dir, name string, args ...string) *exec.Cmd {
	f.t.Helper()
	cmd := program(f.t, dir, name, args...)
	cmd.Env = append(cmd.Env, f.env...)
	if name == "ppm" {
		cmd.Path, cmd.Err = liveBinary(f.t), nil
	}
	return cmd
}

func (f *fleet) output(cmd *exec.Cmd) string {
	f.t.Helper()
	return strings.TrimRight(output(f.t, cmd), "\n")
}

// git runs git in a repository.
func (f *fleet) git(repository string, args ...string) string {
	f.t.Helper()
	return f.output(f.program(filepath.Join(f.root, repository), "git", args...))
}

// refs returns the branches of all projects, with what they are at.
func (f *fleet) refs() string {
	f.t.Helper()
	repositories, err := filepath.Glob(filepath.Join(f.root, "*.git"))
	if err != nil {
		f.t.Fatal(err)
	}
	var all strings.Builder
	for _, r := range repositories {
		all.WriteString(filepath.Base(r) + "\n" + f.output(f.program(r, "git", "for-each-ref")) + "\n")
	}
	return all.String()
}

// upgrade runs upgrade-fleet.sh, which must end with that code and print that table. It returns what it says besides.
func (f *fleet) upgrade(code int, list, want string, args ...string) string {
	f.t.Helper()
	script, err := filepath.Abs("examples/upgrade-fleet.sh")
	if err != nil {
		f.t.Fatal(err)
	}
	cmd := f.program(filepath.Join(f.root, "work"), "sh", append([]string{script}, args...)...)
	var stdout, stderr strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(list), &stdout, &stderr
	cmd.Env = append(cmd.Env, "GIT_DIR="+f.root, "GIT_INDEX_FILE="+f.root) // as in a git hook
	cmd.Run()
	if got := cmd.ProcessState.ExitCode(); got != code {
		f.t.Fatalf("exit code %d, want %d\n%s%s", got, code, &stdout, &stderr)
	}
	aligned := regexp.MustCompile("  +")
	if got := strings.ReplaceAll(stdout.String(), f.root, "$ROOT"); aligned.ReplaceAllString(got, "\t") != aligned.ReplaceAllString(want, "\t") {
		f.t.Fatalf("the table is\n%s\nwant\n%s\n%s", got, want, &stderr)
	}
	if left, err := os.ReadDir(filepath.Join(f.root, "tmp")); err != nil || len(left) > 0 {
		f.t.Fatalf("left behind: %v, %v", left, err)
	}
	return stderr.String()
}

// record is a request command that remembers what it is given, in root/requests, and each body in root/bodies.
const record = `printf '%s %s %s %s: %s\n' "$REQUEST_STATE" "$REQUEST_BRANCH" "$REQUEST_BASE" "${REQUEST_PROJECT##*/}" "$REQUEST_TITLE" >>"$ROOT/requests"
mkdir -p "$ROOT/bodies" && cp "$REQUEST_BODY" "$ROOT/bodies/${REQUEST_PROJECT##*/}" && git rev-parse HEAD >/dev/null`

// Each project gets a branch and a request of its own, whatever becomes of the others, and again does no more than is needed.
func TestUpgradeFleet(t *testing.T) {
	t.Parallel()
	f := newFleet(t, map[string]string{"request": record})
	f.project("clean", "", "v1.0.0", "alpha\nbeta\ngamma\nmy delta\n")
	f.project("contested", "", "v1.0.0", "my alpha\nbeta\ngamma\ndelta\n")
	f.project("mono", "services/api", "v1.0.0", "")
	f.project("broken", "", "v1.0.0", "")
	f.git("made/broken", "rm", "-q", "ppm.toml")
	f.git("made/broken", "commit", "-qm", "Lose ppm.toml")
	f.git("made/broken", "push", "-q", "../../broken.git", "master")
	f.release("v1.1.0", "ALPHA", "beta", "gamma", "delta")
	f.project("current", "", "v1.1.0", "")
	f.git("work", "clone", "-q", "../mono.git", "checkout")
	f.write("work/checkout/services/api/part/text.txt", "not committed\n")
	checkout := f.git("work/checkout", "status", "--porcelain") + f.git("work/checkout", "for-each-ref")
	server := "file://" + f.root + "/"
	list := "# all projects\n\n  " + server + "clean.git\r\n" + server + "contested.git\n" + server + "current.git\ncheckout/services/api"

	// One by one; what cannot be upgraded is said, and does not stop the others.
	said := f.upgrade(1, server+"broken.git\n"+server+"absent.git\n"+list+"\n../tools", `RESULT         PROJECT                     DETAIL
failed         file://$ROOT/broken.git     exit 1: there is no ppm.toml on the branch master
failed         file://$ROOT/absent.git     exit 128: fatal: '$ROOT/absent.git' does not appear to be a git repository
requested      file://$ROOT/clean.git      ppm-upgrade
conflicts      file://$ROOT/contested.git  ppm-upgrade
nothing to do  file://$ROOT/current.git
requested      checkout/services/api       ppm-upgrade-services-api
failed         ../tools                    exit 128: fatal: not a git repository (or any of the parent directories): .git
`, "-r", "request")
	if !strings.Contains(said, "make sure you have the correct access rights") {
		t.Errorf("no word about what failed:\n%s", said)
	}
	if now := f.git("work/checkout", "status", "--porcelain") + f.git("work/checkout", "for-each-ref"); now != checkout {
		t.Errorf("the checkout became\n%s\nfrom\n%s", now, checkout)
	}
	for branch, want := range map[string]string{
		"clean.git ppm-upgrade part/text.txt":                          "ALPHA\nbeta\ngamma\nmy delta",
		"mono.git ppm-upgrade-services-api services/api/part/text.txt": "ALPHA\nbeta\ngamma\ndelta",
		"clean.git master part/text.txt":                               "alpha\nbeta\ngamma\nmy delta",
	} {
		words := strings.Fields(branch)
		if got := f.git(words[0], "show", words[1]+":"+words[2]); got != want {
			t.Errorf("%s is %q, want %q", branch, got, want)
		}
	}
	if got := f.git("clean.git", "ls-tree", "-r", "--name-only", "ppm-upgrade"); got != ".gitignore\nREADME\npart/only-v1.1.0.txt\npart/text.txt\nppm.lock\nppm.toml" {
		t.Errorf("the branch of clean.git has the files\n%s", got)
	}
	if body := f.read("bodies/contested.git"); !strings.Contains(body, "part/text.txt") || strings.HasPrefix(body, "#") {
		t.Errorf("the body of the request is\n%s", body)
	}

	// Again: the requests are brought up to date, and no branch moves.
	refs, requests := f.refs(), f.read("requests")
	f.upgrade(0, list, `RESULT         PROJECT                     DETAIL
requested      file://$ROOT/clean.git      ppm-upgrade
conflicts      file://$ROOT/contested.git  ppm-upgrade
nothing to do  file://$ROOT/current.git
requested      checkout/services/api       ppm-upgrade-services-api
`, "-r", "request")
	if now := f.refs(); now != refs {
		t.Errorf("the branches moved:\n%s\nfrom\n%s", now, refs)
	}
	if now := f.read("requests"); now != requests+requests || strings.Count(requests, "\n") != 3 {
		t.Errorf("the requests are\n%s", now)
	}

	// The next version replaces the commit; what somebody has settled is left alone.
	f.git("work", "clone", "-q", "-b", "ppm-upgrade", "../contested.git", "settled")
	f.write("work/settled/part/text.txt", "my ALPHA\nbeta\ngamma\ndelta\n")
	f.output(f.program(filepath.Join(f.root, "work/settled"), "ppm", "project", "continue"))
	f.git("work/settled", "commit", "-qam", "Settle")
	f.git("work/settled", "push", "-q")
	settled := f.git("contested.git", "rev-parse", "ppm-upgrade")
	f.release("v1.2.0", "ALPHA", "BETA", "gamma", "delta")
	f.write("work/list", list)
	f.upgrade(0, "", `RESULT      PROJECT                     DETAIL
requested   file://$ROOT/clean.git      ppm-upgrade
left alone  file://$ROOT/contested.git  somebody else has worked on ppm-upgrade
requested   file://$ROOT/current.git    ppm-upgrade
requested   checkout/services/api       ppm-upgrade-services-api
`, "-r", "request", "list", "--to", "v1.2.0")
	if got := f.git("contested.git", "rev-parse", "ppm-upgrade"); got != settled {
		t.Errorf("the settled branch moved to %s from %s", got, settled)
	}
	if got := f.git("clean.git", "rev-list", "--count", "master..ppm-upgrade") + f.git("clean.git", "show", "ppm-upgrade:part/text.txt"); got != "1ALPHA\nBETA\ngamma\nmy delta" {
		t.Errorf("the branch of clean.git has %q", got)
	}
}

// The options hold projects back, and what goes wrong with a request is a failure of its project that the next run mends.
func TestUpgradeFleetOptions(t *testing.T) {
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
	rows := []struct {
		code       int
		list, want string
		args       []string
	}{
		{0, "../contested.git", "skipped  ../contested.git  conflicts\n", []string{"-s"}},                                                                           // no branch of conflicts
		{0, "../clean.git", "pushed  ../clean.git  ppm-upgrade\n", nil},                                                                                             // without a request
		{1, "../clean.git", "failed  ../clean.git  exit 3: fatal: no forge\n", []string{"-r", "echo 'fatal: no forge'; exit 3"}},                                    // the request fails
		{0, "../clean.git", "requested  ../clean.git  ppm-upgrade\n", []string{"-r", "request"}},                                                                    // and is made up for
		{1, "../clean.git", "failed  ../clean.git  exit 1: master is the branch that the change would be merged into\n", []string{"-b", "master"}},                  // never the default branch
		{1, strings.Replace(f.packs, "//", "//bot:secret@", 1) + "s", "failed  " + f.packs + "s  exit 128: fatal: repository '" + f.packs + "s/' not found\n", nil}, // no credentials are shown
		{1, "../clean.git", "failed  ../clean.git  exit 2: resolving " + f.packs + ": it has no tag, branch or commit \"v7\"\n", []string{"-", "--to", "v7"}},       // what ppm says is passed on
	}
	for _, row := range rows {
		said := f.upgrade(row.code, row.list, "RESULT  PROJECT  DETAIL\n"+row.want, row.args...)
		if strings.Contains(said, "secret") {
			t.Errorf("it says the password:\n%s", said)
		}
	}
	f.upgrade(0, "../many.git", "RESULT  PROJECT  DETAIL\nrequested  ../many.git  ppm-upgrade\n", "-r", "request")
	const want = "clean ppm-upgrade master clean.git: Upgrade `part` to `v1.1.0`\nclean ppm-upgrade master many.git: Upgrade components in 2 projects\n"
	if got := f.read("requests"); got != want {
		t.Errorf("the requests are\n%s\nwant\n%s", got, want)
	}
	if body := f.read("bodies/many.git"); !strings.HasPrefix(body, "# a\n") || strings.Count(body, "## Files") != 2 {
		t.Errorf("the body of a workspace's request is\n%s", body)
	}
	for _, args := range [][]string{{"-x"}, {"-b", "no branch"}, {"nowhere"}, {}} { // a wrong option, a wrong name, no list, an empty list
		f.upgrade(2, "# none\n", "", args...)
	}
}
