package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/config"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

const testID = "0123456789abcdef0123456789abcdef01234567"

func pkt(data string) string { return fmt.Sprintf("%04x%s", len(data)+4, data) }

func TestDecodeGreeting(t *testing.T) {
	const caps = "\x00side-band-64k agent=x\n"
	for _, c := range []struct {
		name, in string
		want     string // refs, or the error
	}{
		{"ssh", pkt(testID+" HEAD"+caps) + pkt(testID+" refs/heads/a\n") + "0000", "HEAD refs/heads/a"},
		{"http", pkt("# service=git-upload-pack\n") + "0000" + pkt(testID+" HEAD"+caps) + "0000", "HEAD"},
		{"http without the flush", pkt("# service=git-upload-pack\n") + pkt(testID+" HEAD"+caps) + "0000", "HEAD"},
		{"version 1", pkt("version 1\n") + pkt(testID+" HEAD"+caps) + "0000", "HEAD"},
		{"a detached or missing HEAD", pkt(testID+" refs/tags/a"+caps) + pkt(testID+" refs/tags/a^{}\n") + "0000",
			"refs/tags/a refs/tags/a^{}"},
		{"a name of other letters", pkt(testID+" refs/heads/é\xff"+caps) + "0000", "refs/heads/é\xff"},
		{"an empty repository", pkt(strings.Repeat("0", 40)+" capabilities^{}"+caps) + "0000", ""},
		{"an empty repository over http", pkt("# service=git-upload-pack\n") + "0000" + "0000", ""},
		{"a shallow repository", pkt(testID+" HEAD"+caps) + pkt("shallow "+testID+"\n") + "0000", "HEAD shallow"},
		{"a malformed shallow line", pkt(testID+" HEAD"+caps) + pkt("shallow x\n") + "0000",
			"a malformed shallow line"},
		{"no name", pkt(testID+caps) + "0000", "a malformed line"},
		{"an empty name", pkt(testID+" "+caps) + "0000", "a malformed name"},
		{"a name outside refs", pkt(testID+" ../x"+caps) + "0000", "a malformed name"},
		{"a control character", pkt(testID+" refs/a\x1bb"+caps) + "0000", "a malformed name"},
		{"an id in other letters", pkt(strings.Repeat("g", 40)+" HEAD"+caps) + "0000", "a malformed line"},
		{"an empty capability value", pkt(testID+" HEAD\x00agent=\n") + "0000", "malformed capabilities"},
		{"a packet length of 3", "0003", "a malformed packet"},
		{"nothing", "", "an unexpected end"},
	} {
		hello, err := decodeGreeting(strings.NewReader(c.in))
		if err != nil {
			if !errors.As(err, new(protocolError)) || !strings.Contains(err.Error(), c.want) || c.want == "" {
				t.Errorf("%s: %v, want %s", c.name, err, c.want)
			}
			continue
		}
		if got := describe(hello.refs); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func describe(refs *packp.AdvRefs) string {
	var names []string
	if refs.Head != nil {
		names = append(names, "HEAD")
	}
	for n := range refs.References {
		names = append(names, n)
	}
	for n := range refs.Peeled {
		names = append(names, n+"^{}")
	}
	if len(refs.Shallows) > 0 {
		names = append(names, "shallow")
	}
	return strings.Join(names, " ")
}

func TestTooManyRefs(t *testing.T) {
	next, stop := iter.Pull(func(yield func([]byte) bool) {
		for i := 0; ; i++ {
			if !yield([]byte(pkt(fmt.Sprintf("%s refs/tags/%d\n", testID, i%1000)))) {
				return
			}
		}
	})
	defer stop()
	if _, err := decodeGreeting(&pulled{next: next}); !errors.Is(err, errTooMany) {
		t.Errorf("%v, want %v", err, errTooMany)
	}
}

// A pulled reads what an iterator yields.
type pulled struct {
	next func() ([]byte, bool)
	rest []byte
}

func (p *pulled) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		p.rest, _ = p.next()
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// recorded returns the responses of a real server.
func recorded(t testing.TB) (refs, pack []byte) {
	t.Helper()
	r := gittest.NewRepo(t)
	r.Write("a", "text\n", 0o644)
	id := r.Commit("first")
	r.AnnotatedTag("v1", "one")
	url := gittest.ServeHTTP(t, filepath.Dir(r.Dir)).URL + "/pack"
	read := func(resp *http.Response, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		data, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	refs = read(http.Get(url + "/info/refs?service=git-upload-pack"))
	hello, err := decodeGreeting(bytes.NewReader(refs))
	if err != nil {
		t.Fatal(err)
	}
	request := Request{Wants: []objects.ID{objects.NewID(id)}, Depth: 1}
	body, err := encodeRequest(request, hello.refs.Capabilities, false)
	if err != nil {
		t.Fatal(err)
	}
	pack = read(http.Post(url+"/git-upload-pack", "application/x-git-upload-pack-request", bytes.NewReader(body)))
	return refs, pack
}

// guarded reads data as if it came over a connection.
func guarded(t testing.TB, data []byte) *guardedReader {
	d := New(Options{Stall: time.Minute})
	return &guardedReader{guard: d.settings.guard(t.Context()), r: io.NopCloser(bytes.NewReader(data)), limit: 1 << 20}
}

func newPackReader(raw *guardedReader) *packReader {
	return &packReader{raw: raw, progress: func(string) {}, explain: func(err error) error { return err }}
}

func readPack(t testing.TB, data []byte) ([]byte, error) {
	raw := guarded(t, data)
	defer raw.Close()
	resp, err := decodeResponse(true, raw, newPackReader(raw))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(resp)
}

// A response cut at any byte is an error, never a shorter list or pack.
func TestCutAtEveryByte(t *testing.T) {
	refs, pack := recorded(t)
	if _, err := decodeGreeting(guarded(t, refs)); err != nil {
		t.Fatal(err)
	}
	for n := range refs {
		if _, err := decodeGreeting(guarded(t, refs[:n])); !errors.Is(err, errCut) &&
			!errors.As(err, new(protocolError)) {
			t.Errorf("refs cut after %d of %d bytes: %v", n, len(refs), err)
		}
	}
	t.Logf("tried %d cut responses", len(refs)+len(pack))
	if data, err := readPack(t, pack); err != nil || !bytes.HasPrefix(data, []byte("PACK")) {
		t.Fatalf("%q, %v", data, err)
	}
	for n := range pack {
		if _, err := readPack(t, pack[:n]); !errors.Is(err, errCut) && !errors.As(err, new(protocolError)) {
			t.Errorf("pack cut after %d of %d bytes: %v", n, len(pack), err)
		}
	}
}

// Causes that no server on this machine can produce.
func TestNetworkCause(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for _, c := range []struct {
		err  error
		want string
	}{
		{dial(&net.DNSError{Name: "git.example.com", IsNotFound: true}), `cannot resolve host "git.example.com"`},
		{dial(&net.DNSError{Name: "git.example.com", IsTimeout: true}), `cannot resolve host "git.example.com" now`},
		{dial(os.NewSyscallError("connect", syscall.ENETUNREACH)), "the server cannot be reached"},
		{dial(os.NewSyscallError("connect", syscall.ECONNRESET)),
			"the connection was closed before the end of the response"},
		{&net.OpError{Op: "proxyconnect", Net: "tcp", Err: dial(os.NewSyscallError("connect", syscall.EHOSTUNREACH))},
			"the proxy cannot be reached"},
	} {
		if text, hint := networkCause(c.err); text != c.want || hint == "" {
			t.Errorf("%v: %q, %q, want %q", c.err, text, hint, c.want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Duration{
		"0": 0, "5": 5 * time.Second, "-5": 0, "99999999999": -1, "x": -1, "": -1, "5s": -1,
		"Mon, 01 Jan 2024 00:00:07 GMT": 7 * time.Second, "Sun, 31 Dec 2023 00:00:00 GMT": 0,
	} {
		got, ok := parseRetryAfter(in, now)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("parseRetryAfter(%q) = %v, %v, want %v", in, got, ok, want)
		}
	}
}

func TestLookupNetrc(t *testing.T) {
	const text = "# a comment\nmachine a.example login u password p\n" +
		"machine b.example\n\tlogin u1 account x\n\tpassword p1\nmachine b.example login u2 password p2\n" +
		"macdef init\nmachine c.example login evil password evil\n\nmachine c.example password p3\n" +
		"machine nothing.example login u\ndefault login d password d\n"
	for _, c := range []struct{ host, user, login, password string }{
		{"a.example", "", "u", "p"},
		{"A.Example.", "", "u", "p"},    // another spelling of the host
		{"a.example", "v", "", ""},      // another user's
		{"b.example", "", "u1", "p1"},   // the first of two
		{"b.example", "u2", "u2", "p2"}, // the one of the user
		{"c.example", "", "", "p3"},     // not what a macro says
		{"nothing.example", "", "", ""}, // no password
		{"other.example", "", "", ""},   // not the default
	} {
		login, password, ok := lookupNetrc(text, c.host, c.user)
		if ok != (c.password != "") || ok && (login != c.login || password != c.password) {
			t.Errorf("%s of %q: %q, %q, %v", c.user, c.host, login, password, ok)
		}
	}
}

func FuzzDecodeGreeting(f *testing.F) {
	refs, _ := recorded(f)
	f.Add(refs)
	f.Add([]byte(pkt("ERR no")))
	f.Fuzz(func(t *testing.T, data []byte) {
		hello, err := decodeGreeting(bytes.NewReader(data))
		if err != nil || hello.refs == nil {
			return
		}
		for name := range hello.refs.References {
			if !strings.HasPrefix(name, "refs/") || strings.ContainsAny(name, " \n\x1b\x00") {
				t.Errorf("the name %q was let through", name)
			}
		}
	})
}

func FuzzReadPack(f *testing.F) {
	_, pack := recorded(f)
	f.Add(pack)
	f.Add([]byte("0000" + pkt("ACK "+testID+"\n") + pkt("\x03no")))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := readPack(t, data)
		if err == nil && len(got) > len(data) {
			t.Errorf("%d bytes came out of %d", len(got), len(data))
		}
	})
}

func FuzzSettings(f *testing.F) {
	f.Add("[a \"b\"]\nc = \"d\\n\" ; e\n[http]\nproxy = x\n", "machine a login b password c")
	f.Add("[a]\nx = \"\\", "machine")
	f.Fuzz(func(t *testing.T, gitText, netrc string) {
		c := gitConfig{&config.Config{}, &config.Config{}}
		if c.Parse(gitText) == nil {
			c.insteadOf("https://a/b")
			c.http("proxy", &remoteURL)
		}
		lookupNetrc(netrc, "a", "")
	})
}

var remoteURL = *remote{scheme: "https", host: "a", path: "/b"}.url()

func FuzzURLs(f *testing.F) {
	for _, s := range []string{"https://u:p@h:1/a", "ssh://git@h/~a", "git@h:a", "C:\\a", "https://u:p/q@h/a",
		"ext::x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := parseRemote(secreturl.New(s))
		if err != nil {
			return
		}
		if r.scheme != "ssh" && r.password != "" && !strings.Contains(s[:8]+r.host+r.port+r.path, r.password) &&
			strings.Contains(r.public, r.password) {
			t.Errorf("the public form %q shows the password %q", r.public, r.password)
		}
		again, err := parseRemote(secreturl.New(r.public))
		if err != nil || again.host != r.host || again.path != r.path {
			t.Errorf("%q and its public form %q are different remotes: %v", s, r.public, err)
		}
	})
}
