package wire_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch/wire"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

// extra returns the fields of a request that are not git's own.
func extra(r *http.Request) []string {
	var fields []string
	for name, values := range r.Header {
		if strings.HasPrefix(name, "X-") || name == "Authorization" {
			fields = append(fields, name+"="+strings.Join(values, ","))
		}
	}
	slices.Sort(fields)
	return append(fields, r.Host)
}

// The header fields of http.extraHeader are those that git sends.
func TestExtraHeadersAsGit(t *testing.T) {
	root, _ := packs(t)
	s := gittest.ServeHTTP(t, root)
	for _, c := range []struct{ user, config string }{
		{"", "[http]\nextraHeader = X-A: 1\nextraHeader = x-b:2\nextraHeader = X-A:  3"},
		{"", "[http]\nextraHeader = X-A: 1\nextraHeader =\nextraHeader = X-B: 2"},
		{"", "[http]\nextraHeader = X-A: 1\n[http \"SERVER/\"]\nextraHeader = X-B: 2"},
		{"", "[http \"SERVER/\"]\nextraHeader = X-B: 2\n[http]\nextraHeader = X-A: 1"},
		{"", "[http \"SERVER/pack\"]\nextraHeader = X-A: 1\n[http \"SERVER\"]\nextraHeader = X-B: 2"},
		{"", "[http \"SERVER\"]\nextraHeader = X-A: 1\n[http \"SERVER/pack\"]\nextraHeader =\nextraHeader = X-B: 2"},
		{"", "[http \"SERVER/other\"]\nextraHeader = X-A: 1\n[http \"https://127.0.0.1\"]\nextraHeader = X-B: 1"},
		{"", "[http \"WILDCARD\"]\nextraHeader = AUTHORIZATION: basic dTpw\nextraHeader = Host: other.example.com"},
		{"u@", "[http \"USER\"]\nextraHeader = X-A: 1\n[http \"SERVER\"]\nextraHeader = X-B: 2"},
		{"v@", "[http \"USER\"]\nextraHeader = X-A: 1\n[http \"SERVER\"]\nextraHeader = X-B: 2"},
		{"", "[http]\nextraHeader = X-Empty:\nextraHeader = X-C: a:b c"},
	} {
		home := t.TempDir()
		write(t, home, ".gitconfig", strings.NewReplacer("SERVER", s.URL,
			"WILDCARD", strings.Replace(s.URL, "127.0", "*.0", 1), "USER", strings.Replace(s.URL, "//", "//u@", 1),
		).Replace(c.config))
		url := strings.Replace(s.URL, "//", "//"+c.user, 1) + "/pack"
		before := len(s.Requests())
		git := exec.Command("git", "ls-remote", url)
		git.Dir = home
		git.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "GIT_CONFIG_NOSYSTEM=1"}
		if out, err := git.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		byGit := s.Requests()[before]
		d := newDialer(t, wire.Options{Home: home})
		if _, _, err := get(t.Context(), d, url); err != nil {
			t.Fatal(err)
		}
		for _, r := range s.Requests()[before+2:] {
			if got, want := extra(r), extra(byGit); !slices.Equal(got, want) {
				t.Errorf("%s: %q, git sends %q", c.config, got, want)
			}
		}
	}
}

func TestMalformedExtraHeaders(t *testing.T) {
	for _, value := range []string{bad, "X Y: " + bad, `"X: a\nY: ` + bad + `"`} {
		home := t.TempDir()
		write(t, home, ".gitconfig", "[http \"https://u:"+bad+"@h/\"]\n\textraHeader = "+value+"\n")
		_, err := newDialer(t, wire.Options{Home: home}).Open(t.Context(), secreturl.New("https://u@h/p"))
		checkFailure(t, err, failure.Usage, "http.https://h/.extraHeader: a value is not a header field",
			"NAME: VALUE")
		if strings.Contains(err.Error(), bad) {
			t.Errorf("%q shows a secret", err)
		}
	}
}

// A site that a redirect leads to gets only the headers for its URL, and no answer shows any of them.
func TestRedirectsCarryNoExtraHeaders(t *testing.T) {
	root, _ := packs(t)
	other := gittest.ServeHTTP(t, root)
	_, port, _ := strings.Cut(other.Addr(), ":")
	first := gittest.ServeHTTP(t, root, gittest.With(gittest.Redirect("http://localhost:"+port)))
	home := t.TempDir()
	write(t, home, ".gitconfig", "[http]\nextraHeader = X-General: "+good+
		"\nextraHeader = Authorization: Bearer "+good+"\n[http \""+first.URL+"\"]\nextraHeader = X-First: "+good+
		"\n[http \"http://localhost:"+port+"\"]\nextraHeader = X-Other: 1\n")
	d := newDialer(t, wire.Options{Home: home, Policy: redirectsTo("localhost")})
	if _, _, err := get(t.Context(), d, first.URL+"/pack"); err != nil {
		t.Fatal(err)
	}
	if got := extra(first.Requests()[0]); !slices.Contains(got, "X-First="+good) ||
		!slices.Contains(got, "X-General="+good) || !slices.Contains(got, "Authorization=Bearer "+good) {
		t.Errorf("the first site got %q", got)
	}
	for _, r := range other.Requests() {
		if got := extra(r); !slices.Equal(got, []string{"X-Other=1", "localhost:" + port}) {
			t.Errorf("the other site got %q", got)
		}
	}
}

func TestExtraHeadersAreNotShown(t *testing.T) {
	root, _ := packs(t)
	s := gittest.ServeHTTP(t, root, gittest.With(gittest.Answer(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, r.Header.Get("X-Token")+" "+r.Header.Get("Authorization"), http.StatusForbidden)
	})))
	home := t.TempDir()
	write(t, home, ".gitconfig", "[http]\nextraHeader = X-Token: x-"+good+"\nextraHeader = authorization: basic "+
		encoded("u:"+good)+"\n")
	_, _, err := get(t.Context(), newDialer(t, wire.Options{Home: home}), s.URL+"/pack")
	checkFailure(t, err, failure.Network,
		"with the credentials from git's http.extraHeader; the server says: ***", "netrc")
	if strings.Contains(err.Error(), good) || strings.Contains(err.Error(), encoded("u:" + good)[:8]) {
		t.Errorf("%q shows a secret", err)
	}
}

// Of the configuration of the repository that the user works in, only the headers for a URL apply.
func TestRepositoryConfiguration(t *testing.T) {
	root, _ := packs(t)
	s := gittest.ServeHTTP(t, root, gittest.With(gittest.BasicAuth("u", good)))
	project := gittest.NewRepo(t)
	header := "AUTHORIZATION: basic " + encoded("u:"+good)
	trap := filepath.Join(t.TempDir(), "sprung")
	for key, value := range map[string]string{
		"http.proxy": "http://" + closedPort(t), "http.extraHeader": "X-General: 1",
		"url.http://127.0.0.1:1/.insteadOf": s.URL, "credential.helper": "!touch " + trap,
		"core.askPass": "touch " + trap, "core.sshCommand": "touch " + trap,
	} {
		project.Git("config", key, value)
	}
	home := t.TempDir()
	options := wire.Options{Home: home, Dir: project.Dir}
	fetch := func() error {
		d := newDialer(t, options)
		url, err := d.Rewrite(s.URL + "/pack")
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = get(t.Context(), d, url.Reveal())
		return err
	}
	checkFailure(t, fetch(), failure.Network, "asks for credentials and none were found", "credential helper")

	project.Git("config", "http."+s.URL+"/.extraHeader", header) // as older versions of actions/checkout
	if err := fetch(); err != nil {
		t.Error(err)
	}
	project.Git("config", "--unset", "http."+s.URL+"/.extraHeader")
	inc := write(t, home, "runner.config", "[http \""+s.URL+"/\"]\n\textraheader = "+header+"\n") // as newer ones
	project.Git("config", "includeIf.gitdir:"+project.Dir+"/.git.path", inc)
	if err := fetch(); err != nil {
		t.Error(err)
	}
	write(t, project.Dir, ".git/config", "[broken")
	checkFailure(t, fetch(), failure.Network, "asks for credentials and none were found", "credential helper")
	for _, r := range s.Requests() {
		if r.Header.Get("X-General") != "" {
			t.Error("a header for every URL was sent")
		}
	}
	if _, err := os.Stat(trap); err == nil {
		t.Error("a program of the repository ran")
	}
}
