package fetch_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

func pkt(data string) string { return fmt.Sprintf("%04x%s", len(data)+4, data) }

const (
	filterLine = "filter blob:none\n"
	doneLine   = "done\n"
)

// rewriting changes requests on their way to the server.
func rewriting(change func(request string) string) gittest.Fault {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			data, err := io.ReadAll(r.Body)
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			data = []byte(change(string(data)))
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
			next.ServeHTTP(w, r)
		})
	}
}

// refusing refuses requests with a line, with another message than git's.
func refusing(line string) gittest.Fault {
	return func(next http.Handler) http.Handler {
		no := gittest.Garbage(pkt("ERR I will not: " + line + " not valid\n"))(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			data, err := io.ReadAll(r.Body)
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			r.Body = io.NopCloser(bytes.NewReader(data))
			if strings.Contains(string(data), line) {
				no.ServeHTTP(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// cachedBlobs counts the files whose content is in the only cached repository of the folder.
func cachedBlobs(t *testing.T, cache string) int {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(cache, "git", "*", "objects"))
	if err != nil || len(dirs) != 1 {
		t.Fatal(dirs, err)
	}
	return strings.Count(git(t, filepath.Dir(dirs[0]), "cat-file", "--batch-all-objects", "--batch-check"), " blob ")
}

// TestPartial reads parts of a snapshot from servers that send single files, and from others.
func TestPartial(t *testing.T) {
	sample := newSample(t)
	b := sample.Git("rev-parse", sample.first+":src/sub/b.bin")
	noFilter := rewriting(func(s string) string { return strings.Replace(s, pkt(filterLine), "", 1) })
	for _, row := range []struct {
		name        string
		serve       func() served
		sub, src    int // files in the cache after reading one folder, and after reading the one above it
		calls, more int // for that
	}{
		{"version 2", func() served { return serveFilter(t) }, 1, 3, 4, 2},
		{"version 0, which does not say that it sends single files",
			func() served { return serveFilter(t, gittest.Version0()) }, 4, 4, 2, 0},
		{"no filter", func() served { return serveHTTP(t) }, 4, 4, 3, 0},
		{"a filter that is ignored", func() served { return serveFilter(t, gittest.With(noFilter)) }, 4, 4, 3, 0},
		{"single files that are refused", func() served { return serveFilter(t, gittest.With(refusing("want "+b))) },
			4, 4, 6, 0},
		{"single files that are cut off", func() served {
			return serveFilter(t, gittest.With(gittest.Packs(nth(2, gittest.Cut(20)))))
		}, 4, 4, 6, 0},
		{"single files that are garbage", func() served {
			garbage := gittest.Garbage(pkt("packfile\n") + pkt("\x01PACK") + "0000")
			return serveFilter(t, gittest.With(gittest.Packs(nth(2, garbage))))
		}, 4, 4, 6, 0},
		{"other files", func() served {
			other := sample.Git("rev-parse", sample.first+":src/run.sh")
			replace := func(s string) string { return strings.Replace(s, "want "+b, "want "+other, 1) }
			return serveFilter(t, gittest.With(rewriting(replace)))
		}, 4, 4, 6, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, cache := row.serve(), t.TempDir()
			sub, err := component(s.client(t, cache), s.url, "cp-0.0.1", "src/sub")
			if err != nil || len(sub.Files) != 1 || string(sub.Files[0].Data) != "\x00\x01" {
				t.Fatalf("src/sub = %v, %v", sub, err)
			}
			if n := cachedBlobs(t, cache); n != row.sub || s.calls() > row.calls {
				t.Errorf("%d files after %d calls, want %d after at most %d", n, s.calls(), row.sub, row.calls)
			}
			_, err = component(s.client(t, cache, offline), s.url, "cp-0.0.1", "src")
			if row.sub < 4 {
				wantKind(t, "what is not here, offline", err, failure.Network, "2 files")
			} else if err != nil {
				t.Error(err)
			}
			before := s.calls()
			for _, change := range []func(*fetch.Options){func(*fetch.Options) {}, offline} {
				src, err := component(s.client(t, cache, change), s.url, "cp-0.0.1", "src")
				if err != nil || !sameTree(src, s.wantTree("a", s.first)) {
					t.Errorf("src = %v, %v", src, err)
				}
			}
			if n := cachedBlobs(t, cache); n != row.src || s.calls()-before > row.more {
				t.Errorf("%d files after %d more calls, want %d after %d", n, s.calls()-before, row.src, row.more)
			}
		})
	}
}

// nth limits a fault to the nth of the requests that reach it.
func nth(n int, f gittest.Fault) gittest.Fault {
	return func(next http.Handler) http.Handler {
		faulty := f(next)
		var count atomic.Int64
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if count.Add(1) == int64(n) {
				faulty.ServeHTTP(w, r)
			} else {
				next.ServeHTTP(w, r)
			}
		})
	}
}

// TestFillFailures lets a server list what it does not send.
func TestFillFailures(t *testing.T) {
	sample := newSample(t)
	b := sample.Git("rev-parse", sample.first+":src/sub/b.bin")
	other := sample.Git("rev-parse", sample.first+":src/run.sh")
	for _, row := range []struct {
		name  string
		fault gittest.Fault
		kind  failure.Kind
		text  string
	}{
		{"never the file", rewriting(func(s string) string {
			s = strings.Replace(s, "want "+b, "want "+other, 1)
			if strings.Contains(s, "command=fetch") && !strings.Contains(s, filterLine) &&
				!strings.Contains(s, other) {
				s = strings.Replace(s, pkt(doneLine), pkt(filterLine)+pkt(doneLine), 1)
			}
			return s
		}), failure.Network, "does not send 1 files of commit " + sample.first + ", such as " + b},
		{"nothing after the trees", gittest.Packs(after(1, gittest.Status(500))), failure.Network, "status 500"},
		{"silence after the trees", gittest.Packs(after(1, gittest.Hangup())), failure.Network, "was closed"},
	} {
		s, cache := serveFilter(t, gittest.With(row.fault)), t.TempDir()
		_, err := component(s.client(t, cache), s.url, "cp-0.0.1", "src/sub")
		wantKind(t, row.name, err, row.kind, row.text)
	}

	// A commit that the server has forgotten since.
	s, cache := serveFilter(t), t.TempDir()
	if _, err := component(s.client(t, cache), s.url, "dev", "src/sub"); err != nil {
		t.Fatal(err)
	}
	s.Git("branch", "-D", "dev")
	s.Git("reflog", "expire", "--expire=all", "--all")
	s.Git("gc", "-q", "--prune=now")
	_, err := component(s.client(t, cache), s.url, s.fourth, "src")
	wantKind(t, "a commit that is gone", err, failure.Usage, s.fourth)
}

// after limits a fault to the requests that reach it after the first n.
func after(n int, f gittest.Fault) gittest.Fault {
	return func(next http.Handler) http.Handler {
		faulty := f(next)
		var count atomic.Int64
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if count.Add(1) > int64(n) {
				faulty.ServeHTTP(w, r)
			} else {
				next.ServeHTTP(w, r)
			}
		})
	}
}

// TestManyComponents reads one part of a snapshot after the other: after some of them the rest is fetched at once.
func TestManyComponents(t *testing.T) {
	r := gittest.NewRepo(t)
	for i := range 20 {
		r.Write(fmt.Sprintf("part%d/file", i), fmt.Sprint(i), 0o644)
	}
	r.Commit("parts")
	r.Git("config", "uploadpack.allowFilter", "true")
	server := gittest.ServeHTTP(t, filepath.Dir(r.Dir))
	cache := t.TempDir()
	c := newClient(t, fetch.Options{CacheDir: cache})
	for i := range 20 {
		tree, err := component(c, server.URL+"/pack", "master", fmt.Sprintf("part%d", i))
		if err != nil || len(tree.Files) != 1 || string(tree.Files[0].Data) != fmt.Sprint(i) {
			t.Fatalf("part%d = %v, %v", i, tree, err)
		}
	}
	if calls, blobs := len(server.Requests()), cachedBlobs(t, cache); calls > 12 || blobs != 20 {
		t.Errorf("%d calls, and %d files in the cache", calls, blobs)
	}
}

// TestKeep fetches a whole snapshot into the cache.
func TestKeep(t *testing.T) {
	for _, serve := range []func(testing.TB, ...gittest.Option) served{serveFilter, serveHTTP} {
		s, cache := serve(t), t.TempDir()
		c := s.client(t, cache)
		r, err := c.Repo(s.url)
		if err != nil {
			t.Fatal(err)
		}
		snapshot, err := r.Snapshot(context.Background(), ref.Pin{Commit: s.first})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := snapshot.Keep(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if n := cachedBlobs(t, cache); n != 4 {
			t.Errorf("%d files in the cache, want 4", n)
		}
		if tree, err := component(s.client(t, cache, offline), s.url, s.first, "src"); err != nil ||
			!sameTree(tree, s.wantTree("a", s.first)) {
			t.Errorf("offline: %v, %v", tree, err)
		}
	}
}

// TestCleanPartial removes one tag of several: the files that the others need stay.
func TestCleanPartial(t *testing.T) {
	s, cache := serveFilter(t), t.TempDir()
	for _, version := range []string{"cp-0.0.1", "cp-0.0.2", "dev"} {
		if _, err := component(s.client(t, cache), s.url, version, "src"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := logOf(s.client(t, cache), s.url, s.first, s.third, "src"); err != nil {
		t.Fatal(err)
	}
	before := cachedBlobs(t, cache) // three of a.py, and run.sh and b.bin, which came with the first
	gone := cleaned(t, s.client(t, cache), fetch.CleanOptions{Tags: []string{"cp-0.0.2"}})
	if before != 5 || gone.Size == 0 {
		t.Errorf("%d files before, %d bytes freed", before, gone.Size)
	}
	if left, err := filepath.Glob(filepath.Join(cache, "git", "*", "history")); err != nil || len(left) != 0 {
		t.Errorf("the history is left: %v, %v", left, err)
	}
	if n := cachedBlobs(t, cache); n != 4 {
		t.Errorf("%d files after the newer tag is gone, want 4", n)
	}
	cleaned(t, s.client(t, cache), fetch.CleanOptions{Tags: []string{"cp-0.0.1"}})
	tree, err := component(s.client(t, cache, offline), s.url, "dev", "src")
	if err != nil || !sameTree(tree, s.wantTree("dev", s.fourth)) {
		t.Errorf("dev, offline: %v, %v", tree, err)
	}
}

// TestHostilePartial checks that no file of a component with refused names is fetched.
func TestHostilePartial(t *testing.T) {
	r := newRaw(t)
	blob := r.object("blob", "x")
	r.commit(r.tree("40000 x", r.tree("100644 ..", blob), "40000 y", r.tree("100644 a", blob)))
	git(t, r.dir, "config", "uploadpack.allowFilter", "true")
	server := gittest.ServeHTTP(t, filepath.Dir(r.dir))
	c := newClient(t, fetch.Options{CacheDir: t.TempDir()})
	url := server.URL + "/" + filepath.Base(r.dir)
	_, err := component(c, url, "master", "x")
	wantKind(t, "dot dot", err, failure.Refused, `a "." or ".." segment`)
	if n := len(server.Requests()); n != 3 {
		t.Errorf("%d requests, want 3: features, refs and trees", n)
	}
	if tree, err := component(c, url, "master", "y"); err != nil || len(tree.Files) != 1 {
		t.Errorf("the folder beside it: %v, %v", tree, err)
	}
}
