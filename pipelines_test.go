package ppm_test

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
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"
)

var buildActionlint = sync.OnceValues(func() (string, error) {
	return goTool("github.com/rhysd/actionlint/cmd/actionlint", "v1.7.12")
})

// The scripts are sh's, not only bash's, and neither they nor those inside the workflow have what shellcheck warns of.
func TestExampleScriptsAreClean(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("examples/*.sh")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("%q, %v", scripts, err)
	}
	shellcheck := filepath.Join(filepath.Dir(livePython(t)), "shellcheck")
	output(t, program(t, "", shellcheck, append([]string{"--shell=sh", "--severity=style"}, scripts...)...))
	for _, script := range scripts {
		output(t, program(t, "", "sh", "-n", script))
		if info, err := os.Stat(script); err != nil || info.Mode()&0o111 == 0 {
			t.Errorf("%s cannot be run: %v, %v", script, info.Mode(), err)
		}
	}
	actionlint, err := buildActionlint()
	if err != nil {
		t.Fatal(err)
	}
	output(t, program(t, "", actionlint, "-no-color", "-shellcheck="+shellcheck, "examples/github-actions.yml"))
}

// A job is one of either service's, as far as it can be run here: its variables and its commands.
type job struct {
	Env   map[string]string
	Steps []struct{ Run string }

	Extends      string
	Variables    map[string]string
	BeforeScript []string `yaml:"before_script"`
	Script       []string
}

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
	readYAML(t, "examples/github-actions.yml", &workflow)
	var commands []string
	for _, step := range workflow.Jobs[name].Steps {
		if step.Run != "" {
			commands = append(commands, step.Run)
		}
	}
	return workflow.Jobs[name].Env, commands
}

// gitlabJob returns the variables and commands of a job of the pipeline, with what it inherits.
func gitlabJob(t *testing.T, name string) (map[string]string, []string) {
	t.Helper()
	var jobs map[string]job
	readYAML(t, "examples/gitlab-ci.yml", &jobs)
	this := jobs[name]
	parent, ok := jobs[this.Extends]
	if !ok {
		t.Fatalf("%s extends %q", name, this.Extends)
	}
	variables := maps.Clone(parent.Variables)
	maps.Copy(variables, this.Variables)
	return variables, slices.Concat(parent.BeforeScript, this.Script)
}

// checkout clones a project to root/work/NAME, with the scripts in its folder ci as the examples want it.
func (f *fleet) checkout(name string) string {
	f.t.Helper()
	f.git("work", "clone", "-q", "../"+name+".git", name)
	scripts, err := filepath.Glob("examples/*.sh")
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

// run runs the commands of a job in a checkout as the services do, until one fails. It returns that one, and what it said.
func (f *fleet) run(dir string, variables map[string]string, commands []string, env ...string) (failed string, said []byte) {
	f.t.Helper()
	if len(commands) < 3 {
		f.t.Fatalf("the job has the commands %q", commands)
	}
	for _, command := range commands {
		cmd := f.program(dir, "bash", "-e", "-o", "pipefail", "-c", command)
		cmd.Env = append(cmd.Env, env...)
		known := cmd.Environ()
		for name, value := range variables {
			cmd.Env = append(cmd.Env, name+"="+os.Expand(value, func(name string) string { return lookup(known, name) }))
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			return command, out
		}
	}
	return "", nil
}

// lookup returns the value of a variable, the last when there are several.
func lookup(env []string, name string) string {
	for _, line := range slices.Backward(env) {
		if value, ok := strings.CutPrefix(line, name+"="); ok {
			return value
		}
	}
	return ""
}

// The stand-ins for programs that need a forge. Each writes down how it was called; gh answers a list with the text in root/open.
const (
	writeDown = `echo "${0##*/} $*" | sed "s#$ROOT[^ ]*#FILE#g" >>"$ROOT/called"
`
	fakeGh = writeDown + `case $* in "pr list"*) cat "$ROOT/open" ;; esac
`
)

// installPPM is what both services do first.
const installPPM = "go install github.com/Project-Manager-With-Git/ppm/cmd/ppm@latest\n"

// The jobs that check pass where all is in order, and fail where it is not.
func TestPipelinesCheck(t *testing.T) {
	t.Parallel()
	f := newFleet(t, map[string]string{"go": writeDown})
	f.project("clean", "", "v1.0.0", "my alpha\n")
	f.release("v1.1.0", "ALPHA", "beta", "gamma", "delta")
	dir := f.checkout("clean")
	githubEnv, github := githubJob(t, "check")
	gitlabEnv, gitlab := gitlabJob(t, "ppm-check")
	changes := []struct {
		comment string
		command string
		fails   string // the command that ends the job
	}{
		{"as it was installed and edited", "true", ""},
		{"a file is missing", "rm part/text.txt", "ppm project sync --check"},
		{"ppm.toml went ahead", "sed -i.old s/v1.0.0/v1.1.0/ ppm.toml", "ppm project sync --check"},
		{"ppm.lock says what is not so", `sed -i.old 's/^tree = "..../tree = "0000/' ppm.lock`, "ppm project verify"},
		{"an upgrade left conflicts", "ppm project upgrade || test $? -eq 8", "ppm project sync --check"},
	}
	for _, change := range changes {
		f.git("work/clean", "checkout", "-q", ".")
		f.output(f.program(dir, "sh", "-c", change.command))
		for service, run := range map[string]func() (string, []byte){
			"GitHub": func() (string, []byte) { return f.run(dir, githubEnv, github) },
			"GitLab": func() (string, []byte) { return f.run(dir, gitlabEnv, gitlab, "CI_PROJECT_DIR="+dir) },
		} {
			failed, out := run()
			if failed != change.fails {
				t.Errorf("%s: %s: %q ends the job, want %q\n%s", service, change.comment, failed, change.fails, out)
			}
		}
	}
	if got := f.read("called"); got != strings.Repeat(installPPM, 2*len(changes)) {
		t.Errorf("these were called:\n%s", got)
	}
}

// The workflow's scheduled job opens one pull request, and keeps it up to date.
func TestGitHubWorkflowUpgrades(t *testing.T) {
	t.Parallel()
	f := newFleet(t, map[string]string{"go": writeDown, "gh": fakeGh})
	f.project("clean", "", "v1.0.0", "")
	f.project("contested", "", "v1.0.0", "my alpha\n")
	f.release("v1.1.0", "ALPHA", "beta", "gamma", "delta")
	variables, commands := githubJob(t, "upgrade")
	const list = "gh pr list --head ppm-upgrade --base master --state open --json number --jq .[0].number // empty\n"
	rows := []struct {
		project, open, want string
	}{
		{"clean", "", "gh pr create --head ppm-upgrade --base master --title TITLE --body-file FILE\n"},                                   // the first time
		{"clean", "7", "gh pr edit 7 --title TITLE --body-file FILE\ngh pr ready 7\n"},                                                    // the next
		{"contested", "", "gh pr create --head ppm-upgrade --base master --title TITLE (conflicts to settle) --body-file FILE --draft\n"}, // with conflicts
		{"contested", "8", "gh pr edit 8 --title TITLE (conflicts to settle) --body-file FILE\ngh pr ready 8 --undo\n"},                   // again
	}
	for _, row := range rows {
		dir := filepath.Join(f.root, "work", row.project)
		if row.open == "" {
			f.checkout(row.project)
		}
		f.write("called", "")
		f.write("open", row.open)
		if failed, out := f.run(dir, variables, commands, "GITHUB_SERVER_URL=file://"+f.root, "GITHUB_REPOSITORY="+row.project+".git"); failed != "" {
			t.Fatalf("%s\n%s", failed, out)
		}
		title := f.git(row.project+".git", "log", "-1", "--format=%s", "ppm-upgrade")
		title = strings.TrimSuffix(title, " (conflicts to settle)")
		if got, want := f.read("called"), installPPM+"gh auth setup-git\n"+list+strings.Replace(row.want, "TITLE", title, 1); got != want {
			t.Errorf("%s: these were called:\n%s\nwant\n%s", row.project, got, want)
		}
		if author := f.git(row.project+".git", "log", "-1", "--format=%an, %cn", "ppm-upgrade"); author != "github-actions[bot], github-actions[bot]" {
			t.Errorf("the commit is of %s", author)
		}
	}
}

// The pipeline's scheduled job opens one merge request, and keeps it up to date.
func TestGitLabPipelineUpgrades(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("curl is not installed")
		}
		t.Skip("curl is not installed")
	}
	f := newFleet(t, map[string]string{"go": writeDown})
	f.project("clean", "", "v1.0.0", "")
	f.project("contested", "", "v1.0.0", "my alpha\n")
	f.release("v1.1.0", "ALPHA", "beta", "gamma", "delta")
	var asked []string
	open := "[]"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("PRIVATE-TOKEN") != "secret" {
			http.Error(w, "no token", http.StatusUnauthorized)
			return
		}
		r.ParseForm()
		form := r.Form
		if body := form.Get("description"); body != "" && !strings.Contains(body, "text.txt") {
			t.Errorf("the description is %q", body)
		}
		form.Del("description")
		asked = append(asked, r.Method+" "+strings.TrimPrefix(r.URL.EscapedPath(), "/api/v4/projects/")+" "+form.Encode())
		io.WriteString(w, open)
	}))
	t.Cleanup(server.Close)
	variables, commands := gitlabJob(t, "ppm-upgrade")
	rows := []struct {
		project, open, want string
	}{
		{"clean", `[]`, "POST PATH remove_source_branch=true&source_branch=ppm-upgrade&target_branch=master&title=TITLE"},              // the first time
		{"clean", `[{"id":40,"iid":7,"milestone":{"iid":3}}]`, "PUT PATH/7 title=TITLE"},                                               // the next
		{"contested", `[]`, "POST PATH remove_source_branch=true&source_branch=ppm-upgrade&target_branch=master&title=Draft%3A+TITLE"}, // with conflicts
	}
	for _, row := range rows {
		dir := filepath.Join(f.root, "work", row.project)
		if row.open == "[]" {
			f.checkout(row.project)
		}
		asked, open = nil, row.open
		if failed, out := f.run(dir, variables, commands, "CI_PROJECT_DIR="+dir, "CI_SERVER_URL=https://git.example.com", "CI_SERVER_HOST=git.example.com",
			"CI_API_V4_URL="+server.URL+"/api/v4", "CI_PROJECT_URL=file://"+f.root+"/"+row.project, "GITLAB_TOKEN=secret"); failed != "" {
			t.Fatalf("%s\n%s", failed, out)
		}
		path := strings.ReplaceAll(strings.TrimPrefix(f.root, "/"), "/", "%2F") + "%2F" + row.project + "/merge_requests"
		title := url.QueryEscape(f.git(row.project+".git", "log", "-1", "--format=%s", "ppm-upgrade"))
		want := []string{"GET " + path + " source_branch=ppm-upgrade&state=opened", strings.NewReplacer("PATH", path, "TITLE", title).Replace(row.want)}
		if !slices.Equal(asked, want) {
			t.Errorf("%s: GitLab was asked\n%s\nwant\n%s", row.project, strings.Join(asked, "\n"), strings.Join(want, "\n"))
		}
	}
	credential := f.program(f.root, "git", "credential", "fill")
	credential.Stdin = strings.NewReader("protocol=https\nhost=git.example.com\n\n")
	credential.Env = append(credential.Env, "GITLAB_TOKEN=secret")
	if got := f.output(credential); !strings.Contains(got, "username=oauth2\npassword=secret") {
		t.Errorf("git takes the credentials\n%s", got)
	}
}

// The git hook in docs/automation.md lets edits pass, and stops a commit that leaves a file out, with no network and no cache.
func TestGitHook(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/automation.md")
	if err != nil {
		t.Fatal(err)
	}
	hook := regexp.MustCompile("(?s)```sh\n(#!/bin/sh\n.*?)```").FindSubmatch(text)
	if hook == nil {
		t.Fatal("no hook is there")
	}
	f := newFleet(t, nil)
	f.project("clean", "", "v1.0.0", "")
	f.checkout("clean")
	f.write("work/clean/.git/hooks/pre-commit", string(hook[1]))
	f.env = append(f.env, "PPM_CACHE_DIR="+filepath.Join(f.root, "empty"))
	f.write("work/clean/part/text.txt", "my alpha\n")
	f.git("work/clean", "commit", "-qam", "Edit")
	f.git("work/clean", "rm", "-qr", "part")
	commit := f.program(filepath.Join(f.root, "work/clean"), "git", "commit", "-qam", "Lose a file")
	if out, err := commit.CombinedOutput(); err == nil || !strings.Contains(string(out), "ppm: error: ") {
		t.Errorf("a commit without the file: %v\n%s", err, out)
	}
}
