package examples_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/Project-Manager-With-Git/ppm/internal/e2etest"
)

var buildActionlint = e2etest.GoTool("github.com/rhysd/actionlint/cmd/actionlint", "v1.7.12")

// The scripts run in any POSIX shell. shellcheck has no warning about them, nor actionlint about the workflows: the
// example and the workflow of this repository.
func TestScriptsHaveNoWarnings(t *testing.T) {
	e2etest.SkipInShort(t)
	t.Parallel()
	scripts, err := filepath.Glob("*.sh")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("%q, %v", scripts, err)
	}
	shellcheck := e2etest.Tool(t, "shellcheck")
	args := append([]string{"--shell=sh", "--severity=style"}, scripts...)
	e2etest.Output(t, e2etest.Command(t, "", shellcheck, args...))
	for _, script := range scripts {
		e2etest.Output(t, e2etest.Command(t, "", "sh", "-n", script))
		if info, err := os.Stat(script); err != nil || info.Mode()&0o111 == 0 {
			t.Errorf("%s is not executable: %v, %v", script, info.Mode(), err)
		}
	}
	ci := filepath.Join(e2etest.Root, ".github", "workflows", "ci.yml")
	args = []string{"-no-color", "-shellcheck=" + shellcheck, "github-actions.yml", ci}
	e2etest.Output(t, e2etest.Command(t, "", buildActionlint(t), args...))
}

// job holds the fields of a job that these tests run, of GitHub Actions and of GitLab CI.
type job struct {
	Env   map[string]string
	Steps []struct{ Run string }

	Extends      string
	Variables    map[string]string
	BeforeScript []string `yaml:"before_script"`
	Script       []string
}

// readYAML parses a YAML file.
func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// githubJob returns the variables and commands of a job of the workflow.
func githubJob(t *testing.T, name string) (map[string]string, []string) {
	t.Helper()
	var workflow struct{ Jobs map[string]job }
	readYAML(t, "github-actions.yml", &workflow)
	var commands []string
	for _, step := range workflow.Jobs[name].Steps {
		if step.Run != "" {
			commands = append(commands, step.Run)
		}
	}
	return workflow.Jobs[name].Env, commands
}

// gitlabJob returns the variables and commands of a job of the pipeline, with those of the job that it extends.
func gitlabJob(t *testing.T, name string) (map[string]string, []string) {
	t.Helper()
	var jobs map[string]job
	readYAML(t, "gitlab-ci.yml", &jobs)
	child := jobs[name]
	parent, ok := jobs[child.Extends]
	if !ok {
		t.Fatalf("%s extends %q", name, child.Extends)
	}
	variables := maps.Clone(parent.Variables)
	maps.Copy(variables, child.Variables)
	return variables, slices.Concat(parent.BeforeScript, child.Script)
}

// checkout clones a project to root/work/NAME and copies the scripts to its folder ci, where the examples expect them.
func (f *fleet) checkout(name string) string {
	f.t.Helper()
	f.git("work", "clone", "-q", "../"+name+".git", name)
	scripts, err := filepath.Glob("*.sh")
	if err != nil {
		f.t.Fatal(err)
	}
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			f.t.Fatal(err)
		}
		f.write(filepath.Join("work", name, "ci", filepath.Base(script)), string(text))
	}
	return filepath.Join(f.root, "work", name)
}

// run runs the commands of a job in a checkout as the services do, until one fails. It returns that command and its
// output, or nothing when all succeed.
func (f *fleet) run(dir string, variables map[string]string, commands []string, env ...string) (string, []byte) {
	f.t.Helper()
	if len(commands) < 3 {
		f.t.Fatalf("the job has only the commands %q", commands)
	}
	for _, command := range commands {
		cmd := f.command(dir, "bash", "-e", "-o", "pipefail", "-c", command)
		cmd.Env = append(cmd.Env, env...)
		environ := cmd.Environ()
		for name, value := range variables {
			value = os.Expand(value, func(name string) string { return lookup(environ, name) })
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			return command, out
		}
	}
	return "", nil
}

// lookup returns the last value of a variable.
func lookup(env []string, name string) string {
	for _, line := range slices.Backward(env) {
		if value, ok := strings.CutPrefix(line, name+"="); ok {
			return value
		}
	}
	return ""
}

// Replacements for programs that need a forge. Each appends its arguments to root/called. gh prints root/open as the
// list of open pull requests.
const (
	logCall = `echo "${0##*/} $*" | sed "s#$ROOT[^ ]*#FILE#g" >>"$ROOT/called"
`
	fakeGh = logCall + `case $* in "pr list"*) cat "$ROOT/open" ;; esac
`
)

// installPPM is the first command of a job on both services.
const installPPM = "go install github.com/Project-Manager-With-Git/ppm/cmd/ppm@latest\n"

// The jobs that check a project pass when it is consistent, and fail when it is not.
func TestCheckJobs(t *testing.T) {
	t.Parallel()
	f := newFleet(t, map[string]string{"go": logCall})
	f.project("clean", "", "v1.0.0", "my alpha\n")
	f.release("v1.1.0", "ALPHA", "beta", "gamma", "delta")
	dir := f.checkout("clean")
	githubEnv, github := githubJob(t, "check")
	gitlabEnv, gitlab := gitlabJob(t, "ppm-check")
	changes := []struct {
		comment string
		command string
		fails   string // the command that fails
	}{
		{"installed and edited", "true", ""},
		{"a file is missing", "rm part/text.txt", "ppm project sync --check"},
		{"ppm.toml has another version", "sed -i.old s/v1.0.0/v1.1.0/ ppm.toml", "ppm project sync --check"},
		{
			"ppm.lock has a wrong tree", `sed -i.old 's/^tree = "..../tree = "0000/' ppm.lock`,
			"ppm project sync --check",
		},
		{"an upgrade left conflicts", "ppm project upgrade || test $? -eq 8", "ppm project sync --check"},
	}
	for _, change := range changes {
		f.git("work/clean", "checkout", "-q", ".")
		f.output(f.command(dir, "sh", "-c", change.command))
		for service, run := range map[string]func() (string, []byte){
			"GitHub": func() (string, []byte) { return f.run(dir, githubEnv, github) },
			"GitLab": func() (string, []byte) { return f.run(dir, gitlabEnv, gitlab, "CI_PROJECT_DIR="+dir) },
		} {
			failed, out := run()
			if failed != change.fails {
				t.Errorf("%s: %s: %q fails, want %q\n%s", service, change.comment, failed, change.fails, out)
			}
		}
	}
	if got := f.read("called"); got != strings.Repeat(installPPM, 2*len(changes)) {
		t.Errorf("the calls are\n%s", got)
	}
}

// The scheduled job of the workflow opens one pull request, and keeps it up to date.
func TestGitHubUpgradeJob(t *testing.T) {
	e2etest.SkipInShort(t)
	t.Parallel()
	f := newFleet(t, map[string]string{"go": logCall, "gh": fakeGh})
	f.project("clean", "", "v1.0.0", "")
	f.project("contested", "", "v1.0.0", "my alpha\n")
	f.release("v1.1.0", "ALPHA", "beta", "gamma", "delta")
	variables, commands := githubJob(t, "upgrade")
	const list = "gh pr list --head ppm-upgrade --base master --state open --json number --jq .[0].number // empty\n"
	const (
		openFlags = " --head ppm-upgrade --base master --title "
		marked    = "TITLE (unresolved conflicts) --body-file FILE"
	)
	rows := []struct {
		comment, project, open, want string
	}{
		{"first run", "clean", "", "gh pr create" + openFlags + "TITLE --body-file FILE\n"},
		{"next run", "clean", "7", "gh pr edit 7 --title TITLE --body-file FILE\ngh pr ready 7\n"},
		{"first run with conflicts", "contested", "", "gh pr create" + openFlags + marked + " --draft\n"},
		{"next run with conflicts", "contested", "8", "gh pr edit 8 --title " + marked + "\ngh pr ready 8 --undo\n"},
	}
	for _, row := range rows {
		dir := filepath.Join(f.root, "work", row.project)
		if row.open == "" {
			f.checkout(row.project)
		}
		f.write("called", "")
		f.write("open", row.open)
		env := []string{"GITHUB_SERVER_URL=file://" + f.root, "GITHUB_REPOSITORY=" + row.project + ".git"}
		if failed, out := f.run(dir, variables, commands, env...); failed != "" {
			t.Fatalf("%s: %s\n%s", row.comment, failed, out)
		}
		title := f.git(row.project+".git", "log", "-1", "--format=%s", "ppm-upgrade")
		title = strings.TrimSuffix(title, " (unresolved conflicts)")
		want := installPPM + "gh auth setup-git\n" + list + strings.Replace(row.want, "TITLE", title, 1)
		if got := f.read("called"); got != want {
			t.Errorf("%s: the calls are\n%s\nwant\n%s", row.comment, got, want)
		}
		author := f.git(row.project+".git", "log", "-1", "--format=%an, %cn", "ppm-upgrade")
		if author != "github-actions[bot], github-actions[bot]" {
			t.Errorf("%s: author and committer are %s", row.comment, author)
		}
	}
}

// The scheduled job of the pipeline opens one merge request, and keeps it up to date.
func TestGitLabUpgradeJob(t *testing.T) {
	e2etest.SkipInShort(t)
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("curl is not installed")
		}
		t.Skip("curl is not installed")
	}
	f := newFleet(t, map[string]string{"go": logCall})
	f.project("clean", "", "v1.0.0", "")
	f.project("contested", "", "v1.0.0", "my alpha\n")
	f.release("v1.1.0", "ALPHA", "beta", "gamma", "delta")
	gitlab := newGitLab(t)
	variables, commands := gitlabJob(t, "ppm-upgrade")
	const created = "remove_source_branch=true&source_branch=ppm-upgrade&target_branch=master&title="
	rows := []struct {
		comment, project, open, want string
	}{
		{"first run", "clean", `[]`, "POST PATH " + created + "TITLE"},
		{"next run", "clean", `[{"id":40,"iid":7,"milestone":{"iid":3}}]`, "PUT PATH/7 title=TITLE"},
		{"first run with conflicts", "contested", `[]`, "POST PATH " + created + "Draft%3A+TITLE"},
	}
	for _, row := range rows {
		dir := filepath.Join(f.root, "work", row.project)
		if row.open == "[]" {
			f.checkout(row.project)
		}
		gitlab.requests, gitlab.open = nil, row.open
		env := []string{
			"CI_PROJECT_DIR=" + dir, "CI_SERVER_URL=https://git.example.com", "CI_SERVER_HOST=git.example.com",
			"CI_API_V4_URL=" + gitlab.url, "CI_PROJECT_URL=file://" + f.root + "/" + row.project,
			"GITLAB_TOKEN=secret",
		}
		if failed, out := f.run(dir, variables, commands, env...); failed != "" {
			t.Fatalf("%s: %s\n%s", row.comment, failed, out)
		}
		path := strings.ReplaceAll(strings.TrimPrefix(f.root, "/"), "/", "%2F") +
			"%2F" + row.project + "/merge_requests"
		title := url.QueryEscape(f.git(row.project+".git", "log", "-1", "--format=%s", "ppm-upgrade"))
		want := []string{
			"GET " + path + " source_branch=ppm-upgrade&state=opened",
			strings.NewReplacer("PATH", path, "TITLE", title).Replace(row.want),
		}
		if got := gitlab.requests; !slices.Equal(got, want) {
			t.Errorf("%s: the requests are\n%q\nwant\n%q", row.comment, got, want)
		}
	}
	credential := f.command(f.root, "git", "credential", "fill")
	credential.Stdin = strings.NewReader("protocol=https\nhost=git.example.com\n\n")
	credential.Env = append(credential.Env, "GITLAB_TOKEN=secret")
	if got := f.output(credential); !strings.Contains(got, "username=oauth2\npassword=secret") {
		t.Errorf("git uses the credentials\n%s", got)
	}
}

// gitlabServer is a server for the merge requests API of GitLab. It accepts the token "secret".
type gitlabServer struct {
	url      string
	open     string   // the body of every response
	requests []string // method, path and form of each request, without the description
}

func newGitLab(t *testing.T) *gitlabServer {
	t.Helper()
	g := &gitlabServer{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("PRIVATE-TOKEN") != "secret" {
			http.Error(w, "no token", http.StatusUnauthorized)
			return
		}
		r.ParseForm()
		if body := r.Form.Get("description"); body != "" && !strings.Contains(body, "text.txt") {
			t.Errorf("the description is %q", body)
		}
		r.Form.Del("description")
		path := strings.TrimPrefix(r.URL.EscapedPath(), "/api/v4/projects/")
		g.requests = append(g.requests, r.Method+" "+path+" "+r.Form.Encode())
		io.WriteString(w, g.open)
	}))
	t.Cleanup(server.Close)
	g.url = server.URL + "/api/v4"
	return g
}

// The git hook in docs/automation.md accepts edits and rejects a commit that removes a file. It needs neither network
// nor cache.
func TestGitHook(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(e2etest.Root, "docs", "automation.md"))
	if err != nil {
		t.Fatal(err)
	}
	hook := regexp.MustCompile("(?s)```sh\n(#!/bin/sh\n.*?)```").FindSubmatch(text)
	if hook == nil {
		t.Fatal("docs/automation.md has no hook")
	}
	f := newFleet(t, nil)
	f.project("clean", "", "v1.0.0", "")
	f.checkout("clean")
	f.write("work/clean/.git/hooks/pre-commit", string(hook[1]))
	f.env = append(f.env, "PPM_CACHE_DIR="+filepath.Join(f.root, "empty"))
	f.write("work/clean/part/text.txt", "my alpha\n")
	f.git("work/clean", "commit", "-qam", "Edit")
	f.git("work/clean", "rm", "-qr", "part")
	commit := f.command(filepath.Join(f.root, "work/clean"), "git", "commit", "-qam", "Lose a file")
	if out, err := commit.CombinedOutput(); err == nil || !strings.Contains(string(out), "ppm: error: ") {
		t.Errorf("a commit without the file: %v\n%s", err, out)
	}
}
