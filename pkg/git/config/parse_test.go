package config

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// texts are the texts of configuration files, well-formed or not.
var texts = []string{
	"[a] b = c\n", "[a]b=c", "[a \"x\"] b = c # d\n", "[a.X]\nb = 1\n", "[a.X \"Y\"]\nb = 1\n",
	"[a]\nb = x \\\n y\n", "[a]\nb = \"x;y\" z ; c\n", "[a]\nb = \"q\\\"r\\\\s\\tt\\nu\\bv\"\n", "[a]\nb =\n",
	"[a]\nb-c = 1\n",
	"[a-b]\nc=1\n", "[a]\nb = a  b   c  \n", "[a \"x\\\"y\\\\z\\q\"]\nb=1\n",
	"# c\n; d\n[a]\nb=1",
	"[a]\r\nb = 1\r\n", "[a \"Sub\"]\r\n\tb = 1\r\n", "[a]\nb = x#y\n", "[a]\nb=\"unclosed\n",
	"[a\n", "[a \"b\n\"]\n",
	"[a]\nb = \\x\n", "[a]\nb_c = 1\n", "[a]\n1b=1\n", "[a] # comment\nb = 1\n", "[a]\nb = 1\n\n\n[c]\nd=2\n",
	"[A]\nB = 1\n", "[1a]\nb=1\n", "[a]\nb = 'x'\n", "[filter \"lfs\"]\n\tclean = git-lfs clean -- %f\n",
	"[a \"ünï\"]\nb=ü\n", "[a] b = 1 \\\n [c]\nd = 2\n", "[a]\nb = \" x \" y\n", "[a]\nb = x\\\n",
	"[a]\nb = x\\", "[ a]\n",
	"[a]]\n", "[a \"b\" ]\n", "[a b]\n", "[a]\nb c = d\n", "[a]\nb = \"\"\n", "\ufeff[a]\nb = 1",
	"[a]\nb == 1\n", "", "[a]",
	"[a]\n b = 1\n b = 2\n[a]\nb = 3\n", "[url \"https://x/\"] insteadOf = y:\n", "[a]\nb = c\r\n\n[a]\rb = d\n",
}

// Every text means what git reads in it.
func TestParseAsGit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	for _, text := range texts {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, gitErr := exec.Command("git", "config", "-f", file, "--list", "-z").Output()
		var c Config
		err := c.Parse(text)
		if (err == nil) != (gitErr == nil) {
			t.Errorf("%q: %v, git %v", text, err, gitErr)
			continue
		}
		if got := list(&c); err == nil && got != string(out) {
			t.Errorf("%q: %q, git reads %q", text, got, out)
		}
	}
}

// list returns settings in the form of git config --list -z.
func list(c *Config) string {
	var b strings.Builder
	for _, s := range c.settings {
		key := s.Section
		if s.Subsection != "" {
			key += "." + s.Subsection
		}
		fmt.Fprintf(&b, "%s.%s\n%s\x00", key, s.Name, s.Value)
	}
	return b.String()
}

func TestParseSpecialCases(t *testing.T) {
	for text, want := range map[string]string{
		"[a]\n\tb\n":           "a.b\ntrue\x00",      // git has no value, which is true
		"[a]\nb = x\ty \t z\n": "a.b\nx\ty \t z\x00", // git does so since 2.45
		"[a \"\"]\nb = 1\n":    "",
	} {
		var c Config
		if err := c.Parse(text); err != nil || list(&c) != want {
			t.Errorf("%q: %q, %v, want %q", text, list(&c), err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range texts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var c Config
		if c.Parse(text) != nil {
			return
		}
		for _, s := range c.settings {
			if s.Name == "" || s.Name != strings.ToLower(s.Name) {
				t.Errorf("%q has the name %q", text, s.Name)
			}
		}
	})
}
