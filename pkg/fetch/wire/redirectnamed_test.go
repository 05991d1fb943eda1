package wire

import (
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/policy"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

// A redirect must stay at the host and port of the remote, in any spelling, except for the step from http to https.
func TestCheckNamed(t *testing.T) {
	rules := policy.Rules{AllowRedirects: []string{"*.allowed.example"}}
	allowed, _, _, err := policy.New("ppm.toml", rules, func(string, int) int { return 1 })
	if err != nil {
		t.Fatal(err)
	}
	s := newSettings(Options{Policy: allowed})
	for _, c := range []struct {
		from, to string
		ok       bool
	}{
		{"https://h.example/a", "https://h.example/b", true},
		{"https://h.example/a", "https://H.Example.:443/b", true},
		{"https://h.example:443/a", "https://h.example/b", true},
		{"https://h.example:8443/a", "https://h.example:08443/b", true},
		{"https://xn--bcher-kva.example/a", "https://bücher.example/b", true},
		{"http://127.0.0.1/a", "http://[::ffff:127.0.0.1]/b", true},
		{"http://h.example/a", "https://h.example/b", true},
		{"http://h.example:80/a", "https://h.example:443/b", true},
		{"https://h.example/a", "https://new.allowed.example:8443/b", true}, // *.allowed.example

		{"http://h.example:8080/a", "https://h.example/b", false},
		{"http://h.example/a", "https://h.example:8443/b", false},
		{"https://h.example/a", "https://h.example:8443/b", false},
		{"https://h.example:8443/a", "https://h.example/b", false},
		{"http://h.example/a", "http://h.example:443/b", false},
		{"https://h.example/a", "https://www.h.example/b", false},
		{"https://h.example/a", "https://h.example.org/b", false},
		{"https://h.example/a", "https://h.example@other.example/b", false},
		{"https://h.example/a", "https://allowed.example/b", false},
		{"https://h.example/a", "https://evil-allowed.example/b", false},
		{"http://127.0.0.1/a", "http://127.0.0.2/b", false},
		{"http://localhost/a", "http://127.0.0.1/b", false},
	} {
		r, err := parseRemote(secreturl.New(c.from))
		if err != nil {
			t.Fatal(err)
		}
		err = (&httpTransport{settings: s, remote: r}).checkNamed(parseURL(t, c.to))
		if (err == nil) != c.ok || err != nil && failure.KindOf(err) != failure.Refused {
			t.Errorf("a redirect from %s to %s: %v, want success %v", c.from, c.to, err, c.ok)
		}
	}
}
