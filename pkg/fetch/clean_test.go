package fetch_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
)

func refNames(e fetch.CacheEntry) string {
	var names []string
	for _, r := range e.Refs {
		names = append(names, r.Name)
	}
	return strings.Join(names, " ")
}

// What TestClean puts into the cache, and the two parts that the modes distinguish.
const (
	branches  = "HEAD refs/heads/dev refs/heads/master"
	tags      = "refs/tags/cp-0.0.1 refs/tags/cp-0.0.2 refs/tags/v1"
	cachedAll = branches + " " + tags
)

// cleanings are ways to clean the cache, with what they remove.
var cleanings = []struct {
	name       string
	o          fetch.CleanOptions
	gone, left string // refs
	packs      int    // that are left, at most
}{
	{"all", fetch.CleanOptions{}, cachedAll, "", 0},
	{"this repository", fetch.CleanOptions{Repo: "pack", Mode: fetch.CleanAll}, cachedAll, "", 0},
	{"another repository", fetch.CleanOptions{Repo: "other"}, "", cachedAll, 4},
	{"another host", fetch.CleanOptions{Host: "other"}, "", cachedAll, 4},
	{"another namespace", fetch.CleanOptions{Namespace: "other"}, "", cachedAll, 4},
	{"a tag", fetch.CleanOptions{Tags: []string{"cp-0.0.2"}}, "refs/tags/cp-0.0.2",
		branches + " refs/tags/cp-0.0.1 refs/tags/v1", 4},
	{"two tags", fetch.CleanOptions{Tags: []string{"cp-0.0.2", "v1"}}, "refs/tags/cp-0.0.2 refs/tags/v1",
		branches + " refs/tags/cp-0.0.1", 4},
	{"no such tag", fetch.CleanOptions{Tags: []string{"cp-9"}}, "", cachedAll, 4},
	{"only_hash", fetch.CleanOptions{Mode: fetch.CleanOnlyHash}, branches, tags, 3},
	{"except_latest", fetch.CleanOptions{Mode: fetch.CleanExceptLatest}, branches + " refs/tags/cp-0.0.1",
		"refs/tags/cp-0.0.2 refs/tags/v1", 3},
	{"an old tag", fetch.CleanOptions{Mode: fetch.CleanExceptLatest, Tags: []string{"cp-0.0.1"}},
		"refs/tags/cp-0.0.1", branches + " refs/tags/cp-0.0.2 refs/tags/v1", 4},
	{"the newest tag", fetch.CleanOptions{Mode: fetch.CleanExceptLatest, Tags: []string{"cp-0.0.2"}},
		"", cachedAll, 4},
}

func TestClean(t *testing.T) {
	s := serveHTTP(t)
	for _, row := range cleanings {
		t.Run(row.name, func(t *testing.T) {
			cache := t.TempDir()
			for _, version := range []string{"cp-0.0.1", "v1", "cp-0.0.2", "", "dev"} {
				if _, err := component(s.client(t, cache), s.url, version, "src"); err != nil {
					t.Fatal(err)
				}
			}
			if all := listed(t, s.client(t, cache)); all.URL != s.url || all.Repo != "pack" || all.Size < 1000 ||
				all.Fetched.IsZero() || refNames(all) != cachedAll {
				t.Fatalf("List = %+v", all)
			}
			dry := row.o
			dry.DryRun = true
			before := snapshotOf(t, cache)
			would := cleaned(t, s.client(t, cache), dry)
			if snapshotOf(t, cache) != before {
				t.Error("a dry run changes the cache")
			}
			gone := cleaned(t, s.client(t, cache), row.o)
			if refNames(gone) != refNames(would) || gone.Size != would.Size {
				t.Errorf("Clean removes %+v, the dry run said %+v", gone, would)
			}
			left := listed(t, s.client(t, cache))
			if refNames(gone) != row.gone || refNames(left) != row.left {
				t.Errorf("gone %q, left %q; want %q and %q", refNames(gone), refNames(left), row.gone, row.left)
			}
			packs, err := filepath.Glob(filepath.Join(cache, "git", "*", "objects", "pack", "*.pack"))
			if err != nil || len(packs) > row.packs {
				t.Errorf("%d packs are left, want at most %d", len(packs), row.packs)
			}
			for _, r := range left.Refs {
				version := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(r.Name, "HEAD"), "refs/tags/"),
					"refs/heads/")
				if _, err := component(s.client(t, cache, offline), s.url, version, "src"); err != nil {
					t.Errorf("%s cannot be read any more: %v", r.Name, err)
				}
			}
			if _, err := component(s.client(t, cache), s.url, "cp-0.0.1", "src"); err != nil {
				t.Errorf("what was removed does not come back: %v", err)
			}
		})
	}
}

// listed returns the only entry of the cache, or none.
func listed(t *testing.T, c *fetch.Client) fetch.CacheEntry {
	t.Helper()
	return only(t, func() ([]fetch.CacheEntry, error) { return c.List(context.Background()) })
}

func cleaned(t *testing.T, c *fetch.Client, o fetch.CleanOptions) fetch.CacheEntry {
	t.Helper()
	return only(t, func() ([]fetch.CacheEntry, error) { return c.Clean(context.Background(), o) })
}

func only(t *testing.T, f func() ([]fetch.CacheEntry, error)) (e fetch.CacheEntry) {
	t.Helper()
	list, err := f()
	if err != nil || len(list) > 1 {
		t.Fatalf("%d entries, %v", len(list), err)
	}
	for _, e = range list {
	}
	return e
}

// TestCleanCommits removes commits that were asked for by their ids.
func TestCleanCommits(t *testing.T) {
	s := serveHTTP(t)
	s.Git("config", "uploadpack.allowReachableSHA1InWant", "true")
	cache := t.TempDir()
	for _, version := range []string{"cp-0.0.1", s.second} {
		if _, err := component(s.client(t, cache), s.url, version, "src"); err != nil {
			t.Fatal(err)
		}
	}
	c := s.client(t, cache)
	list, err := c.List(context.Background())
	if err != nil || len(list) != 1 || !slices.Equal(list[0].Commits, []string{s.second}) {
		t.Fatalf("List = %+v, %v", list, err)
	}
	gone, err := c.Clean(context.Background(), fetch.CleanOptions{Mode: fetch.CleanOnlyHash})
	if err != nil || len(gone) != 1 || !slices.Equal(gone[0].Commits, []string{s.second}) || gone[0].Size == 0 {
		t.Errorf("Clean = %+v, %v", gone, err)
	}
	_, err = component(s.client(t, cache, offline), s.url, s.second, "src")
	wantKind(t, "the commit", err, failure.Network, "not in the cache")
}

func TestCleanBuiltin(t *testing.T) {
	dir := t.TempDir()
	c := newClient(t, withPack(dir, samplePack("k")))
	if _, err := component(c, "builtin:sample", "dev", "src"); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		o    fetch.CleanOptions
		gone int
	}{
		{fetch.CleanOptions{Mode: fetch.CleanOnlyHash}, 0}, // a built-in pack comes and goes as a whole
		{fetch.CleanOptions{Tags: []string{"cp-0.0.1"}}, 0},
		{fetch.CleanOptions{Repo: "other"}, 0},
		{fetch.CleanOptions{Repo: "sample"}, 1},
		{fetch.CleanOptions{}, 0}, // nothing is left
	} {
		gone, err := c.Clean(context.Background(), row.o)
		if err != nil || len(gone) != row.gone {
			t.Errorf("Clean(%+v) = %v, %v", row.o, gone, err)
		}
	}
	if _, err := component(c, "builtin:sample", "dev", "src"); err != nil { // the same client makes it again
		t.Error(err)
	}
	_, err := c.Clean(context.Background(), fetch.CleanOptions{Mode: "some"})
	wantKind(t, "an unknown mode", err, failure.Usage, "some")
}
