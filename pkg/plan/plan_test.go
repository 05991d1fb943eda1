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

// state reads "-" nothing, "1" a file of that content, "1x" an executable one, "1?" one of any mode, "/" a folder,
// "@" a link, "~" a name in another case, "|" a pipe.
func state(s string) plan.State {
	switch s {
	case "-":
		return plan.State{}
	case "/":
		return plan.State{Kind: plan.Folder}
	case "@":
		return plan.State{Kind: plan.Symlink}
	case "~":
		return plan.State{Kind: plan.Alias}
	case "|":
		return plan.State{Kind: plan.Other}
	}
	content, executable := strings.CutSuffix(s, "x")
	content, anyMode := strings.CutSuffix(content, "?")
	switch {
	case executable:
		return plan.Of([]byte(content), fileset.Executable)
	case anyMode:
		return plan.Of([]byte(content), 0)
	}
	return plan.Of([]byte(content), fileset.Regular)
}

func theirs(path, s string) fileset.Set {
	if s == "-" {
		return nil
	}
	return fileset.Set{{Path: path, Mode: state(s).Mode, Data: []byte(strings.TrimSuffix(s, "x"))}}
}

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

func TestMake(t *testing.T) {
	for _, c := range []struct {
		base, disk, theirs, options string
		action                      plan.Action
		result, reason              string
	}{
		// A new install.
		{"-", "-", "1", "", plan.Create, "1", "new"},                            // nothing there
		{"-", "-", "1x", "", plan.Create, "1x", "new"},                          // executable
		{"-", "1", "1", "", plan.Unchanged, "1", "already there"},               // the same there
		{"-", "1?", "1x", "", plan.Unchanged, "1?", "already there"},            // the same, where no modes are kept
		{"-", "1", "1x", "", plan.Update, "1x", "different mode"},               // the same but for its mode
		{"-", "2", "1", "", plan.Conflict, "1", "not installed by ppm"},         // the user's file
		{"-", "2", "1", "force", plan.Update, "1", "replaces"},                  // replaced on demand
		{"-", "2", "1", "other", plan.Conflict, "1", `part of the install "o"`}, // another install's file
		{"-", "2", "1", "other force", plan.Update, "1", `the install "o"`},     // replaced on demand
		{"-", "1", "1", "other", plan.Unchanged, "1", "already there"},          // shared between two installs
		{"-", "1", "1x", "other", plan.Conflict, "1x", "different mode"},        // not alike
		{"-", "/", "1", "force", plan.Conflict, "1", "is a folder"},             // never replaced
		{"-", "@", "1", "force", plan.Conflict, "1", "is a symbolic link"},      //
		{"-", "|", "1", "force", plan.Conflict, "1", "is a device"},             //
		{"-", "~", "1", "force", plan.Conflict, "1", "differs in case"},         //
		// Removing.
		{"1", "1", "-", "", plan.Delete, "-", "not edited"},
		{"1x", "1?", "-", "", plan.Delete, "-", "not edited"}, // where no modes are kept
		{"1", "-", "-", "", plan.Unchanged, "-", "already deleted"},
		{"1", "2", "-", "", plan.Keep, "2", "you edited it"},
		{"1", "2", "-", "force", plan.Keep, "2", "you edited it"}, // force is for what stands in the way
		{"1", "1x", "-", "", plan.Keep, "1x", "you changed its mode"},
		{"1", "/", "-", "", plan.Keep, "/", "is a folder now"},
		{"1", "@", "-", "", plan.Keep, "@", "is a symbolic link now"},
		{"1", "1", "-", "other", plan.Keep, "1", `also part of the install "o"`}, // still needed
		// Another version.
		{"1", "1", "1", "", plan.Unchanged, "1", "up to date"}, // nothing changed
		{"1", "1", "2", "", plan.Update, "2", "changed upstream"},
		{"1", "1", "1x", "", plan.Update, "1x", "changed upstream"}, // its mode only
		{"1", "2", "1", "", plan.Keep, "2", "edited locally"},
		{"1", "2", "1", "force", plan.Keep, "2", "edited locally"}, // not in the way
		{"1", "1x", "1", "", plan.Keep, "1x", "mode changed locally"},
		{"1", "-", "1", "", plan.Keep, "-", "deleted locally"},
		{"1", "@", "1", "", plan.Keep, "@", "is a symbolic link now"},
		{"1", "2", "2", "", plan.Unchanged, "2", "up to date"}, // both alike
		{"1", "2x", "2x", "", plan.Unchanged, "2x", "up to date"},
		{"1", "1x", "2", "", plan.Update, "2x", "changed upstream"}, // mode here, content upstream
		{"1", "2", "1x", "", plan.Update, "2x", "changed upstream"}, // content here, mode upstream
		{"1", "2x", "2", "", plan.Keep, "2x", "edited locally"},     // alike but for the mode changed here
		{"1", "2", "2x", "", plan.Update, "2x", "changed upstream"},
		{"1", "2", "3", "", plan.Conflict, "3", "changed locally and upstream"},
		{"1", "2", "3", "force", plan.Update, "3", "replaces local edits"},
		{"1", "-", "2", "", plan.Keep, "-", "deleted locally, changed"},
		{"1", "-", "2", "force", plan.Create, "2", "replaces a local deletion"},
		{"1", "/", "2", "force", plan.Conflict, "2", "is a folder now"},
		{"1", "@", "2", "force", plan.Conflict, "2", "is a symbolic link now"},
		{"1", "1", "2", "other", plan.Conflict, "2", `part of the install "o"`}, // shared with an install that stays
		{"1", "1", "2", "other force", plan.Update, "2", "changed upstream"},
	} {
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
		if got.Action != c.action || got.New != state(c.result) || !strings.Contains(got.Reason, c.reason) || got.Owner != owner || got.Old != state(c.disk) {
			t.Errorf("%v: got %+v", c, got)
		}
	}
}

// TestLaws goes through all cells and proves what must hold in each.
func TestLaws(t *testing.T) {
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
								t.Errorf("a change out of nothing: %+v", p)
							}
							continue
						}
						checkLaws(t, p.Changes[0], state(base), state(disk), state(upstream), owner != "", force)
					}
				}
			}
		}
	}
}

func checkLaws(t *testing.T, c plan.Change, base, disk, upstream plan.State, shared, force bool) {
	t.Helper()
	wrong := func(law string) {
		t.Errorf("base %v, disk %v, theirs %v, shared %v, force %v: %+v: %s", base, disk, upstream, shared, force, c, law)
	}
	alone := c.Action == plan.Conflict || shared
	switch {
	case disk == base && !alone && c.New != upstream:
		wrong("what was not edited must become theirs")
	case disk == upstream && c.Writes():
		wrong("what is right must not be written")
	case upstream == base && (c.Writes() && !(disk == base && upstream == plan.State{}) || c.Action == plan.Conflict):
		wrong("what did not change upstream must stay")
	case c.Writes() && disk.Kind != plan.Absent && disk.Kind != plan.File:
		wrong("only files may be replaced")
	case c.Writes() && !force && disk.Kind == plan.File && disk.Digest != base.Digest && c.New.Digest != disk.Digest:
		wrong("the user's content is lost")
	case !c.Writes() && c.Action != plan.Conflict && c.New != disk:
		wrong("a change that does not write must leave what is there")
	case c.Writes() && c.New == disk:
		wrong("a write that changes nothing")
	case c.Action == plan.Delete && c.New != plan.State{}:
		wrong("a delete that leaves something")
	case c.Writes() && (c.New.Digest != disk.Digest && c.New.Kind == plan.File) != (c.Data != nil):
		wrong("content must be there exactly when it is new")
	case c.Reason == "":
		wrong("no reason")
	}
}

func TestMakeBelow(t *testing.T) {
	one := state("1")
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
		{"a file above", plan.Disk{"a": one}, nil, theirs("a/b/c", "1"), nil, "a/b/c:conflict", `"a" is a file, not installed by ppm`},
		{"an install's file above", plan.Disk{"a": one}, nil, theirs("a/b", "1"), map[string]string{"a": "o"}, "a/b:conflict", `part of the install "o"`},
		{"a link above", plan.Disk{"a": state("@")}, nil, theirs("a/b", "1"), nil, "a/b:conflict", `"a" is a symbolic link`},
		{"a link above what is to go", plan.Disk{"a": state("@")}, map[string]plan.State{"a/b": one}, nil, nil, "a/b:keep", "cannot be reached"},
		{"a link above what stays", plan.Disk{"a": state("@")}, map[string]plan.State{"a/b": one}, theirs("a/b", "1"), nil, "a/b:keep", "cannot be reached"},
		{"a link above what changed", plan.Disk{"a": state("@")}, map[string]plan.State{"a/b": one}, theirs("a/b", "2"), nil, "a/b:conflict", "symbolic link"},
		{"a file becomes a folder", plan.Disk{"a": one}, map[string]plan.State{"a": one}, theirs("a/b", "1"), nil, "a:delete a/b:create", "new"},
		{"a file with different mode becomes a folder", plan.Disk{"a": state("1x")}, map[string]plan.State{"a": one}, theirs("a/b", "1"), nil, "a:keep a/b:conflict", `the mode of "a" was changed locally`},
		{"a link instead of a file becomes a folder", plan.Disk{"a": state("@")}, map[string]plan.State{"a": one}, theirs("a/b", "1"), nil, "a:keep a/b:conflict", `"a" is a symbolic link now`},
		{"an edited file becomes a folder", plan.Disk{"a": state("2")}, map[string]plan.State{"a": one}, theirs("a/b", "1"), nil, "a:keep a/b:conflict", `"a" was edited locally`},
		{"a folder becomes a file", plan.Disk{"a": state("/"), "a/b": state("/"), "a/b/c": one}, map[string]plan.State{"a/b/c": one}, theirs("a", "1"), nil, "a:create a/b/c:delete", "not edited"},
		{"a folder with an edited file", plan.Disk{"a": state("/"), "a/b": state("2")}, map[string]plan.State{"a/b": one}, theirs("a", "1"), nil, "a:conflict a/b:keep", "you edited it"},
		{"a folder with another file", plan.Disk{"a": state("/"), "a/b": one, "a/mine": {Kind: plan.File}}, map[string]plan.State{"a/b": one}, theirs("a", "1"), nil, "a:conflict a/b:delete", "not edited"},
		{"a folder with an empty folder", plan.Disk{"a": state("/"), "a/b": one, "a/mine": state("/")}, map[string]plan.State{"a/b": one}, theirs("a", "1"), nil, "a:conflict a/b:delete", "not edited"},
		{"the user's empty folder", plan.Disk{"a": state("/")}, nil, theirs("a", "1"), nil, "a:conflict", "is a folder"},
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
	for _, paths := range [][]string{{"../a"}, {".git/hooks/x"}, {"a/.GIT/x"}, {".ppm/lock"}, {"ppm.toml"}, {"ppm.lock"}, {"PPM.Lock"}, {"a", "A"}, {"a", "a/b"}, {"/etc/passwd"}} {
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
		if _, err := plan.Make(plan.Input{Base: map[string]plan.State{paths[0]: state("1")}}); !errors.Is(err, failure.Refused) {
			t.Errorf("Make with %q as base = %v, want it refused", paths, err) // as a forged lockfile could have it
		}
	}
}

func TestPlan(t *testing.T) {
	in := plan.Input{
		Base:   map[string]plan.State{"c": state("1"), "b": state("1")},
		Disk:   plan.Disk{"c": state("1"), "b": state("2"), "x/d": state("2"), "x": state("/"), "e": state("@")},
		Theirs: fileset.Set{{Path: "a", Mode: fileset.Executable, Data: []byte{}}, {Path: "e", Mode: fileset.Regular}, {Path: "x/d", Mode: fileset.Regular}},
		Owner:  map[string]string{"x/d": "x"},
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
	want := `writing files: "e" is a symbolic link, not installed by ppm; "x/d" exists with different content, part of the install "x"`
	if err := p.Err(); !errors.Is(err, failure.Refused) || err.Error() != want || failure.Hint(err) == "" {
		t.Errorf("Err = %v, want %v", err, want)
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back plan.Plan
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	for i := range back.Changes { // an empty file's content is left out
		if p.Changes[i].Data != nil && len(p.Changes[i].Data) == 0 {
			p.Changes[i].Data = nil
		}
	}
	if !reflect.DeepEqual(back, p) {
		t.Errorf("through JSON:\n%+v\nwant\n%+v", back, p)
	}
	in.Base, in.Disk = maps.Clone(in.Base), maps.Clone(in.Disk)
	if again, err := plan.Make(in); err != nil || !slices.EqualFunc(again.Changes, p.Changes[:5], func(a, b plan.Change) bool { return a.Path == b.Path && a.Reason == b.Reason }) {
		t.Errorf("made again: %+v, %v", again, err)
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
		{nil, []byte{}, plan.Create, false}, // an empty file is not no file
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
