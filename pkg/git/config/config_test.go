package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/config"
)

func TestReadFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	text := "\ufeff[Core]\n\tBare\n\tfilemode = off\n\tignorecase =\n[core \"sub\"]\n\tbare = no\n" +
		"[include]\n\tpath = config\n[core]\n\tfilemode = on"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var c config.Config
	if err := c.ReadFile(file); err != nil {
		t.Fatal(err)
	}
	for _, b := range []struct {
		name        string
		unset, want bool
	}{
		{"bare", false, true},    // without a value
		{"filemode", true, true}, // the last one wins
		{"ignorecase", false, false},
		{"missing", true, true},
		{"missing", false, false},
	} {
		if got := c.Bool("core", b.name, b.unset); got != b.want {
			t.Errorf("core.%s is %v, want %v", b.name, got, b.want)
		}
	}
	if err := c.ReadFile(filepath.Join(t.TempDir(), "none")); err != nil {
		t.Errorf("a file that does not exist: %v", err)
	}
	if err := c.Parse("[core"); err == nil {
		t.Error("a malformed text was read")
	}
}

func TestReadUserFromEnv(t *testing.T) {
	env := map[string]string{
		"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_COUNT": "2",
		"GIT_CONFIG_KEY_0": "URL.https://a.b/.InsteadOf", "GIT_CONFIG_VALUE_0": "gh:",
		"GIT_CONFIG_KEY_1": "core.bare", "GIT_CONFIG_VALUE_1": "yes",
	}
	c, err := config.ReadUser(config.Place{Home: t.TempDir(), Env: func(name string) string { return env[name] }})
	if err != nil {
		t.Fatal(err)
	}
	want := []config.Setting{{Section: "url", Name: "insteadof", Subsection: "https://a.b/", Value: "gh:"}}
	if got := slices.Collect(c.All("url", "insteadof")); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	if got := c.Get("core", "bare"); got != "yes" {
		t.Errorf("core.bare is %q", got)
	}
}
