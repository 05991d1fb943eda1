package wire_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch/wire"
)

const (
	good = "g00d-s3cret"
	bad  = "wr0ng-s3cret"

	thatServer = "THAT SERVER" // stands for the URL of the server
)

func encoded(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// write makes a file in a folder and returns its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// helperConfig returns a git configuration with a credential helper that returns the password, and logs its calls in a
// file.
func helperConfig(log, password string) string {
	return "[credential]\n\thelper = \"!f() { echo $1 >>'" + log + "'; cat >>'" + log +
		"'; test $1 = get && printf 'username=u\\\\npassword=" + password + "\\\\n'; }; f\"\n"
}

// A credentialCase is a server that asks for credentials, and where they are.
type credentialCase struct {
	name     string
	fault    gittest.Fault
	userinfo string // in the URL
	netrc    string // "" for none
	helper   string // password that the helper gives
	env      []string
	requests int // 3 when the credentials are known before the server asks
}

var (
	basic  = gittest.BasicAuth("u", good)
	bearer = gittest.Bearer(good)
)

var credentialCases = []credentialCase{
	{"in the URL", basic, "u:" + good + "@", "", "", nil, 3},
	{"a token variable", gittest.BasicAuth("x-access-token", good), "", "", "",
		[]string{"PPM_TOKEN_127_0_0_1", good}, 3},
	{"a token variable with a user", basic, "", "", "", []string{"PPM_TOKEN_127_0_0_1", "u:" + good}, 3},
	{"a token variable for the URL's user", basic, "u@", "", "", []string{"PPM_TOKEN_127_0_0_1", good}, 3},
	{"a bearer token", bearer, "", "", "", []string{"PPM_TOKEN_127_0_0_1", good}, 4},
	{".netrc", basic, "", "machine 127.0.0.1 login u password " + good, "", nil, 4},
	{".netrc, the URL's user", basic, "u@",
		"machine 127.0.0.1 login v password x machine 127.0.0.1 login u password " + good, "", nil, 4},
	{"the helper", basic, "", "", good, nil, 4},
	{"git's extraHeader", basic, "", "", "", []string{"GIT_CONFIG_COUNT", "1",
		"GIT_CONFIG_KEY_0", "http.extraHeader",
		"GIT_CONFIG_VALUE_0", "authorization: basic " + encoded("u:"+good)}, 3},
	{"git's extraHeader with a bearer token", bearer, "", "", "", []string{"GIT_CONFIG_PARAMETERS",
		"'http.http://127.0.0.1.extraHeader'='x: y' 'http.extraHeader'='AUTHORIZATION: Bearer " + good + "'"}, 3},
	{"a variable after a wrong extraHeader", basic, "", "machine 127.0.0.1 login u password " + good, "",
		[]string{"GIT_CONFIG_PARAMETERS", "'http.extraHeader'='Authorization: Basic " + encoded("u:"+bad) + "'"}, 4},
	{"a job token of GitHub", gittest.BasicAuth("x-access-token", good), "", "", "",
		[]string{"GITHUB_TOKEN", good, "GITHUB_SERVER_URL", thatServer}, 4},
	{"a token for gh", gittest.BasicAuth("x-access-token", good), "", "", "",
		[]string{"GITHUB_TOKEN", bad, "GH_TOKEN", good, "GITHUB_SERVER_URL", thatServer}, 4},
	{"a job token of GitLab", gittest.BasicAuth("gitlab-ci-token", good), "", "", "",
		[]string{"CI_JOB_TOKEN", good, "CI_SERVER_URL", thatServer}, 4},
	{"a job token of GitLab after the helper", gittest.BasicAuth("gitlab-ci-token", good), "", "", bad,
		[]string{"CI_JOB_TOKEN", good, "CI_SERVER_HOST", "127.0.0.1", "CI_SERVER_PROTOCOL", "http"}, 5},
	{"the helper after a wrong URL, variable and .netrc", basic, "u:" + bad + "@",
		"machine 127.0.0.1 login u password " + bad, good, []string{"PPM_TOKEN_127_0_0_1", bad}, 6},
}

func TestCredentialSources(t *testing.T) {
	root, _ := packs(t)
	for _, c := range credentialCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			log := filepath.Join(home, "log")
			if c.netrc != "" {
				write(t, home, ".netrc", c.netrc)
			}
			if c.helper != "" {
				write(t, home, ".gitconfig", helperConfig(log, c.helper))
			}
			s := gittest.ServeHTTP(t, root, gittest.With(c.fault))
			vars := slices.Clone(c.env)
			for i, value := range vars {
				if value == thatServer {
					vars[i] = s.URL
				}
			}
			d := newDialer(t, wire.Options{Home: home, Env: env(vars...)})
			if _, _, err := get(t.Context(), d, strings.Replace(s.URL, "//", "//"+c.userinfo, 1)+"/pack"); err != nil {
				t.Fatal(err)
			}
			if got := len(s.Requests()); got != c.requests {
				t.Errorf("%d requests, want %d", got, c.requests)
			}
			if calls, _ := os.ReadFile(log); c.helper == good &&
				(strings.Count(string(calls), "get\n") != 1 || strings.Count(string(calls), "store\n") != 1) {
				t.Errorf("the helper was called as %q, want one get and one store", calls)
			}
		})
	}
}

// No error, hint or progress message contains a credential, even when the server repeats it.
func TestCredentialsAreNotShown(t *testing.T) {
	root, _ := packs(t)
	home := t.TempDir()
	write(t, home, ".netrc", "machine 127.0.0.1 login u password netrc-"+bad)
	write(t, home, ".gitconfig", helperConfig(os.DevNull, "helper-"+bad))
	echo := func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
		w.Write([]byte(pkt("ERR no " + password + " " + url.QueryEscape(password) + " " +
			r.Header.Get("Authorization"))))
	}
	asksInVain := gittest.Answer(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		w.Header().Set("WWW-Authenticate", "Basic realm="+password)
		w.Header().Set("Retry-After", r.Header.Get("Authorization"))
		w.WriteHeader(http.StatusUnauthorized)
	})
	redirect := gittest.Answer(func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		w.Header().Set("Location", "https://x:"+password+"@127.0.0.1/"+password+"?"+password)
		w.WriteHeader(http.StatusFound)
	})
	for _, c := range []struct {
		name  string
		fault gittest.Fault
	}{
		{"not accepted", asksInVain},
		{"forbidden", gittest.Status(403)},
		{"not found", gittest.Status(404)},
		{"repeated in an error", gittest.Answer(func(w http.ResponseWriter, r *http.Request) {
			_, password, _ := r.BasicAuth()
			http.Error(w, "no "+password+" "+r.Header.Get("Authorization"), http.StatusForbidden)
		})},
		{"repeated in an answer", gittest.Answer(echo)},
		{"repeated in a redirect", redirect},
		{"cut", gittest.Cut(0)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var progress strings.Builder
			d := newDialer(t, wire.Options{
				Home: home, Env: env("PPM_TOKEN_127_0_0_1", "env-"+bad),
				Progress: func(s string) { progress.WriteString(s) },
			})
			s := gittest.ServeHTTP(t, root, gittest.With(c.fault))
			_, _, err := get(t.Context(), d, strings.Replace(s.URL, "//", "//u:url-"+bad+"%2F@", 1)+"/pack")
			if err == nil {
				t.Fatal("no error")
			}
			text := err.Error() + failure.Hint(err) + progress.String()
			for _, password := range []string{bad, encoded("u:url-" + bad)[4:20],
				encoded("u:helper-" + bad)[4:20]} {
				if strings.Contains(text, password) {
					t.Errorf("%q shows a credential", text)
				}
			}
		})
	}
}

func TestWrongURLsShowNoCredentials(t *testing.T) {
	for _, u := range []string{
		"https://u:" + bad + "@h:x/p", "https://u:" + bad + "/x@h/p", "https://u:" + bad + "@/p", "https://u:" + bad +
			"@h/p?q",
		"ftp://u:" + bad + "@h/p", "ssh://u:" + bad + "@-h/p", "https://u:" + bad + "@h/\x01",
	} {
		if _, err := newDialer(t, wire.Options{}).Open(t.Context(), u); err == nil ||
			strings.Contains(err.Error(), bad) {
			t.Errorf("%v shows a credential", err)
		}
	}
}

// A credential is sent only to the site that it is for.
func TestRedirectsCarryNoCredentials(t *testing.T) {
	root, _ := packs(t)
	other := gittest.ServeHTTP(t, root)
	asking := gittest.ServeHTTP(t, root, gittest.With(gittest.BasicAuth("u", good)))
	for _, c := range []struct {
		name   string
		to     *gittest.HTTPServer
		toHost string // by which name it is reached
		netrc  string
		ok     bool
	}{
		{"a site that asks for nothing", other, "localhost", "machine 127.0.0.1 login u password " + good, true},
		{"a site that asks", asking, "localhost",
			"machine 127.0.0.1 login u password " + good + " default login u password " + good, false},
		{"a site with credentials of its own", asking, "localhost", "machine localhost login u password " + good,
			true},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := t.TempDir()
			write(t, home, ".netrc", c.netrc)
			_, port, _ := strings.Cut(c.to.Addr(), ":")
			first := gittest.ServeHTTP(t, root,
				gittest.With(gittest.BasicAuth("u", bad), gittest.Redirect("http://evil:x@"+c.toHost+":"+port)))
			before := len(c.to.Requests())
			d := newDialer(t, wire.Options{Home: home, Env: env("PPM_TOKEN_127_0_0_1", "u:"+bad)})
			_, _, err := get(t.Context(), d, strings.Replace(first.URL, "//", "//u:"+bad+"@", 1)+"/pack")
			if (err == nil) != c.ok {
				t.Errorf("%v, want success %v", err, c.ok)
			}
			reached := c.to.Requests()[before:]
			if len(reached) == 0 {
				t.Fatal("the redirect was not followed")
			}
			for _, r := range reached {
				_, password, has := r.BasicAuth()
				if own := strings.Contains(c.netrc, "localhost"); has && (!own || password != good) {
					t.Errorf("the other origin got %q", r.Header.Get("Authorization"))
				}
			}
			if got := len(first.Requests()); got != 1 {
				t.Errorf("%d requests to the first origin, want 1: the pack comes from where the refs do", got)
			}
		})
	}
}

func TestRedirectsUnderPolicy(t *testing.T) {
	root, _ := packs(t)
	ca, caFile := gittest.NewCA(t)
	last := gittest.ServeHTTP(t, root)
	_, port, _ := strings.Cut(last.Addr(), ":")
	secure := gittest.ServeHTTP(t, root, gittest.TLS(ca.Cert(time.Hour, "127.0.0.1")),
		gittest.With(gittest.Redirect(last.URL)))
	for _, c := range []struct {
		name    string
		from    string
		options wire.Options
		kind    failure.Kind
		message string
		hint    string
	}{
		{"to a denied host", gittest.ServeHTTP(t, root, gittest.With(gittest.Redirect("http://localhost:"+port))).URL,
			wire.Options{DenyHosts: []string{"localhost"}}, failure.Refused, `"localhost": the host is denied`,
			"deny_hosts"},
		{"to a host that is not allowed",
			gittest.ServeHTTP(t, root, gittest.With(gittest.Redirect("http://localhost:"+port))).URL,
			wire.Options{AllowHosts: []string{"127.0.0.1"}}, failure.Refused, `"localhost": the host is not allowed`,
			"allow_hosts"},
		{"to plain http elsewhere",
			gittest.ServeHTTP(t, root, gittest.With(gittest.Redirect("http://git.example.com"))).URL, wire.Options{},
			failure.Refused, "plain http", "allow_http"},
		{"from https to http", secure.URL, wire.Options{Env: env("SSL_CERT_FILE", caFile), AllowHTTP: []string{"*"}},
			failure.Refused, "it leads from https to http", "report it to the server's owner"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := get(t.Context(), newDialer(t, c.options), c.from+"/pack")
			checkFailure(t, err, c.kind, c.message, c.hint)
		})
	}
	if n := len(last.Requests()); n != 0 {
		t.Errorf("%d requests reached the end of a forbidden redirect", n)
	}
}

// The helper is the only program that runs. The repository of the current folder and inherited variables have no
// effect on it.
func TestHelperAlone(t *testing.T) {
	root, _ := packs(t)
	trap := filepath.Join(t.TempDir(), "sprung")
	spring := "!touch " + trap + ";:"
	project := gittest.NewRepo(t)
	project.Git("config", "credential.helper", spring)
	project.Git("config", "core.askPass", "touch "+trap)
	t.Chdir(project.Dir)
	t.Setenv("GIT_DIR", filepath.Join(project.Dir, ".git"))
	t.Setenv("GIT_ASKPASS", "touch "+trap)
	t.Setenv("SSH_ASKPASS", "touch "+trap)
	t.Setenv("GIT_CONFIG_PARAMETERS", "'credential.helper="+spring+"'")
	home := t.TempDir()
	core := "[core]\n"
	for _, name := range []string{"sshCommand", "fsmonitor", "pager"} {
		core += "\t" + name + " = touch " + trap + "\n"
	}
	write(t, home, ".gitconfig", helperConfig(os.DevNull, "")+core)
	s := gittest.ServeHTTP(t, root, gittest.With(gittest.BasicAuth("u", good)))
	_, _, err := get(t.Context(), newDialer(t, wire.Options{Home: home}), s.URL+"/pack")
	checkFailure(t, err, failure.Network, "asks for credentials and none were found", "credential helper")
	if _, err := os.Stat(trap); err == nil {
		t.Error("another program ran")
	}
}

// A helper is told that its credential was rejected.
func TestHelperIsToldOfRejection(t *testing.T) {
	root, _ := packs(t)
	home := t.TempDir()
	log := filepath.Join(home, "log")
	write(t, home, ".gitconfig", helperConfig(log, bad))
	s := gittest.ServeHTTP(t, root, gittest.With(gittest.BasicAuth("u", good)))
	_, _, err := get(t.Context(), newDialer(t, wire.Options{Home: home}), s.URL+"/pack")
	checkFailure(t, err, failure.Network, "does not accept the credentials from git's credential helper",
		"PPM_TOKEN_127_0_0_1")
	if calls, _ := os.ReadFile(log); !strings.Contains(string(calls), "erase\n") ||
		!strings.Contains(string(calls), "password="+bad) {
		t.Errorf("the helper was called as %q", calls)
	}
}
