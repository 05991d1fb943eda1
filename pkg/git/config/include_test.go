package config_test

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/config"
)

func write(t *testing.T, text string, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// gitReads returns the value that git has for a key, "" for none.
func gitReads(dir, home string, env []string, args ...string) string {
	git := exec.Command("git", append([]string{"config"}, args...)...)
	git.Dir = dir
	git.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "GIT_CONFIG_NOSYSTEM=1"}, env...)
	out, _ := git.Output() // it fails for a key that is not set
	return strings.TrimSuffix(string(out), "\n")
}

// place returns a place with only these variables.
func place(dir, home string, env []string) config.Place {
	return config.Place{Home: home, Dir: dir, Env: func(name string) string {
		for _, kv := range append([]string{"GIT_CONFIG_NOSYSTEM=1"}, env...) {
			if value, ok := strings.CutPrefix(kv, name+"="); ok {
				return value
			}
		}
		return ""
	}}
}

// The conditions of includeIf are true where git says so.
func TestIncludeIfAsGit(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(root, "home")
	repo := gittest.InitRepo(filepath.Join(home, "work", "Proj"), t.Fatalf)
	repo.Write("sub/deep/f", "", 0o644)
	repo.Commit("first")
	repo.Git("remote", "add", "origin", "https://git.example.com/team/pack.git")
	linked := filepath.Join(root, "linked")
	repo.Git("worktree", "add", "-q", "-b", "feature/x", linked)
	if err := os.Symlink(filepath.Join(home, "work"), filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	write(t, "[user]\n\tname = included\n", home, "inc")
	write(t, "[user]\n\tname = included\n", home, "work", "inc")
	dirs := []string{
		repo.Dir, filepath.Join(repo.Dir, "sub", "deep"), linked, root, filepath.Join(root, "link", "Proj", "sub"),
		filepath.Join(root, "link", "Proj"),
	}
	for _, condition := range []string{
		"gitdir:~/work/", "gitdir:~/work", "gitdir:" + home + "/work/", "gitdir:work/", "gitdir:WORK/",
		"gitdir/i:WORK/", "gitdir/i:~/Work/proj/", "gitdir:~/work/Proj/.git", "gitdir:~/work/*/.git",
		"gitdir:~/*/.git",
		"gitdir:~/**/.git", "gitdir:./work/", "gitdir:./other/", "gitdir:" + root + "/link/", "gitdir:{x,work}/",
		"gitdir:**/[Pp]roj/**", "gitdir:**/[!P]roj/**", "gitdir:Proj/.git/worktrees/", "gitdir:/", "gitdir:",
		"onbranch:master", "onbranch:feature/", "onbranch:feature/*", "onbranch:feat*", "onbranch:**", "onbranch:x",
		"hasconfig:remote.*.url:https://git.example.com/**", "hasconfig:remote.*.url:https://git.example.com/",
		"hasconfig:remote.*.url:https://git.example.com/*", "hasconfig:remote.*.url:*example*", "hasconfig:user.*:x",
		"hasconfig:remote.*.url:https://global.example.com/**", "unknown:x",
	} {
		write(t, "[remote \"g\"]\n\turl = https://global.example.com/a/b\n"+
			"[includeIf \""+condition+"\"]\n\tpath = inc\n", home, ".gitconfig")
		for _, dir := range dirs {
			want := gitReads(dir, home, []string{"PWD=" + dir}, "--get", "user.name")
			c, err := config.ReadUser(place(dir, home, nil))
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Get("user", "name"); got != want {
				t.Errorf("%s in %s: %q, git says %q", condition, dir, got, want)
			}
			elsewhere := c.GitEnv(place(dir, home, nil).Env)
			if got := gitReads(root, home, elsewhere, "--get", "user.name"); got != want {
				t.Errorf("%s in %s: git reads %q elsewhere, want %q", condition, dir, got, want)
			}
		}
	}
}

// GIT_CONFIG_COUNT and GIT_CONFIG_PARAMETERS are read as git reads them.
func TestEnvAsGit(t *testing.T) {
	home := t.TempDir()
	write(t, "[user]\n\tname = file\n", home, ".gitconfig")
	count := []string{"GIT_CONFIG_COUNT=2", "GIT_CONFIG_KEY_0=user.name", "GIT_CONFIG_VALUE_0=count",
		"GIT_CONFIG_KEY_1=User.A.b.C", "GIT_CONFIG_VALUE_1="}
	for _, env := range [][]string{
		nil,
		count,
		{"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=user.name", "GIT_CONFIG_VALUE_0=x", "GIT_CONFIG_KEY_1=user.name"},
		{"GIT_CONFIG_PARAMETERS='user.name=old form'"},
		{"GIT_CONFIG_PARAMETERS='user.name'='new=form'"},
		{`GIT_CONFIG_PARAMETERS='user.name'='it'\''s '\!'' 'user.a.b.c'='x'`},
		{"GIT_CONFIG_PARAMETERS='user.name'="},
		append([]string{"GIT_CONFIG_PARAMETERS='user.a.b.c'='p'  'user.name=last' "}, count...),
	} {
		c, err := config.ReadUser(place("", home, env))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := c.Get("user", "name"), gitReads(home, home, env, "--get", "user.name"); got != want {
			t.Errorf("%q: user.name is %q, git says %q", env, got, want)
		}
		value := ""
		for s := range c.All("user", "c") {
			if s.Subsection == "A.b" {
				value = s.Value
			}
		}
		if want := gitReads(home, home, env, "--get", "user.A.b.c"); value != want {
			t.Errorf("%q: user.A.b.c is %q, git says %q", env, value, want)
		}
	}
	c, err := config.ReadUser(place("", home, []string{"GIT_CONFIG_PARAMETERS='core.bare'"}))
	if err != nil || !c.Bool("core", "bare", false) {
		t.Errorf("a name without a value is not true: %v", err)
	}
	for _, bad := range []string{"user.name=x", "'user.name=x", `'a.b'\`, `'a.b'\'`, "'a.b'='c", "'a.b'c"} {
		if _, err := config.ReadUser(place("", home, []string{"GIT_CONFIG_PARAMETERS=" + bad})); err == nil {
			t.Errorf("GIT_CONFIG_PARAMETERS=%s is read", bad)
		}
	}
	for _, bad := range [][]string{
		{"GIT_CONFIG_COUNT=x"}, {"GIT_CONFIG_COUNT=-1"}, {"GIT_CONFIG_COUNT=1x"}, {"GIT_CONFIG_COUNT=99999999999"},
		{"GIT_CONFIG_COUNT=1"}, {"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=user", "GIT_CONFIG_VALUE_0=x"},
	} {
		_, err := config.ReadUser(place("", home, bad))
		if failure.KindOf(err) != failure.Usage || gitReads(home, home, bad, "--get", "user.name") != "" {
			t.Errorf("%q is read by ppm (%v) or git", bad, err)
		}
	}
}

// A program of git reads the settings of GIT_CONFIG_COUNT as well, also the one with an empty value, which clears a
// list.
func TestGitEnvEmptyValue(t *testing.T) {
	home := t.TempDir()
	env := []string{"GIT_CONFIG_COUNT=2", "GIT_CONFIG_KEY_0=credential.helper", "GIT_CONFIG_VALUE_0=",
		"GIT_CONFIG_KEY_1=user.name", "GIT_CONFIG_VALUE_1=count"}
	p := place("", home, env)
	c, err := config.ReadUser(p)
	if err != nil {
		t.Fatal(err)
	}
	if got := gitReads(home, home, c.GitEnv(p.Env), "--get", "user.name"); got != "count" {
		t.Errorf("git reads user.name %q with %q", got, c.GitEnv(p.Env))
	}
}

// The settings for a URL are those that git finds.
func TestForURLAsGit(t *testing.T) {
	home := t.TempDir()
	sections := []string{
		"", "https://example.com", "https://example.com/", "https://example.com:443/a", "HTTPS://Example.COM/a/b/",
		"https://*.example.com", "https://git.*.com", "https://git.example.com/a", "https://u@git.example.com",
		"https://u@git.example.com/a/", "http://git.example.com", "https://git.example.com:8443/", "https://*",
		"https://git.example.com/a/../b", "https://git.example.com/A", "https://git.example.com/a%20b", "example.com",
		"https://git.example.com/../x", "https://*.*.com/a", "https://git.example.com/ab",
	}
	urls := []string{
		"https://example.com/a/b/c", "https://git.example.com/a/b", "https://u@git.example.com/a/b",
		"https://v@git.example.com/a", "http://git.example.com/a", "https://git.example.com:8443/a/b",
		"https://git.example.com/b", "https://GIT.example.com:443/a%20b", "https://git.example.com/ab",
		"https://a.b.c/x",
	}
	for i := range sections {
		for j := range sections {
			text := ""
			for n, k := range []int{i, j, (i + j) % len(sections)} {
				text += "[http \"" + sections[k] + "\"]\n\tproxy = " + string(rune('a'+n)) + "\n"
			}
			text = strings.ReplaceAll(text, "[http \"\"]", "[http]")
			write(t, text, home, ".gitconfig")
			c, err := config.ReadUser(place("", home, nil))
			if err != nil {
				t.Fatal(err)
			}
			raw := urls[(i*7+j)%len(urls)]
			u, err := url.Parse(raw)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if all := slices.Collect(c.ForURL("http", "proxy", u)); len(all) > 0 {
				got = all[len(all)-1].Value
			}
			if want := gitReads(home, home, nil, "--get-urlmatch", "http.proxy", raw); got != want {
				t.Errorf("%s of\n%s: %q, git says %q", raw, text, got, want)
			}
		}
	}
}

// The configuration of a repository is read with its includes, but not that of another folder.
func TestReadRepository(t *testing.T) {
	repo := gittest.NewRepo(t)
	home := t.TempDir()
	write(t, "[a]\n\tb = c\n", repo.Dir, ".git", "more")
	repo.Git("config", "include.path", "more")
	repo.Git("config", "a.d", "e")
	for dir, want := range map[string]string{repo.Dir: "ce", home: "", "": ""} {
		c, err := config.ReadRepository(place(dir, home, nil))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Get("a", "b") + c.Get("a", "d"); got != want {
			t.Errorf("%q: %q, want %q", dir, got, want)
		}
	}
	write(t, "[a", repo.Dir, ".git", "config")
	if _, err := config.ReadRepository(place(repo.Dir, home, nil)); err == nil {
		t.Error("a malformed file was read")
	}
}

// The repository of another user is read when safe.directory allows it.
func TestSafeDirectoryAsGit(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a folder to another user")
	}
	repo := gittest.NewRepo(t)
	repo.Git("config", "a.b", "c")
	for _, path := range []string{repo.Dir, filepath.Join(repo.Dir, ".git")} {
		if err := os.Chown(path, 1, 1); err != nil {
			t.Fatal(err)
		}
	}
	home := t.TempDir()
	for _, text := range []string{
		"", "*", repo.Dir, filepath.Dir(repo.Dir), "/none", repo.Dir + "\n\tdirectory =", "~/x",
	} {
		write(t, "[safe]\n\tdirectory = "+text+"\n", home, ".gitconfig")
		c, err := config.ReadRepository(place(repo.Dir, home, nil))
		if err != nil {
			t.Fatal(err)
		}
		git := exec.Command("git", "rev-parse", "--git-dir") // it fails for an unsafe repository
		git.Dir = repo.Dir
		git.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "GIT_CONFIG_NOSYSTEM=1"}
		if got, want := c.Get("a", "b") == "c", git.Run() == nil; got != want {
			t.Errorf("safe.directory = %s: read %v, git reads it %v", text, got, want)
		}
	}
}
