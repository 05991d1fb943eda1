package fetch_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// served is a sample repository behind a server.
type served struct {
	sampleRepo
	url   string
	home  string
	calls func() int // requests or commands so far
}

func serveHTTP(t testing.TB, opts ...gittest.Option) served {
	sample := newSample(t)
	s := gittest.ServeHTTP(t, filepath.Dir(sample.Dir), opts...)
	return served{sample, s.URL + "/" + filepath.Base(sample.Dir), t.TempDir(),
		func() int { return len(s.Requests()) }}
}

// serveFilter serves over http, and leaves out the content of files when asked to.
func serveFilter(t testing.TB, opts ...gittest.Option) served {
	s := serveHTTP(t, opts...)
	s.Git("config", "uploadpack.allowFilter", "true")
	return s
}

func serveSSH(t testing.TB, opts ...gittest.SSHOption) served {
	sample := newSample(t)
	s := gittest.ServeSSH(t, filepath.Dir(sample.Dir), opts...)
	home := t.TempDir()
	if err := s.Trust(home); err != nil {
		t.Fatal(err)
	}
	return served{sample, s.URL + "/" + filepath.Base(sample.Dir), home, func() int { return len(s.Commands()) }}
}

func (s served) client(t testing.TB, cache string, change ...func(*fetch.Options)) *fetch.Client {
	o := fetch.Options{CacheDir: cache, Home: s.home}
	for _, f := range change {
		f(&o)
	}
	return newClient(t, o)
}

// serveAzure serves a pack as Azure DevOps does.
func serveAzure(t testing.TB) served {
	return serveHTTP(t, gittest.Version0(), gittest.With(gittest.MultiACK()))
}

func offline(o *fetch.Options) { o.Offline = true }
func refresh(o *fetch.Options) { o.Refresh = true }

func TestRemote(t *testing.T) {
	for _, server := range []struct {
		name  string
		serve func(testing.TB) served
		more  int // calls than in version 0 over http
	}{
		{"http", func(t testing.TB) served { return serveHTTP(t) }, 1},
		{"http with filter", func(t testing.TB) served { return serveFilter(t) }, 2},
		{"http of version 0", func(t testing.TB) served { return serveHTTP(t, gittest.Version0()) }, 0},
		{"Azure DevOps", serveAzure, 0},
		{"ssh", func(t testing.TB) served { return serveSSH(t) }, 0},
		{"ssh of version 0", func(t testing.TB) served { return serveSSH(t, gittest.SSHVersion0()) }, 0},
	} {
		t.Run(server.name, func(t *testing.T) {
			s := server.serve(t)
			cache := t.TempDir()
			for _, row := range []struct {
				version, text, commit string
				calls                 int // to the server, at most
			}{
				{"cp-0.0.1", "a", s.first, 2},     // a lightweight tag
				{"cp-0.0.1", "a", s.first, 0},     // cached
				{"v1", "a", s.first, 2},           // an annotated tag of the same commit
				{"v1", "a", s.first, 0},           // cached
				{"dev", "dev", s.fourth, 2},       // a branch
				{"dev", "dev", s.fourth, 1},       // listed again, not fetched again
				{"", "third", s.third, 2},         // HEAD
				{"cp-0.0.2", "third", s.third, 1}, // the commit is there, the tag is not known yet
				{s.second, "second", s.second, 2}, // a commit that no ref names: all history
				{s.second, "second", s.second, 0}, // cached
				{s.second[:9], "second", s.second, 0},
				{s.fourth[:7], "dev", s.fourth, 0},
			} {
				before := s.calls()
				tree, err := component(s.client(t, cache), s.url, row.version, "src")
				if err != nil || !sameTree(tree, s.wantTree(row.text, row.commit)) {
					t.Fatalf("%q = %v, %v", row.version, tree, err)
				}
				if row.calls > 0 {
					row.calls += server.more
				}
				if n := s.calls() - before; n > row.calls {
					t.Errorf("%q made %d calls, want at most %d", row.version, n, row.calls)
				}
			}
			dirs, err := filepath.Glob(filepath.Join(cache, "git", "*", "objects"))
			if err != nil || len(dirs) != 1 {
				t.Fatal(dirs, err)
			}
			git(t, filepath.Dir(dirs[0]), "fsck", "--strict") // git reads the cache, too
		})
	}
}

// TestShallow checks that one commit is fetched for a tag, not its history.
func TestShallow(t *testing.T) {
	s := serveHTTP(t)
	cache := t.TempDir()
	if _, err := component(s.client(t, cache), s.url, "cp-0.0.2", "src"); err != nil {
		t.Fatal(err)
	}
	dirs, _ := filepath.Glob(filepath.Join(cache, "git", "*", "objects"))
	if got := git(t, filepath.Dir(dirs[0]), "rev-list", "--all"); got != s.third {
		t.Errorf("the cache holds the commits %q, want %q alone", got, s.third)
	}
}

// TestCommitByID fetches commits that no ref names, from servers that send them and servers that do not.
func TestCommitByID(t *testing.T) {
	for _, row := range []struct {
		name, config string
		opts         []gittest.Option
		commits      int // that end up in the cache
	}{
		{"alone", "uploadpack.allowReachableSHA1InWant", []gittest.Option{gittest.Version0()}, 1},
		{"any", "uploadpack.allowAnySHA1InWant", []gittest.Option{gittest.Version0()}, 1},
		{"all history", "", []gittest.Option{gittest.Version0()}, 4},
		{"version 2", "", nil, 1},
		{"refused in other words", "", []gittest.Option{gittest.With(refusing("want " + newSample(t).second))}, 4},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := serveHTTP(t, row.opts...)
			if row.config != "" {
				s.Git("config", row.config, "true")
			}
			cache := t.TempDir()
			tree, err := component(s.client(t, cache), s.url, s.second, "src")
			if err != nil || !sameTree(tree, s.wantTree("second", s.second)) {
				t.Fatalf("%v, %v", tree, err)
			}
			dirs, _ := filepath.Glob(filepath.Join(cache, "git", "*", "objects"))
			ids := git(t, filepath.Dir(dirs[0]), "cat-file", "--batch-all-objects", "--batch-check")
			if n := strings.Count(ids, " commit "); n != row.commits {
				t.Errorf("%d commits in the cache, want %d", n, row.commits)
			}
			_, err = component(s.client(t, cache), s.url, strings.Repeat("ab", 20), "src")
			wantKind(t, "a commit that is nowhere", err, failure.Usage, "no such commit")
		})
	}
}

func TestAbbreviatedCommits(t *testing.T) {
	s := serveHTTP(t)
	for _, row := range []struct{ prefix, want string }{
		{s.third[:7], s.third},   // a tip
		{s.second[:7], s.second}, // in the history
		{s.second[:39], s.second},
		{s.second[:8], s.second}, // from the cache
		{"0000000", ""},          // no commit
	} {
		r, err := s.client(t, filepath.Join(s.home, "cache")).Repo(s.url)
		if err != nil {
			t.Fatal(err)
		}
		pin, err := pinOf(r, row.prefix)
		if pin.Commit != row.want || (err == nil) != (row.want != "") {
			t.Errorf("%q = %q, %v, want %q", row.prefix, pin.Commit, err, row.want)
		}
	}
}

func TestOffline(t *testing.T) {
	s := serveHTTP(t)
	cache := t.TempDir()
	for _, version := range []string{"cp-0.0.1", "dev", ""} {
		if _, err := component(s.client(t, cache), s.url, version, "src"); err != nil {
			t.Fatal(err)
		}
	}
	before := s.calls()
	for _, row := range []struct{ version, want string }{
		{"cp-0.0.1", s.first}, {"dev", s.fourth}, {"", s.third}, {"master", s.third}, {s.first, s.first},
		{s.first[:8], s.first},
	} {
		r, err := s.client(t, cache, offline).Repo(s.url)
		if err != nil {
			t.Fatal(err)
		}
		pin, err := pinOf(r, row.version)
		if err == nil {
			_, err = componentAt(r, pin, "src")
		}
		if pin.Commit != row.want || err != nil {
			t.Errorf("%q offline = %q, %v", row.version, pin.Commit, err)
		}
	}
	for _, version := range []string{"cp-0.0.2", "v1", s.second, s.second[:8]} {
		_, err := component(s.client(t, cache, offline), s.url, version, "src")
		wantKind(t, version, err, failure.Network, version)
	}
	r, err := s.client(t, cache, offline).Repo(s.url)
	if err != nil {
		t.Fatal(err)
	}
	_, err = componentAt(r, ref.Pin{Commit: s.second}, "src")
	wantKind(t, "a pin", err, failure.Network, s.second)
	_, err = component(s.client(t, t.TempDir(), offline), s.url, "", "src")
	wantKind(t, "an empty cache", err, failure.Network, "not in the cache")
	if n := s.calls(); n != before {
		t.Errorf("%d requests offline", n-before)
	}
}

func TestMovedTag(t *testing.T) {
	s := serveHTTP(t)
	cache := t.TempDir()
	for _, version := range []string{"cp-0.0.1", "v1"} {
		if _, err := component(s.client(t, cache), s.url, version, "src"); err != nil {
			t.Fatal(err)
		}
	}
	s.Git("tag", "-f", "cp-0.0.1", s.second)
	s.Git("tag", "-f", "-a", "-m", "again", "v1", s.first)

	// Without --refresh the cached tag is used.
	tree, err := component(s.client(t, cache), s.url, "cp-0.0.1", "src")
	if err != nil || !sameTree(tree, s.wantTree("a", s.first)) {
		t.Errorf("the cached tag = %v, %v", tree, err)
	}
	_, err = component(s.client(t, cache, refresh), s.url, "cp-0.0.1", "src")
	wantKind(t, "a moved tag", err, failure.Integrity, "moved from commit "+s.first+" to commit "+s.second)
	if !strings.Contains(failure.Hint(err), "cp-0.0.1") {
		t.Errorf("hint %q does not name the tag", failure.Hint(err))
	}
	_, err = component(s.client(t, cache, refresh), s.url, "v1", "src")
	wantKind(t, "another tag object", err, failure.Integrity, "tag object")
	_, err = component(s.client(t, cache, refresh), s.url, "", "src") // another tag's move is no matter for HEAD
	if err != nil {
		t.Error(err)
	}

}

// TestMovedTagElsewhere finds a moved tag in a list, as for a range, and in a lock; then the move is accepted.
func TestMovedTagElsewhere(t *testing.T) {
	s := serveHTTP(t)
	cache := t.TempDir()
	if _, err := component(s.client(t, cache), s.url, "cp-0.0.1", "src"); err != nil {
		t.Fatal(err)
	}
	s.Git("tag", "-f", "cp-0.0.1", s.second)
	r, err := s.client(t, cache).Repo(s.url)
	if err != nil {
		t.Fatal(err)
	}
	refs, err := r.Refs(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range refs {
		if g.Name == "refs/tags/cp-0.0.1" {
			_, err = componentAt(r, ref.Pin{Ref: g.Name, Object: g.Object, Commit: g.Commit}, "src")
			wantKind(t, "a moved tag in a list", err, failure.Integrity, "moved")
		}
	}
	// A pin of a lockfile does not depend on the tag.
	for _, commit := range []string{s.first, s.third} {
		if _, err := componentAt(r, ref.Pin{Ref: "refs/tags/cp-0.0.1", Object: commit, Commit: commit},
			"src"); err != nil {
			t.Errorf("a lock's pin: %v", err)
		}
	}
	tree, err := component(s.client(t, cache), s.url, "cp-0.0.1", "src") // and does not make it the tag
	if err != nil || !sameTree(tree, s.wantTree("a", s.first)) {
		t.Errorf("after a lock's pin, the cached tag = %v, %v", tree, err)
	}

	c := s.client(t, cache, refresh)
	o := fetch.CleanOptions{Tags: []string{"cp-0.0.1"}}
	if gone, err := c.Clean(context.Background(), o); err != nil || len(gone) != 1 {
		t.Fatalf("Clean = %v, %v", gone, err)
	}
	tree, err = component(c, s.url, "cp-0.0.1", "src") // the move is accepted
	if err != nil || !sameTree(tree, s.wantTree("second", s.second)) {
		t.Errorf("after cleaning = %v, %v", tree, err)
	}
}

// TestCredentials fetches with a password in the URL and looks for it in everything that was written or printed.
func TestCredentials(t *testing.T) {
	const secret = "s3cr3t-pa55"
	s := serveHTTP(t, gittest.With(gittest.BasicAuth("ada", secret)))
	cache := t.TempDir()
	url := strings.Replace(s.url, "http://", "http://ada:"+secret+"@", 1)
	var said strings.Builder
	c := s.client(t, cache,
		func(o *fetch.Options) { o.Progress = func(e fetch.Event) { said.WriteString(e.String()) } })
	if _, err := component(c, url, "cp-0.0.1", "src"); err != nil {
		t.Fatal(err)
	}
	_, err := component(c, url, "nope", "src")
	_, err2 := component(c, strings.Replace(url, secret, secret+"x", 1), "", "src")
	if err == nil || err2 == nil {
		t.Fatal("no errors to look at")
	}
	r, _ := c.Repo(url)
	said.WriteString(err.Error() + err2.Error() + r.URL())
	forEachFile(t, cache, func(name string, data []byte) { said.WriteString(name + string(data)) })
	if strings.Contains(said.String(), secret) {
		t.Error("the password is in the cache or in a message")
	}
	if _, err := component(s.client(t, cache), s.url, "cp-0.0.1", "src"); err != nil { // one cache for both
		t.Errorf("the cache of the URL without credentials: %v", err)
	}
}

func TestInsteadOf(t *testing.T) {
	s := serveHTTP(t)
	config := "[url \"" + s.url + "\"]\n\tinsteadOf = https://git.example/team/pack\n[url \"" + s.Dir +
		"\"]\n\tinsteadOf = https://git.example/team/mirror\n"
	if err := os.WriteFile(filepath.Join(s.home, ".gitconfig"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{"https://git.example/team/pack", "https://git.example/team/mirror"} {
		tree, err := component(s.client(t, t.TempDir()), url, "v1", "src")
		if err != nil || !sameTree(tree, s.wantTree("a", s.first)) {
			t.Errorf("%s = %v, %v", url, tree, err)
		}
	}
}

// TestFaults lets the server misbehave: every fault is an error of kind Network that leaves the cache usable.
func TestFaults(t *testing.T) {
	for _, row := range []struct {
		name  string
		fault gittest.Fault
	}{
		{"an answer that ends early", gittest.Packs(gittest.Times(1, gittest.Cut(200)))},
		{"garbage instead of a pack", gittest.Packs(gittest.Times(1, gittest.Garbage("0008NAK\n0009\x01PACK0000")))},
		{"no pack at all", gittest.Packs(gittest.Times(1, gittest.Garbage("0008NAK\n0000")))},
		{"status 404", gittest.Times(1, gittest.Status(404))},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := serveHTTP(t, gittest.With(row.fault))
			cache := t.TempDir()
			_, err := component(s.client(t, cache), s.url, "cp-0.0.1", "src")
			wantKind(t, row.name, err, failure.Network, s.url)
			tree, err := component(s.client(t, cache), s.url, "cp-0.0.1", "src")
			if err != nil || !sameTree(tree, s.wantTree("a", s.first)) {
				t.Errorf("the next time: %v, %v", tree, err)
			}
		})
	}
}

func TestLimitsOfRemote(t *testing.T) {
	s := serveHTTP(t)
	for _, row := range []struct {
		name   string
		change func(*fetch.Limits)
		text   string
	}{
		{"refs", func(l *fetch.Limits) { l.Refs = 3 }, "refs"},
		{"pack", func(l *fetch.Limits) { l.PackBytes = 100 }, "100"},
		{"objects", func(l *fetch.Limits) { l.Objects = 2 }, "objects"},
		{"inflated", func(l *fetch.Limits) { l.Unpacked = 100 }, "inflated"},
	} {
		_, err := component(s.client(t, t.TempDir(), func(o *fetch.Options) {
			o.Limits = fetch.DefaultLimits
			row.change(&o.Limits)
		}), s.url, "", "src")
		wantKind(t, row.name, err, failure.Refused, row.text)
	}
}

func TestInterrupted(t *testing.T) {
	s := serveHTTP(t, gittest.With(gittest.Packs(gittest.Stall(10))))
	r, err := s.client(t, t.TempDir()).Repo(s.url)
	if err != nil {
		t.Fatal(err)
	}
	pin, err := pinOf(r, "cp-0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err = r.Snapshot(ctx, pin)
	if failure.KindOf(err) != failure.Interrupted {
		t.Errorf("Snapshot = %v, want an interruption", err)
	}
}

func TestUnusableCache(t *testing.T) {
	s := serveHTTP(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", file, filepath.Join(file, "sub")} {
		_, err := component(s.client(t, dir), s.url, "cp-0.0.1", "src")
		wantKind(t, dir, err, failure.LocalIO, "")
	}
}
