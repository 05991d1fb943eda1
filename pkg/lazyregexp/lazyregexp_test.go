package lazyregexp_test

import (
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
)

func TestRegexp(t *testing.T) {
	r := lazyregexp.New(`a(\d+)`)
	if !r.MatchString("a1") || r.MatchString("b1") {
		t.Error("MatchString does not match what the pattern matches")
	}
	if m := r.FindStringSubmatch("xa12"); len(m) != 2 || m[1] != "12" {
		t.Errorf("FindStringSubmatch = %q", m)
	}
	if got := r.ReplaceAllString("a1 a2", "$1"); got != "1 2" {
		t.Errorf("ReplaceAllString = %q", got)
	}
	if first := r.Get(); first != r.Get() {
		t.Error("the pattern is compiled more than once")
	}
}

// TestNewDoesNotCompile relies on the panic of an invalid pattern, which comes only when it is compiled.
func TestNewDoesNotCompile(t *testing.T) {
	r := lazyregexp.New(`(`)
	defer func() {
		if recover() == nil {
			t.Error("the use of an invalid pattern does not panic")
		}
	}()
	r.MatchString("")
}
