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

func TestClean(t *testing.T) {
	s := serveHTTP(t)
	for _, row := range []struct {
		name       string
		o          fetch.CleanOptions
		gone, left string // refs
		commits    []string
		packs      int // that are left, at most
	}{
		{"all", fetch.CleanOptions{}, "HEAD refs/heads/dev refs/heads/master refs/tags/cp-0.0.1 refs/tags/cp-0.0.2 refs/tags/v1", "", nil, 0},
		{"another repository", fetch.CleanOptions{Repo: "other"}, "", "HEAD refs/heads/dev refs/heads/master refs/tags/cp-0.0.1 refs/tags/cp-0.0.2 refs/tags/v1", nil, 4},
		{"this repository", fetch.CleanOptions{Repo: "pack", Mode: fetch.CleanAll}, "HEAD refs/heads/dev refs/heads/master refs/tags/cp-0.0.1 refs/tags/cp-0.0.2 refs/tags/v1", "", nil, 0},
		{"another host", fetch.CleanOptions{Host: "other"}, "", "HEAD refs/heads/dev refs/heads/master refs/tags/cp-0.0.1 refs/tags/cp-0.0.2 refs/tags/v1", nil, 4},
		{"another namespace", fetch.CleanOptions{Namespace: "other"}, "", "HEAD refs/heads/dev refs/heads/master refs/tags/cp-0.0.1 refs/tags/cp-0.0.2 refs/tags/v1", nil, 4},
		{"a tag", fetch.CleanOptions{Tag: "cp-0.0.2"}, "refs/tags/cp-0.0.2", "HEAD refs/heads/dev refs/heads/master refs/tags/cp-0.0.1 refs/tags/v1", nil, 4},
		{"no such tag", fetch.CleanOptions{Tag: "cp-9"}, "", "HEAD refs/heads/dev refs/heads/master refs/tags/cp-0.0.1 refs/tags/cp-0.0.2 refs/tags/v1", nil, 4},
		{"only_hash", fetch.CleanOptions{Mode: fetch.CleanOnlyHash}, "HEAD refs/heads/dev refs/heads/master", "refs/tags/cp-0.0.1 refs/tags/cp-0.0.2 refs/tags/v1", []string{s.fourth}, 3},
		{"except_latest", fetch.CleanOptions{Mode: fetch.CleanExceptLatest}, "HEAD refs/heads/dev refs/heads/master refs/tags/cp-0.0.1", "refs/tags/cp-0.0.2 refs/tags/v1", []string{s.fourth}, 3},
		{"an old tag", fetch.CleanOptions{Mode: fetch.CleanExceptLatest, Tag: "cp-0.0.1"}, "refs/tags/cp-0.0.1", "HEAD refs/heads/dev refs/heads/master refs/tags/cp-0.0.2 refs/tags/v1", nil, 4},
		{"the newest tag", fetch.CleanOptions{Mode: fetch.CleanExceptLatest, Tag: "cp-0.0.2"}, "", "HEAD refs/heads/dev refs/heads/master refs/tags/cp-0.0.1 refs/tags/cp-0.0.2 refs/tags/v1", nil, 4},
	} {
		t.Run(row.name, func(t *testing.T) {
			cache := t.TempDir()
			for _, version := range []string{"cp-0.0.1", "v1", "cp-0.0.2", "", "dev"} {
				if _, err := component(s.client(t, cache), s.url, version, "src"); err != nil {
					t.Fatal(err)
				}
			}
			all, err := s.client(t, cache).List(context.Background())
			if err != nil || len(all) != 1 || all[0].URL != s.url || all[0].Repo != "pack" || all[0].Size < 1000 || all[0].Fetched.IsZero() {
				t.Fatalf("List = %+v, %v", all, err)
			}
			o := row.o
			o.DryRun = true
			before := snapshotOf(t, cache)
			dry, err := s.client(t, cache).Clean(context.Background(), o)
			if err != nil || snapshotOf(t, cache) != before {
				t.Fatalf("a dry run changes the cache, or fails: %v", err)
			}
			gone, err := s.client(t, cache).Clean(context.Background(), row.o)
			if err != nil || len(gone) != len(dry) {
				t.Fatalf("Clean = %v, %v; the dry run said %v", gone, err, dry)
			}
			var names string
			for i, e := range gone {
				names = refNames(e)
				if names != refNames(dry[i]) || e.Size != dry[i].Size {
					t.Errorf("Clean removes %s (%d), the dry run said %s (%d)", names, e.Size, refNames(dry[i]), dry[i].Size)
				}
			}
			left, err := s.client(t, cache).List(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			var stay string
			for _, e := range left {
				stay = refNames(e)
			}
			if names != row.gone || stay != row.left {
				t.Errorf("gone %q, left %q; want %q and %q", names, stay, row.gone, row.left)
			}
			packs, _ := filepath.Glob(filepath.Join(cache, "git", "*", "objects", "pack", "*.pack"))
			if len(packs) > row.packs {
				t.Errorf("%d packs are left, want at most %d", len(packs), row.packs)
			}
			for _, version := range strings.Fields(strings.ReplaceAll(stay, "refs/tags/", "")) {
				if strings.Contains(version, "/") || version == "HEAD" {
					continue
				}
				if _, err := component(s.client(t, cache, offline), s.url, version, "src"); err != nil {
					t.Errorf("%s cannot be read any more: %v", version, err)
				}
			}
			for _, version := range []string{"cp-0.0.1", "dev"} { // all of it comes back
				if _, err := component(s.client(t, cache), s.url, version, "src"); err != nil {
					t.Errorf("%s: %v", version, err)
				}
			}
		})
	}
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
		{fetch.CleanOptions{Tag: "cp-0.0.1"}, 0},
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
