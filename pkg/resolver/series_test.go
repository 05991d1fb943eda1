package resolver

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// tagLists are tags as projects publish them, and what is newer than one of them.
var tagLists = []struct{ what, tags, name, want string }{
	{"semantic versions", "v1.0.0 v1.9.0 v1.10.0 v2.0.0-rc.1", "v1.0.0", "v1.9.0 v1.10.0"},
	{"the newest", "v1.0.0 v1.9.0 v1.10.0 v2.0.0-rc.1", "v1.10.0", ""},
	{"fewer numbers", "v1 v1.1 v1.1.1 v2", "v1.1", "v1.1.1 v2"},
	{"another way to write the same version", "v1 v1.0 v1.0.0", "v1", ""},
	{"a name that does not exist", "v1.0.0 v1.1.0", "v1.0.5", "v1.1.0"},
	{"prefixes", "cp-0.0.10 cp-0.0.9 cp-x sync-0.0.11 0.0.12 v0.0.12", "cp-0.0.9", "cp-0.0.10"},
	{"a digit in the prefix", "py3-1.0.0 py3 py3.8-1.1.0 py4-1.0.0", "py3-0.1.0", "py3-1.0.0"},
	{"a v or none", "v1.0.0 1.1.0 v1.2.0", "1.0.0", "1.1.0"},
	{"a v after the prefix", "cp-v1.0.0 cp-1.1.0 cp-v1.2.0", "cp-v1.0.0", "cp-v1.2.0"},
	{"a monorepo", "pkg/v1.2.3 pkg/v1.10.0 other/v2.0.0 v3.0.0 pkg/sub/v4.0.0", "pkg/v1.2.3", "pkg/v1.10.0"},
	{"a monorepo of npm", "core@1.2.3 core@1.3.0 cli@2.0.0", "core@1.2.3", "core@1.3.0"},
	{"branches of releases", "release-1.2 release-1.10 release-1.9", "release-1.2", "release-1.9 release-1.10"},
	{"Kubernetes", "v1.28.0 v1.28.10 v1.29.0-alpha.1 v1.29.0-rc.0 v1.29.0 v1.9.11", "v1.28.0", "v1.28.10 v1.29.0"},
	{"a prerelease of Kubernetes", "v1.29.0-alpha.3 v1.29.0-rc.0 v1.29.0-beta.0 v1.29.0 v1.28.9", "v1.29.0-alpha.3",
		"v1.29.0-beta.0 v1.29.0-rc.0 v1.29.0"},
	{"git", "v2.0.0 v2.0.0-rc4 v2.0.5 v2.1.0-rc0 v1.5.6.6 v2.43.0", "v1.5.6.6", "v2.0.0 v2.0.5 v2.43.0"},
	{"Go", "go1.9 go1.20 go1.20.1 go1.21rc2 go1.21.0", "go1.9", "go1.20 go1.20.1 go1.21.0"},
	{"Python", "3.12.0a7 3.12.0b1 3.12.0rc10 3.12.0rc2 3.12.0", "3.12.0a7", "3.12.0b1 3.12.0rc2 3.12.0rc10 3.12.0"},
	{"four numbers", "1.6.6.4 1.6.6.10 1.6.6.9", "1.6.6.4", "1.6.6.9 1.6.6.10"},
	{"a revision", "r9 r10 r8 b11", "r9", "r10"},
	{"a build number among years", "b1899 b1900 b2200", "b1899", "b1900 b2200"},
	{"letters", "1.1.1 1.1.1a 1.1.1w", "1.1.1a", "1.1.1w"},
	{"underscores", "R_2_4_9 R_2_4_10 R_2_5_0", "R_2_4_9", "R_2_4_10 R_2_5_0"},
	{"CalVer beside SemVer", "2021.05.1 2022.11.3 v1.0.0 v1.1.0 1.2.0", "v1.0.0", "v1.1.0"},
	{"CalVer beside SemVer without v", "2021.05.1 2022.11.3 1.0.0 1.1.0", "1.0.0", "1.1.0"},
	{"SemVer beside CalVer", "2021.05.1 2022.11.3 1.0.0 1.1.0 3000.1.1", "2021.05.1", "2022.11.3"},
	{"months with and without a zero", "2024.1 2024.02 2024.10", "2024.1", "2024.02 2024.10"},
	{"Ubuntu", "22.04 22.10 24.04 24.04.1 6.06", "22.04", "22.10 24.04 24.04.1"},
	{"Ubuntu beside SemVer", "1.2.3 1.10.0 22.04 22.10 24.04", "1.2.3", "1.10.0"},
	{"SemVer beside Ubuntu", "1.2.3 1.10.0 22.04 22.10 24.04 23.10", "22.10", "23.10 24.04"},
	{"Node", "v22.9.0 v22.10.0 v22.11.0", "v22.9.0", "v22.10.0 v22.11.0"},
	{"dates", "20231231 20240101 v1 30", "20231231", "20240101"},
	{"dates with hyphens", "cp-2024-01-31 cp-2024-02-01 cp-2023-12-31 cp-1.0.0", "cp-2024-01-31", "cp-2024-02-01"},
	{"dates with the time", "RELEASE.2024-01-31T20-20-33Z RELEASE.2024-01-31T20-21-00Z RELEASE.2023-12-01T00-00-00Z",
		"RELEASE.2024-01-31T20-20-33Z", "RELEASE.2024-01-31T20-21-00Z"},
	{"variants", "1.2.3-alpine 1.2.3 1.3.0 1.3.0-alpine 1.4.0-windows", "1.2.3-alpine", "1.3.0-alpine"},
	{"no variant", "1.2.3-alpine 1.2.3 1.3.0 1.3.0-alpine 1.4.0-windows", "1.2.3", "1.3.0"},
	{"systems", "v1-linux32 v1-linux64 v2-linux32 v2-linux64", "v1-linux32", "v2-linux32"},
	{"builds", "v1.21.3+k3s1 v1.22.0 v1.22.0+k3s1 v1.21.3+rke1", "v1.21.3+k3s1", "v1.22.0+k3s1"},
	{"numbered patches", "1.9.5p1 1.9.5p2 1.9.5 1.9.6p1", "1.9.5p1", "1.9.5p2 1.9.6p1"},
	{"numbered hotfixes", "v1.0.0-hotfix9 v1.0.0-hotfix10 v1.0.0", "v1.0.0-hotfix9", "v1.0.0-hotfix10"},
	{"post-releases of Python", "1.0.post1 1.0.post2 1.0", "1.0.post1", "1.0.post2"},
	{"packages of Alpine", "1.0-r9 1.0-r10 1.1-r0", "1.0-r9", "1.0-r10 1.1-r0"},
	{"updates of Java", "jdk8u99-b08 jdk8u100-b01 jdk8u100-b02 jdk9", "jdk8u99-b08", "jdk8u100-b01 jdk8u100-b02"},
	{"numbered builds", "jdk-21+35 jdk-21+9 jdk-22+36", "jdk-21+9", "jdk-21+35 jdk-22+36"},
	{"packages of Debian", "debian/1.2.3-4 debian/1.2.3-10 debian/1.2.4-1 upstream/2.0",
		"debian/1.2.3-4", "debian/1.2.3-10 debian/1.2.4-1"},
	{"releases with a word", "5.1.Final 5.2.Final 5.2.Beta1 5.10.Final", "5.1.Final", "5.2.Final 5.10.Final"},
	{"a number that is too large for a machine", "v99999999999999999999998 v99999999999999999999999",
		"v99999999999999999999998", "v99999999999999999999999"},
	{"words", "bionic focal jammy", "focal", ""},
	{"ids", "build-3f2a9c1 build-4a11bcd 3f2a9c1", "build-3f2a9c1", ""},
	{"nothing", "", "", ""},
}

func TestNewer(t *testing.T) {
	for _, c := range tagLists {
		tags := strings.Fields(c.tags)
		for range 5 {
			rand.Shuffle(len(tags), func(i, j int) { tags[i], tags[j] = tags[j], tags[i] })
			if got := strings.Join(Newer(tags, c.name), " "); got != c.want {
				t.Errorf("%s: Newer(%q) = %q, want %q", c.what, c.name, got, c.want)
				break
			}
		}
	}
}

func TestOtherForms(t *testing.T) {
	for _, c := range []struct{ name, tags, want string }{
		{"1.0.0", "1.0.0 1.1.0 v1.2.0 v1.3.0 v1.4.0-rc.1 cp-v2.0.0", "v1.3.0"},
		{"v1.0.0", "2021.05.1 2022.11.3 v1.0.0 v2024.1", "2022.11.3 v2024.1"},
		{"1.0.0", "1.0.0 2.0.0-alpine focal", ""},
		{"1.0.0-alpine", "1.0.0-alpine 1.1.0", ""},
		{"1.0.0-linux0", "1.1.0", ""},
		{"1.0.0-linux10", "1.1.0-linux1", ""},
		{"v1.0.0+b1", "v1.0.0+b1 v1.0.1", "v1.0.1"},
		{"v1.0.0", "v1.0.0 v1.0.1+b1", "v1.0.1+b1"},
		{"v1.2.3-p1", "v1.2.3-p1 v1.2.4", "v1.2.4"},
		{"1.2.3-4", "1.2.3-4 1.2.4", "1.2.4"},
		{"focal", "v1", ""},
	} {
		if got := strings.Join(OtherForms(strings.Fields(c.tags), c.name), " "); got != c.want {
			t.Errorf("OtherForms(%q, %q) = %q, want %q", c.tags, c.name, got, c.want)
		}
	}
}

func TestIsOrdered(t *testing.T) {
	for name, want := range map[string]bool{
		"v1": true, "1.6.6.4": true, "r9": true, "2024-01-31": true, "focal": false, "cp-x": false, "3f2a9c1": false,
		"build-3f2a9c1": false, "": false,
	} {
		if got := IsOrdered(name); got != want {
			t.Errorf("IsOrdered(%q) = %v", name, got)
		}
	}
}

func TestNewest(t *testing.T) {
	for _, c := range []struct{ tags, want string }{
		{"cp-0.0.1 cp-0.0.10 cp-0.0.9", "cp-0.0.10"},
		{"cp-0.0.1 sync-0.0.1 v1 v2.1", "cp-0.0.1 sync-0.0.1 v2.1"}, // one for each prefix
		{"v1.0.0-rc.1 v1.0.0", "v1.0.0"},
		{"v1.0.0-rc.1 v0.9", "v1.0.0-rc.1"},
		{"nightly stable", "nightly stable"}, // no versions
		{"20240101 20231231", "20240101"},
		{"v1.0.0 1.1.0", "v1.0.0 1.1.0"}, // with and without a "v"
		{"1.2.3.4 1.2.3.5", "1.2.3.5"},
		{"v99999999999999999999999", "v99999999999999999999999"},
	} {
		want := strings.Fields(c.want)
		slices.Sort(want)
		if got := slices.Sorted(slices.Values(Newest(strings.Fields(c.tags)))); !slices.Equal(got, want) {
			t.Errorf("the newest of %s are %v, want %v", c.tags, got, want)
		}
	}
}

// TestOrderIsTotal checks with random tags that compareTags is a total order, and that in a list of tags being newer
// agrees with it: nothing is newer than itself, and what is newer than a newer tag is newer.
func TestOrderIsTotal(t *testing.T) {
	pick := func(of ...string) string { return of[rand.IntN(len(of))] }
	random := func() string {
		numbers := []string{pick("0", "1", "9", "10", "22", "2024", "01", "20240131")}
		for range rand.IntN(4) {
			numbers = append(numbers, pick("0", "1", "04", "9", "10", "31"))
		}
		return pick("", "", "cp-", "r", "a/b/") + pick("", "v") + strings.Join(numbers, pick(".", ".", "_", "-")) +
			pick("", "", "", "-rc.1", "-rc2", "rc10", "-alpine", "-alpine3.18", "+1", "+k3s1", "a", "b2", "-4")
	}
	for range 3000 {
		tags := make([]string, 8)
		for i := range tags {
			tags[i] = random()
		}
		a, b, c := parseTag(tags[0]), parseTag(tags[1]), parseTag(tags[2])
		if x, y := compareTags(a, b), compareTags(b, a); x != -y || (x == 0) != (a.name == b.name) {
			t.Fatalf("%q and %q compare as %d and %d", a.name, b.name, x, y)
		}
		if compareTags(a, b) <= 0 && compareTags(b, c) <= 0 && compareTags(a, c) > 0 {
			t.Fatalf("%q <= %q <= %q, but not the first and the last", a.name, b.name, c.name)
		}
		for _, low := range tags {
			newer := Newer(tags, low)
			if slices.Contains(newer, low) {
				t.Fatalf("in %q, %q is newer than itself", tags, low)
			}
			for _, middle := range newer {
				if slices.Contains(Newer(tags, middle), low) {
					t.Fatalf("in %q, %q and %q are newer than each other", tags, low, middle)
				}
				for _, high := range Newer(tags, middle) {
					if len(parseTag(high).pre) == 0 && !slices.Contains(newer, high) {
						t.Fatalf("in %q, %q is newer than %q, which is newer than %q, but not than it",
							tags, high, middle, low)
					}
				}
			}
		}
	}
}

func TestSeriesAndMatches(t *testing.T) {
	tags := []string{"v1.0.0", "1.0.0", "cp-1.0.0", "v2.0.0-rc.1", "v1.0", "v22.04", "focal"}
	if got := Series(tags, "v1.0.0"); !slices.Equal(got, []string{"v1.0.0", "v2.0.0-rc.1", "v1.0"}) {
		t.Errorf("the series of v1.0.0 is %q", got)
	}
	if got := Series(tags, "focal"); !slices.Equal(got, []string{"focal"}) {
		t.Errorf("the series of focal is %q", got)
	}
	for _, c := range []struct {
		version, tag string
		want         bool
	}{
		{"v1.0.0", "v1.0.0", true},
		{"1.0.0", "v1.0.0", true},
		{"v1.0.0", "1.0.0", true},
		{"cp-1.0", "cp-v1.0", true},
		{"1.0", "v1.0.0", false}, // the name of another tag
		{"cp-1.0.0", "v1.0.0", false},
		{"focal", "vfocal", false},
		{"v1.*", "v1.2.0", true},
		{"v1.*", "v2.1.0", false},
		{">=1.0 <1.2", "v1.1.9", true},
		{">=1.0 <1.2", "v1.2.0", false},
		{">=1.0 <1.2", "v1.1.0-rc.1", true},
		{"cp-^1", "cp-1.4.0", true},
		{"cp-^1", "v1.4.0", false},
		{"latest", "latest", false},
	} {
		v, err := ref.ParseVersion(c.version)
		if err != nil {
			t.Fatal(err)
		}
		if got := Matches(v, c.tag); got != c.want {
			t.Errorf("Matches(%q, %q) = %v", c.version, c.tag, got)
		}
	}
}
