package fetch_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
)

// logOf returns the history of a path between two commits.
func logOf(c *fetch.Client, url, from, to, path string) (fetch.History, error) {
	r, err := c.Repo(url)
	if err != nil {
		return fetch.History{}, err
	}
	return r.Log(context.Background(), from, to, path)
}

func ids(h fetch.History) []string {
	out := []string{}
	for _, c := range h.Commits {
		out = append(out, c.ID)
	}
	return out
}

func TestLog(t *testing.T) {
	for name, serve := range map[string]func(testing.TB) served{
		"http":      func(t testing.TB) served { return serveHTTP(t) },
		"filter":    func(t testing.TB) served { return serveFilter(t) },
		"ssh":       func(t testing.TB) served { return serveSSH(t) },
		"Azure":     serveAzure,
		"version 0": func(t testing.TB) served { return serveHTTP(t, gittest.Version0()) },
		"local": func(t testing.TB) served {
			s := serveHTTP(t)
			s.url = s.Dir
			return s
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t)
			cache := t.TempDir()
			for _, row := range []struct {
				from, to, path string
				want           []string
				related        bool
			}{
				{s.first, s.third, "src", []string{s.third, s.second}, true},
				{s.first, s.fourth, "src", []string{s.fourth, s.third, s.second}, true}, // a branch
				{s.first, s.third, "src/a.py", []string{s.third, s.second}, true},       // a file
				{s.first, s.third, "src/run.sh", []string{}, true},                      // one that did not change
				{s.first, s.third, "nowhere", []string{}, true},
				{s.first, s.third, "", []string{s.third, s.second}, true}, // the whole pack
				{s.first, s.first, "src", []string{}, true},
				{s.third, s.first, "src", []string{}, false}, // the way back
			} {
				// fetched, and from the cache
				for _, change := range []func(*fetch.Options){func(*fetch.Options) {}, offline} {
					h, err := logOf(s.client(t, cache, change), s.url, row.from, row.to, row.path)
					if err != nil || !slices.Equal(ids(h), row.want) || h.Related != row.related {
						t.Errorf("%.7s..%.7s of %q = %v, %v; want %v, related %v", row.from, row.to, row.path, h, err,
							row.want, row.related)
					}
					r, err := s.client(t, cache, change).Repo(s.url)
					if err != nil {
						t.Fatal(err)
					}
					is, err := r.IsAncestor(t.Context(), row.from, row.to)
					if err != nil || is != row.related {
						t.Errorf("%.7s is an ancestor of %.7s: %v, %v; want %v",
							row.from, row.to, is, err, row.related)
					}
				}
			}
			h, err := logOf(s.client(t, cache), s.url, s.second, s.third, "src")
			if err != nil || len(h.Commits) != 1 {
				t.Fatal(h, err)
			}
			if c := h.Commits[0]; c.Subject != "third" || c.Author != "Ada Author" ||
				c.Date.UTC().Format("2006-01-02 15:04") != "2024-01-01 00:03" {
				t.Errorf("the commit says %+v", c)
			}
		})
	}
}

// TestLogAgainstGit compares histories with branches and merges with the output of git.
func TestLogAgainstGit(t *testing.T) {
	r := gittest.NewRepo(t)
	random := rand.New(rand.NewPCG(1, 2))
	r.Write("part/file", "0", 0o644)
	r.Write("other", "0", 0o644)
	all := []string{r.Commit("root")}
	commits, pairs := 60, 25
	if testing.Short() {
		commits, pairs = 25, 8
	}
	for i := range commits {
		r.Git("checkout", "-q", "--detach", all[max(0, len(all)-1-random.IntN(6))])
		other := all[random.IntN(len(all))]
		if random.IntN(4) == 0 {
			r.Git("merge", "-q", "--no-ff", "-X", "ours", "-m", fmt.Sprint("merge ", i), other)
			all = append(all, r.Git("rev-parse", "HEAD"))
			continue
		}
		name := []string{"part/file", "part/deep/file", "other"}[random.IntN(3)]
		r.Write(name, fmt.Sprint(random.IntN(3)), 0o644) // often what it was before
		all = append(all, r.Commit(fmt.Sprint("commit ", i)))
	}
	all = slices.Compact(slices.Sorted(slices.Values(all)))
	for i, id := range all {
		r.Git("tag", fmt.Sprint("t", i), id)
	}
	server := gittest.ServeHTTP(t, filepath.Dir(r.Dir))
	url := server.URL + "/" + filepath.Base(r.Dir)
	for _, filter := range []string{"true", "false"} {
		r.Git("config", "uploadpack.allowFilter", filter)
		cache, wide := t.TempDir(), 0
		for range pairs {
			from, to := all[random.IntN(len(all))], all[random.IntN(len(all))]
			want := touching(r, from, to, "part")
			for _, at := range []string{url, r.Dir} {
				h, err := logOf(newClient(t, fetch.Options{CacheDir: cache}), at, from, to, "part")
				got := slices.Sorted(slices.Values(ids(h)))
				if err != nil || !slices.Equal(got, want) || h.Related != (r.Git("merge-base", from, to) == from) {
					t.Errorf("%s..%s of %s = %v, %v, %v; want %v", from, to, at, got, h.Related, err, want)
				}
			}
			whole, err := filepath.Glob(filepath.Join(cache, "git", "*", "history", "*", "whole"))
			if wide += len(whole); err != nil {
				t.Fatal(err)
			}
		}
		if wide == 0 {
			t.Error("no history needed more than its range: the test does not reach what it tests")
		}
	}
}

// touching returns what Log is to return, in the order of the ids.
func touching(r *gittest.Repo, from, to, path string) []string {
	at := func(commit string) string { return r.Git("ls-tree", commit, "--", path) }
	want := []string{}
	for _, id := range strings.Fields(r.Git("rev-list", to, "^"+from)) {
		same := slices.ContainsFunc(strings.Fields(r.Git("show", "-s", "--format=%P", id)),
			func(parent string) bool { return at(parent) == at(id) })
		if !same {
			want = append(want, id)
		}
	}
	slices.Sort(want)
	return want
}

// TestLogRewritten amends a release: the two commits have a common parent, and none is the other's ancestor.
func TestLogRewritten(t *testing.T) {
	s := serveHTTP(t)
	cache := t.TempDir()
	if _, err := component(s.client(t, cache), s.url, "cp-0.0.2", "src"); err != nil {
		t.Fatal(err)
	}
	s.Git("checkout", "-q", "-b", "again", s.second)
	s.Write("src/a.py", "print('rewritten')\n", 0o644)
	fifth := s.Commit("rewritten")
	s.Git("tag", "-f", "cp-0.0.2")
	for _, row := range []struct {
		name string
		undo func() // what happens to the old commit
	}{
		{"still there", func() {}},
		{"gone", func() {
			s.Git("branch", "-D", "dev")
			s.Git("branch", "-D", "master")
			s.Git("reflog", "expire", "--expire=all", "--all")
			s.Git("gc", "-q", "--prune=now")
			if dirs, _ := filepath.Glob(filepath.Join(cache, "git", "*", "history")); len(dirs) != 1 ||
				os.RemoveAll(dirs[0]) != nil {
				t.Fatal(dirs)
			}
		}},
	} {
		row.undo()
		h, err := logOf(s.client(t, cache), s.url, s.third, fifth, "src")
		if err != nil || !slices.Equal(ids(h), []string{fifth}) || h.Related {
			t.Errorf("%s: %v, %v", row.name, h, err)
		}
	}
}

// TestLogLeavesOutContent checks that a server with filters sends no content of files.
func TestLogLeavesOutContent(t *testing.T) {
	s := serveHTTP(t)
	s.Git("config", "uploadpack.allowFilter", "true")
	cache := t.TempDir()
	if _, err := logOf(s.client(t, cache), s.url, s.first, s.third, "src"); err != nil {
		t.Fatal(err)
	}
	dirs, err := filepath.Glob(filepath.Join(cache, "git", "*", "history", "*", "objects"))
	if err != nil || len(dirs) != 1 {
		t.Fatal(dirs, err)
	}
	packs, err := filepath.Glob(filepath.Join(dirs[0], "pack", "*.idx"))
	if err != nil || len(packs) != 1 {
		t.Fatal(packs, err)
	}
	objects := git(t, s.Dir, "verify-pack", "-v", packs[0])
	if strings.Contains(objects, " blob ") || !strings.Contains(objects, s.second+" commit") ||
		strings.Contains(objects, s.first+" commit") {
		t.Errorf("the history holds\n%s", objects)
	}
}

func TestLogFailures(t *testing.T) {
	s := serveHTTP(t)
	cache := t.TempDir()
	few := func(o *fetch.Options) { o.Limits = fetch.DefaultLimits; o.Limits.Commits = 1 }
	small := func(o *fetch.Options) { o.Limits = fetch.DefaultLimits; o.Limits.HistoryBytes = 100 }
	nowhere := strings.Repeat("ab", 20)
	for _, row := range []struct {
		name     string
		change   func(*fetch.Options)
		from, to string
		kind     failure.Kind
		text     string
	}{
		{"no commit id", offline, "v1", s.third, failure.Usage, `"v1"`},
		{"offline", offline, s.first, s.third, failure.Network, s.first},
		{"a large answer", small, s.first, s.third, failure.Refused, "limit is 100"},
		{"many commits", few, s.first, s.third, failure.Refused, "limit is 1"},
		{"an older commit that is nowhere", refresh, nowhere, s.third, failure.Usage, nowhere},
	} {
		_, err := logOf(s.client(t, cache, row.change), s.url, row.from, row.to, "src")
		wantKind(t, row.name, err, row.kind, row.text)
	}
	_, err := logOf(s.client(t, cache), s.Dir, s.first, nowhere, "src")
	wantKind(t, "a newer commit that is nowhere", err, failure.Usage, nowhere)
}

// TestLogDamaged flips bits in the cached history: it is fetched again.
func TestLogDamaged(t *testing.T) {
	s := serveHTTP(t)
	cache := t.TempDir()
	for at := range 40 {
		h, err := logOf(s.client(t, cache), s.url, s.first, s.third, "src")
		if err != nil || !slices.Equal(ids(h), []string{s.third, s.second}) {
			t.Fatalf("round %d: %v, %v", at, h, err)
		}
		files, err := filepath.Glob(filepath.Join(cache, "git", "*", "history", "*", "objects", "pack", "*"))
		if err != nil || len(files) != 2 {
			t.Fatal(files, err)
		}
		data, err := os.ReadFile(files[at%2])
		if err != nil {
			t.Fatal(err)
		}
		data[at*7%len(data)] ^= 1
		if err := os.WriteFile(files[at%2], data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLogBuiltin reads the releases of a built-in pack, with a cache and without.
func TestLogBuiltin(t *testing.T) {
	for _, cache := range []string{t.TempDir(), ""} {
		c := newClient(t,
			fetch.Options{CacheDir: cache,
				Builtin: func(string) (*fetch.Builtin, error) { return samplePack("k"), nil }})
		for _, row := range []struct {
			from, to, path string
			want           []string
			related        bool
		}{
			{sampleCP1, sampleCP2, "ppm.toml", []string{sampleCP2}, true},
			{sampleCP1, sampleCP2, "a-b", []string{}, true},                 // not changed
			{sampleSync, sampleCP1, "ppm.toml", []string{sampleCP1}, false}, // of another branch
		} {
			h, err := logOf(c, "builtin:sample", row.from, row.to, row.path)
			if err != nil || !slices.Equal(ids(h), row.want) || h.Related != row.related {
				t.Errorf("%.7s..%.7s of %q = %v, %v", row.from, row.to, row.path, h, err)
			}
		}
		_, err := logOf(c, "builtin:sample", sampleCP1, strings.Repeat("ab", 20), "a-b")
		wantKind(t, "no such commit", err, failure.Usage, "abab")
	}
}
