package install_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// builtIn is a built-in layer with one pack.
const builtIn = `
[sources]
host = "github.com"
namespace = "PMWG"
[packs.tools]
[[packs.tools.release]]
tag = "v1"
branch = "main"
date = 2024-01-01T00:00:00Z
dir = "tools"
`

func layer(t *testing.T, text string, as manifest.Layer) *manifest.Manifest {
	t.Helper()
	m, err := manifest.Parse("ppm.toml", []byte(text), as)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// openPacks returns packs for a project whose layers have these texts.
func openPacks(t *testing.T, project, user string, lock *lockfile.Lock) *install.Packs {
	t.Helper()
	base, shared := layer(t, builtIn, manifest.BuiltIn), layer(t, project, manifest.ProjectLayer)
	own := manifest.Merge(base, layer(t, user, manifest.User))
	packs, err := install.NewPacks(install.Options{
		Layers: manifest.Merge(own, shared), Shared: manifest.Merge(base, shared), Lock: lock,
		BuiltIn: fstest.MapFS{}, Fetch: fetch.Options{Offline: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { packs.Close() })
	return packs
}

func parse(t *testing.T, s string) ref.Ref {
	t.Helper()
	r, err := ref.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const (
	projectLayer = "[packs.mine]\nurl = 'https://git.example.com/me/mine.git'\n"
	userLayer    = "[sources]\nhost = 'gitlab.example.com'\nnamespace = 'team'\n" +
		"[sources.mirrors]\n'https://' = 'https://mirror.example.com/'\n[packs.private]\nurl = 'git@h.x:p.git'\n"
)

// Each row is a lock that is right by the layers that all users have, whatever the user's own layer says. Every other
// URL of the table, and every other ref, is refused.
func TestCheckOrigin(t *testing.T) {
	rows := []struct {
		via              string // separated by spaces
		source, url, ref string
	}{
		{"", "tools@v1//a", "builtin:tools", "refs/tags/v1"},
		{"", "mine@v1//a", "https://git.example.com/me/mine.git", "refs/tags/v1"},
		{"", "other@v1//a", "https://github.com/PMWG/other.git", "refs/tags/v1"},
		{"", "team::tools@v1//a", "https://github.com/team/tools.git", "refs/tags/v1"},
		{"", "h.x::team::tools@v1//a", "https://h.x/team/tools.git", "refs/tags/v1"},
		{"", "https://h.x/a/tools@v1//a", "https://h.x/a/tools", "refs/tags/v1"},
		{"", "git@h.x:tools.git@v1//a", "git@h.x:tools.git", "refs/tags/v1"},
		{"", "../tools@v1//a", "../tools", "refs/tags/v1"},
		{"", "private@v1//a", "https://github.com/PMWG/private.git", "refs/tags/v1"},
		{"", "mine@v*//a", "https://git.example.com/me/mine.git", "refs/tags/v2"},
		{"", "mine@v^1.0//a", "https://git.example.com/me/mine.git", "refs/tags/v1.2.0"},
		// A pack names itself, whatever the name means elsewhere.
		{"https://h.x/fork/tools@v1//b", "tools@v1//a", "https://h.x/fork/tools", "refs/tags/v1"},
		{"https://h.x/fork/one@v1//b", "tools@v1//a", "builtin:tools", "refs/tags/v1"},
		{"../one@v1//b", "../two@v1//a", "../two", "refs/tags/v1"},
	}
	for _, row := range rows {
		c := lockfile.Component{Path: "p", Source: parse(t, row.source), Ref: row.ref}
		for _, s := range strings.Fields(row.via) {
			c.Via = append(c.Via, parse(t, s))
		}
		for _, user := range []string{"", userLayer} {
			packs := openPacks(t, projectLayer, user, nil)
			for _, other := range rows {
				c.URL = other.url
				err := packs.CheckOrigin(c)
				if isRight := other.url == row.url; isRight != (err == nil) {
					t.Errorf("%s with url %s: %v", row.source, c.URL, err)
				} else if !isRight && (!errors.Is(err, failure.Integrity) || failure.Hint(err) == "" ||
					!strings.Contains(err.Error(), row.url) || !strings.Contains(err.Error(), c.URL)) {
					t.Errorf("%s with url %s: %v, hint %q", row.source, c.URL, err, failure.Hint(err))
				}
			}
		}
	}
}

func TestCheckOriginOfRange(t *testing.T) {
	packs := openPacks(t, "", "", nil)
	for _, c := range []struct{ source, allowed string }{
		{"other@v*//a", "refs/tags/v1.0.0 refs/tags/v2.0.0 refs/tags/v1.1.0-rc.1"},
		{"other@v^1.0//a", "refs/tags/v1.0.0 refs/tags/v1.1.0-rc.1"},
		{"other@cp-*//a", "refs/tags/cp-1.0.0"},
	} {
		for _, name := range []string{"refs/tags/v1.0.0", "refs/tags/v2.0.0", "refs/tags/cp-1.0.0",
			"refs/tags/v1.1.0-rc.1", "refs/heads/v1.0.0", "HEAD", ""} {
			err := packs.CheckOrigin(lockfile.Component{
				Path: "p", Source: parse(t, c.source), URL: "https://github.com/PMWG/other.git", Ref: name,
			})
			allowed := name != "" && strings.Contains(" "+c.allowed+" ", " "+name+" ")
			if allowed != (err == nil) || err != nil && !errors.Is(err, failure.Integrity) {
				t.Errorf("%s with ref %q: %v", c.source, name, err)
			}
		}
	}
}

// A pack on a server cannot lead to a path of this machine.
func TestCheckOriginRefusesLocalLink(t *testing.T) {
	c := lockfile.Component{
		Path: "p", Via: []ref.Ref{parse(t, "other@v1//a")}, Source: parse(t, "/srv/x@v1//a"), URL: "/srv/x",
		Ref: "refs/tags/v1",
	}
	if err := openPacks(t, "", "", nil).CheckOrigin(c); !errors.Is(err, failure.Integrity) {
		t.Error(err)
	}
}

// A name that only the user's own settings explain is recorded with its meaning. A name of the lockfile keeps the
// meaning that it has for everybody.
func TestPortable(t *testing.T) {
	lock := &lockfile.Lock{Components: []lockfile.Component{{Path: "p", Source: parse(t, "recorded@v1//a")}}}
	packs := openPacks(t, projectLayer, userLayer, lock)
	for _, c := range []struct{ name, portable, url string }{
		{"private", "git@h.x:p.git", "git@h.x:p.git"},
		{"other", "gitlab.example.com::team::other", "https://gitlab.example.com/team/other.git"},
		{"me::other", "gitlab.example.com::me::other", "https://gitlab.example.com/me/other.git"},
		{"h.x::me::other", "h.x::me::other", "https://h.x/me/other.git"},
		{"mine", "mine", "https://git.example.com/me/mine.git"},
		{"tools", "tools", "builtin:tools"},
		{"recorded", "recorded", "https://github.com/PMWG/recorded.git"},
	} {
		got := packs.Portable(parse(t, c.name).Origin)
		if got.String() != c.portable || packs.URL(got) != c.url {
			t.Errorf("Portable(%s) = %s at %s, want %s at %s", c.name, got, packs.URL(got), c.portable, c.url)
		}
	}
}
