package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// contents implements plan.Contents with the same contents for every file.
type contents struct {
	texts plan.Texts
	disk  plan.Disk
}

func (c contents) Texts(plan.Change) (plan.Texts, bool, error) { return c.texts, true, nil }
func (c contents) Scan([]string) (plan.Disk, error)            { return c.disk, nil }

// makePlan returns the changes of a plan, and a summary of them in the form "path:action=content".
func makePlan(t *testing.T, in plan.Input, texts plan.Texts) (string, []plan.Change) {
	t.Helper()
	in.Contents = contents{texts, in.Disk}
	p, err := plan.Make(in)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range p.Changes {
		out = append(out, c.Path+":"+string(c.Action)+"="+string(c.Data))
	}
	return strings.Join(out, " "), p.Changes
}

var renamedTests = []struct {
	name    string
	disk    plan.Disk // of "old" and "new"
	theirs  string    // of "new"
	own     plan.Own  // of "old"
	actions string
	reason  string // of "new"
}{
	{"unedited", plan.Disk{"old": state("1")}, "1", 0, "new:create=1 old:delete=", `renamed from "old" upstream`},
	{"changed upstream as well", plan.Disk{"old": state("1")}, "2", 0, "new:create=2 old:delete=", "renamed from"},
	{"edited locally", plan.Disk{"old": state("mine")}, "1", 0, "new:create=mine old:delete=",
		"your edits are kept"},
	{"mode changed locally", plan.Disk{"old": state("1x")}, "1", 0, "new:create=1 old:delete=", "renamed from"},
	{"edited on both sides", plan.Disk{"old": state("mine")}, "2", 0,
		"new:create=<<<<<<<\nmine\n=======\n2\n>>>>>>>\n old:delete=", "1 conflict"},
	{"deleted locally", plan.Disk{}, "1", 0, "new:keep= old:unchanged=", "deleted locally"},
	{"another file at the new path", plan.Disk{"old": state("mine"), "new": state("3")}, "1", 0,
		"new:merge=<<<<<<<\n3\n=======\n1\n>>>>>>>\n old:keep=", "added locally and upstream, 1 conflict"},
	{"the same file at the new path", plan.Disk{"old": state("1"), "new": state("1")}, "1", 0,
		"new:unchanged= old:delete=", "already there"},
	{"moved to the same path locally", plan.Disk{"new": state("1")}, "2", 0, "new:update=2 old:unchanged=",
		"locally and upstream"},
	{"moved to the same path locally, executable", plan.Disk{"new": state("1x")}, "2", 0,
		"new:update=2 old:unchanged=", "locally and upstream"},
	{"moved to the same path locally, unchanged upstream", plan.Disk{"new": state("1")}, "1", 0,
		"new:unchanged= old:unchanged=", "already there"},
	{"moved to the same path and edited locally", plan.Disk{"new": state("3")}, "2", 0,
		"new:merge=<<<<<<<\n3\n=======\n2\n>>>>>>>\n old:unchanged=",
		`renamed from "old" locally and upstream, and changed locally and upstream, 1 conflict`},
	{"moved to the same path and edited locally, unchanged upstream", plan.Disk{"new": state("3")}, "1", 0,
		"new:keep= old:unchanged=", "your edits are kept"},
	{"replaced by a link", plan.Disk{"old": state("@")}, "1", 0, "new:create=1 old:keep=", "new"},
	{"owned by the user", plan.Disk{"old": state("1")}, "1", plan.Mine, "new:create=1 old:keep=", "new"},
}

// TestRenamed makes plans for a file that upstream renamed from "old" to "new".
func TestRenamed(t *testing.T) {
	for _, c := range renamedTests {
		in := plan.Input{
			Base: map[string]plan.State{"old": state("1")}, Disk: c.disk, Theirs: theirs("new", c.theirs),
			Renamed: map[string]string{"new": "old"}, Own: map[string]plan.Own{"old": c.own},
		}
		texts := plan.Texts{Base: []byte("1"), Ours: []byte("mine")}
		if c.disk["new"] == state("3") {
			texts.Ours = []byte("3")
		}
		if c.disk["old"].Kind != plan.Absent && c.disk["new"].Kind != plan.Absent { // "new" is another file
			texts.Base = nil
		}
		got, changes := makePlan(t, in, texts)
		if got != c.actions || !strings.Contains(changes[0].Reason, c.reason) {
			t.Errorf("%s: %q, reason %q", c.name, got, changes[0].Reason)
		}
		old, renamed := c.disk["old"], changes[0]
		if old.Kind == plan.File && renamed.From == "old" && renamed.New.Mode != old.Mode {
			t.Errorf("%s: mode %v, want %v", c.name, renamed.New.Mode, old.Mode)
		}
	}
}

// TestRenamedBelowLink makes plans for a file that upstream renamed, whose folder the user has replaced by a link.
// What the link leads to is not part of the project.
func TestRenamedBelowLink(t *testing.T) {
	for _, c := range []struct {
		name string
		disk plan.Disk
		want string
	}{
		{"the new path is free", plan.Disk{"old": state("@")}, "new/f:create=1 old/f:keep="},
		{"moved to the same path locally", plan.Disk{"old": state("@"), "new": {Kind: plan.Dir}, "new/f": state("1")},
			"new/f:unchanged= old/f:keep="},
		{"the new folder is a link", plan.Disk{"old": {Kind: plan.Dir}, "old/f": state("1"), "new": state("@")},
			"new/f:conflict= old/f:delete="},
	} {
		in := plan.Input{
			Base: map[string]plan.State{"old/f": state("1")}, Disk: c.disk, Theirs: theirs("new/f", "1"),
			Renamed: map[string]string{"new/f": "old/f"},
		}
		if got, _ := makePlan(t, in, plan.Texts{Base: []byte("1"), Ours: []byte("1")}); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestRenamedIntoFolderOfSameName(t *testing.T) {
	in := plan.Input{
		Base:    map[string]plan.State{"a": state("1")},
		Disk:    plan.Disk{"a": state("2")},
		Theirs:  theirs("a/b", "1"),
		Renamed: map[string]string{"a/b": "a"},
	}
	if got, _ := makePlan(t, in, plan.Texts{Base: []byte("1"), Ours: []byte("2")}); got != "a:delete= a/b:create=2" {
		t.Error(got)
	}
}

// TestRenamedFavored checks that the reason of a renamed file names the version that resolved its conflicts.
func TestRenamedFavored(t *testing.T) {
	in := plan.Input{
		Base:    map[string]plan.State{"old": state("1")},
		Disk:    plan.Disk{"old": state("mine")},
		Theirs:  theirs("new", "2"),
		Renamed: map[string]string{"new": "old"},
	}
	favorTheirs := merge.Options{Favor: merge.FavorTheirs}
	_, changes := makePlan(t, in, plan.Texts{Base: []byte("1"), Ours: []byte("mine"), Merge: favorTheirs})
	const want = `renamed from "old" upstream, and changed locally and upstream; ` +
		`conflicts resolved with upstream's version`
	if changes[0].Reason != want {
		t.Errorf("%q, want %q", changes[0].Reason, want)
	}
}

func TestOwn(t *testing.T) {
	for _, c := range []struct {
		base, disk, theirs string
		own                plan.Own
		action             plan.Action
	}{
		{"-", "-", "1", plan.Once, plan.Create},   // created
		{"1", "-", "2", plan.Once, plan.Keep},     // not created again
		{"1", "1", "2", plan.Once, plan.Keep},     //
		{"1", "2", "3", plan.Once, plan.Keep},     //
		{"1", "1", "-", plan.Once, plan.Delete},   // unedited
		{"1", "2", "-", plan.Once, plan.Keep},     //
		{"-", "2", "1", plan.Once, plan.Keep},     // it exists, but the lockfile was lost
		{"-", "@", "1", plan.Once, plan.Conflict}, // not a file
		{"-", "-", "1", plan.Mine, plan.Keep},     // not created
		{"-", "2", "1", plan.Mine, plan.Keep},     // the lockfile was lost
		{"1", "-", "1", plan.Mine, plan.Keep},     //
		{"1", "1", "2", plan.Mine, plan.Keep},     //
		{"1", "2", "3", plan.Mine, plan.Keep},     //
		{"1", "1", "-", plan.Mine, plan.Keep},     // not removed
		{"1", "@", "2", plan.Mine, plan.Keep},     //
	} {
		in := input(c.base, c.disk, c.theirs, "", false)
		in.Own = map[string]plan.Own{"f": c.own}
		p, err := plan.Make(in)
		if err != nil || p.Changes[0].Action != c.action || p.Changes[0].Reason == "" {
			t.Errorf("%v: %+v, %v", c, p, err)
		}
	}
}

func TestBinaryFiles(t *testing.T) {
	base, ours, upstream := "\x00base", "\x00ours", "\x00theirs"
	in := func(disk plan.Disk) plan.Input {
		disk["f"] = plan.FileState([]byte(ours), fileset.Executable)
		return plan.Input{
			Base: map[string]plan.State{"f": plan.FileState([]byte(base), fileset.Executable)}, Disk: disk,
			Theirs: fileset.Set{{Path: "f", Mode: fileset.Executable, Data: []byte(upstream)}},
		}
	}
	texts := func(favor merge.Favor) plan.Texts {
		return plan.Texts{Base: []byte(base), Ours: []byte(ours), Merge: merge.Options{Favor: favor}}
	}
	for _, c := range []struct {
		name  string
		disk  plan.Disk
		texts plan.Texts
		want  string
	}{
		{"a conflict", plan.Disk{}, texts(0),
			"f:keep= f.base:create=" + base + " f.ours:create=" + ours + " f.theirs:create=" + upstream},
		{"a saved version exists", plan.Disk{"f.ours": plan.FileState([]byte(ours), fileset.Regular)}, texts(0),
			"f:keep= f.base:create=" + base + " f.ours:unchanged= f.theirs:create=" + upstream},
		{"another file exists", plan.Disk{"f.theirs": state("1")}, texts(0),
			"f:keep= f.base:create=" + base + " f.ours:create=" + ours + " f.theirs:conflict="},
		{"no base", plan.Disk{}, plan.Texts{Ours: []byte(ours)},
			"f:keep= f.ours:create=" + ours + " f.theirs:create=" + upstream},
		{"ours", plan.Disk{}, texts(merge.FavorOurs), "f:keep="},
		{"theirs", plan.Disk{}, texts(merge.FavorTheirs), "f:merge=" + upstream},
	} {
		got, changes := makePlan(t, in(c.disk), c.texts)
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if conflict := changes[0].Sides; conflict != (len(changes) > 1) || conflict != (changes[0].Conflicts == 1) {
			t.Errorf("%s: %+v", c.name, changes[0])
		}
		isWrong := func(c plan.Change) bool { return c.New.Mode != fileset.Regular || c.Reason == "" }
		if i := slices.IndexFunc(changes[1:], isWrong); i >= 0 {
			t.Errorf("%s: %+v", c.name, changes[1+i])
		}
	}
}

// TestBothAdded makes plans for a file that both sides added.
func TestBothAdded(t *testing.T) {
	for _, c := range []struct {
		name, disk, theirs, owner string
		own                       plan.Own
		favor                     merge.Favor
		want                      string
	}{
		{"different", "2", "3", "", 0, 0,
			"f:merge=<<<<<<<\n2\n=======\n3\n>>>>>>>\n, added locally and upstream, 1 conflict"},
		{"different, favoring ours", "2", "3", "", 0, merge.FavorOurs,
			"f:keep=, added locally and upstream; conflicts resolved with your version"},
		{"different, favoring theirs", "2", "3", "", 0, merge.FavorTheirs,
			"f:merge=3, added locally and upstream; conflicts resolved with upstream's version"},
		{"the same", "3", "3", "", 0, 0, "f:unchanged=, already there"},
		{"the same, executable", "3x", "3", "", 0, 0, "f:update=, already there, with a different mode"},
		{"of another install", "2", "3", "other", 0, 0,
			`f:conflict=, exists with different content, part of the install "other"`},
		{"owned by the user", "2", "3", "", plan.Mine, 0, "f:keep=, owned by you"},
		{"a link", "@", "3", "", 0, 0, "f:conflict=, is a symbolic link, not installed by ppm"},
	} {
		in := input("-", c.disk, c.theirs, c.owner, false)
		in.Own = map[string]plan.Own{"f": c.own}
		got, changes := makePlan(t, in, plan.Texts{Ours: []byte(c.disk), Merge: merge.Options{Favor: c.favor}})
		if got += ", " + changes[0].Reason; got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestFavored(t *testing.T) {
	in := input("1", "2", "3", "", false)
	for favor, want := range map[merge.Favor]string{merge.FavorOurs: "f:keep=", merge.FavorTheirs: "f:merge=3"} {
		texts := plan.Texts{Base: []byte("1"), Ours: []byte("2"), Merge: merge.Options{Favor: favor}}
		got, changes := makePlan(t, in, texts)
		c := changes[0]
		if got != want || !strings.Contains(c.Reason, "conflicts resolved with") || c.Conflicts != 0 {
			t.Errorf("favor %v: %q, %+v", favor, got, changes)
		}
	}
}
