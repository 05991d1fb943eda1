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

// TestMergePage keeps the tables of docs/merge.md what the cells are.
func TestMergePage(t *testing.T) {
	page := filepath.Join("..", "..", "docs", "merge.md")
	data, err := os.ReadFile(page)
	must(t, err)
	const start = "<!-- What follows is made by: go test ./pkg/project -run MergePage -update -->\n"
	head, old, found := strings.Cut(string(data), start)
	made := tables()
	switch {
	case !found:
		t.Errorf("%s has no line %q", page, start)
	case *update:
		must(t, os.WriteFile(page, []byte(head+start+made), 0o666))
	case old != made:
		t.Errorf("the tables of %s are not what the cells are: run go test ./pkg/project -run MergePage -update", page)
	}
}

// tables returns, for each scene, the outcomes side by side and what ppm says in each case.
func tables() string {
	var out strings.Builder
	for _, s := range scenes {
		fmt.Fprintf(&out, "\n### %s\n\n| you / upstream |", s.name)
		for _, v := range s.upstream {
			fmt.Fprintf(&out, " %s |", v.name)
		}
		out.WriteString("\n|---|" + strings.Repeat("---|", len(s.upstream)))
		for _, mine := range s.mine {
			fmt.Fprintf(&out, "\n| %s |", mine.name)
			for _, v := range s.upstream {
				fmt.Fprintf(&out, " %s |", find(s.name, mine.name, v.name).outcome)
			}
		}
		out.WriteString("\n\n| you | upstream | what ppm says |\n|---|---|---|\n")
		for _, c := range cells {
			if c.scene == s.name && c.says != "" {
				fmt.Fprintf(&out, "| %s | %s | `%s` |\n", c.mine, c.upstream, strings.ReplaceAll(c.says, " + ", "`<br>`"))
			}
		}
	}
	return out.String()
}

// find returns the cell of a scene, and one with no outcome when there is none.
func find(scene, mine, upstream string) cell {
	i := slices.IndexFunc(cells, func(c cell) bool { return c.scene == scene && c.mine == mine && c.upstream == upstream })
	if i < 0 {
		return cell{}
	}
	return cells[i]
}
