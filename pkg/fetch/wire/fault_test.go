package wire_test

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch/wire"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

// silence is a command that reads and writes nothing until the channel closes.
func silence(until <-chan struct{}) func(string, ssh.Channel) uint32 {
	return func(string, ssh.Channel) uint32 {
		<-until
		return 0
	}
}

const (
	faultID    = "0123456789abcdef0123456789abcdef01234567"
	escapeCode = "\x1b[31m\u202e"
)

// serverFaults are faults of an HTTP server of version 0, with the error message and hint.
var serverFaults = []struct {
	name    string
	fault   gittest.Fault
	kind    failure.Kind
	message string
	hint    string
}{
	{"asks for credentials", gittest.BasicAuth("u", "p"), failure.Network,
		"asks for credentials and none were found", "PPM_TOKEN_127_0_0_1"},
	{"offers another scheme", gittest.Status(401, "WWW-Authenticate", "Negotiate"), failure.Network,
		"it offers Negotiate", "netrc"},
	{"forbids", gittest.Status(403), failure.Network, "access is forbidden", "credential helper"},
	{"has no such repository", gittest.Status(404), failure.Network, "does not exist or is private",
		"check the URL"},
	{"is a proxy that asks for credentials", gittest.Status(407), failure.Network,
		"the proxy asks for credentials", "HTTPS_PROXY"},
	{"is busy, for long", gittest.Status(429, "Retry-After", "3600"), failure.Network,
		`too many requests (status 429), and asks to wait: "3600"`, "try again later"},
	{"is down, for long", gittest.Status(503, "Retry-After", "Fri, 31 Dec 2999 23:59:59 GMT"), failure.Network,
		"31 Dec 2999", "try again later"},
	{"is broken", gittest.Status(500), failure.Network, "internal server error (status 500)", "try again later"},
	{"says why it refuses", gittest.Packs(gittest.Says(400, "text/plain", "TF401041: not (multi-ack.).\r\nMore")),
		failure.Network, "bad request (status 400); the server says: TF401041: not (multi-ack.).", "check the URL"},
	{"says why it has none", gittest.Says(404, "application/json", `{"message": "No \u001b[31mrepository."}`),
		failure.Network, "is private; the server says: No [31mrepository.", "check the URL"},
	{"says why it forbids", gittest.Says(403, "text/html", "<title>x</title><h1>Blocked. Sorry</h1>"),
		failure.Network, "access is forbidden; the server says: Blocked.", "credential helper"},
	{"says why it asks", gittest.Says(401, "text/plain", "remote: HTTP Basic: Access denied. If a password"),
		failure.Network, "none were found; the server says: HTTP Basic: Access denied.", "netrc"},
	{"says why it is broken", gittest.Says(500, "text/plain", "Disk full\n"), failure.Network,
		"(status 500); the server says: Disk full", "try again later"},
	{"says why it is busy", gittest.Says(429, "text/plain", "Slow down"), failure.Network,
		"(status 429); the server says: Slow down", "try again later"},
	{"sends a sign-in page", gittest.Says(203, "text/html", "<h1>Sign in</h1>"), failure.Network,
		"a sign-in page (status 203); the server says: Sign in", "PPM_TOKEN_127_0_0_1"},
	{"is broken for packs", gittest.Packs(gittest.Status(502)), failure.Network, "bad gateway (status 502)",
		"try again later"},
	{"redirects without end", gittest.Answer(loop), failure.Network, "more than 5 redirects", "git repository"},
	{"redirects to a login page", gittest.Status(302, "Location", "/login?token=abc"), failure.Network,
		`/login", which is not a git repository`, "PPM_TOKEN_127_0_0_1"},
	{"redirects to a file", gittest.Status(302, "Location", "file:///info/refs?service=git-upload-pack"),
		failure.Network, "which is not an http URL", "check the URL"},
	{"redirects to nonsense", gittest.Status(302, "Location", "http://[/info/refs"), failure.Network,
		"a redirect to a malformed URL", "git repository"},
	{"redirects the request for a pack", gittest.Packs(gittest.Redirect("http://127.0.0.1:1")), failure.Network,
		"a redirect of the request for a pack", "git repository"},
	{"hangs up", gittest.Hangup(), failure.Network, "the connection was closed", "try again later"},
	{"cuts the refs", gittest.Refs(gittest.Cut(100)), failure.Network, "the connection was closed",
		"try again later"},
	{"cuts the pack", gittest.Packs(gittest.Cut(300)), failure.Network, "the connection was closed",
		"try again later"},
	{"answers with a page", gittest.Answer(page), failure.Network, `its content type is "text/html"`,
		"git repository"},
	{"answers with garbage", gittest.Garbage("PACK\x00\x01\x02"), failure.Network, "a malformed packet",
		"git repository"},
	{"answers with nothing", gittest.Garbage(""), failure.Network, "the connection was closed", "try again later"},
	{"answers with a wrong length", gittest.Garbage("fffffooo"), failure.Network, "a malformed packet",
		"git repository"},
	{"lists a malformed id", gittest.Garbage(pkt("xyz\n")), failure.Network, "a malformed line", "git repository"},
	{"lists a malformed name", gittest.Garbage(pkt(faultID + " refs/a b\x00side-band-64k\n")), failure.Network,
		"a malformed name", "git repository"},
	{"says why not", gittest.Garbage(pkt("ERR no\r\nway " + escapeCode + " for you\n")), failure.Network,
		"the server says: no way [31m for you", "whether you have access"},
	{"uses SHA-256",
		gittest.Garbage(pkt("# service=git-upload-pack\n") + "0000" +
			pkt(faultID+faultID[:24]+" HEAD\x00object-format=sha256\n")), failure.Refused, "SHA-256", "SHA-1"},
	{"is too old", gittest.Garbage(pkt(faultID+" HEAD\x00ofs-delta\n") + "0000"), failure.Network, "side-band-64k",
		"update git"},
	{"answers packs with garbage", gittest.Packs(gittest.Garbage("0000" + pkt("nope\n"))), failure.Network,
		"a malformed response", "git repository"},
	{"fails in the pack", gittest.Packs(gittest.Garbage("0000" + pkt("NAK\n") + pkt("\x03no \x1b!\n"))),
		failure.Network, "the server says: no !", "whether you have access"},
	{"uses an unknown band", gittest.Packs(gittest.Garbage("0000" + pkt("NAK\n") + pkt("\x07a") + "0000")),
		failure.Network, "an unknown band", "git repository"},
	{"sends a pack without end",
		gittest.Packs(gittest.Endless("0000"+pkt("NAK\n"), pkt("\x01"+strings.Repeat("x", 1024)))),
		failure.Refused, "larger than the limit of 1048576 bytes", "the repository you mean"},
	{"sends shallow commits without end", gittest.Packs(gittest.Endless("", pkt("shallow "+faultID))), failure.Refused,
		"larger than the limit of 1048576 bytes", "the repository you mean"},
	{"sends progress without end",
		gittest.Packs(gittest.Endless("0000"+pkt("NAK\n"), pkt("\x02"+strings.Repeat("x", 1024)))),
		failure.Refused, "larger than the limit of 1048576 bytes", "the repository you mean"},
}

func TestServerFaults(t *testing.T) {
	root, _ := packs(t)
	for _, c := range serverFaults {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDialer(t, wire.Options{MaxPack: 1 << 20})
			url := gittest.ServeHTTP(t, root, gittest.With(c.fault), gittest.Version0()).URL + "/pack"
			_, _, err := get(t.Context(), d, url, depth(1))
			checkFailure(t, err, c.kind, c.message, c.hint)
			if !strings.Contains(err.Error(), `"`+url+`"`) {
				t.Errorf("%q does not name %q", err, url)
			}
		})
	}
}

// Servers that keep the connection open, but send nothing or too little.
func TestSilence(t *testing.T) {
	root, _ := packs(t)
	faulty := func(f gittest.Fault) string { return gittest.ServeHTTP(t, root, gittest.With(f)).URL + "/pack" }
	for _, c := range []struct {
		name    string
		url     string
		window  time.Duration
		total   time.Duration
		message string
	}{
		{"never a TLS handshake", "https://" + silentPort(t) + "/pack", 0, 0, "timed out"},
		{"never a response", "http://" + silentPort(t) + "/pack", 0, 0, "the server sent nothing for 400ms"},
		{"no header", faulty(gittest.Stall(-1)), 0, 0, "the server sent nothing for 400ms"},
		{"silent in the refs", faulty(gittest.Refs(gittest.Stall(100))), 0, 0, "the server sent nothing for 400ms"},
		{"silent in the pack", faulty(gittest.Packs(gittest.Stall(300))), 0, 0, "the server sent nothing for 400ms"},
		{"a trickle", faulty(gittest.Slow(5, 20*time.Millisecond)), 200 * time.Millisecond, 0,
			"the server sent less than 1 KiB/s for 200ms"},
		{"a drip", faulty(gittest.Slow(2, 5*time.Millisecond)), 0, 300 * time.Millisecond,
			"all answers of the server together took longer than 300ms"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDialer(t, wire.Options{
				Stall: 400 * time.Millisecond, SlowWindow: c.window, MaxTime: c.total,
			})
			_, _, err := get(t.Context(), d, c.url)
			hint := "check the network and the proxy settings"
			if c.total != 0 {
				hint = "raise fetch_time in [limits]"
			}
			checkFailure(t, err, failure.Network, c.message, hint)
		})
	}
}

// pkt returns a packet of git's protocol.
func pkt(data string) string { return fmt.Sprintf("%04x%s", len(data)+4, data) }

func loop(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Location", r.URL.RequestURI())
	w.WriteHeader(http.StatusFound)
}

func page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
}

// Faults that occur before any response.
func TestConnectionFaults(t *testing.T) {
	root, _ := packs(t)
	ca, caFile := gittest.NewCA(t)
	serve := func(life time.Duration, host string) string {
		return gittest.ServeHTTP(t, root, gittest.TLS(ca.Cert(life, host))).URL + "/pack"
	}
	plain := gittest.ServeHTTP(t, root)
	closed := closedPort(t)
	full := gittest.ServeProxy(t, closed, "", "")             // a proxy that reaches nothing
	asking := gittest.ServeProxy(t, plain.Addr(), "pu", "pw") // one that asks for credentials
	trusted := env("SSL_CERT_FILE", caFile)
	for _, c := range []struct {
		name    string
		url     string
		env     func(string) string
		message string
		hint    string
	}{
		{"no trusted authority", serve(time.Hour, "127.0.0.1"), env(),
			`signed by an unknown authority ("gittest authority")`, "SSL_CERT_FILE"},
		{"an expired certificate", serve(-time.Hour, "127.0.0.1"), trusted, "its certificate is valid only from",
			"clock"},
		{"a certificate of another host", serve(time.Hour, "git.example.com"), trusted,
			`its certificate is for git.example.com, not for "127.0.0.1"`, "check the host"},
		{"no TLS", strings.Replace(plain.URL, "http:", "https:", 1) + "/pack", trusted, "does not use TLS",
			"check the port"},
		{"nobody listens", "http://" + closed + "/pack", env(), "the server refuses the connection", "check the host"},
		{"nobody listens as proxy", "https://git.example.com/pack", env("HTTPS_PROXY", "http://u:secret@"+closed),
			"the proxy refuses the connection", "proxy settings"},
		{"a proxy that cannot connect", "https://git.example.com/pack", env("https_proxy", full.URL),
			"the proxy cannot connect (status 502)", "NO_PROXY"},
		{"a proxy that asks for credentials", "https://git.example.com/pack", env("ALL_PROXY", asking.URL),
			"the proxy asks for credentials (status 407)", "USER:PASSWORD"},
		{"a proxy that is not a URL", "https://git.example.com/pack", env("HTTPS_PROXY", "http://u:secret@a b"),
			"the proxy setting is not a URL", "HTTPS_PROXY"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := get(t.Context(), newDialer(t, wire.Options{Env: c.env}), c.url)
			checkFailure(t, err, failure.Network, c.message, c.hint)
			if !strings.Contains(err.Error(), `"`+c.url+`"`) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%q does not name %q, or tells a secret", err, c.url)
			}
		})
	}
}

func closedPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// silentPort accepts connections and sends nothing.
func silentPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

// Temporary failures are retried, but not forever, and only where that is harmless.
func TestRetries(t *testing.T) {
	root, _ := packs(t)
	for _, c := range []struct {
		name     string
		fault    gittest.Fault
		ok       bool
		requests int
	}{
		{"two cut connections", gittest.Refs(gittest.Times(2, gittest.Hangup())), true, 5},
		{"two cut answers", gittest.Refs(gittest.Times(2, gittest.Cut(10))), true, 5},
		{"two bad gateways", gittest.Refs(gittest.Times(2, gittest.Status(502))), true, 5},
		{"three bad gateways", gittest.Refs(gittest.Times(3, gittest.Status(502))), false, 3},
		{"a wait that is asked for", gittest.Refs(gittest.Times(1, gittest.Status(429, "Retry-After", "1"))), true, 4},
		{"a wait until a time gone by",
			gittest.Refs(gittest.Times(1, gittest.Status(503, "Retry-After", "Mon, 01 Jan 2001 00:00:00 GMT"))), true,
			4},
		{"a wait that is too long", gittest.Refs(gittest.Times(1, gittest.Status(429, "Retry-After", "11"))), false,
			1},
		{"not found", gittest.Refs(gittest.Times(1, gittest.Status(404))), false, 1},
		{"an idle connection that was closed", gittest.Packs(gittest.Times(1, gittest.Hangup())), true, 4},
		{"a cut pack", gittest.Packs(gittest.Times(1, gittest.Cut(10))), false, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := gittest.ServeHTTP(t, root, gittest.With(c.fault))
			_, _, err := get(t.Context(), newDialer(t, wire.Options{}), s.URL+"/pack")
			if (err == nil) != c.ok || len(s.Requests()) != c.requests {
				t.Errorf("%d requests and %v, want %d and success %v", len(s.Requests()), err, c.requests, c.ok)
			}
		})
	}
}

// A server that stalls once is asked again, over another connection. Its other answers need no time.
func TestStallOnce(t *testing.T) {
	refs := gittest.Garbage(pkt("# service=git-upload-pack\n") + "0000" +
		pkt(faultID+" refs/heads/main\x00side-band-64k\n") + "0000")
	for _, sent := range []int{-1, 0, 30} {
		s := gittest.ServeHTTP(t, t.TempDir(), gittest.With(gittest.Times(1, gittest.Stall(sent)), refs))
		var progress []string
		d := newDialer(t, wire.Options{
			Stall: time.Second, Progress: func(s string) { progress = append(progress, s) },
		})
		session, err := d.Open(t.Context(), secreturl.New(s.URL+"/pack"))
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		if refs, err := session.Refs(t.Context()); err != nil || len(refs) != 1 {
			t.Errorf("after %d bytes: %v, %v", sent, refs, err)
		}
		seen := s.Requests()
		if len(seen) != 2 || seen[0].RemoteAddr == seen[1].RemoteAddr {
			t.Errorf("after %d bytes: %d requests, want 2 over different connections", sent, len(seen))
		}
		if want := []string{"the server sent nothing for 1s; trying again"}; !slices.Equal(progress, want) {
			t.Errorf("the progress is %q, want %q", progress, want)
		}
	}
}
