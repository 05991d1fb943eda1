package project_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tables of docs/merge.md")

// TestMergePage checks that the tables of docs/merge.md are generated from the merge cases.
func TestMergePage(t *testing.T) {
	page := filepath.Join("..", "..", "docs", "merge.md")
	data, err := os.ReadFile(page)
	must(t, err)
	const start = "<!-- What follows is made by: go test ./pkg/project -run MergePage -update -->\n"
	head, old, found := strings.Cut(string(data), start)
	generated := mergePageTables()
	switch {
	case !found:
		t.Errorf("%s has no line %q", page, start)
	case *update:
		must(t, os.WriteFile(page, []byte(head+start+generated), 0o666))
	case old != generated:
		t.Errorf("the tables of %s are not up to date: run go test ./pkg/project -run MergePage -update", page)
	}
}

// mergePageTables returns two tables for each merge table in Markdown: the outcomes, and the messages of each case.
func mergePageTables() string {
	var out strings.Builder
	for _, table := range mergeTables {
		fmt.Fprintf(&out, "\n### %s\n\n| you / upstream |", table.name)
		for _, v := range table.versions {
			fmt.Fprintf(&out, " %s |", v.name)
		}
		out.WriteString("\n|---|" + strings.Repeat("---|", len(table.versions)))
		for _, e := range table.edits {
			fmt.Fprintf(&out, "\n| %s |", e.name)
			for _, v := range table.versions {
				fmt.Fprintf(&out, " %s |", findCase(table.name, e.name, v.name).outcome)
			}
		}
		out.WriteString("\n\n| you | upstream | what ppm says |\n|---|---|---|\n")
		for _, c := range mergeCases {
			if c.table == table.name && c.messages != "" {
				messages := strings.ReplaceAll(c.messages, "\n", "`<br>`")
				fmt.Fprintf(&out, "| %s | %s | `%s` |\n", c.edit, c.version, messages)
			}
		}
	}
	return out.String()
}

// findCase returns a merge case, or the zero value when it is missing.
func findCase(table, edit, version string) mergeCase {
	i := slices.IndexFunc(mergeCases, func(c mergeCase) bool {
		return c.table == table && c.edit == edit && c.version == version
	})
	if i < 0 {
		return mergeCase{}
	}
	return mergeCases[i]
}
