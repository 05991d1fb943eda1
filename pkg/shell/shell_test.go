package shell_test

import (
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/shell"
)

func TestQuote(t *testing.T) {
	for word, want := range map[string]string{
		"protobuf":        "protobuf",
		"app/interceptor": "app/interceptor",
		"grpcio>=1.66":    "'grpcio>=1.66'", // a redirection
		"it's":            `'it'\''s'`,
		"":                "''", // a word all the same
		"a b":             "'a b'",
		"~":               "'~'", // the home folder
		"$(rm x)":         "'$(rm x)'",
		"a\nb":            "'a\nb'", // two commands
	} {
		if got := shell.Quote(word); got != want {
			t.Errorf("Quote(%q) = %s, want %s", word, got, want)
		}
	}
}
