package main

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var root = filepath.Join("..", "..")

// TestSample runs every step with little effort, and one fuzz target for a moment.
func TestSample(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs many tests of other packages")
	}
	var out bytes.Buffer
	names := "^[a-z]+$|^pkg/fileset FuzzCheckPath$"
	o := options{effort: 0.05, sample: true, fuzz: time.Second, only: regexp.MustCompile(names)}
	if err := torture(t.Context(), root, &out, o); err != nil {
		t.Fatal(err, "\n", out.String())
	}
	t.Log("\n" + out.String())
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != len(steps)+1 {
		t.Errorf("%d lines instead of %d:\n%s", len(lines), len(steps)+1, out.String())
	}
	for _, line := range lines {
		if !regexp.MustCompile(`^\S+( Fuzz\w+)? +[1-9][0-9]* \w+.* in \d+`).MatchString(line) {
			t.Errorf("no figure in %q", line)
		}
	}
}

func TestFailureIsReported(t *testing.T) {
	s := step{"none", "pkg/none", "X", "", 0}
	o := options{effort: 1}
	if _, err := s.run(t.Context(), root, o); err == nil || !strings.Contains(err.Error(), "pkg/none") {
		t.Errorf("a step without a package: %v", err)
	}
	s = step{"no figure", "pkg/shell", "Quote", "", 0}
	if _, err := s.run(t.Context(), root, o); err == nil || !strings.Contains(err.Error(), "no figure") {
		t.Errorf("a step that counts nothing: %v", err)
	}
}

// Every fuzz target is found, in every package.
func TestFuzzTargets(t *testing.T) {
	found, err := fuzzTargets(root)
	if err != nil {
		t.Fatal(err)
	}
	dirs := map[string]bool{}
	for _, f := range found {
		dirs[f.dir] = true
	}
	if len(found) < 30 || !dirs["pkg/ref"] || !dirs["pkg/render/jinja"] {
		t.Errorf("found %d targets: %v", len(found), found)
	}
}
