package lockfile_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
)

// locked returns a lock with an install for each word "PATH" or "PATH:TAG".
func locked(words string) *lockfile.Lock {
	l := &lockfile.Lock{}
	for word := range strings.FieldsSeq(words) {
		path, tag, _ := strings.Cut(word, ":")
		l.Put(lockfile.Component{
			Path: path, Source: reference("p//" + path), URL: "builtin:p", Ref: "refs/tags/v" + tag, Object: commit,
			Commit: commit, Tree: tree, Digest: sum, Render: 1,
			Files: []lockfile.File{{Path: path, Digest: sha, Mode: "0644"}},
		})
	}
	return l
}

func TestMerge(t *testing.T) {
	for _, c := range []struct{ base, ours, theirs, want string }{
		{"a", "a b", "a c", "a b c"},      // each side added one
		{"", "a", "a", "a"},               // both added the same
		{"a b", "a", "a b c", "a c"},      // one removed, one added
		{"a:1", "a:2", "a:1", "a:2"},      // ours upgraded
		{"a:1", "a:1", "a:2", "a:2"},      // theirs upgraded
		{"a:1", "a:2", "a:2", "a:2"},      // both upgraded to the same
		{"a:1", "a:2", "a:3", "conflict"}, // both upgraded, differently
		{"", "a:1", "a:2", "conflict"},    // both added, differently
		{"a:1", "", "a:2", "conflict"},    // one removed what the other upgraded
		{"a", "", "", ""},                 // both removed
		{"", "a", "A", "conflict"},        // one name on a file system that ignores case
	} {
		got, err := lockfile.Merge(locked(c.base), locked(c.ours), locked(c.theirs))
		if c.want == "conflict" {
			if !errors.Is(err, failure.Conflicts) || !strings.Contains(err.Error(), `"a"`) {
				t.Errorf("%v: %v", c, err)
			}
			continue
		}
		if err != nil || string(got.Format()) != string(locked(c.want).Format()) {
			t.Errorf("%v: %v, %v", c, got, err)
		}
	}
}
