package wire_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch/wire"
	"github.com/Project-Manager-With-Git/ppm/pkg/policy"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

func TestHostPolicy(t *testing.T) {
	d := newDialer(t, wire.Options{Policy: rules(policy.Rules{
		AllowHosts: []string{"git.example.com", "*.corp.example", "Bücher.example", "127.0.0.1", "::1", "localhost",
			"plain.example", "sub.plain.example"},
		DenyHosts: []string{"secret.corp.example"},
		AllowHTTP: []string{"plain.example"},
	})})
	for _, c := range []struct {
		url, message string // "" for allowed
	}{
		{"https://git.example.com/a/b.git", ""},
		{"https://GIT.Example.com.:8443/a", ""}, // another spelling of the same host
		{"ssh://git@git.example.com/a", ""},     // every scheme
		{"git@git.example.com:a/b", ""},         // the scp form
		// a name means only itself
		{"https://sub.git.example.com/a", `the host "sub.git.example.com" is forbidden`},
		// not a suffix match of the text
		{"https://evil-git.example.com/a", `is forbidden: it is not in allow_hosts`},
		// all below
		{"https://a.b.corp.example/a", ""},
		// but not itself
		{"https://corp.example/a", `is forbidden: it is not in allow_hosts`},
		// deny_hosts comes before allow_hosts
		{"https://secret.corp.example/a", `the host "secret.corp.example" is forbidden`},
		// in every form
		{"git@secret.corp.example:a", `is forbidden: deny_hosts has`},
		// the ASCII form of a name
		{"https://xn--bcher-kva.example/a", ""},
		// plain http to this machine
		{"http://127.0.0.1:80/a", ""},
		{"http://[::1]/a", ""},
		{"http://localhost/a", ""},
		{"http://[::ffff:127.0.0.1]/a", ""}, // IPv4 in IPv6
		{"http://plain.example/a", ""},      // allowed for http
		{"http://sub.plain.example/a", `plain http to "sub.plain.example" is forbidden`},
		{"http://git.example.com/a", `plain http to "git.example.com" is forbidden`},
		{"http://127.0.0.1.evil.example/a", `is forbidden: it is not in allow_hosts`},
		// a user, not a host
		{"https://git.example.com@evil.example/a", `the host "evil.example" is forbidden`},
		{"https://evil.example/git.example.com", `the host "evil.example" is forbidden`},
	} {
		_, err := d.Open(t.Context(), secreturl.New(c.url))
		if c.message != "" {
			checkFailure(t, err, failure.Refused, c.message, "change ")
		} else if err != nil {
			t.Errorf("Open(%q): %v", c.url, err)
		}
	}
}

func TestWrongURLs(t *testing.T) {
	d := newDialer(t, wire.Options{})
	for _, c := range []struct{ url, message string }{
		{"ext::sh -c touch% /tmp/x", "remote helpers are not supported"},
		{"::x", "remote helpers are not supported"},
		{"git://host/a", "its scheme is not supported"},
		{"ftp://host/a", "its scheme is not supported"},
		{"https:///a", "it has no host"},
		{"https://host", "it has no path"},
		{"https://host/", "it has no path"},
		{"https://host/a?b=c", "it has a query or a fragment"},
		{"https://host/a#b", "it has a query or a fragment"},
		{"https://host:port/a", "invalid port"},
		{"https://host:99999/a", "the port 99999 is not a number from 1 to 65535"},
		{"ssh://git@host:0/a", "the port 0 is not a number from 1 to 65535"},
		{"https://host/%zz", "invalid URL escape"},
		{"https://host/a\nb", "it has a control character in it"},
		{"https://host/a%0ab", "it has a control character in it"},
		{"ssh://-oProxyCommand=touch/a", "a part of it starts with a dash"},
		{"ssh://-x@host/a", "a part of it starts with a dash"},
		{"-oProxyCommand=touch:a", "a part of it starts with a dash"},
		{"host:-a", "a part of it starts with a dash"},
		{"host:", "it has no path"},
		{"u:secret@host:path", "a password or a query"},
		{"git@host:a?token=secret", "a password or a query"},
		{"C:a", "a path on a Windows drive without a /"},
		{"c:a/b.git", "a path on a Windows drive without a /"},
		{"git@hоst.example.com:a", "a character that is not allowed there"}, // a Cyrillic o
	} {
		_, err := d.Place(secreturl.New(c.url))
		checkFailure(t, err, failure.Usage, c.message, "https://HOST/PATH")
	}
	for _, local := range []string{"/a/b", "./a:b", "../a", "a", `C:\a`, "C:/a", "file:///a", "FILE:///a"} {
		if got, err := d.Rewrite(local); got.Reveal() != local || err != nil {
			t.Errorf("Rewrite(%q) = %q, %v, want it unchanged", local, got, err)
		}
		_, err := d.Open(t.Context(), secreturl.New(local))
		checkFailure(t, err, failure.Usage, "not the URL of a remote repository", "https://HOST/PATH")
	}
}

// writeInsteadOf writes url.*.insteadOf rules into a home folder, with includes.
func writeInsteadOf(t *testing.T, home string) {
	t.Helper()
	write(t, home, ".gitconfig", `
# the user's
[url "https://git.example.com/"]
	insteadOf = gh:
	insteadOf = "https://github.com/"
[URL "ssh://git@long.example.com/"]
	INSTEADOF = https://github.com/long/
[url "https://u:secret@mirror.example.com/x"]
	insteadof = https://mirror/ ; a comment
[include]
	path = more.inc
	path = missing.inc
[url "https://last.example.com/"]
	insteadOf = twice:
[includeIf "gitdir:/"]
	path = never.inc
`)
	write(t, home, "more.inc",
		"\ufeff[url \"https://included.example.com/\"]\n\tinsteadOf = inc:\n\tinsteadOf = twice:\n"+
			"[include]\n\tpath = ~/deeper.inc\n")
	write(t, home, "deeper.inc",
		"[url \"https://deep.example.com/\"] \n insteadOf = deep:\n"+
			"[alias]\n\tx = \"!f() { echo \\\"a\\\\tb\\\"; }; f\"\n[core]\n\tbare\n")
	write(t, home, "never.inc", "[url \"https://never.example.com/\"]\n\tinsteadOf = never:\n")
	write(t, home, ".config/git/config", "[url \"https://xdg.example.com/\"]\n\tinsteadOf = xdg:\n")
}

// Git shows what it makes of a URL with url.*.insteadOf.
func TestInsteadOfAsGit(t *testing.T) {
	home := t.TempDir()
	writeInsteadOf(t, home)
	system := write(t, home, "system", "[url \"https://system.example.com/\"]\n\tinsteadOf = sys:\n")
	vars := []string{
		"GIT_CONFIG_NOSYSTEM", "0", "GIT_CONFIG_SYSTEM", system,
		"GIT_CONFIG_COUNT", "1",
		"GIT_CONFIG_KEY_0", "url.https://env.example.com/.insteadOf", "GIT_CONFIG_VALUE_0", "env:",
	}
	d := newDialer(t, wire.Options{Home: home, Env: env(vars...)})
	for _, url := range []string{
		"gh:a/b", "https://github.com/a/b", "https://github.com/long/b", "https://github.com/longer",
		"https://mirror/y", "inc:a", "twice:a", "deep:a", "xdg:a", "sys:a", "env:a", "https://other.example.com/gh:a",
	} {
		git := exec.Command("git", "ls-remote", "--get-url", url)
		git.Dir = home
		git.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home}
		for i := 0; i < len(vars); i += 2 {
			git.Env = append(git.Env, vars[i]+"="+vars[i+1])
		}
		want, err := git.Output()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := d.Rewrite(url); got.Reveal() != strings.TrimSpace(string(want)) || err != nil {
			t.Errorf("Rewrite(%q) = %q, %v; git says %q", url, got, err, want)
		}
	}
	if got, _ := d.Rewrite("never:/a"); got.Reveal() != "never:/a" {
		t.Errorf("a conditional include was followed: %q", got)
	}
	only := write(t, home, "only", "")
	d = newDialer(t, wire.Options{Home: home, Env: env("GIT_CONFIG_GLOBAL", only)})
	if got, _ := d.Rewrite("gh:a/b"); got.Reveal() != "gh:a/b" {
		t.Errorf("the user's files are read in spite of GIT_CONFIG_GLOBAL: %q", got)
	}
}

func TestBrokenGitConfig(t *testing.T) {
	for _, c := range []struct{ text, message string }{
		{"[url\n", ".gitconfig"},                                // no end of the section
		{"[a]\nx = \"\\q\"\n", ".gitconfig"},                    // an unknown escape
		{"[a]\n= 1\n", ".gitconfig"},                            // no name
		{"[include]\npath = .gitconfig\n", "nested too deeply"}, // a loop
	} {
		home := t.TempDir()
		write(t, home, ".gitconfig", c.text)
		_, err := newDialer(t, wire.Options{Home: home}).Rewrite("https://git.example.com/a")
		checkFailure(t, err, failure.Usage, c.message, "GIT_CONFIG_GLOBAL")
	}
}

// Without a home folder, the current folder is not used as one.
func TestNoHome(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, ".gitconfig", "[url \"https://evil.example.com/\"]\n\tinsteadOf = gh:\n")
	write(t, dir, ".ssh/config", "Host *\n\tHostName evil.example.com\n")
	t.Chdir(dir)
	d := wire.New(wire.Options{Env: env()})
	if at, err := d.Place(secreturl.New("git.example.com:pack")); err != nil || at.Host != "git.example.com" {
		t.Errorf("the place is %v, %v", at, err)
	}
	if got, err := d.Rewrite("gh:a"); got.Reveal() != "gh:a" || err != nil {
		t.Errorf("Rewrite = %q, %v", got, err)
	}
}

// Proxies and certificates can be set by variables and by git's configuration.
func TestProxiesAndAuthorities(t *testing.T) {
	root, _ := packs(t)
	ca, caFile := gittest.NewCA(t)
	s := gittest.ServeHTTP(t, root, gittest.TLS(ca.Cert(time.Hour, "git.example.com")))
	plain := gittest.ServeHTTP(t, root)
	proxy := gittest.ServeProxy(t, s.Addr(), "", "")
	asking := gittest.ServeProxy(t, s.Addr(), "pu", "pw")
	toPlain := gittest.ServeProxy(t, plain.Addr(), "", "")
	broken := "http://" + closedPort(t)
	for _, c := range []struct {
		name   string
		config string
		env    []string
		scheme string
		ok     bool
	}{
		{"HTTPS_PROXY and SSL_CERT_FILE", "", []string{"HTTPS_PROXY", proxy.URL, "SSL_CERT_FILE", caFile}, "https",
			true},
		{"ALL_PROXY and SSL_CERT_DIR", "", []string{"ALL_PROXY", proxy.URL, "SSL_CERT_DIR", filepath.Dir(caFile)},
			"https", true},
		{"a proxy with credentials", "",
			[]string{"https_proxy", strings.Replace(asking.URL, "//", "//pu:pw@", 1), "GIT_SSL_CAINFO", caFile},
			"https", true},
		{"a proxy without a scheme", "",
			[]string{"HTTPS_PROXY", strings.TrimPrefix(proxy.URL, "http://"), "GIT_SSL_CAINFO", caFile}, "https",
			true},
		{"git's settings before variables", "[http]\nproxy = " + proxy.URL + "\nsslCAInfo = " + caFile,
			[]string{"HTTPS_PROXY", broken}, "https", true},
		{"git's settings for a host",
			"[http \"https://*.example.com\"]\nproxy = " + proxy.URL + "\nsslCAInfo = " + caFile +
				"\n[http]\nproxy = " + broken, nil, "https", true},
		{"git's settings for another host",
			"[http \"https://example.org\"]\nproxy = " + proxy.URL + "\n[http]\nsslCAInfo = " + caFile + "\nproxy = " +
				broken, nil, "https", false},
		{"git's settings cannot turn verification off", "[http]\nsslVerify = false\nproxy = " + proxy.URL,
			[]string{"GIT_SSL_NO_VERIFY", "1"}, "https", false},
		{"HTTP_PROXY", "", []string{"HTTP_PROXY", toPlain.URL}, "http", true},
		{"HTTP_PROXY from a client of a CGI program", "",
			[]string{"HTTP_PROXY", broken, "REQUEST_METHOD", "GET", "ALL_PROXY", toPlain.URL}, "http", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := t.TempDir()
			write(t, home, ".gitconfig", c.config)
			d := newDialer(t, wire.Options{Home: home, Env: env(c.env...), Policy: httpTo("git.example.com")})
			if _, _, err := get(t.Context(), d, c.scheme+"://git.example.com/pack"); (err == nil) != c.ok {
				t.Errorf("%v, want success %v", err, c.ok)
			}
		})
	}
	for _, host := range proxy.Hosts() {
		if host != "git.example.com:443" {
			t.Errorf("the proxy was asked for %q", host)
		}
	}
	d := newDialer(t, wire.Options{Env: env("HTTP_PROXY", broken, "NO_PROXY", "127.0.0.1")})
	if _, _, err := get(t.Context(), d, plain.URL+"/pack"); err != nil {
		t.Errorf("this machine is reached by a proxy: %v", err)
	}
}

func TestUnreadableCertificates(t *testing.T) {
	d := newDialer(t, wire.Options{Env: env("SSL_CERT_FILE", filepath.Join(t.TempDir(), "none"))})
	_, err := d.Open(t.Context(), secreturl.New("https://git.example.com/a"))
	checkFailure(t, err, failure.LocalIO, "reading the certificates of SSL_CERT_FILE", "correct or remove")
}
