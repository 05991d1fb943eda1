package plan_test

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// state parses a state: "-" is absent, "1" a file with the content 1, "1x" an executable file, "1?" a file of any
// mode, "/" a folder, "@" a symbolic link, "~" a name in another case, and "|" a pipe.
func state(s string) plan.State {
	switch s {
	case "-":
		return plan.State{}
	case "/":
		return plan.State{Kind: plan.Dir}
	case "@":
		return plan.State{Kind: plan.Symlink}
	case "~":
		return plan.State{Kind: plan.Alias}
	case "|":
		return plan.State{Kind: plan.Other}
	case "…":
		return plan.State{Kind: plan.Sparse}
	}
	content, executable := strings.CutSuffix(s, "x")
	content, anyMode := strings.CutSuffix(content, "?")
	switch {
	case executable:
		return plan.FileState([]byte(content), fileset.Executable)
	case anyMode:
		return plan.FileState([]byte(content), 0)
	}
	return plan.FileState([]byte(content), fileset.Regular)
}

// theirs returns a set with one file in the given state, or nil for "-".
func theirs(path, s string) fileset.Set {
	if s == "-" {
		return nil
	}
	return fileset.Set{{Path: path, Mode: state(s).Mode, Data: []byte(strings.TrimSuffix(s, "x"))}}
}

// input returns the input for the file f.
func input(base, disk, upstream, owner string, force bool) plan.Input {
	in := plan.Input{Disk: plan.Disk{"f": state(disk)}, Theirs: theirs("f", upstream), Force: force}
	if base != "-" {
		in.Base = map[string]plan.State{"f": state(base)}
	}
	if owner != "" {
		in.Owner = map[string]string{"f": owner}
	}
	return in
}

var makeTests = []struct {
	base, disk, theirs, options string
	action                      plan.Action
	result, reason              string
}{
	// A new install.
	{"-", "-", "1", "", plan.Create, "1", "new"},                            // the path is free
	{"-", "-", "1x", "", plan.Create, "1x", "new"},                          // executable
	{"-", "1", "1", "", plan.Unchanged, "1", "already there"},               // the same file exists
	{"-", "1?", "1x", "", plan.Unchanged, "1?", "already there"},            // the same, on a system without modes
	{"-", "1", "1x", "", plan.Update, "1x", "different mode"},               // the same content, another mode
	{"-", "2", "1", "", plan.Conflict, "1", "not installed by ppm"},         // the user's file
	{"-", "2", "1", "force", plan.Update, "1", "replaces"},                  //
	{"-", "2", "1", "other", plan.Conflict, "1", `part of the install "o"`}, // another install's file
	{"-", "2", "1", "other force", plan.Update, "1", `the install "o"`},     //
	{"-", "1", "1", "other", plan.Unchanged, "1", "already there"},          // shared with another install
	{"-", "1", "1x", "other", plan.Conflict, "1x", "different mode"},        // the modes differ
	{"-", "/", "1", "force", plan.Conflict, "1", "is a folder"},             // never replaced
	{"-", "@", "1", "force", plan.Conflict, "1", "is a symbolic link"},      //
	{"-", "|", "1", "force", plan.Conflict, "1", "is a device"},             //
	{"-", "~", "1", "force", plan.Conflict, "1", "differs in case"},         //
	// Removing.
	{"1", "1", "-", "", plan.Delete, "-", "not edited"},
	{"1x", "1?", "-", "", plan.Delete, "-", "not edited"}, // on a system without modes
	{"1", "-", "-", "", plan.Unchanged, "-", "already deleted"},
	{"1", "2", "-", "", plan.Keep, "2", "you edited it"},
	{"1", "2", "-", "force", plan.Keep, "2", "you edited it"}, // force replaces only collisions
	{"1", "1x", "-", "", plan.Keep, "1x", "you changed its mode"},
	{"1", "/", "-", "", plan.Keep, "/", "is a folder now"},
	{"1", "@", "-", "", plan.Keep, "@", "is a symbolic link now"},
	{"1", "1", "-", "other", plan.Keep, "1", `also part of the install "o"`}, // the other install needs it
	// An upgrade.
	{"1", "1", "1", "", plan.Unchanged, "1", "up to date"}, // nothing changed
	{"1", "1", "2", "", plan.Update, "2", "changed upstream"},
	{"1", "1", "1x", "", plan.Update, "1x", "changed upstream"}, // only its mode
	{"1", "1?", "1x", "", plan.Update, "1x", "mode changed"},    // the disk may be able to keep it
	{"1x", "1?", "1", "", plan.Update, "1", "mode changed"},
	{"1", "1?", "1", "", plan.Unchanged, "1?", "up to date"},
	{"1", "1?", "2", "", plan.Update, "2", "changed upstream"},
	{"1", "2", "1", "", plan.Keep, "2", "edited locally"},
	{"1", "2", "1", "force", plan.Keep, "2", "edited locally"}, // not a collision
	{"1", "1x", "1", "", plan.Keep, "1x", "mode changed locally"},
	{"1", "-", "1", "", plan.Keep, "-", "deleted locally"},
	{"1", "@", "1", "", plan.Keep, "@", "is a symbolic link now"},
	{"1", "2", "2", "", plan.Unchanged, "2", "up to date"}, // the same edit on both sides
	{"1", "2x", "2x", "", plan.Unchanged, "2x", "up to date"},
	{"1", "1x", "2", "", plan.Update, "2x", "changed upstream"}, // mode locally, content upstream
	{"1", "2", "1x", "", plan.Update, "2x", "changed upstream"}, // content locally, mode upstream
	{"1", "2x", "2", "", plan.Keep, "2x", "edited locally"},     // the same edit, and the mode locally
	{"1", "2", "2x", "", plan.Update, "2x", "changed upstream"},
	{"1", "2", "3", "", plan.Conflict, "3", "changed locally and upstream"},
	{"1", "2", "3", "force", plan.Update, "3", "replaces local edits"},
	{"1", "-", "2", "", plan.Keep, "-", "deleted locally, changed"},
	{"1", "…", "1", "", plan.Keep, "…", "not checked out"},
	{"1", "…", "2", "force", plan.Conflict, "2", "is not checked out, but changed"},
	{"1", "…", "-", "force", plan.Conflict, "-", "is not checked out, and cannot"},
	{"-", "…", "2", "force", plan.Conflict, "2", "is a file that git has not checked out"},
	{"1", "-", "2", "force", plan.Create, "2", "replaces a local deletion"},
	{"1", "/", "2", "force", plan.Conflict, "2", "is a folder now"},
	{"1", "@", "2", "force", plan.Conflict, "2", "is a symbolic link now"},
	{"1", "1", "2", "other", plan.Conflict, "2", `part of the install "o"`}, // shared with another install
	{"1", "1", "2", "other force", plan.Update, "2", "changed upstream"},
}

func TestMake(t *testing.T) {
	for _, c := range makeTests {
		owner := ""
		if strings.Contains(c.options, "other") {
			owner = "o"
		}
		p, err := plan.Make(input(c.base, c.disk, c.theirs, owner, strings.Contains(c.options, "force")))
		if err != nil || len(p.Changes) != 1 {
			t.Errorf("%v: Make = %v, %v", c, p, err)
			continue
		}
		got := p.Changes[0]
		if got.Action != c.action || got.New != state(c.result) || !strings.Contains(got.Reason, c.reason) ||
			got.Owner != owner || got.Old != state(c.disk) {
			t.Errorf("%v: got %+v", c, got)
		}
	}
}

// TestMakeInvariants checks rules that apply to every combination of states.
func TestMakeInvariants(t *testing.T) {
	all := []string{"-", "1", "1x", "2", "2x", "3", "/", "@", "~", "|"}
	for _, base := range []string{"-", "1", "1x", "2"} {
		for _, upstream := range []string{"-", "1", "1x", "2", "2x", "3"} {
			for _, disk := range all {
				for _, owner := range []string{"", "o"} {
					for _, force := range []bool{false, true} {
						p, err := plan.Make(input(base, disk, upstream, owner, force))
						if err != nil {
							t.Fatal(err)
						}
						if base == "-" && upstream == "-" {
							if len(p.Changes) != 0 {
								t.Errorf("a change without base and theirs: %+v", p)
							}
							continue
						}
						checkInvariants(t, p.Changes[0], state(base), state(disk), state(upstream), owner != "", force)
					}
				}
			}
		}
	}
}

func checkInvariants(t *testing.T, c plan.Change, base, disk, upstream plan.State, shared, force bool) {
	t.Helper()
	wrong := func(rule string) {
		t.Errorf("base %v, disk %v, theirs %v, shared %v, force %v: %+v: %s",
			base, disk, upstream, shared, force, c, rule)
	}
	skipped := c.Action == plan.Conflict || shared
	switch {
	case disk == base && !skipped && c.New != upstream:
		wrong("an unedited file must become theirs")
	case disk == upstream && c.Writes():
		wrong("a file that is equal to theirs must not be written")
	case upstream == base && (c.Writes() && !(disk == base && upstream == plan.State{}) || c.Action == plan.Conflict):
		wrong("a file that upstream did not change must not change")
	case c.Writes() && disk.Kind != plan.Absent && disk.Kind != plan.File:
		wrong("only files may be replaced")
	case c.Writes() && !force && disk.Kind == plan.File && disk.Digest != base.Digest && c.New.Digest != disk.Digest:
		wrong("the user's content is lost")
	case !c.Writes() && c.Action != plan.Conflict && c.New != disk:
		wrong("a change that does not write must not change the state")
	case c.Writes() && c.New == disk:
		wrong("a change that writes must change the state")
	case c.Action == plan.Delete && c.New != plan.State{}:
		wrong("a deleted file must be absent")
	case c.Writes() && (c.New.Digest != disk.Digest && c.New.Kind == plan.File) != (c.Data != nil):
		wrong("a change must have data if and only if the content changes")
	case c.Reason == "":
		wrong("no reason")
	}
}

func TestMakeFolders(t *testing.T) {
	one := state("1")
	fileA, fileAB := map[string]plan.State{"a": one}, map[string]plan.State{"a/b": one}
	for _, c := range []struct {
		name    string
		disk    plan.Disk
		base    map[string]plan.State
		theirs  fileset.Set
		owner   map[string]string
		actions string // path:action, in order
		reason  string // of the last
	}{
		{"new folders", plan.Disk{"a": state("/")}, nil, theirs("a/b/c", "1"), nil, "a/b/c:create", "new"},
		{"the parent is a file", plan.Disk{"a": one}, nil, theirs("a/b/c", "1"), nil, "a/b/c:conflict",
			`"a" is a file, not installed by ppm`},
		{"the parent is a file of another install", plan.Disk{"a": one}, nil, theirs("a/b", "1"),
			map[string]string{"a": "o"}, "a/b:conflict", `part of the install "o"`},
		{"the parent is a link", plan.Disk{"a": state("@")}, nil, theirs("a/b", "1"), nil, "a/b:conflict",
			`"a" is a symbolic link`},
		{"the parent of a removed file is a link", plan.Disk{"a": state("@")}, fileAB, nil, nil, "a/b:keep",
			"cannot be reached"},
		{"the parent of an unchanged file is a link", plan.Disk{"a": state("@")}, fileAB, theirs("a/b", "1"),
			nil, "a/b:keep", "cannot be reached"},
		{"the parent of a changed file is a link", plan.Disk{"a": state("@")}, fileAB, theirs("a/b", "2"), nil,
			"a/b:conflict", "symbolic link"},
		{"a folder replaces a file", plan.Disk{"a": one}, fileA, theirs("a/b", "1"), nil, "a:delete a/b:create",
			"new"},
		{"a folder replaces a file with another mode", plan.Disk{"a": state("1x")}, fileA, theirs("a/b", "1"),
			nil, "a:keep a/b:conflict", `the mode of "a" was changed locally`},
		{"a folder replaces a file that is a link now", plan.Disk{"a": state("@")}, fileA, theirs("a/b", "1"),
			nil, "a:keep a/b:conflict", `"a" is a symbolic link now`},
		{"a folder replaces an edited file", plan.Disk{"a": state("2")}, fileA, theirs("a/b", "1"), nil,
			"a:keep a/b:conflict", `"a" was edited locally`},
		{"a file replaces a folder", plan.Disk{"a": state("/"), "a/b": state("/"), "a/b/c": one},
			map[string]plan.State{"a/b/c": one}, theirs("a", "1"), nil, "a:create a/b/c:delete", "not edited"},
		{"a file replaces a folder with an edited file", plan.Disk{"a": state("/"), "a/b": state("2")}, fileAB,
			theirs("a", "1"), nil, "a:conflict a/b:keep", "you edited it"},
		{"a file replaces a folder with another file",
			plan.Disk{"a": state("/"), "a/b": one, "a/mine": {Kind: plan.File}}, fileAB, theirs("a", "1"), nil,
			"a:conflict a/b:delete", "not edited"},
		{"a file replaces a folder with an empty folder",
			plan.Disk{"a": state("/"), "a/b": one, "a/mine": state("/")}, fileAB, theirs("a", "1"), nil,
			"a:conflict a/b:delete", "not edited"},
		{"the path is an empty folder", plan.Disk{"a": state("/")}, nil, theirs("a", "1"), nil, "a:conflict",
			"is a folder"},
	} {
		p, err := plan.Make(plan.Input{Disk: c.disk, Base: c.base, Theirs: c.theirs, Owner: c.owner})
		var actions []string
		for _, change := range p.Changes {
			actions = append(actions, change.Path+":"+string(change.Action))
		}
		if err != nil || strings.Join(actions, " ") != c.actions {
			t.Errorf("%s: %q, %v; want %q", c.name, actions, err, c.actions)
		} else if last := p.Changes[len(actions)-1].Reason; !strings.Contains(last, c.reason) {
			t.Errorf("%s: the reason is %q, want %q in it", c.name, last, c.reason)
		}
	}
}

func TestMakeRefuses(t *testing.T) {
	one := fileset.File{Mode: fileset.Regular, Data: []byte("1")}
	for _, paths := range [][]string{
		{"../a"}, {".git/hooks/x"}, {"a/.GIT/x"}, {".ppm/lock"}, {"ppm.toml"}, {"ppm.lock"}, {"PPM.Lock"},
		{"a", "A"}, {"a", "a/b"}, {"/etc/passwd"},
	} {
		var in plan.Input
		for _, p := range paths {
			f := one
			f.Path = p
			in.Theirs = append(in.Theirs, f)
		}
		if _, err := plan.Make(in); !errors.Is(err, failure.Refused) {
			t.Errorf("Make of %q = %v, want it refused", paths, err)
		}
		if len(paths) > 1 {
			continue
		}
		in = plan.Input{Base: map[string]plan.State{paths[0]: state("1")}} // as from a forged lockfile
		if _, err := plan.Make(in); !errors.Is(err, failure.Refused) {
			t.Errorf("Make with %q as base = %v, want it refused", paths, err)
		}
	}
}

func TestPlan(t *testing.T) {
	in := plan.Input{
		Base: map[string]plan.State{"c": state("1"), "b": state("1")},
		Disk: plan.Disk{"c": state("1"), "b": state("2"), "x/d": state("2"), "x": state("/"), "e": state("@")},
		Theirs: fileset.Set{
			{Path: "a", Mode: fileset.Executable, Data: []byte{}}, {Path: "e", Mode: fileset.Regular},
			{Path: "x/d", Mode: fileset.Regular},
		},
		Owner: map[string]string{"x/d": "x"},
	}
	p, err := plan.Make(in)
	if err != nil {
		t.Fatal(err)
	}
	p.Write("ppm.toml", nil, []byte("m"))
	p.Write("ppm.lock", []byte("old"), []byte("l"))
	var paths []string
	for _, c := range p.Changes {
		paths = append(paths, c.Path)
	}
	if got := strings.Join(paths, " "); got != "a b c e x/d ppm.toml ppm.lock" {
		t.Errorf("the order is %q", got)
	}
	if got := p.Collisions(); len(got) != 2 || got[0].Path != "e" || got[1].Path != "x/d" {
		t.Errorf("Collisions = %+v", got)
	}
	want := `writing files: "e" is a symbolic link, not installed by ppm; ` +
		`"x/d" exists with different content, part of the install "x"`
	if err := p.Err(); !errors.Is(err, failure.Refused) || err.Error() != want || failure.Hint(err) == "" {
		t.Errorf("Err = %v, want %v", err, want)
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var decoded plan.Plan
	if err := json.Unmarshal(text, &decoded); err != nil {
		t.Fatal(err)
	}
	for i := range decoded.Changes { // JSON omits empty content
		if p.Changes[i].Data != nil && len(p.Changes[i].Data) == 0 {
			p.Changes[i].Data = nil
		}
	}
	if !reflect.DeepEqual(decoded, p) {
		t.Errorf("decoded from JSON:\n%+v\nwant\n%+v", decoded, p)
	}
	in.Base, in.Disk = maps.Clone(in.Base), maps.Clone(in.Disk)
	equal := func(a, b plan.Change) bool { return a.Path == b.Path && a.Reason == b.Reason }
	if again, err := plan.Make(in); err != nil || !slices.EqualFunc(again.Changes, p.Changes[:5], equal) {
		t.Errorf("the second plan: %+v, %v", again, err)
	}
}

func TestWrite(t *testing.T) {
	for _, c := range []struct {
		old, new []byte
		want     plan.Action
		empty    bool
	}{
		{nil, nil, plan.Unchanged, true},
		{nil, []byte("a"), plan.Create, false},
		{nil, []byte{}, plan.Create, false}, // an empty file
		{[]byte{}, []byte{}, plan.Unchanged, true},
		{[]byte("a"), []byte("a"), plan.Unchanged, true},
		{[]byte("a"), []byte("b"), plan.Update, false},
		{[]byte("a"), nil, plan.Delete, false},
	} {
		var p plan.Plan
		p.Write("ppm.lock", c.old, c.new)
		if got := p.Changes[0]; got.Action != c.want || !got.Record || p.Empty() != c.empty || p.Err() != nil {
			t.Errorf("Write(%q, %q) = %+v", c.old, c.new, got)
		}
	}
	if !(plan.Plan{}).Empty() {
		t.Error("a plan without changes is not empty")
	}
}

func FuzzState(f *testing.F) {
	for _, s := range []string{"-", "1", "1x", "1?", "/", "@", "~", "|"} {
		f.Add(state(s).String())
	}
	f.Add("0600 sha256:00")
	f.Fuzz(func(t *testing.T, text string) {
		var s plan.State
		if s.UnmarshalText([]byte(text)) == nil && s.String() != text {
			t.Errorf("%q was read as %q", text, s)
		}
	})
}
