package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
)

// samplePlan returns a plan with every kind of change, and the current contents of its files.
func samplePlan() (Saved, map[string][]byte) {
	old := map[string][]byte{
		"b.txt": []byte("one\ntwo\n"), "c.bin": {0xff, 0, 1}, "d.txt": []byte("gone\n"), Manifest: []byte("a = 1\n"),
	}
	escaped := []byte("<\u202e>\u0085\U000e0001\n")
	s := Saved{Command: "upgrade", Manifest: FileState(old[Manifest], 0), Plan: Plan{Changes: []Change{
		{Path: "a.txt", Action: Create, Reason: "new", New: FileState(escaped, fileset.Regular), Data: escaped},
		{Path: "b.txt", Action: Merge, Reason: "both", Old: FileState(old["b.txt"], fileset.Regular),
			New: FileState([]byte("one\n2\n"), fileset.Regular), Data: []byte("one\n2\n"), Conflicts: 1},
		{Path: "c.bin", Action: Update, Old: FileState(old["c.bin"], fileset.Regular),
			New: FileState([]byte{0xfe}, fileset.Executable), Data: []byte{0xfe}},
		{Path: "d.txt", Action: Delete, Old: FileState(old["d.txt"], fileset.Regular)},
		{Path: "e.txt", Action: Create, New: FileState(nil, fileset.Regular)},
		{Path: "f.sh", Action: Update, Old: FileState([]byte("x"), fileset.Regular),
			New: FileState([]byte("x"), fileset.Executable)},
		{Path: "g", Action: Keep, Reason: "is a folder now", Old: State{Kind: Dir}, New: State{Kind: Dir}},
	}}}
	s.Plan.Write(Manifest, old[Manifest], []byte("a = 2\n"))
	s.Plan.Write(Lock, nil, []byte("version = 1\n"))
	return s, old
}

func format(t *testing.T, s Saved, old map[string][]byte) []byte {
	t.Helper()
	data, err := s.Format(func(path string) ([]byte, error) { return old[path], nil })
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestSavedPlanRoundTrip(t *testing.T) {
	s, old := samplePlan()
	data := format(t, s, old)
	got, err := ParseSaved(data)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got.Plan.Changes { // nil and empty content are the same
		if len(got.Plan.Changes[i].Data) == 0 {
			got.Plan.Changes[i].Data = nil
		}
	}
	if !reflect.DeepEqual(got, s) {
		t.Errorf("ParseSaved:\n%+v, want\n%+v", got, s)
	}
	if again := format(t, got, old); !bytes.Equal(again, data) {
		t.Errorf("formatted again:\n%s\nwant\n%s", again, data)
	}
	for _, c := range []struct{ what, want string }{
		{"control characters in text are escaped", `"text": "<\u202e>\u0085\udb40\udc01\n"`},
		{"a diff of text", `"diff": "--- a/b.txt\n+++ b/b.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n"`},
		{"base64 of a binary file", `"base64": "/g=="`},
		{"a binary diff", `"diff": "Binary files a/c.bin and b/c.bin differ\n"`},
		{"a diff of a deleted file", `"diff": "--- a/d.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n"`},
		{"an empty file", `"text": ""`},
		{"a record", `"ppm.lock": "absent"`},
	} {
		if !bytes.Contains(data, []byte(c.want)) {
			t.Errorf("%s: no %s in\n%s", c.what, c.want, data)
		}
	}
}

// withDigest returns an edited plan with the right digest. Text that is not a plan is returned unchanged.
func withDigest(text []byte) []byte {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	var f savedFile
	if dec.Decode(&f) != nil {
		return text
	}
	var err error
	if f.Digest, err = f.digest(); err != nil {
		return text
	}
	if text, err = f.encode(); err != nil {
		panic(err)
	}
	return text
}

func TestParseSavedRefuses(t *testing.T) {
	s, old := samplePlan()
	whole := string(format(t, s, old))
	for _, c := range []struct {
		what, old, new string
		kind           failure.Kind
		want           string
	}{
		{"not JSON", "{", "", failure.Usage, "not written by ppm project plan"},
		{"other JSON", `"ppm_plan": 1`, `"other": 1`, failure.Usage, "not written by ppm project plan"},
		{"a newer version", `"ppm_plan": 1`, `"ppm_plan": 2`, failure.Usage, "newer ppm"},
		{"an unknown field", `"command"`, `"commands"`, failure.Usage, "unknown field"},
		{"an unknown field of a change", `"reason": "new"`, `"reason": "new", "x": 1`, failure.Usage, "unknown field"},
		{"the content in another field", `"reason": "new"`, `"reason": "new", "data": "eA=="`, failure.Usage, "data"},
		{"an invalid state", `"ppm.lock": "absent"`, `"ppm.lock": "gone"`, failure.Usage,
			"neither a kind nor a digest"},
		{"a command with control characters", `"upgrade"`, `"\u001b[2J"`, failure.Integrity, "control characters"},
		{"a path outside the project", `"path": "a.txt"`, `"path": "../a.txt"`, failure.Refused,
			`a "." or ".." segment`},
		{"the folder of git", `"path": "a.txt"`, `"path": ".git/a"`, failure.Refused, "tool's own folder"},
		{"the folder of ppm", `"path": "a.txt"`, `"path": ".ppm/journal"`, failure.Refused, "tool's own folder"},
		{"a record without the field record", `"path": "a.txt"`, `"path": "PPM.lock"`, failure.Refused,
			"reserved for ppm"},
		{"a file with the field record", `"reason": "new"`, `"reason": "new", "record": true`, failure.Integrity,
			"not a record"},
		{"another state of a record", `"ppm.lock": "absent"`, `"ppm.lock": "folder"`, failure.Integrity,
			"not a record"},
		{"a collision", `"action": "keep"`, `"action": "conflict"`, failure.Integrity, "has the action conflict"},
		{"content for a file that does not change", `"reason": "is a folder now"`, `"reason": "", "text": "x"`,
			failure.Integrity, "its content does not change"},
	} {
		text := strings.Replace(whole, c.old, c.new, 1)
		if text == whole {
			t.Fatalf("%s: nothing was replaced", c.what)
		}
		if _, err := ParseSaved([]byte(text)); c.kind != failure.Usage && !errors.Is(err, failure.Integrity) {
			t.Errorf("%s, with the old digest: %v", c.what, err)
		}
		_, err := ParseSaved(withDigest([]byte(text)))
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) || failure.Hint(err) == "" {
			t.Errorf("%s: %v, want %v with %q", c.what, err, c.kind, c.want)
		}
	}
	for i := range len(s.Plan.Changes) - 1 {
		edited := s
		edited.Plan.Changes = slices.Clone(s.Plan.Changes)
		edited.Plan.Changes[i], edited.Plan.Changes[i+1] = edited.Plan.Changes[i+1], edited.Plan.Changes[i]
		if _, err := ParseSaved(format(t, edited, old)); !errors.Is(err, failure.Integrity) {
			t.Errorf("%s before %s: %v", edited.Plan.Changes[i].Path, edited.Plan.Changes[i+1].Path, err)
		}
	}
	for i := range len(whole) - 1 {
		if _, err := ParseSaved([]byte(whole[:i] + whole[i+1:])); err == nil && whole[i] != ' ' && whole[i] != '\n' {
			t.Fatalf("without byte %d, %q, it is read", i, whole[i])
		}
	}
}

func FuzzParseSaved(f *testing.F) {
	s, old := samplePlan()
	data, err := s.Format(func(path string) ([]byte, error) { return old[path], nil })
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"ppm_plan": 1, "changes": [{"path": "a", "base64": "/w=="}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := ParseSaved(data)
		if err != nil {
			return
		}
		noData := func(string) ([]byte, error) { return nil, nil }
		once, err := s.Format(noData)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseSaved(once)
		if err != nil {
			t.Fatalf("ParseSaved of the output of Format: %v\n%s", err, once)
		}
		if twice, err := again.Format(noData); err != nil || !bytes.Equal(once, twice) {
			t.Errorf("formatted twice: %v\n%s\n%s", err, once, twice)
		}
	})
}
