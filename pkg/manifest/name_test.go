package manifest_test

import (
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
)

// RemoveName undoes AddName, whatever the text is, and leaves a name that the user wrote.
func TestAddName(t *testing.T) {
	for _, text := range []string{
		"", "# a comment\n", "# a comment", "\n", "[keys]\na = \"b\"\n", "# about the keys\n[keys]\na = \"b\"",
		"# x\n\n[keys]\n",
		"[project]\nlanguage = \"py\"\n", "[project] # x\nlanguage = \"py\"",
		"[project]\n# x\nlanguage = \"py\"\n\n[keys]\n",
		"[project]\nversion = \"1\"\n[project.extra]\nurl = \"u\"\n",
		"[[component]]\nsource = \"p//a\"\npath = \"a\"\n",
	} {
		for _, eol := range []string{"\n", "\r\n"} {
			text := strings.ReplaceAll(text, "\n", eol)
			named, err := manifest.AddName("ppm.toml", []byte(text), "a \"b\"")
			if err != nil {
				t.Errorf("%q: %v", text, err)
				continue
			}
			m, err := manifest.Parse("ppm.toml", named, manifest.ProjectLayer)
			if err != nil || m.Project.Name != "a \"b\"" {
				t.Errorf("%q becomes %q, %v", text, named, err)
			}
			if again, err := manifest.RemoveName("ppm.toml", named, "a \"b\""); err != nil || string(again) != text {
				t.Errorf("%q becomes %q, then %q, %v", text, named, again, err)
			}
			again, err := manifest.RemoveName("ppm.toml", named, "b")
			if err != nil || string(again) != string(named) {
				t.Errorf("%q with another name becomes %q, %v", named, again, err)
			}
		}
	}
	for _, text := range []string{"[project]\nname = \"a\"\n", "[project]\nname = \"a\" # mine\n"} {
		if got, err := manifest.RemoveName("ppm.toml", []byte(text), "a"); err != nil || string(got) != text {
			t.Errorf("%q becomes %q, %v", text, got, err)
		}
	}
	if _, err := manifest.AddName("ppm.toml", []byte("project = { language = \"py\" }\n"), "a"); err == nil {
		t.Error("an inline table has been edited")
	}
}
