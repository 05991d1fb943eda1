package project_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/applytest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

// A mergeCase is a local edit, an upstream version, and the result of the upgrade to this version.
type mergeCase struct {
	table, edit, version string
	outcome              outcome
	files                string // the files after the upgrade, see describeFiles
	messages             string // one line for each file that is not up to date; or the error
}

// join joins the messages of several files.
func join(messages ...string) string { return strings.Join(messages, "\n") }

// An outcome is the outcome of a merge case, in the words of docs/merge.md.
type outcome string

const (
	same     outcome = "nothing to do" // no file changes, and no message
	taken    outcome = "upstream's"    // the files are equal to upstream's
	kept     outcome = "yours"         // the files are the user's
	merged   outcome = "both"          // the files have both changes
	conflict outcome = "conflict"      // exit code 8
	refused  outcome = "refused"       // exit code 3, and nothing changes
)

// TestMergeCases runs an upgrade for each merge case, and checks what every upgrade guarantees.
func TestMergeCases(t *testing.T) {
	tp := newTestPack(t)
	for _, table := range mergeTables {
		for _, e := range table.edits {
			for _, v := range table.versions {
				t.Run(tag(table.name, e.name, "and", v.name), func(t *testing.T) {
					t.Parallel()
					if got := tp.runCase(t, table, e, v); got != findCase(table.name, e.name, v.name) {
						t.Errorf("the case is\n{%q, %q, %q, %q, %q, %q},",
							got.table, got.edit, got.version, got.outcome, got.files, got.messages)
					}
				})
			}
		}
	}
}

// runCase runs the upgrade of a merge case and returns the case with its result.
func (tp *testPack) runCase(t *testing.T, table mergeTable, e edit, v version) mergeCase {
	dir, to := tp.install(t, table, e), tag(table.name, v.name)
	before, edited, wrote := applytest.Tree(t, dir, ".ppm"), describeFiles(t, dir), userTexts(t, dir)
	result, err := tp.upgrade(t, dir, to)
	c := mergeCase{table: table.name, edit: e.name, version: v.name, files: describeFiles(t, dir)}
	after := applytest.Tree(t, dir, ".ppm")
	switch {
	case errors.Is(err, failure.Refused):
		if after != before {
			t.Errorf("the refused upgrade changed the project to\n%s\nfrom\n%s", after, before)
		}
		c.outcome, c.messages = refused, strings.ReplaceAll(err.Error(), "part/", "")
		return c
	case errors.Is(err, failure.Conflicts):
		c.outcome = conflict
	case err != nil:
		t.Fatal(err)
	}
	c.messages = messages(result)
	switch {
	case c.outcome != "":
	case c.files == edited && c.messages == "":
		c.outcome = same
	case c.files == edited:
		c.outcome = kept
	case c.files == v.tree.String():
		c.outcome = taken
	default:
		c.outcome = merged
	}
	for _, text := range wrote { // the user's text is in a file
		if now := userTexts(t, dir); !slices.ContainsFunc(now, func(n string) bool { return hasEdits(n, text) }) {
			t.Errorf("%q is in none of %q", text, now)
		}
	}
	tp.checkRepeatable(t, dir, to, before, after, c.outcome == conflict)
	return c
}

// checkRepeatable checks that a second upgrade changes nothing, and that the upgrade can be undone and repeated.
func (tp *testPack) checkRepeatable(t *testing.T, dir, to, before, after string, open bool) {
	t.Helper()
	again, err := tp.upgrade(t, dir, to)
	if open && !errors.Is(err, failure.Refused) || !open && (err != nil || len(again.Upgrades) > 0) {
		t.Errorf("the second upgrade: %+v, %v", again, err)
	}
	if twice := applytest.Tree(t, dir, ".ppm"); twice != after {
		t.Errorf("the second upgrade changed\n%s\nto\n%s", after, twice)
	}
	must(t, tp.undo(t, dir))
	if back := applytest.Tree(t, dir, ".ppm"); back != before {
		t.Errorf("undo changed the project to\n%s\nwant\n%s", back, before)
	}
	if _, err := tp.upgrade(t, dir, to); err != nil && !open {
		t.Errorf("upgrade after undo: %v", err)
	}
	if once := applytest.Tree(t, dir, ".ppm"); once != after {
		t.Errorf("upgrade after undo changed the project to\n%s\nwant\n%s", once, after)
	}
}

// String returns the tree in the format of describeFiles.
func (f tree) String() string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(f)) {
		out = append(out, name+"="+f[name])
	}
	return strings.Join(out, " ")
}

// messages returns the lines that ppm prints about the files that are not up to date.
func messages(r *project.UpgradeResult) string {
	var out []string
	for _, c := range r.Changes {
		if !c.Record && c.Action != "unchanged" {
			name, reason := strings.TrimPrefix(c.Path, "part/"), strings.ReplaceAll(c.Reason, "part/", "")
			out = append(out, fmt.Sprintf("%s %s: %s", c.Action, name, reason))
		}
	}
	return join(out...)
}

// describeFiles returns the files of the component in the form path=content, path*=content for an executable file,
// and path->target for a link.
func describeFiles(t *testing.T, dir string) string {
	t.Helper()
	part := filepath.Join(dir, "part")
	var out []string
	must(t, filepath.WalkDir(part, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "other" {
			return err
		}
		name, _ := filepath.Rel(part, path)
		if d.Type()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(path)
			out = append(out, name+"->"+target)
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode()&0o100 != 0 {
			name += "*"
		}
		data, err := os.ReadFile(path)
		out = append(out, name+"="+contentName(string(data)))
		return err
	}))
	return strings.Join(out, " ")
}

// contentName returns the name of a content. For a content with conflicts, it returns the names of ours and theirs.
func contentName(text string) string {
	for _, name := range slices.Sorted(maps.Keys(contents)) {
		if contents[name] == text {
			return name
		}
	}
	if !strings.Contains(text, "<<<<<<< yours\n") {
		return fmt.Sprintf("%q", text)
	}
	var sides [2]string
	in := []bool{true, true}
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "<<<<<<< "):
			in = []bool{true, false}
		case line == "=======\n":
			in = []bool{false, true}
		case strings.HasPrefix(line, ">>>>>>> "):
			in = []bool{true, true}
		default:
			for i := range sides {
				if in[i] {
					sides[i] += line
				}
			}
		}
	}
	return contentName(sides[0]) + "|" + contentName(sides[1])
}

// userTexts returns the contents of the component's files that have an edit of the user.
func userTexts(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	must(t, filepath.WalkDir(filepath.Join(dir, "part"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if text := string(data); strings.Contains(text, "mine") {
			out = append(out, text)
		}
		return err
	}))
	return out
}

// hasEdits reports whether text has every edited line of wrote.
func hasEdits(text, wrote string) bool {
	for line := range strings.Lines(wrote) {
		if !strings.Contains(text, line) && (strings.Contains(line, "mine") || strings.Contains(line, "theirs")) {
			return false
		}
	}
	return true
}

// TestUpgradeToLink checks that a version with a symbolic link is refused after every edit.
func TestUpgradeToLink(t *testing.T) {
	tp := newTestPack(t)
	for _, e := range mergeTables[0].edits {
		dir := tp.install(t, mergeTables[0], e)
		before := applytest.Tree(t, dir, ".ppm")
		_, err := tp.upgrade(t, dir, "link")
		if !errors.Is(err, failure.Refused) || applytest.Tree(t, dir, ".ppm") != before {
			t.Errorf("%s: %v", e.name, err)
		}
	}
}
