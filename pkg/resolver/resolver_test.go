package resolver_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/resolver"
)

const url = "https://example.com/ns/repo.git"

// refs is a Lister with a fixed answer.
type refs []ref.GitRef

func (r refs) Refs(context.Context, string) ([]ref.GitRef, error) { return r, nil }

// id returns the commit id of a ref in these tests: 40 hex digits that depend on its name.
func id(name string) string {
	var sum uint64 = 14695981039346656037
	for _, c := range []byte(name) {
		sum = (sum ^ uint64(c)) * 1099511628211
	}
	return fmt.Sprintf("%016x%024x", sum, len(name))
}

// list makes refs of short names: "t:NAME" a tag, "a:NAME" an annotated tag, "b:NAME" a branch,
// "c:ID" a commit, "HEAD" a detached HEAD, "HEAD>NAME" one that points to a branch.
func list(names ...string) refs {
	var r refs
	for _, n := range names {
		kind, name, _ := strings.Cut(n, ":")
		target, isHead := strings.CutPrefix(n, "HEAD")
		switch {
		case isHead && target == "":
			r = append(r, ref.GitRef{Name: "HEAD", Object: id("HEAD"), Commit: id("HEAD")})
		case isHead:
			r = append(r,
				ref.GitRef{Name: "HEAD", Target: "refs/heads/" + target[1:], Object: id("b:" + target[1:]),
					Commit: id("b:" + target[1:])})
		case kind == "t":
			r = append(r, ref.GitRef{Name: "refs/tags/" + name, Object: id(n), Commit: id(n)})
		case kind == "a":
			r = append(r, ref.GitRef{Name: "refs/tags/" + name, Object: id("object of " + n), Commit: id(n)})
		case kind == "b":
			r = append(r, ref.GitRef{Name: "refs/heads/" + name, Object: id(n), Commit: id(n)})
		case kind == "c":
			r = append(r, ref.GitRef{Object: name, Commit: name})
		}
	}
	return r
}

func resolve(t *testing.T, version string, l resolver.Lister) (resolver.Resolution, error) {
	t.Helper()
	var v ref.Version
	if version != "" {
		var err error
		if v, err = ref.ParseVersion(version); err != nil {
			t.Fatalf("ParseVersion(%q): %v", version, err)
		}
	}
	return resolver.Resolve(context.Background(), url, v, l)
}

var hex40 = strings.Repeat("abcd", 10)

// resolutions are versions, refs and the pin that they resolve to.
var resolutions = []struct {
	version string
	refs    []string
	want    string // the short name of the ref of the pin
	note    string // a part of the only note; "" when there is none
}{
	// latest is where HEAD stands
	{"", []string{"HEAD>trunk", "b:master", "b:trunk"}, "b:trunk", ""},
	// else master
	{"latest", []string{"HEAD>gone", "b:main", "b:master"}, "b:master", ""},
	// else main
	{"latest", []string{"b:dev", "b:main"}, "b:main", ""},
	// else HEAD itself
	{"latest", []string{"HEAD", "b:x"}, "HEAD", ""},
	// never a tag
	{"latest", []string{"t:latest", "HEAD>main", "b:main"}, "b:main", ""},
	// dev is a branch
	{"dev", []string{"t:dev", "b:dev", "b:main"}, "b:dev", ""},
	// lightweight tag
	{"v1", []string{"b:main", "t:v1"}, "t:v1", ""},
	// annotated tag
	{"v1", []string{"b:main", "a:v1"}, "a:v1", ""},
	// slash
	{"release/1.0", []string{"t:release/1.0"}, "t:release/1.0", ""},
	// branch
	{"work", []string{"b:work", "t:v1"}, "b:work", ""},
	// both
	{"v1", []string{"b:v1", "t:v1"}, "t:v1", `"v1" is a tag and a branch; the tag was taken`},
	// full name
	{"refs/heads/v1", []string{"b:v1", "t:v1"}, "b:v1", ""},
	// commit
	{hex40, []string{"b:main", "c:" + hex40}, "c:" + hex40, ""},
	// start of one
	{"ABCDABC", []string{"b:main", "c:" + hex40}, "c:" + hex40, ""},
	// a tag named like one
	{"abcdabc", []string{"t:abcdabc", "c:" + hex40}, "t:abcdabc", "is a tag and the start of a commit id"},
	// a branch named like one
	{"abcdabc", []string{"b:abcdabc", "c:" + hex40}, "b:abcdabc", "is a branch and the start of a commit id"},
	// no commit of that id: no note
	{"20240101", []string{"t:20240101", "b:main"}, "t:20240101", ""},
	// highest by version
	{"cp-*", []string{"t:cp-0.0.9", "t:cp-0.0.10", "t:cp-0.1.0-rc.1", "t:sync-2.0.0"}, "t:cp-0.0.10", ""},
	// no version sorts below
	{"cp-*", []string{"t:cp-zz", "t:cp-0.0.1"}, "t:cp-0.0.1", ""},
	// then by name
	{"cp-*", []string{"t:cp-b", "t:cp-c", "t:cp-a"}, "t:cp-c", ""},
	// dates are no versions
	{"cp-*", []string{"t:cp-2024-01-31", "t:cp-2023-12-31"}, "t:cp-2024-01-31", ""},
	// prereleases asked for
	{"cp-1.0.0-*", []string{"t:cp-1.0.0-rc.2", "t:cp-1.0.0-rc.10", "t:cp-1.0.0"}, "t:cp-1.0.0-rc.10", ""},
	{"cp-*-rc*", []string{"t:cp-1.0.0-rc1", "t:cp-2.0.0"}, "t:cp-1.0.0-rc1", ""},
	// not asked for
	{"*-1.*", []string{"t:cp-1.0.0", "t:cp-1.1.0-rc.1"}, "t:cp-1.0.0", ""},
	{"*", []string{"b:main", "t:v1.2", "t:v1.10"}, "t:v1.10", ""},
	// * stops at /
	{"*", []string{"t:a/b-9.0.0", "t:c-1.0.0"}, "t:c-1.0.0", ""},
	{"release/*", []string{"t:release/1.0", "t:release/1.1"}, "t:release/1.1", ""},
	// caret
	{"cp-^0.0.1", []string{"t:cp-0.0.1", "t:cp-0.0.2", "t:0.0.1"}, "t:cp-0.0.1", ""},
	// optional v
	{"cp-^1.2", []string{"t:cp-1.2.0", "t:cp-v1.10.0", "t:cp-2.0.0", "t:1.99.0"}, "t:cp-v1.10.0", ""},
	// v in the prefix
	{"cp-v^1.2", []string{"t:cp-1.3.0", "t:cp-v1.2.0"}, "t:cp-v1.2.0", ""},
	// tilde
	{"cp-~1.2", []string{"t:cp-1.2.9", "t:cp-1.3.0"}, "t:cp-1.2.9", ""},
	// tilde of zero
	{"cp-~0.0.0", []string{"t:cp-0.0.9", "t:cp-5.0.0"}, "t:cp-0.0.9", ""},
	{"~0.0.0-rc.1", []string{"t:0.0.0-rc.2", "t:5.0.0"}, "t:0.0.0-rc.2", ""},
	// bare range
	{">=1.2 <2", []string{"t:1.2.0", "t:v1.9.0", "t:2.0.0", "t:cp-1.99.0"}, "t:v1.9.0", ""},
	// releases only
	{">=1.2", []string{"t:1.2.0", "a:1.3.0", "t:1.4.0-rc.1"}, "a:1.3.0", ""},
	// unless asked for
	{">=1.2-0", []string{"t:1.2.0", "t:1.4.0-rc.1"}, "t:1.4.0-rc.1", ""},
	// the complete one of two equals
	{"^1", []string{"t:v1", "t:v1.0.0"}, "t:v1.0.0", ""},
	// whatever the order of the list
	{"^1", []string{"t:v1.0.0", "t:1.0.0"}, "t:v1.0.0", ""},
	{"^1", []string{"t:1.0.0", "t:v1.0.0"}, "t:v1.0.0", ""},
	// leading zeros
	{">=2024.01", []string{"t:2024.01", "t:2024.10"}, "t:2024.10", ""},
}

func TestResolve(t *testing.T) {
	for _, c := range resolutions {
		got, err := resolve(t, c.version, list(c.refs...))
		if err != nil {
			t.Errorf("%q in %q: %v", c.version, c.refs, err)
			continue
		}
		want := ref.Pin{URL: url, Ref: list(c.want)[0].Name, Object: list(c.want)[0].Object,
			Commit: list(c.want)[0].Commit}
		if got.Pin != want {
			t.Errorf("%q in %q = %+v, want %s", c.version, c.refs, got.Pin, c.want)
		}
		if notes := strings.Join(got.Notes, "\n"); (c.note == "") != (notes == "") ||
			!strings.Contains(notes, c.note) {
			t.Errorf("%q in %q: notes %q, want %q", c.version, c.refs, notes, c.note)
		}
	}
}

func TestResolveFails(t *testing.T) {
	cp := []string{"b:main", "t:cp-0.0.1", "t:cp-0.0.2", "t:aio-0.0.9", "t:sync-0.0.1"}
	for _, c := range []struct {
		version string
		refs    []string
		message string
		hint    string
	}{
		// empty
		{"v1", nil, "the repository is empty", "check the URL, or push a commit and a tag to it"},
		// same series first
		{"cp-0.0.9", cp, `it has no tag, branch or commit "cp-0.0.9"`,
			"use one of the most similar tags: cp-0.0.2, cp-0.0.1, aio-0.0.9, sync-0.0.1"},
		// a slash too few
		{"cp-0.0.2/aiossecli", cp, `it has no tag, branch or commit "cp-0.0.2/aiossecli"`,
			"a component starts with //: write cp-0.0.2//aiossecli"},
		// no tags
		{"x", []string{"b:main", "b:dev"}, `it has no tag, branch or commit "x"`,
			"it has no tags; use one of its branches: main, dev"},
		// a hostile name
		{"cp-1", []string{"t:cp-\x1b[2J", "t:cp-2"}, `it has no tag, branch or commit "cp-1"`,
			"use one of the most similar tags: cp-2"},
		// ambiguous
		{"0123456", []string{"t:v1", "c:01234567" + id("")[8:], "c:01234568" + id("")[8:]},
			`"0123456" is the start of several commit ids`, "write more digits of the id: "},
		// range, its prefix
		{"cp-^9", cp, `no tag matches "cp-^9"`, "use one of the newest tags: cp-0.0.2, cp-0.0.1"},
		// range, all
		{"zz-^9", cp, `no tag matches "zz-^9"`,
			"use one of the newest tags: aio-0.0.9, cp-0.0.2, sync-0.0.1, cp-0.0.1"},
		// glob
		{"cp-9*", cp, `no tag matches "cp-9*"`,
			"use one of the newest tags: aio-0.0.9, cp-0.0.2, sync-0.0.1, cp-0.0.1"},
		// prereleases only
		{"cp-^1", []string{"t:cp-1.1.0-rc.1", "t:cp-1.1.0-rc.2"}, `no tag matches "cp-^1"`,
			`only prereleases match; name one, such as "cp-1.1.0-rc.2"`},
		// no branch
		{"latest", []string{"t:v1"}, "it has no default branch", "use one of its tags: v1"},
		// no dev
		{"dev", []string{"b:main"}, `it has no branch "dev"`, "it has no tags; use one of its branches: main"},
	} {
		_, err := resolve(t, c.version, list(c.refs...))
		if !errors.Is(err, failure.Usage) || err.Error() != "resolving "+url+": "+c.message ||
			!strings.HasPrefix(failure.Hint(err), c.hint) {
			t.Errorf("%q in %q: %v\nhint: %s\nwant: %s", c.version, c.refs, err, failure.Hint(err), c.hint)
		}
	}
	blob := refs{{Name: "refs/tags/v1", Object: id("blob")}} // a tag of something else
	if _, err := resolve(t, "v1", blob); !errors.Is(err, failure.Usage) ||
		!strings.Contains(err.Error(), "does not point to a commit") {
		t.Errorf("tag of a blob: %v", err)
	}
	if _, err := resolve(t, "*", blob); !errors.Is(err, failure.Usage) {
		t.Errorf("glob over a tag of a blob: %v", err)
	}
}

// asked is a Lister that fails and records what it was asked for.
type asked struct{ exact string }

func (a *asked) Refs(_ context.Context, exact string) ([]ref.GitRef, error) {
	a.exact = exact
	return nil, failure.Errorf(failure.Network, "no route")
}

func TestResolveAsks(t *testing.T) {
	for version, exact := range map[string]string{"v1": "v1", "0123abc": "0123abc", "latest": "", "dev": "", "v*": "",
		"^1": ""} {
		var a asked
		if _, err := resolve(t, version, &a); !errors.Is(err, failure.Network) || a.exact != exact {
			t.Errorf("%q asks for %q (%v), want %q", version, a.exact, err, exact)
		}
	}
}

// TestManyRefs limits the time for more tags than repositories have. Quadratic algorithms take many minutes.
func TestManyRefs(t *testing.T) {
	var many refs
	for i := range 300_000 {
		commit := fmt.Sprintf("%040x", i)
		many = append(many,
			ref.GitRef{Name: fmt.Sprintf("refs/tags/cp-%d.%d.%d", i/10000, i/100%100, i%100), Object: commit,
				Commit: commit})
	}
	slices.Reverse(many)
	for version, want := range map[string]string{"cp-^7.1": "refs/tags/cp-7.99.99", "cp-*": "refs/tags/cp-29.99.99",
		"cp-100.0.0": "", "xx-^1": ""} {
		start := time.Now()
		got, err := resolve(t, version, many)
		if (err == nil) != (want != "") || got.Pin.Ref != want {
			t.Errorf("%q = %q, %v", version, got.Pin.Ref, err)
		}
		if d := time.Since(start); d > 30*time.Second {
			t.Errorf("%q took %v", version, d)
		}
	}
}

func FuzzResolve(f *testing.F) {
	f.Add("cp-^0.0.1", "cp-0.0.1 cp-0.0.2")
	f.Add("cp-*", "cp-x cp-2024-01-31")
	f.Add("~0.0.0-rc.1", "v0.0.0-rc.2 99999999999999999999.0.0")
	f.Add("0123abc", "0123abc \x1b[2J")
	f.Fuzz(func(t *testing.T, version, tags string) {
		v, err := ref.ParseVersion(version)
		if err != nil {
			return
		}
		var forward refs
		seen := map[string]bool{}
		for n := range strings.FieldsSeq(tags) {
			if !seen[n] {
				forward = append(forward, list("t:"+n)...)
			}
			seen[n] = true
		}
		backward := slices.Clone(forward)
		slices.Reverse(backward)
		a, errA := resolver.Resolve(context.Background(), url, v, forward)
		b, errB := resolver.Resolve(context.Background(), url, v, backward)
		if a.Pin != b.Pin || (errA == nil) != (errB == nil) {
			t.Fatalf("%q in %q depends on the order: %+v, %+v", version, tags, a.Pin, b.Pin)
		}
		if errA != nil && failure.Hint(errA) == "" {
			t.Fatalf("%q in %q: no hint: %v", version, tags, errA)
		}
	})
}

func TestTags(t *testing.T) {
	tags := list("HEAD>main", "b:main", "t:cp-0.0.1", "a:cp-0.0.10", "t:cp-0.0.2", "t:cp-1.0.0-rc.1", "t:v0.5.0",
		"t:nightly", "b:cp-9.9.9")
	for _, c := range []struct{ version, want string }{
		// none typed: all, those without a version last
		{"", "cp-1.0.0-rc.1 v0.5.0 cp-0.0.10 cp-0.0.2 cp-0.0.1 nightly"},
		{"cp-0.0.1", "cp-1.0.0-rc.1 v0.5.0 cp-0.0.10 cp-0.0.2 cp-0.0.1 nightly"},
		{"cp-*", "cp-1.0.0-rc.1 cp-0.0.10 cp-0.0.2 cp-0.0.1"}, // a glob
		{"cp-~0.0.2", "cp-0.0.10 cp-0.0.2"},                   // a range
		{"cp->=0.0.1", "cp-1.0.0-rc.1 cp-0.0.10 cp-0.0.2 cp-0.0.1"},
		{"zz-*", ""},
	} {
		var v ref.Version
		if c.version != "" {
			var err error
			if v, err = ref.ParseVersion(c.version); err != nil {
				t.Fatal(err)
			}
		}
		pins, err := resolver.Tags(context.Background(), url, v, tags)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, p := range pins {
			names = append(names, strings.TrimPrefix(p.Ref, "refs/tags/"))
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("Tags(%q) = %q, want %q", c.version, got, c.want)
		}
	}
	pins, err := resolver.Tags(context.Background(), url, ref.Version{}, tags)
	want := ref.Pin{URL: url, Ref: "refs/tags/cp-0.0.10", Object: id("object of a:cp-0.0.10"),
		Commit: id("a:cp-0.0.10")}
	if err != nil || pins[2] != want {
		t.Errorf("the pin of an annotated tag is %v, %v", pins[2], err)
	}
	if _, err := resolver.Tags(context.Background(), url, ref.Version{}, &asked{}); err == nil {
		t.Error("the lister's error is lost")
	}
}
