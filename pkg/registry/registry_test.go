package registry_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/registry"
)

var day = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// index is a built-in layer with two packs, one of them empty, and an alias.
func index() *manifest.Manifest {
	return &manifest.Manifest{Sources: manifest.Sources{Host: "github.com", Namespace: "Project-Manager-With-Git"},
		Packs: map[string]manifest.Pack{
			"tools": {Description: "small tools", Releases: []manifest.Release{
				{Tag: "v1", Branch: "main", Date: day, Dir: "tools/v1", Executable: []string{"bin/run"}},
				{Tag: "v2", Branch: "main", Date: day.Add(time.Hour), Dir: "tools/v2"},
			}},
			"alias": {URL: "ssh://git@git.example.com/team/alias.git"},
			"empty": {},
		}}
}

func files() fstest.MapFS {
	return fstest.MapFS{
		"tools/v1/ppm.toml":   {Data: []byte("one")},
		"tools/v1/bin/run":    {Data: []byte("#!/bin/sh"), Mode: 0o755}, // embedded files have no modes
		"tools/v1/_dot/.name": {Data: []byte("kept"), Mode: 0o755},
		"tools/v2/ppm.toml":   {Data: []byte("two")},
		"tools/v2x/ppm.toml":  {Data: []byte("not in a release")},
	}
}

func origin(t *testing.T, text string) ref.Origin {
	t.Helper()
	r, err := ref.Parse(text + "//x")
	if err != nil {
		t.Fatal(err)
	}
	return r.Origin
}

func TestURL(t *testing.T) {
	own := manifest.Sources{Host: "git.example.com", Namespace: "platform"}
	mirrors := manifest.Sources{Mirrors: map[string]string{
		"https://github.com/":       "https://mirror.example.com/gh/",
		"https://github.com/team/":  "https://team.example.com/",
		"ssh://git@git.example.com": "https://near.example.com",
		"builtin:":                  "https://nowhere.example.com/",
	}}
	for _, c := range []struct {
		origin  string
		sources manifest.Sources
		want    string
	}{
		{"tools", manifest.Sources{}, "builtin:tools"}, // a built-in pack
		// With another default host.
		{"tools", own, "builtin:tools"},
		// With a namespace it is not built in.
		{"team::tools", manifest.Sources{}, "https://github.com/team/tools.git"},
		{"h.example.com::team::tools", own, "https://h.example.com/team/tools.git"}, // with a host
		{"alias", manifest.Sources{}, "ssh://git@git.example.com/team/alias.git"},   // an alias
		// With a namespace it is not an alias.
		{"team::alias", own, "https://git.example.com/team/alias.git"},
		{"empty", own, "https://git.example.com/platform/empty.git"}, // an empty entry
		// The defaults of the built-in layer.
		{"other", manifest.Sources{}, "https://github.com/Project-Manager-With-Git/other.git"},
		{"other", own, "https://git.example.com/platform/other.git"},                // of another layer
		{"https://h.example.com/a/b.git", own, "https://h.example.com/a/b.git"},     // a URL
		{"other", mirrors, "https://github.com/Project-Manager-With-Git/other.git"}, // not that of a mirror
		{"alias", mirrors, "ssh://git@git.example.com/team/alias.git"},
	} {
		m := manifest.Merge(index(), &manifest.Manifest{Sources: c.sources})
		if got := registry.New(m, files()).URL(origin(t, c.origin)); got != c.want {
			t.Errorf("URL(%q) = %q, want %q", c.origin, got, c.want)
		}
	}
}

func TestMirror(t *testing.T) {
	m := manifest.Merge(index(), &manifest.Manifest{Sources: manifest.Sources{Mirrors: map[string]string{
		"https://github.com/":       "https://mirror.example.com/gh/",
		"https://nobody.example":    "https://somebody.example.com",
		"https://github.com/team/":  "https://team.example.com/",
		"ssh://git@git.example.com": "https://near.example.com",
	}}})
	for url, want := range map[string]string{
		"https://nobody.example/a/x.git":             "https://somebody.example.com/a/x.git",
		"https://nobody.example.org/a/x.git":         "https://nobody.example.org/a/x.git", // another host
		"https://nobody.example:8443/a/x.git":        "https://nobody.example:8443/a/x.git",
		"https://github.com/other/x.git":             "https://mirror.example.com/gh/other/x.git",
		"https://github.com/team/x.git":              "https://team.example.com/x.git", // the longest prefix counts
		"ssh://git@git.example.com/team/x.git":       "https://near.example.com/team/x.git",
		"builtin:tools":                              "builtin:tools",
		"https://github.community/team/x.git":        "https://github.community/team/x.git",
		"https://h.example.com/https://github.com/x": "https://h.example.com/https://github.com/x",
	} {
		if got := registry.New(m, files()).Mirror(url); got != want {
			t.Errorf("Mirror(%q) = %q, want %q", url, got, want)
		}
	}
}

// What is made explicit means the same without the settings that gave it its meaning.
func TestExplicit(t *testing.T) {
	own := &manifest.Manifest{
		Sources: manifest.Sources{Host: "git.example.com:8443", Namespace: "platform/go"},
		Packs: map[string]manifest.Pack{
			"mine": {URL: "git@Git.example.com:me/mine.git"}, "tools": {URL: "https://h.example.com/t/"},
			"near": {URL: "https://git.example.com:8443/platform/go/near.git"},
		},
	}
	here, there := registry.New(manifest.Merge(index(), own), files()), registry.New(index(), files())
	for _, c := range []struct{ origin, explicit, url string }{
		{"other", "git.example.com:8443::platform/go::other", "https://git.example.com:8443/platform/go/other.git"},
		{"team::other", "git.example.com:8443::team::other", "https://git.example.com:8443/team/other.git"},
		{"h.example.com::a::b", "h.example.com::a::b", "https://h.example.com/a/b.git"},
		{"mine", "git@git.example.com:me/mine.git", "git@git.example.com:me/mine.git"},
		{"tools", "https://h.example.com/t", "https://h.example.com/t"},
		{"near", "git.example.com:8443::platform/go::near", "https://git.example.com:8443/platform/go/near.git"},
		{"../local", "../local", "../local"},
	} {
		got := here.Explicit(origin(t, c.origin))
		if got.String() != c.explicit || here.URL(got) != c.url || there.URL(got) != c.url {
			t.Errorf("Explicit(%q) = %q, with the URL %q here and %q elsewhere; want %q, %q",
				c.origin, got, here.URL(got), there.URL(got), c.explicit, c.url)
		}
	}
	if got := there.Explicit(origin(t, "tools")); got.String() != "tools" {
		t.Errorf("a built-in pack is %q", got)
	}
}

// An alias in a later layer overrides a built-in pack.
func TestAliasOverridesBuiltInPack(t *testing.T) {
	over := &manifest.Manifest{Packs: map[string]manifest.Pack{"tools": {URL: "https://git.example.com/mine.git"}}}
	r := registry.New(manifest.Merge(index(), over), files())
	if got := r.URL(ref.Origin{Repo: "tools"}); got != "https://git.example.com/mine.git" {
		t.Errorf("URL = %q", got)
	}
	if names := r.Names(); len(names) != 0 {
		t.Errorf("Names = %q, want none", names)
	}
}

func TestNamesAndTags(t *testing.T) {
	r := registry.New(index(), files())
	if got := r.Names(); !slices.Equal(got, []string{"tools"}) {
		t.Errorf("Names = %q", got)
	}
	if got := r.Describe("tools"); got != "small tools" {
		t.Errorf("Describe = %q", got)
	}
	for name, want := range map[string][]string{"tools": {"v1", "v2"}, "alias": nil, "empty": nil, "unknown": nil} {
		if got := r.Tags(name); !slices.Equal(got, want) {
			t.Errorf("Tags(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestReleases(t *testing.T) {
	got, err := registry.New(index(), files()).Releases("tools")
	if err != nil || len(got) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	first, second := got[0], got[1]
	if first.Tag != "v1" || first.Branch != "main" || !first.Date.Equal(day) || second.Tag != "v2" ||
		!second.Date.Equal(day.Add(time.Hour)) {
		t.Errorf("the releases are %+v", got)
	}
	var inside []string
	for _, f := range first.Files {
		inside = append(inside, fmt.Sprintf("%s %s %s", fileset.FormatMode(f.Mode), f.Path, f.Data))
	}
	// The release lists what is executable, because embedded files have no modes.
	if want := []string{"0644 _dot/.name kept", "0755 bin/run #!/bin/sh", "0644 ppm.toml one"}; !slices.Equal(inside,
		want) {
		t.Errorf("v1 has %q, want %q", inside, want)
	}
	if len(second.Files) != 1 || string(second.Files[0].Data) != "two" {
		t.Errorf("v2 has %v", second.Files)
	}
}

func TestPublished(t *testing.T) {
	m := manifest.Merge(index(), &manifest.Manifest{Packs: map[string]manifest.Pack{
		"mine": {URL: "https://h.example.com/mine.git"},
	}})
	for _, c := range []struct {
		origin, want string
		builtIn      bool
	}{
		{"tools", "Project-Manager-With-Git::tools", true}, // the name of a built-in pack
		{"team::tools", "team::tools", false},              // the pack of a namespace
		{"h.example.com::team::tools", "h.example.com::team::tools", false},
		{"https://h.example.com/team/tools.git", "https://h.example.com/team/tools.git", false},
		{"other", "other", false}, // a published pack
		{"empty", "empty", false},
		{"alias", "alias", false},
	} {
		got, builtIn := registry.New(m, files()).Published(origin(t, c.origin))
		if got.String() != c.want || builtIn != c.builtIn {
			t.Errorf("Published(%s) = %s, %v, want %s, %v", c.origin, got, builtIn, c.want, c.builtIn)
		}
	}
	m = manifest.Merge(m, &manifest.Manifest{Packs: map[string]manifest.Pack{
		"tools": {URL: "https://h.example.com/tools.git"},
	}})
	if got, builtIn := registry.New(m, files()).Published(origin(t, "tools")); got.String() != "tools" || builtIn {
		t.Errorf("Published of an alias that overrides a built-in pack = %s, %v", got, builtIn)
	}
}

func TestReleasesErrors(t *testing.T) {
	gone := files()
	delete(gone, "tools/v2/ppm.toml")
	for _, c := range []struct {
		name  string
		files fs.FS
		is    error
		has   string
	}{
		{"tool", files(), failure.Usage, `no built-in pack "tool"`},              // an unknown pack
		{"alias", files(), failure.Usage, `no built-in pack "alias"`},            // an alias has no releases
		{"empty", files(), failure.Usage, `no built-in pack "empty"`},            // an empty entry has no releases
		{"tools", gone, fs.ErrNotExist, `reading built-in pack "tools" at "v2"`}, // a missing folder
	} {
		got, err := registry.New(index(), c.files).Releases(c.name)
		if !errors.Is(err, c.is) || !strings.Contains(fmt.Sprint(err), c.has) || got != nil {
			t.Errorf("Releases(%q) = %v, %v, want an error with %q", c.name, got, err, c.has)
		}
		if failure.KindOf(err) == failure.Usage && !strings.Contains(failure.Hint(err), "tools") {
			t.Errorf("Releases(%q): the hint is %q", c.name, failure.Hint(err))
		}
	}
}

// A key depends on everything in a release, and on nothing else.
func TestKey(t *testing.T) {
	key := func(change func(*manifest.Manifest, fstest.MapFS)) string {
		m, f := index(), files()
		change(m, f)
		got, err := registry.New(m, f).Key("tools")
		if err != nil || !strings.HasPrefix(got, "tools-") {
			t.Fatalf("Key = %q, %v", got, err)
		}
		return got
	}
	release := func(m *manifest.Manifest) *manifest.Release { return &m.Packs["tools"].Releases[1] }
	plain := key(func(*manifest.Manifest, fstest.MapFS) {})
	for name, c := range map[string]struct {
		change func(*manifest.Manifest, fstest.MapFS)
		same   bool
	}{
		"nothing": {func(*manifest.Manifest, fstest.MapFS) {}, true},
		"another zone": {func(m *manifest.Manifest, _ fstest.MapFS) {
			release(m).Date = release(m).Date.In(time.FixedZone("x", 3600))
		}, true},
		"a file outside the releases": {func(_ *manifest.Manifest,
			f fstest.MapFS) {
			f["tools/v2x/more"] = &fstest.MapFile{}
		}, true},
		"another pack": {func(m *manifest.Manifest,
			_ fstest.MapFS) {
			m.Packs["third"] = manifest.Pack{URL: "https://h/x"}
		}, true},
		"a byte": {func(_ *manifest.Manifest,
			f fstest.MapFS) {
			f["tools/v2/ppm.toml"].Data = []byte("Two")
		}, false},
		"another file": {func(_ *manifest.Manifest, f fstest.MapFS) { f["tools/v2/more"] = &fstest.MapFile{} },
			false},
		"what is executable": {func(m *manifest.Manifest,
			_ fstest.MapFS) {
			release(m).Executable = []string{"ppm.toml"}
		}, false},
		"a tag":    {func(m *manifest.Manifest, _ fstest.MapFS) { release(m).Tag = "v3" }, false},
		"a branch": {func(m *manifest.Manifest, _ fstest.MapFS) { release(m).Branch = "dev" }, false},
		"a date":   {func(m *manifest.Manifest, _ fstest.MapFS) { release(m).Date = day }, false},
		"the order": {func(m *manifest.Manifest,
			_ fstest.MapFS) {
			slices.Reverse(m.Packs["tools"].Releases)
		}, false},
		"a tree": {func(m *manifest.Manifest, _ fstest.MapFS) { release(m).Tree = "0123" }, false},
	} {
		if got := key(c.change); (got == plain) != c.same {
			t.Errorf("%s: the key is %q, before it was %q", name, got, plain)
		}
	}
}

// The key of releases with a fixed tree is computed without their files.
func TestKeyOfFixedReleasesReadsNoFiles(t *testing.T) {
	m := index()
	for i := range m.Packs["tools"].Releases {
		m.Packs["tools"].Releases[i].Tree = "0123"
	}
	if _, err := registry.New(m, fstest.MapFS{}).Key("tools"); err != nil {
		t.Errorf("with a tree: %v", err)
	}
	m.Packs["tools"].Releases[1].Tree = ""
	if _, err := registry.New(m, fstest.MapFS{}).Key("tools"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a tree and files: %v", err)
	}
}
