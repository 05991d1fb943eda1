package wire_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch/wire"
	"github.com/Project-Manager-With-Git/ppm/pkg/policy"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

// env returns a lookup function for pairs of name and value. The machine's git configuration is not used.
func env(pairs ...string) func(string) string {
	m := map[string]string{"GIT_CONFIG_NOSYSTEM": "1"}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return m[name] }
}

func newDialer(t *testing.T, o wire.Options) *wire.Dialer {
	t.Helper()
	if o.Home == "" {
		o.Home = t.TempDir()
	}
	if o.Env == nil {
		o.Env = env()
	}
	if o.Stall == 0 {
		o.Stall = 5 * time.Second
	}
	return wire.New(o)
}

// packs returns a root with one repository "pack" of three commits, and their ids and that of a tag object.
func packs(t *testing.T) (root string, ids []string) {
	t.Helper()
	r := gittest.NewRepo(t)
	for _, text := range []string{"one\n", "two\n", "three\n"} {
		r.Write("a", text, 0o644)
		ids = append(ids, r.Commit(text))
	}
	ids = append(ids, r.AnnotatedTag("v1", "the first"))
	return filepath.Dir(r.Dir), ids
}

// get lists the refs and fetches the commit of HEAD.
func get(
	ctx context.Context, d *wire.Dialer, url string, change ...func(*wire.Request),
) (objects uint32, resp *wire.Response, err error) {
	s, err := d.Open(ctx, secreturl.New(url))
	if err != nil {
		return 0, nil, err
	}
	defer s.Close()
	return getFrom(ctx, s, change...)
}

func getFrom(
	ctx context.Context, s *wire.Session, change ...func(*wire.Request),
) (objects uint32, resp *wire.Response, err error) {
	refs, err := s.Refs(ctx)
	if err != nil {
		return 0, nil, err
	}
	if len(refs) == 0 || refs[0].Name != "HEAD" {
		return 0, nil, errors.New("no HEAD")
	}
	req := wire.Request{Wants: []plumbing.Hash{plumbing.NewHash(refs[0].Commit)}}
	for _, c := range change {
		c(&req)
	}
	if resp, err = s.Fetch(ctx, req); err != nil {
		return 0, nil, err
	}
	defer resp.Close()
	data, err := io.ReadAll(resp)
	if err != nil {
		return 0, nil, err
	}
	_, objects, err = packfile.NewScanner(bytes.NewReader(data)).Header()
	return objects, resp, err
}

func depth(n int) func(*wire.Request) {
	return func(r *wire.Request) { r.Depth = n }
}

// checkFailure checks the kind of err and that its message and hint are one
// line each and have the given parts.
func checkFailure(t *testing.T, err error, kind failure.Kind, message, hint string) {
	t.Helper()
	if failure.KindOf(err) != kind {
		t.Errorf("kind %v of %v, want %v", failure.KindOf(err), err, kind)
	}
	for _, part := range []struct{ text, want string }{{fmt.Sprint(err), message}, {failure.Hint(err), hint}} {
		if !strings.Contains(part.text, part.want) || strings.ContainsAny(part.text, "\r\n\x1b") || part.want == "" {
			t.Errorf("%q is not one line with %q", part.text, part.want)
		}
	}
}

func TestRefsAndPacks(t *testing.T) {
	root, ids := packs(t)
	ca, caFile := gittest.NewCA(t)
	home := t.TempDir()
	sshd := gittest.ServeSSH(t, root)
	if err := sshd.Trust(home); err != nil {
		t.Fatal(err)
	}
	old := gittest.ServeSSH(t, root, gittest.SSHVersion0())
	oldHome := t.TempDir()
	if err := old.Trust(oldHome); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{
		gittest.ServeHTTP(t, root).URL + "/pack",
		gittest.ServeHTTP(t, root, gittest.Version0()).URL + "/pack",
		old.URL + "/pack",
		gittest.ServeHTTP(t, root, gittest.TLS(ca.Cert(time.Hour, "127.0.0.1"))).URL + "/pack/",
		sshd.URL + "/pack",
	} {
		o := wire.Options{Home: home, Env: env("SSL_CERT_FILE", caFile)}
		if strings.HasPrefix(url, old.URL) {
			o.Home = oldHome
		}
		s, err := newDialer(t, o).Open(t.Context(), secreturl.New(url))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		refs, err := s.Refs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		tip := ids[2]
		want := []ref.GitRef{
			{Name: "HEAD", Object: tip, Commit: tip, Target: "refs/heads/master"},
			{Name: "refs/heads/master", Object: tip, Commit: tip},
			{Name: "refs/tags/v1", Object: ids[3], Commit: tip},
		}
		if !slices.Equal(refs, want) {
			t.Errorf("%s: refs %v, want %v", url, refs, want)
		}
		checkPacks(t, s, ids, url)
	}
}

// checkPacks fetches parts of the repository of packs over one session.
func checkPacks(t *testing.T, s *wire.Session, ids []string, url string) {
	t.Helper()
	for _, c := range []struct {
		change  func(*wire.Request)
		objects uint32
		shallow int
	}{
		{func(*wire.Request) {}, 9, 0}, // everything: commit, tree and file, three times
		{depth(1), 3, 1},               // one commit, on the same session
		{func(r *wire.Request) { r.Haves = []plumbing.Hash{plumbing.NewHash(ids[1])} }, 3, 0}, // what is new
		// a filter that the server does not support
		{func(r *wire.Request) { r.Filter = "blob:none" }, 9, 0},
	} {
		objects, resp, err := getFrom(t.Context(), s, c.change)
		if err != nil {
			t.Fatalf("%s: %v", url, err)
		}
		if shallow := len(resp.Shallows); objects != c.objects || shallow != c.shallow {
			t.Errorf("%s: %d objects, %d shallow commits; want %d, %d", url, objects, shallow, c.objects, c.shallow)
		}
	}
}

// In version 2 the server lists only what is asked for, and one command over ssh answers all requests.
func TestPrefixes(t *testing.T) {
	root, _ := packs(t)
	home := t.TempDir()
	sshd := gittest.ServeSSH(t, root)
	if err := sshd.Trust(home); err != nil {
		t.Fatal(err)
	}
	plain := gittest.ServeHTTP(t, root)
	for _, c := range []struct {
		url  string
		want int // refs besides HEAD
	}{
		{plain.URL, 1},
		{gittest.ServeHTTP(t, root, gittest.Version0()).URL, 2},
		{sshd.URL, 1},
	} {
		s, err := newDialer(t, wire.Options{Home: home}).Open(t.Context(), secreturl.New(c.url+"/pack"))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		refs, err := s.Refs(t.Context(), "HEAD", "refs/tags/v1")
		if err != nil || len(refs) != c.want+1 || refs[0].Name != "HEAD" || refs[c.want].Commit != refs[0].Commit {
			t.Errorf("%s: %v, %v", c.url, refs, err)
		}
		if all, err := s.Refs(t.Context()); err != nil || len(all) != 3 {
			t.Errorf("%s: all refs are %v, %v", c.url, all, err)
		}
		if objects, _, err := getFrom(t.Context(), s, depth(1)); err != nil || objects != 3 {
			t.Errorf("%s: %d objects, %v", c.url, objects, err)
		}
	}
	for _, r := range plain.Requests() {
		if r.RemoteAddr != plain.Requests()[0].RemoteAddr {
			t.Error("the requests over http went over several connections")
		}
	}
	if n := len(sshd.Commands()); n != 1 {
		t.Errorf("%d commands over ssh, want 1", n)
	}
}

func TestFilter(t *testing.T) {
	r := gittest.NewRepo(t)
	r.Write("a", "text\n", 0o644)
	r.Commit("first")
	r.Git("config", "uploadpack.allowFilter", "true")
	url := gittest.ServeHTTP(t, filepath.Dir(r.Dir)).URL + "/pack"
	objects, _, err := get(t.Context(), newDialer(t, wire.Options{}), url,
		func(r *wire.Request) { r.Filter = "blob:none" })
	if err != nil || objects != 2 {
		t.Errorf("%d objects, %v; want a commit and a tree", objects, err)
	}
}

func TestEmptyRepository(t *testing.T) {
	r := gittest.NewRepo(t)
	s, err := newDialer(t, wire.Options{}).Open(t.Context(),
		secreturl.New(gittest.ServeHTTP(t, filepath.Dir(r.Dir)).URL+"/pack"))
	if err != nil {
		t.Fatal(err)
	}
	if refs, err := s.Refs(t.Context()); err != nil || len(refs) > 0 {
		t.Errorf("refs %v, %v; want none", refs, err)
	}
}

func TestProgressIsPrintableLines(t *testing.T) {
	root, _ := packs(t)
	var lines []string
	d := newDialer(t, wire.Options{Progress: func(s string) { lines = append(lines, s) }})
	if _, _, err := get(t.Context(), d, gittest.ServeHTTP(t, root).URL+"/pack"); err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(lines, "|"); !strings.Contains(text, "Total 9") || strings.ContainsAny(text, "\r\n") {
		t.Errorf("progress %q", text)
	}
}

// Canceling does not wait for a server that sends nothing.
func TestCancel(t *testing.T) {
	root, _ := packs(t)
	home := t.TempDir()
	silent := make(chan struct{})
	sshd := gittest.ServeSSH(t, root, gittest.Command(silence(silent)))
	defer close(silent)
	if err := sshd.Trust(home); err != nil {
		t.Fatal(err)
	}
	d := newDialer(t, wire.Options{Home: home})
	for _, url := range []string{
		// before the header of the refs
		gittest.ServeHTTP(t, root, gittest.With(gittest.Refs(gittest.Stall(-1)))).URL + "/pack",
		// within the refs
		gittest.ServeHTTP(t, root, gittest.With(gittest.Refs(gittest.Stall(20)))).URL + "/pack",
		// within the pack
		gittest.ServeHTTP(t, root, gittest.With(gittest.Packs(gittest.Stall(20)))).URL + "/pack",
		// while waiting to try again
		gittest.ServeHTTP(t, root, gittest.With(gittest.Status(503, "Retry-After", "9"))).URL + "/pack",
		sshd.URL + "/pack",
	} {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		start := time.Now()
		_, _, err := get(ctx, d, url)
		if failure.KindOf(err) != failure.Interrupted || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want interrupted", url, err)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s: stopped after %v", url, took)
		}
	}
}

// rules returns the policy of a file with the given rules.
func rules(r policy.Rules) policy.Policy {
	p, field, _, err := policy.New("ppm.toml", r, func(string, int) int { return 1 })
	if err != nil {
		panic(field + ": " + err.Error())
	}
	return p
}

// httpTo returns a policy that allows plain HTTP to hosts.
func httpTo(hosts ...string) policy.Policy { return rules(policy.Rules{AllowHTTP: hosts}) }

// redirectsTo returns a policy that allows redirects to hosts.
func redirectsTo(hosts ...string) policy.Policy { return rules(policy.Rules{AllowRedirects: hosts}) }
