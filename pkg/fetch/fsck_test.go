package fetch_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
)

// fsckTrees are trees that git's fsck refuses because of their structure: the name of its message, and a part of the
// error here.
var fsckTrees = []struct {
	name   string
	build  build
	fsck   string
	refuse string
}{
	{"files", unsorted("100644 b", "100644 a"), "treeNotSorted", "not sorted"},
	{"file and folder", func(r rawRepo, b string) string { // git sorts the folder as "a/"
		return r.unsorted("40000 a", r.tree("100644 f", b), "100644 a.b", b)
	}, "treeNotSorted", "not sorted"},
	{"submodule", unsorted("160000 b", "100644 a"), "treeNotSorted", "not sorted"},
	{"twice", unsorted("100644 a", "100644 a"), "duplicateEntries", "twice"},
	{"twice with other modes", unsorted("100644 a", "100755 a"), "duplicateEntries", "twice"},
	{"a file and a folder", func(r rawRepo, b string) string {
		return r.unsorted("100644 a", b, "100644 a.b", b, "40000 a", r.tree("100644 f", b))
	}, "duplicateEntries", "twice"},
	{"a file and a folder, far apart", func(r rawRepo, b string) string {
		return r.unsorted("100644 a", b, "100644 a,b", b, "100644 a-b", b, "40000 a.b", r.tree(), "40000 a", r.tree())
	}, "duplicateEntries", "twice"},
	{"zeros", unsorted("0100644 a", "100644 b"), "zeroPaddedFilemode", "malformed"},
	{"null", func(r rawRepo, b string) string { return r.unsorted("100644 a", strings.Repeat("0", 40)) }, "nullSha1",
		"id of zeros"},
	{"empty", unsorted("100644 ", "100644 b"), "empty filename", "empty name"},
	{"slash", unsorted("100644 a/b", "100644 b"), "fullPathname", "has a slash"},
}

// unsorted builds a tree of two entries in the given order.
func unsorted(a, b string) build {
	return func(r rawRepo, blob string) string { return r.unsorted(a, blob, b, blob) }
}

// TestTreesThatFsckRefuses reads a component with such a folder, a file of the folder, and the component without what
// is in the folder. Each is refused.
func TestTreesThatFsckRefuses(t *testing.T) {
	for _, row := range fsckTrees {
		t.Run(row.name, func(t *testing.T) {
			r := newRaw(t)
			blob := r.object("blob", "data")
			r.commit(r.tree("40000 x", r.tree("40000 sub", row.build(r, blob))))
			out, err := exec.Command("git", "-C", r.dir, "fsck", "--strict").CombinedOutput()
			if err == nil || !strings.Contains(string(out), row.fsck) {
				t.Fatalf("git fsck: %v\n%s", err, out)
			}
			_, err = component(newClient(t, fetch.Options{}), r.dir, "", "x")
			wantKind(t, "the folder", err, failure.Refused, row.refuse)
			repo, err := newClient(t, fetch.Options{}).Repo(r.dir)
			r.check(err)
			pin, err := pinOf(repo, "")
			r.check(err)
			snapshot, err := repo.Snapshot(t.Context(), pin)
			r.check(err)
			_, err = snapshot.Component(t.Context(), "x/sub/b", nil)
			wantKind(t, "a file in it", err, failure.Refused, row.refuse)
			_, err = snapshot.Component(t.Context(), "x", func(_ string, dir bool) bool { return dir })
			wantKind(t, "what is left out of it", err, failure.Refused, row.refuse)
		})
	}
}
