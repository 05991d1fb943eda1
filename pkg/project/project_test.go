package project

import (
	"context"
	"errors"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

func TestPlace(t *testing.T) {
	for _, c := range []struct {
		path string
		dir  bool
		want string
		kind failure.Kind // 0 when the path will do
	}{
		{"a/b.txt", false, "a/b.txt", 0},
		{"./a/b.txt", false, "a/b.txt", 0},
		{"a/", false, "a/base.txt", 0},                // a file into a folder
		{"./", false, "base.txt", 0},                  // a file into the project's folder
		{"a/", true, "a", 0},                          // a folder's slash says nothing
		{".", true, ".", 0},                           // a folder over the project's
		{"a/../b", true, "b", 0},                      // stays inside
		{".", false, "", failure.Usage},               // a file needs a name
		{"..", true, "", failure.Refused},             // outside
		{"a/../../b", false, "", failure.Refused},     // outside, in disguise
		{"/etc/passwd", false, "", failure.Refused},   // absolute
		{".git/config", false, "", failure.Refused},   // git's own
		{"a/.GIT/config", false, "", failure.Refused}, // git's own, in disguise
		{"a\\b", false, "", failure.Refused},          // a path on another system
	} {
		got, err := place(c.path, c.dir, "base.txt")
		if c.kind == 0 && (err != nil || got != c.want) || c.kind != 0 && !errors.Is(err, c.kind) {
			t.Errorf("place(%q, %v) = %q, %v; want %q, %v", c.path, c.dir, got, err, c.want, c.kind)
		}
	}
}

func TestPackName(t *testing.T) {
	for _, c := range []struct{ url, want string }{
		{"builtin:tp_py_grpc", "tp_py_grpc"},
		{"https://git.example.com/team/pack.git", "pack"},
		{"git@git.example.com:pack.git", "pack"}, // no folder
		{"../repos/pack/", "pack"},
	} {
		if got := packName(c.url); got != c.want {
			t.Errorf("packName(%q) = %q, want %q", c.url, got, c.want)
		}
	}
}

func TestSetupCommand(t *testing.T) {
	for _, c := range []struct {
		language string
		requires []string
		want     string
	}{
		{"py", []string{"grpcio>=1.66", "protobuf"}, "pip install 'grpcio>=1.66' protobuf"}, // an unquoted ">" would write a file
		{"go", []string{"golang.org/x/mod@v0.1.0"}, "go get golang.org/x/mod@v0.1.0"},
		{"js", []string{"it's"}, `npm install 'it'\''s'`},
		{"md", []string{"a"}, ""}, // a language without packages
		{"py", nil, ""},           // nothing to install
	} {
		if got := setupCommand(c.language, c.requires); got != c.want {
			t.Errorf("setupCommand(%q, %q) = %q, want %q", c.language, c.requires, got, c.want)
		}
	}
}

func TestKeyring(t *testing.T) {
	outer := &pack.Pack{Keys: []pack.Key{{Name: "colour", Default: "blue"}}}
	inner := &pack.Pack{Keys: []pack.Key{
		{Name: "colour", Default: "red"},
		{Name: "owner", Default: "{{ author }}{{ nobody }}"},
		{Name: "size", Default: "1", Ask: true, Choices: []string{"1", "2"}},
	}}
	path := trail{stops: []stop{{pack: outer}, {pack: inner}}}
	asked := func(answer string) func(context.Context, Question) (string, error) {
		return func(_ context.Context, q Question) (string, error) {
			if q.Key != "size" || q.Default != "1" {
				t.Errorf("asked for %+v", q)
			}
			return answer, nil
		}
	}
	for _, c := range []struct {
		name string
		ring keyring
		want map[string]string
	}{
		{"an outer pack wins", keyring{}, map[string]string{"colour": "blue", "owner": "me", "size": "1"}},
		{"--kv wins over all", keyring{given: map[string]string{"colour": "x::y", "owner": ""}}, map[string]string{"colour": "x::y", "owner": "", "size": "1"}},
		{"the user's layer is the default", keyring{defaults: map[string]string{"owner": "team"}}, map[string]string{"colour": "blue", "owner": "team", "size": "1"}},
		{"an answer", keyring{ask: asked("2")}, map[string]string{"colour": "blue", "owner": "me", "size": "2"}},
		{"an empty answer is the default", keyring{ask: asked("")}, map[string]string{"colour": "blue", "owner": "me", "size": "1"}},
		{"a value is a template", keyring{given: map[string]string{"owner": "{{ author }}!"}}, map[string]string{"colour": "blue", "owner": "me!", "size": "1"}},
	} {
		c.ring.told = metadata.Info{"author": "me"}
		d, err := c.ring.decide(t.Context(), path, []string{"colour", "owner", "size"})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for key, want := range c.want {
			if d.decided[key] != want || d.all[key] != want {
				t.Errorf("%s: %s = %q in %v, want %q", c.name, key, d.decided[key], d.all, want)
			}
		}
	}
	// A key that the component does not need is neither asked for nor checked.
	never := func(context.Context, Question) (string, error) { return "", errors.New("asked") }
	odd := trail{stops: []stop{{pack: &pack.Pack{Keys: []pack.Key{{Name: "size", Default: "{{ author }}", Ask: true, Choices: []string{"1", "2"}}}}}}}
	if _, err := (&keyring{ask: never, told: metadata.Info{"author": "me"}}).decide(t.Context(), odd, nil); err != nil {
		t.Errorf("a key that is not needed: %v", err)
	}
	for _, c := range []struct {
		name string
		ring keyring
	}{
		{"a key that nobody declares", keyring{given: map[string]string{"color": "red"}}},
		{"a value that is no choice", keyring{given: map[string]string{"size": "3"}}},
		{"an answer that is no choice", keyring{ask: asked("3")}},
	} {
		err := c.ring.checkNames([]trail{path})
		if err == nil {
			_, err = c.ring.decide(t.Context(), path, []string{"colour", "owner", "size"})
		}
		if !errors.Is(err, failure.Usage) || failure.Hint(err) == "" {
			t.Errorf("%s: %v, hint %q", c.name, err, failure.Hint(err))
		}
	}
}

func TestKVMap(t *testing.T) {
	if _, err := kvMap([]ref.KV{{Key: "a", Value: "1"}, {Key: "a", Value: "2"}}); !errors.Is(err, failure.Usage) {
		t.Errorf("a key given twice: %v", err)
	}
	if m, err := kvMap([]ref.KV{{Key: "a", Value: "1"}, {Key: "a", Value: "1"}}); err != nil || m["a"] != "1" {
		t.Errorf("a key given twice with one value: %v, %v", m, err)
	}
}
