package hostname_test

import (
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/hostname"
)

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, host string
		want          bool
	}{
		{"git.example.com", "git.example.com", true},
		{"Git.Example.com.", "git.example.COM", true},
		{"git.example.com", "sub.git.example.com", false},
		{"git.example.com", "evil-git.example.com", false},
		{"*.example.com", "a.b.example.com", true},
		{"*.example.com", "example.com", false},
		{"*.example.com", "evilexample.com", false},
		{"*", "anything", true},
		{"Bücher.example", "xn--bcher-kva.example", true},
		{"xn--bcher-kva.example", "BÜCHER.example", true},
		{"127.0.0.1", "::ffff:127.0.0.1", true},
		{"::1", "[0:0::1]", true},
		{"[::1]", "::1", true},
		{"ｅxample.com", "example.com", true}, // a full-width letter, which DNS names do not have
	} {
		p, err := hostname.ParsePattern(c.pattern)
		if err != nil {
			t.Errorf("ParsePattern(%q): %v", c.pattern, err)
			continue
		}
		if got := p.Matches(hostname.Canonical(c.host)); got != c.want {
			t.Errorf("%q matches %q: %v, want %v", c.pattern, c.host, got, c.want)
		}
	}
}

func TestParsePatternRefuses(t *testing.T) {
	for _, text := range []string{
		"", "*.", "a/b", "https://a", "a:443", "**", "*a", "a.*", "a b", "a@b", "a%2eb", "a\n",
	} {
		if p, err := hostname.ParsePattern(text); err == nil {
			t.Errorf("ParsePattern(%q) = %q, want an error", text, p)
		}
	}
}

func TestIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.9.9.9": true, "[::1]": true, "::ffff:127.0.0.1": true,
		"localhost.example": false, "128.0.0.1": false, "127.0.0.1.example": false, "": false,
	} {
		if got := hostname.IsLoopback(hostname.Canonical(host)); got != want {
			t.Errorf("IsLoopback(%q) = %v, want %v", host, got, want)
		}
	}
}
