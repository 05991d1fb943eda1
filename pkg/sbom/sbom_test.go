package sbom

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/license"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

const commit = "eb4ba0476d6e921383c58b4b9bd7fb55c2077e8c"

func TestLocations(t *testing.T) {
	for _, c := range []struct{ url, ref, inPack, download, purl string }{
		{"https://github.com/Owner/Pack.git", "refs/tags/v1.0+b", "parts/a b",
			"git+https://github.com/Owner/Pack.git@" + commit + "#parts/a%20b",
			"pkg:github/owner/pack@v1.0%2Bb#parts/a%20b"},
		{"git@github.com:owner/pack.git", "refs/heads/main", ".",
			"git+ssh://git@github.com/owner/pack.git@" + commit, "pkg:github/owner/pack@" + commit},
		{"ssh://git@git.example.com:2222/team/pack", "", "part",
			"git+ssh://git@git.example.com:2222/team/pack@" + commit + "#part",
			"pkg:generic/pack@" + commit + "?vcs_url=git%2Bssh%3A%2F%2Fgit%40git.example.com%3A2222%2Fteam%2Fpack%40" +
				commit + "#part"},
		{"work:team/pack", "refs/tags/v1", "", "git+ssh://work/team/pack@" + commit,
			"pkg:generic/pack@v1?vcs_url=git%2Bssh%3A%2F%2Fwork%2Fteam%2Fpack%40" + commit},
		{"/srv/git/my pack", "refs/tags/v1", "part", "git+file:///srv/git/my%20pack@" + commit + "#part",
			"pkg:generic/my%20pack@v1?vcs_url=git%2Bfile%3A%2F%2F%2Fsrv%2Fgit%2Fmy%2520pack%40" + commit + "#part"},
		{"../pack", "refs/tags/v1", "part", "NOASSERTION", "pkg:generic/pack@v1#part"},
		{`C:\git\pack`, "refs/tags/v1", "", "NOASSERTION", "pkg:generic/C%3A%5Cgit%5Cpack@v1"},
		{"builtin:tp_py_grpc", "refs/tags/cp-0.0.1", "clients/x.py", "NOASSERTION",
			"pkg:generic/tp_py_grpc@cp-0.0.1#clients/x.py"},
	} {
		in := Install{URL: c.url, Ref: c.ref, Commit: commit, InPack: c.inPack}
		if got := in.downloadLocation(); got != c.download {
			t.Errorf("the location of %s is %s, want %s", c.url, got, c.download)
		}
		if got := in.packageURL(); got != c.purl {
			t.Errorf("the package URL of %s is %s, want %s", c.url, got, c.purl)
		}
	}
}

func TestID(t *testing.T) {
	form := regexp.MustCompile(`^SPDXRef-File-[A-Za-z0-9.-]*[0-9a-f]{8}$`)
	seen := map[string]string{}
	for _, name := range []string{
		"a/b.py", "a-b.py", "a b.py", "组件", "", ".", strings.Repeat("x", 300),
		"a/b.py\n",
	} {
		got := id("SPDXRef-File", name)
		if !form.MatchString(got) || len(got) > 70 || seen[got] != "" {
			t.Errorf("id of %q is %q, as that of %q", name, got, seen[got])
		}
		seen[got] = name + "."
	}
	if id("x", "a", "bc") == id("x", "ab", "c") {
		t.Error("the id does not tell where a word ends")
	}
}

// sample has installs that share a file, edited and missing files, a license that is not in SPDX's list, and a name
// with controls.
func sample(t *testing.T) Inventory {
	t.Helper()
	source, err := ref.Parse("https://git.example.com/team/pack@v1//part")
	if err != nil {
		t.Fatal(err)
	}
	expression, err := license.Parse("MIT OR Own-1.0")
	if err != nil {
		t.Fatal(err)
	}
	digest := strings.Repeat("ab", 32)
	file := func(name, state string) File {
		f := File{Path: name, State: state, Installed: "sha256:" + digest, SHA1: digest[:40], SHA256: digest}
		if state == "missing" {
			f.SHA1, f.SHA256 = "", ""
		}
		return f
	}
	install := func(at string, files ...File) Install {
		return Install{
			Path: at, Source: source, Via: []ref.Ref{source}, URL: "https://git.example.com/team/pack",
			Ref: "refs/tags/v1", Commit: commit, InPack: "part", Digest: "h1:x", License: expression,
			Signer: "ssh:SHA256:x", Files: files, Committed: time.Unix(1700000000, 0),
		}
	}
	return Inventory{
		Name: "pro\u202eject", Tool: "1.0", Created: time.Unix(1700000000, 5), Projects: []Project{{
			Folder: ".", Name: "pro\u202eject", Installs: []Install{
				install("b", file("b/x.py", "edited"), file("b/y.py", "missing"), file("shared", "clean")),
				install("a", file("a/x.py", "clean"), file("shared", "clean")),
				install("gone", file("gone/x.py", "missing")),
			},
		}},
	}
}

// Both documents are the same for an inventory in another order, differ for another one, and say what was edited.
func TestDocuments(t *testing.T) {
	for name, write := range map[string]func(Inventory) ([]byte, error){"SPDX": SPDX, "CycloneDX": CycloneDX} {
		i := sample(t)
		first, err := write(i)
		if err != nil {
			t.Fatal(err)
		}
		installs := i.Projects[0].Installs
		installs[0], installs[2] = installs[2], installs[0]
		if again, err := write(i); err != nil || string(again) != string(first) {
			t.Errorf("%s depends on the order of the installs, %v", name, err)
		}
		installs[0].Commit = strings.Repeat("0", 40)
		other, err := write(i)
		if err != nil || unique(t, other) == unique(t, first) {
			t.Errorf("%s: two inventories have the same id %v, %v", name, unique(t, first), err)
		}
		for _, want := range []string{
			`pro\u202eject`, "2023-11-14T22:13:20Z", "edited here; ppm installed sha256:",
			"missing here; ppm installed sha256:",
			"MIT OR LicenseRef-Own-1.0", "ssh:SHA256:x", "https://git.example.com/team/pack@v1//part",
		} {
			if !strings.Contains(string(first), want) {
				t.Errorf("%s lacks %s:\n%s", name, want, first)
			}
		}
	}
}

// unique returns the field of a document that no other document has.
func unique(t *testing.T, text []byte) string {
	t.Helper()
	var d struct{ DocumentNamespace, SerialNumber string }
	if err := json.Unmarshal(text, &d); err != nil || d.DocumentNamespace+d.SerialNumber == "" {
		t.Fatalf("%v in %s", err, text)
	}
	return d.DocumentNamespace + d.SerialNumber
}

// Every element of SPDX is declared once, and every relationship is between elements.
func TestSPDXElements(t *testing.T) {
	text, err := SPDX(sample(t))
	if err != nil {
		t.Fatal(err)
	}
	var d spdxDocument
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	known := map[string]int{d.ID: 1}
	for _, p := range d.Packages {
		known[p.ID]++
		if p.FilesAnalyzed != (p.Verification != nil) {
			t.Errorf("%s has files and no verification code, or the other way round", p.ID)
		}
	}
	for _, f := range d.Files {
		known[f.ID]++
	}
	if len(d.Files) != 3 || len(d.Licenses) != 1 || d.Licenses[0].ID != "LicenseRef-Own-1.0" {
		t.Errorf("%d files and the licenses %+v", len(d.Files), d.Licenses)
	}
	for _, r := range d.Relationships {
		known[r.From] += 0
		known[r.To] += 0
	}
	for id, n := range known {
		if n != 1 {
			t.Errorf("%s is declared %d times", id, n)
		}
	}
	if fmt.Sprint(len(d.Relationships)) != "8" { // the document, 3 installs, 4 files
		t.Errorf("%d relationships", len(d.Relationships))
	}
}
