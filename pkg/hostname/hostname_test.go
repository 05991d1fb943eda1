package hostname_test

import (
	"strings"
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

func TestIsValid(t *testing.T) {
	for host, want := range map[string]bool{
		"git.example.com": true, "localhost": true, "GIT.example.com.": true, "my_host": true, "a--b": true,
		"bücher.example": true, "127.0.0.1": true, "[::1]": true, "::ffff:1.2.3.4": true, "1.example": true,
		"0x.example": true, "good。example.com": true, // a dot of another script

		"": false, ".": false, "a..b": false, ".a": false, "a..": false, "a b": false, "a%2eb": false, `a\@b`: false,
		"a@b": false, "a:80": false, "a/b": false, "a\x00": false, "fe80::1%eth0": false, "[a:22]": false,
		"127.1": false, "0177.0.0.1": false, "2130706433": false, "0x7f.1": false, "0x7f000001": false, "a.0x": false,
		"1.2.3.4.5": false, "256.0.0.1": false, "a.1": false, strings.Repeat("a.", 127) + "a": false,
	} {
		canonical := hostname.Canonical(host)
		if again := hostname.Canonical(canonical); again != canonical {
			t.Errorf("Canonical(%q) = %q, and of that %q", host, canonical, again)
		}
		if got := hostname.IsValid(canonical); got != want {
			t.Errorf("IsValid(%q) = %v, want %v", host, got, want)
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
