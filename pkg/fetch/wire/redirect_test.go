package wire_test

import (
	"cmp"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch/wire"
	"github.com/Project-Manager-With-Git/ppm/pkg/policy"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

// httpPort returns the port of a server.
func httpPort(s *gittest.HTTPServer) string {
	_, port, _ := strings.Cut(s.Addr(), ":")
	return port
}

// redirecting returns the URL of a repository on a server that redirects to the same path below base.
func redirecting(t *testing.T, root, base string) string {
	return gittest.ServeHTTP(t, root, gittest.With(gittest.Redirect(base))).URL + "/pack"
}

// A credential is sent only to the site that it is for, when that site asks.
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
		{"a site that asks for nothing", other, "localhost", "machine localhost login u password " + good, true},
		{"a site that asks", asking, "localhost",
			"machine 127.0.0.1 login u password " + good + " default login u password " + good, false},
		{"a site with credentials of its own", asking, "localhost", "machine localhost login u password " + good,
			true},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := t.TempDir()
			write(t, home, ".netrc", c.netrc)
			first := gittest.ServeHTTP(t, root, gittest.With(gittest.BasicAuth("u", bad),
				gittest.Redirect("http://evil:x@"+c.toHost+":"+httpPort(c.to))))
			before := len(c.to.Requests())
			d := newDialer(t, wire.Options{
				Home: home, Env: env(tokenVariable(first), "u:"+bad), Policy: redirectsTo(c.toHost),
			})
			_, _, err := get(t.Context(), d, strings.Replace(first.URL, "//", "//u:"+bad+"@", 1)+"/pack")
			if (err == nil) != c.ok {
				t.Errorf("%v, want success %v", err, c.ok)
			}
			reached := c.to.Requests()[before:]
			if len(reached) == 0 {
				t.Fatal("the redirect was not followed")
			}
			for i, r := range reached {
				_, password, has := r.BasicAuth()
				if has && (i == 0 || c.to == other || password != good) {
					t.Errorf("request %d to the other site had %q", i, r.Header.Get("Authorization"))
				}
			}
			if got := len(first.Requests()); got != 2 {
				t.Errorf("%d requests to the first site, want 2: the pack comes from where the refs do", got)
			}
		})
	}
}

// A redirect must not lead to a host, port or scheme that nobody has named, and nothing is sent there.
func TestRefusedRedirects(t *testing.T) {
	root, _ := packs(t)
	ca, caFile := gittest.NewCA(t)
	last := gittest.ServeHTTP(t, root)
	local := "http://localhost:" + httpPort(last)
	secure := gittest.ServeHTTP(t, root, gittest.TLS(ca.Cert(time.Hour, "127.0.0.1")),
		gittest.With(gittest.Redirect(last.URL))).URL + "/pack"
	twice := strings.TrimSuffix(redirecting(t, root, "http://[::1]:"+httpPort(last)), "/pack")
	anywhere := []string{"*"}
	for _, c := range []struct {
		name    string
		from    string
		options wire.Options
		message string
		hint    string
	}{
		{"to another host", redirecting(t, root, local), wire.Options{}, `it leads to another host, "localhost"`,
			"use the URL that the redirect leads to: " + local +
				"/pack, or add localhost to [policy] allow_redirects"},
		{"to a host like one that is allowed", redirecting(t, root, local),
			wire.Options{Policy: redirectsTo("*.localhost", "localhost.example")}, `another host, "localhost"`,
			"allow_redirects"},
		{"to a host that is only allowed to connect to", redirecting(t, root, local),
			wire.Options{Policy: rules(policy.Rules{AllowHosts: []string{"127.0.0.1", "localhost"}})},
			`another host, "localhost"`, "allow_redirects"},
		{"to the host in the user", redirecting(t, root, "http://127.0.0.1@localhost:"+httpPort(last)), wire.Options{},
			`another host, "localhost"`, "allow_redirects"},
		{"to another port", redirecting(t, root, last.URL), wire.Options{},
			"it leads to another port, " + httpPort(last), "add 127.0.0.1 to [policy] allow_redirects"},
		{"to another spelling of the host", redirecting(t, root, "http://[::ffff:127.0.0.1]:"+httpPort(last)),
			wire.Options{}, "it leads to another port", "allow_redirects"},
		{"over an allowed host", redirecting(t, root, twice),
			wire.Options{Policy: redirectsTo("127.0.0.1")}, `another host, "::1"`, "allow_redirects"},
		{"that git's configuration forbids", redirecting(t, root, local), wire.Options{
			Policy: redirectsTo("*"), Env: env("GIT_CONFIG_PARAMETERS", "'http.followRedirects'='false'"),
		}, "git's http.followRedirects is false", "use the URL that it leads to: " + local + "/pack"},
		{"from https to http", secure,
			wire.Options{
				Env:    env("SSL_CERT_FILE", caFile),
				Policy: rules(policy.Rules{AllowHTTP: anywhere, AllowRedirects: anywhere}),
			},
			"it leads from https to http", "report it to the server's owner"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := get(t.Context(), newDialer(t, c.options), c.from)
			checkFailure(t, err, failure.Refused, c.message, c.hint)
		})
	}
	if n := len(last.Requests()); n != 0 {
		t.Errorf("%d requests reached the end of a forbidden redirect", n)
	}
}

// The policy applies to each place that a redirect leads to.
func TestRedirectsThatThePolicyForbids(t *testing.T) {
	root, _ := packs(t)
	last := gittest.ServeHTTP(t, root)
	local := "http://localhost:" + httpPort(last)
	anywhere := []string{"*"}
	for _, c := range []struct {
		name    string
		from    string
		options wire.Options
		message string
		hint    string
	}{
		{"to a denied host", redirecting(t, root, local),
			wire.Options{Policy: rules(policy.Rules{DenyHosts: []string{"localhost"}, AllowRedirects: anywhere})},
			`the host "localhost" is forbidden`, "deny_hosts"},
		{"to a host that is not allowed", redirecting(t, root, local),
			wire.Options{Policy: rules(policy.Rules{AllowHosts: []string{"127.0.0.1"}, AllowRedirects: anywhere})},
			`the host "localhost" is forbidden`, "allow_hosts"},
		{"to a namespace that is denied", redirecting(t, root, local), wire.Options{Policy: rules(policy.Rules{
			DenyNamespaces: []string{"localhost/pack"}, AllowRedirects: anywhere,
		})}, `the namespace "localhost/pack" is forbidden`, "deny_namespaces"},
		{"to plain http elsewhere", redirecting(t, root, "http://git.example.com"),
			wire.Options{Policy: redirectsTo("*")}, "plain http", "allow_http"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := get(t.Context(), newDialer(t, c.options), c.from)
			checkFailure(t, err, failure.Refused, c.message, c.hint)
		})
	}
}

// redirects answers requests below /pack with redirects that have these status codes, one after the other. The last
// leads to /new below the URL to.
func redirects(codes []int, to string) gittest.Fault {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			path, ok := strings.CutPrefix(r.URL.RequestURI(), "/pack")
			if !ok {
				next.ServeHTTP(w, r)
				return
			}
			done, rest := strings.Count(path, "+"), strings.TrimLeft(path, "+")
			location := "/pack" + strings.Repeat("+", done+1) + rest
			if done+1 == len(codes) {
				location = to + "/new" + rest
			}
			w.Header().Set("Location", location)
			w.WriteHeader(codes[done])
		})
	}
}

// Redirects within the host and port of the remote, and to hosts that the user allows, are followed and reported. A
// permanent one is known to the session.
func TestFollowedRedirects(t *testing.T) {
	root, _ := packs(t)
	if err := os.Rename(filepath.Join(root, "pack"), filepath.Join(root, "new")); err != nil {
		t.Fatal(err)
	}
	target := gittest.ServeHTTP(t, root)
	for _, c := range []struct {
		name  string
		codes []int
		to    string // another site
		moved bool
	}{
		{"within a site, for good", []int{301}, "", true},
		{"within a site, for now", []int{302}, "", false},
		{"for good, with the method", []int{308}, "", true},
		{"for now, with the method", []int{307}, "", false},
		{"for good, and again", []int{301, 308}, "", true},
		{"for good, then for now", []int{301, 302}, "", false},
		{"for now, then for good", []int{302, 301}, "", false},
		{"to an allowed host", []int{301}, "http://localhost:" + httpPort(target), true},
		{"not at all", nil, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := gittest.ServeHTTP(t, root, gittest.With(redirects(c.codes, c.to)))
			var progress []string
			d := newDialer(t, wire.Options{
				Policy: redirectsTo("localhost"), Progress: func(s string) { progress = append(progress, s) },
			})
			url, end := s.URL+"/pack", cmp.Or(c.to, s.URL)+"/new"
			if len(c.codes) == 0 {
				url = end
			}
			session, err := d.Open(t.Context(), secreturl.New(url))
			if err != nil {
				t.Fatal(err)
			}
			defer session.Close()
			if refs, err := session.Refs(t.Context()); err != nil || len(refs) == 0 {
				t.Fatalf("%v, %v", refs, err)
			}
			if got := session.MovedTo(); got != "" != c.moved || c.moved && got != end {
				t.Errorf("MovedTo() = %q, want %v and %q", got, c.moved, end)
			}
			isOther := func(line string) bool { return !strings.HasPrefix(line, "redirected (status ") }
			hops := slices.DeleteFunc(progress, isOther)
			if len(hops) != len(c.codes) || len(hops) > 0 && !strings.HasSuffix(hops[len(hops)-1], " to "+end) {
				t.Errorf("the progress is %q", hops)
			}
		})
	}
}

// A line end in the path of a redirect would tell git's credential helper that another host asks.
func TestRedirectsCannotNameAnotherHostToTheHelper(t *testing.T) {
	root, _ := packs(t)
	home := t.TempDir()
	log := filepath.Join(home, "log")
	write(t, home, ".gitconfig", helperConfig(log, good)+"[credential]\n\tuseHttpPath = true\n")
	for _, path := range []string{"/x%0ahost=victim.example.com%0a", "/x%0dhost=victim.example.com%0d", "/x%00"} {
		s := gittest.ServeHTTP(t, root, gittest.With(
			gittest.Times(1, gittest.Redirect("http://localhost:1"+path)), gittest.BasicAuth("u", good)))
		d := newDialer(t, wire.Options{Home: home, Policy: redirectsTo("*")})
		_, _, err := get(t.Context(), d, s.URL+"/pack")
		checkFailure(t, err, failure.Network, "a redirect to a malformed URL", "git repository")
	}
	if calls, err := os.ReadFile(log); err == nil {
		t.Errorf("the helper was called as %q", calls)
	}
}
