package fetch_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// objectsOf returns the tag object and the commit of a pin.
func objectsOf(t *testing.T, c *fetch.Client, pin ref.Pin) (tag, commit string, err error) {
	t.Helper()
	repo, err := c.Repo(pin.URL)
	if err != nil {
		t.Fatal(err)
	}
	s, err := repo.Snapshot(t.Context(), pin)
	if err != nil {
		return "", "", err
	}
	a, b, err := s.Objects(t.Context())
	return string(a), string(b), err
}

// TestObjects reads the tag object of a pin that no server has listed, as that of a lockfile.
func TestObjects(t *testing.T) {
	r := gittest.NewRepo(t)
	r.Write("a.txt", "a\n", 0o644)
	commit := r.Commit("one")
	object := r.AnnotatedTag("v1", "the first")
	r.Tag("light")
	r.Git("tag", "-a", "-m", "nested", "outer", "v1")
	outer := r.Git("rev-parse", "refs/tags/outer")
	other := r.Commit("two")
	for name, opts := range map[string][]gittest.Option{"version 2": nil, "version 0": {gittest.Version0()}} {
		server := gittest.ServeHTTP(t, filepath.Dir(r.Dir), opts...)
		url := server.URL + "/" + filepath.Base(r.Dir)
		for _, location := range []string{url, r.Dir} {
			o := fetch.Options{CacheDir: t.TempDir()}
			pin := ref.Pin{URL: location, Ref: "refs/tags/v1", Object: object, Commit: commit}
			for range 2 { // from the server, then from the cache
				tag, text, err := objectsOf(t, newClient(t, o), pin)
				if err != nil || !strings.Contains(tag, "the first") || !strings.Contains(text, "\none\n") {
					t.Fatalf("%s: %s: %q, %q, %v", name, location, tag, text, err)
				}
				o.Offline = true
			}
			o.Offline = false
			light := ref.Pin{URL: location, Ref: "refs/tags/light", Object: commit, Commit: commit}
			if tag, text, err := objectsOf(t, newClient(t, o), light); err != nil || tag != "" || text == "" {
				t.Errorf("%s: %s: a lightweight tag has %q, %q, %v", name, location, tag, text, err)
			}
			nested := ref.Pin{URL: location, Ref: "refs/tags/outer", Object: outer, Commit: commit}
			if tag, _, err := objectsOf(t, newClient(t, o), nested); err != nil || !strings.Contains(tag, "nested") {
				t.Errorf("%s: %s: a tag of a tag has %q, %v", name, location, tag, err)
			}
			// Well-formed lies of a lockfile.
			missing, elsewhere := pin, pin
			missing.Object = strings.Repeat("1", 40)
			_, _, err := objectsOf(t, newClient(t, o), missing)
			wantKind(t, "no such tag object at "+location, err, failure.Integrity, missing.Object)
			elsewhere.Commit = other
			_, _, err = objectsOf(t, newClient(t, o), elsewhere)
			wantKind(t, "the tag of another commit at "+location, err, failure.Integrity, "is not a tag of commit")
			o.CacheDir, o.Offline = t.TempDir(), false
			if location != url {
				continue
			}
			if _, err := component(newClient(t, o), url, commit, "a.txt"); err != nil {
				t.Fatal(err)
			}
			o.Offline = true
			_, _, err = objectsOf(t, newClient(t, o), pin)
			wantKind(t, "offline", err, failure.Network, "tag object "+object)
		}
	}
}
