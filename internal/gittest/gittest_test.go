package gittest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
)

// clone clones with the real git binary and returns the content of the file "a".
func clone(t *testing.T, url string, env ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "clone")
	cmd := exec.Command("git", "clone", "-q", "--depth=1", url, dir)
	cmd.Env = append(cmd.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_ASKPASS=")
	cmd.Env = append(cmd.Env, env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git clone %s: %v\n%s", url, err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func newRepo(t *testing.T) *gittest.Repo {
	r := gittest.NewRepo(t)
	r.Write("a", "hello\n", 0o644)
	r.Commit("first")
	return r
}

func TestServersSpeakToGit(t *testing.T) {
	r := newRepo(t)
	root := filepath.Dir(r.Dir)

	plain := gittest.ServeHTTP(t, root, gittest.With(gittest.BasicAuth("u", "p")))
	if got := clone(t, strings.Replace(plain.URL, "//", "//u:p@", 1)+"/pack"); got != "hello\n" {
		t.Errorf("over http: %q", got)
	}

	ca, file := gittest.NewCA(t)
	secure := gittest.ServeHTTP(t, root, gittest.TLS(ca.Cert(3600e9, "127.0.0.1")))
	if got := clone(t, secure.URL+"/pack", "GIT_SSL_CAINFO="+file); got != "hello\n" {
		t.Errorf("over https: %q", got)
	}

	proxy := gittest.ServeProxy(t, plain.Addr(), "pu", "pp")
	if got := clone(t, "http://u:p@git.example.com/pack",
		"http_proxy="+strings.Replace(proxy.URL, "//", "//pu:pp@", 1), "no_proxy="); got != "hello\n" {
		t.Errorf("over a proxy: %q", got)
	}

	home := t.TempDir()
	sshd := gittest.ServeSSH(t, root)
	if err := sshd.Trust(home); err != nil {
		t.Fatal(err)
	}
	ssh := "ssh -F none -o IdentitiesOnly=yes -o IdentityAgent=none -i " + home +
		"/.ssh/id_ed25519 -o UserKnownHostsFile=" + home + "/.ssh/known_hosts"
	if got := clone(t, sshd.URL+"/pack", "GIT_SSH_COMMAND="+ssh); got != "hello\n" {
		t.Errorf("over ssh: %q", got)
	}
}

func TestCommitIDsAreStable(t *testing.T) {
	a, b := newRepo(t), newRepo(t)
	if x, y := a.Commit("second"), b.Commit("second"); x != y {
		t.Errorf("equal steps give %s and %s", x, y)
	}
	if a.AnnotatedTag("v1", "one") != b.AnnotatedTag("v1", "one") {
		t.Error("equal steps give different tag objects")
	}
}
