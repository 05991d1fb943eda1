package install

import (
	"context"
	"errors"
	"maps"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

func TestPlacement(t *testing.T) {
	for _, c := range []struct {
		path string
		dir  bool
		want string
		kind failure.Kind // 0 for a valid path
	}{
		{"a/b.txt", false, "a/b.txt", 0},
		{"./a/b.txt", false, "a/b.txt", 0},
		{"a/", false, "a/base.txt", 0},                // a file into a folder
		{"./", false, "base.txt", 0},                  // a file into the project's folder
		{"a/", true, "a", 0},                          // the slash has no effect
		{".", true, ".", 0},                           // the project's folder
		{"a/../b", true, "b", 0},                      // inside
		{".", false, "", failure.Usage},               // a file needs a name
		{"..", true, "", failure.Refused},             // outside
		{"a/../../b", false, "", failure.Refused},     // outside
		{"/etc/passwd", false, "", failure.Refused},   // absolute
		{".git/config", false, "", failure.Refused},   // git's folder
		{"a/.GIT/config", false, "", failure.Refused}, // git's folder in another case
		{"a\\b", false, "", failure.Refused},          // a Windows path
	} {
		got, err := Placement(c.path, c.dir, "base.txt")
		if c.kind == 0 && (err != nil || got != c.want) || c.kind != 0 && !errors.Is(err, c.kind) {
			t.Errorf("Placement(%q, %v) = %q, %v; want %q, %v", c.path, c.dir, got, err, c.want, c.kind)
		}
	}
}

func TestRepoName(t *testing.T) {
	for _, c := range []struct{ url, want string }{
		{"builtin:tp_py_grpc", "tp_py_grpc"},
		{"https://git.example.com/team/pack.git", "pack"},
		{"git@git.example.com:pack.git", "pack"}, // without a folder
		{"../repos/pack/", "pack"},
	} {
		if got := repoName(c.url); got != c.want {
			t.Errorf("repoName(%q) = %q, want %q", c.url, got, c.want)
		}
	}
}

// keyChain is a pack with keys, and an outer pack with another default for one of them.
var keyChain = Chain{
	{Pack: &pack.Pack{Keys: []pack.Key{{Name: "colour", Default: "blue"}}}},
	{Pack: &pack.Pack{Keys: []pack.Key{
		{Name: "colour", Default: "red", RenamedFrom: []string{"color"}},
		{Name: "owner", Default: "{{ author }}{{ nobody }}"},
		{Name: "size", Default: "1", Ask: true, Choices: []string{"1", "2"}},
	}}},
}

// answerSize returns a Keys.Ask that expects the question for the key size.
func answerSize(t *testing.T, answer string) func(context.Context, Question) (string, error) {
	return func(_ context.Context, q Question) (string, error) {
		if q.Key != "size" || q.Default != "1" {
			t.Errorf("asked for %+v", q)
		}
		return answer, nil
	}
}

func TestKeys(t *testing.T) {
	for _, c := range []struct {
		name string
		keys Keys
		want map[string]string
	}{
		{"the outer pack has precedence", Keys{}, map[string]string{"colour": "blue", "owner": "me", "size": "1"}},
		{"--kv has precedence", Keys{Given: map[string]string{"colour": "x::y", "owner": ""}},
			map[string]string{"colour": "x::y", "owner": "", "size": "1"}},
		{"the user's layer is the default", Keys{Defaults: map[string]string{"owner": "team"}},
			map[string]string{"colour": "blue", "owner": "team", "size": "1"}},
		{"an answer", Keys{Ask: answerSize(t, "2")}, map[string]string{"colour": "blue", "owner": "me", "size": "2"}},
		{"an empty answer is the default", Keys{Ask: answerSize(t, "")},
			map[string]string{"colour": "blue", "owner": "me", "size": "1"}},
		{"an earlier name", Keys{Given: map[string]string{"color": "green"}},
			map[string]string{"colour": "green", "owner": "me", "size": "1"}},
		{"an earlier name in the user's layer", Keys{Defaults: map[string]string{"color": "green"}},
			map[string]string{"colour": "green", "owner": "me", "size": "1"}},
		{"--kv has precedence over what was chosen under an earlier name",
			Keys{Given: map[string]string{"color": "green", "colour": "red"}, Carried: map[string]bool{"color": true}},
			map[string]string{"colour": "red", "owner": "me", "size": "1"}},
		{"a value is a template", Keys{Given: map[string]string{"owner": "{{ author }}!"}},
			map[string]string{"colour": "blue", "owner": "me!", "size": "1"}},
	} {
		c.keys.Metadata = metadata.Values{"author": "me"}
		v, err := c.keys.Values(t.Context(), keyChain, []string{"colour", "owner", "size"})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for key, want := range c.want {
			if v.Keys[key] != want || v.All[key] != want {
				t.Errorf("%s: %s = %q in %v, want %q", c.name, key, v.Keys[key], v.All, want)
			}
		}
	}
}

// TestUnusedKey checks that ppm neither asks for nor checks a key that the component does not use.
func TestUnusedKey(t *testing.T) {
	size := pack.Key{Name: "size", Default: "{{ author }}", Ask: true, Choices: []string{"1", "2"}}
	chain := Chain{{Pack: &pack.Pack{Keys: []pack.Key{size}}}}
	k := &Keys{
		Ask:      func(context.Context, Question) (string, error) { return "", errors.New("asked") },
		Metadata: metadata.Values{"author": "me"},
	}
	if _, err := k.Values(t.Context(), chain, nil); err != nil {
		t.Error(err)
	}
}

func TestInvalidKeys(t *testing.T) {
	for _, c := range []struct {
		name string
		keys Keys
	}{
		{"an undeclared key", Keys{Given: map[string]string{"shade": "red"}}},
		{"a key by two names", Keys{Given: map[string]string{"color": "red", "colour": "green"}}},
		{"a value that is not a choice", Keys{Given: map[string]string{"size": "3"}}},
		{"an answer that is not a choice", Keys{Ask: answerSize(t, "3")}},
	} {
		_, err := c.keys.dropUndeclared([]Chain{keyChain})
		if err == nil {
			_, err = c.keys.Values(t.Context(), keyChain, []string{"colour", "owner", "size"})
		}
		if !errors.Is(err, failure.Usage) || failure.Hint(err) == "" {
			t.Errorf("%s: %v, hint %q", c.name, err, failure.Hint(err))
		}
	}
}

// TestDropUndeclared checks which of the keys of an installed component are dropped: those that the user chose before
// and that no pack declares any more.
func TestDropUndeclared(t *testing.T) {
	k := &Keys{}
	k.Carry(
		map[string]string{"shade": "dark", "color": "red", "owner": "me"},
		map[string]any{"shade": "dark", "color": "red", "owner": "me"})
	dropped, err := k.dropUndeclared([]Chain{keyChain})
	if err != nil || !maps.Equal(dropped, map[string]string{"shade": "dark"}) {
		t.Errorf("dropped %v, %v", dropped, err)
	}
	if want := map[string]string{"color": "red", "owner": "me"}; !maps.Equal(k.Given, want) {
		t.Errorf("kept %v, want %v", k.Given, want)
	}
	for name, k := range map[string]*Keys{
		"not installed with": {}, "given again": {Given: map[string]string{"shade": "light"}},
	} {
		locked := map[string]any{}
		if len(k.Given) > 0 {
			locked["shade"] = "dark"
		}
		k.Carry(map[string]string{"shade": "dark"}, locked)
		if dropped, err := k.dropUndeclared([]Chain{keyChain}); !errors.Is(err, failure.Usage) {
			t.Errorf("%s: dropped %v, %v", name, dropped, err)
		}
	}
}

func TestGivenKeys(t *testing.T) {
	if _, err := GivenKeys([]ref.KV{{Key: "a", Value: "1"}, {Key: "a", Value: "2"}}); !errors.Is(err, failure.Usage) {
		t.Errorf("a key given twice: %v", err)
	}
	if m, err := GivenKeys([]ref.KV{{Key: "a", Value: "1"}, {Key: "a", Value: "1"}}); err != nil || m["a"] != "1" {
		t.Errorf("a key given twice with one value: %v, %v", m, err)
	}
}
