package architecture_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// promises is the number of promises in docs/security.md.
const promises = 30

// Each promise and each attack in docs/security.md has a test that exists.
func TestSecurityTestsExist(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	doc := string(text)
	promised := section(t, doc, "## Promises", "## Attacks")
	items := regexp.MustCompile(`(?m)^(\d+)\. `).FindAllStringSubmatchIndex(promised, -1)
	if len(items) != promises {
		t.Errorf("docs/security.md has %d promises instead of %d", len(items), promises)
	}
	for i, at := range items {
		end := len(promised)
		if i+1 < len(items) {
			end = items[i+1][0]
		}
		if n := promised[at[2]:at[3]]; n != strconv.Itoa(i+1) {
			t.Errorf("docs/security.md: promise %s is number %d", n, i+1)
		}
		checkTests(t, promised[at[0]:end])
	}
	rows := 0
	for line := range strings.Lines(section(t, doc, "## Attacks", "## Not promised")) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| **") || strings.HasPrefix(line, "| attack") {
			continue
		}
		rows++
		checkTests(t, line)
	}
	if rows < 85 {
		t.Errorf("docs/security.md has only %d attacks", rows)
	}
}

// section returns the text from one heading to another.
func section(t *testing.T, doc, from, to string) string {
	t.Helper()
	start, end := strings.Index(doc, "\n"+from), strings.Index(doc, "\n"+to)
	if start < 0 || end < start {
		t.Fatalf("docs/security.md has no %q before %q", from, to)
	}
	return doc[start:end]
}

// checkTests checks that an item names at least one test, and that all of them exist.
func checkTests(t *testing.T, item string) {
	t.Helper()
	tests := regexp.MustCompile("`(script/\\w+|([\\w/]+)\\.((?:Test|Fuzz)\\w+))`").FindAllStringSubmatch(item, -1)
	if len(tests) == 0 {
		t.Errorf("docs/security.md names no test: %.60q", item)
	}
	for _, m := range tests {
		if name, ok := strings.CutPrefix(m[1], "script/"); ok {
			if _, err := os.Stat(filepath.Join(root, "testdata", "script", name+".txtar")); err != nil {
				t.Errorf("docs/security.md names a script that does not exist: %s", name)
			}
			continue
		}
		if !declaresTest(t, m[2], m[3]) {
			t.Errorf("docs/security.md names a test that does not exist: %s", m[1])
		}
	}
}

// declaresTest reports whether a test file in the folder declares the function.
func declaresTest(t *testing.T, dir, function string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+function+"(") {
			return true
		}
	}
	return false
}
