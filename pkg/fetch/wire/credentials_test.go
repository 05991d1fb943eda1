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

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch/wire"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

const (
	good = "g00d-s3cret"
	bad  = "wr0ng-s3cret"

	thatServer   = "THAT SERVER"   // stands for the URL of the server
	thatPort     = "THAT PORT"     // for its port
	thatVariable = "THAT VARIABLE" // for the variable with the token for it
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
	requests int // 3 when the credentials are sent before the server asks
}

var (
	basic  = gittest.BasicAuth("u", good)
	bearer = gittest.Bearer(good)
)

var credentialCases = []credentialCase{
	{"in the URL", basic, "u:" + good + "@", "", "", nil, 4},
	{"a token variable", gittest.BasicAuth("x-access-token", good), "", "", "",
		[]string{thatVariable, good}, 4},
	{"a token variable with a user", basic, "", "", "", []string{thatVariable, "u:" + good}, 4},
	{"a token variable for the URL's user", basic, "u@", "", "", []string{thatVariable, good}, 4},
	{"a bearer token", bearer, "", "", "", []string{thatVariable, good}, 4},
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
		[]string{"CI_JOB_TOKEN", good, "CI_SERVER_HOST", "127.0.0.1", "CI_SERVER_PORT", thatPort, "CI_SERVER_PROTOCOL",
			"http"}, 5},
	{"the helper after a wrong URL, variable and .netrc", basic, "u:" + bad + "@",
		"machine 127.0.0.1 login u password " + bad, good, []string{thatVariable, bad}, 7},
	{"a token variable and an extraHeader", basic, "", "", "", []string{thatVariable, "u:" + good,
		"GIT_CONFIG_PARAMETERS", "'http.extraHeader'='Authorization: Basic " + encoded("u:"+bad) + "'"}, 4},
}

// tokenVariable returns the variable with the token for a server on the loopback address.
func tokenVariable(s *gittest.HTTPServer) string {
	return "PPM_TOKEN_" + strings.NewReplacer(".", "_", ":", "_").Replace(s.Addr())
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
				switch value {
				case thatServer:
					vars[i] = s.URL
				case thatPort:
					_, vars[i], _ = strings.Cut(s.Addr(), ":")
				case thatVariable:
					vars[i] = tokenVariable(s)
				}
			}
			d := newDialer(t, wire.Options{Home: home, Env: env(vars...)})
			if _, _, err := get(t.Context(), d, strings.Replace(s.URL, "//", "//"+c.userinfo, 1)+"/pack"); err != nil {
				t.Fatal(err)
			}
			if got := len(s.Requests()); got != c.requests {
				t.Errorf("%d requests, want %d", got, c.requests)
			}
			header := strings.Contains(strings.Join(c.env, " "), "xtraHeader") && !slices.Contains(c.env, thatVariable)
			if _, sent := s.Requests()[0].Header["Authorization"]; sent != header {
				t.Errorf("a credential was sent before the server asked: %v, want %v", sent, header)
			}
			if calls, _ := os.ReadFile(log); c.helper == good &&
				(strings.Count(string(calls), "get\n") != 1 || strings.Count(string(calls), "store\n") != 1) {
				t.Errorf("the helper was called as %q, want one get and one store", calls)
			}
		})
	}
}

// askFirst asks for credentials, and misbehaves when it gets some.
func askFirst(f gittest.Fault) gittest.Fault {
	return func(next http.Handler) http.Handler {
		faulty := f(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "" {
				w.Header().Set("WWW-Authenticate", "Basic")
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			faulty.ServeHTTP(w, r)
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
			s := gittest.ServeHTTP(t, root, gittest.With(askFirst(c.fault)))
			d := newDialer(t, wire.Options{
				Home: home, Env: env(tokenVariable(s), "env-"+bad),
				Progress: func(s string) { progress.WriteString(s) },
			})
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
		if _, err := newDialer(t, wire.Options{}).Open(t.Context(), secreturl.New(u)); err == nil ||
			strings.Contains(err.Error(), bad) {
			t.Errorf("%v shows a credential", err)
		}
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
