package langdeps_test

import (
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/langdeps"
)

func TestInstallCommand(t *testing.T) {
	for _, c := range []struct {
		language string
		requires []string
		want     string
	}{
		// An unquoted ">" would write a file.
		{"py", []string{"grpcio>=1.66", "protobuf"}, "pip install -- 'grpcio>=1.66' protobuf"},
		{"go", []string{"golang.org/x/mod@v0.1.0"}, "go get -- golang.org/x/mod@v0.1.0"},
		{"js", []string{"it's"}, `npm install -- 'it'\''s'`},
		{"md", []string{"a"}, ""}, // a language without packages
		{"py", nil, ""},           // nothing to install
	} {
		if got := langdeps.InstallCommand(c.language, c.requires); got != c.want {
			t.Errorf("InstallCommand(%q, %q) = %q, want %q", c.language, c.requires, got, c.want)
		}
	}
}
