package ppm_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/registry"
)

// generated finds a table: a marker with the table's kind, the tag it is made from and the names of its columns,
// the table, and the marker of its end.
var generated = regexp.MustCompile(`(?s)(<!-- (\w+) of (\S+): ([^\n]+) -->\n).*?(<!-- end -->)`)

// tables makes the rows of the tables of each kind.
var tables = map[string]func(t *testing.T, tag string) [][]string{
	"templates":  templateRows,
	"components": componentRows,
	"keys":       keyRows,
	"options":    optionRows,
}

// What the pack says to its users is what it has.
func TestPackReadmeIsCurrent(t *testing.T) {
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("registry", "tp_py_grpc", name)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			current := generated.ReplaceAllStringFunc(string(text), func(found string) string {
				part := generated.FindStringSubmatch(found)
				rows, ok := tables[part[2]]
				if !ok {
					t.Fatalf("no table is made of %s", part[2])
				}
				seen[part[2]] = true
				return part[1] + table(strings.Split(part[4], ", "), rows(t, part[3])) + part[5]
			})
			if len(seen) != len(tables) {
				t.Errorf("%d of %d kinds of tables are in it", len(seen), len(tables))
			}
			if current == string(text) {
				return
			}
			if !*update {
				t.Fatalf("%s is not what the pack says: run go test . -update", file)
			}
			if err := os.WriteFile(file, []byte(current), 0o666); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// table writes rows in Markdown.
func table(columns []string, rows [][]string) string {
	var b strings.Builder
	for i, row := range slices.Insert(rows, 0, columns) {
		for _, cell := range row {
			b.WriteString("| " + strings.ReplaceAll(cell, "|", `\|`) + " ")
		}
		b.WriteString("|\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(columns)) + "|\n")
		}
	}
	return b.String()
}

// code shows text as it is, and nothing of nothing.
func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

// releases returns those releases of the pack whose tags end in that.
func releases(t *testing.T, suffix string) []registry.Release {
	t.Helper()
	all, err := builtIn(t).Releases("tp_py_grpc")
	if err != nil {
		t.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(r registry.Release) bool { return !strings.HasSuffix(r.Tag, suffix) })
	if len(all) == 0 {
		t.Fatalf("no tag of tp_py_grpc ends in %q", suffix)
	}
	return all
}

// templateRows describes every template of a version, such as 0.0.1.
func templateRows(t *testing.T, version string) [][]string {
	var rows [][]string
	for _, r := range releases(t, "-"+version) {
		if p := load(t, "tp_py_grpc", r.Files); p.IsTemplate() {
			rows = append(rows, []string{code("tp_py_grpc@" + r.Tag), p.Description})
		}
	}
	return rows
}

func componentRows(t *testing.T, tag string) [][]string {
	p := load(t, "tp_py_grpc", releases(t, tag)[0].Files)
	var rows [][]string
	for _, name := range p.Names() {
		c := p.Components[name]
		rows = append(rows, []string{code(name), code(c.DefaultPath), c.Description})
	}
	return rows
}

func keyRows(t *testing.T, tag string) [][]string {
	keys := load(t, "tp_py_grpc", releases(t, tag)[0].Files).Keys
	var rows [][]string
	for _, k := range keys {
		rows = append(rows, []string{code(k.Name), code(k.Default), code(k.Pattern), k.Description})
	}
	return rows
}

// option finds an option in what argparse prints, with its values when there are few. A long one is a line of its own.
var option = regexp.MustCompile(`(?m)^  (--[a-z-]+)(?:, --no-[a-z-]+)?(?: (\{\S+\}|[A-Z_]+))?(?: {2,}|\n +)(.*?)(?: \(default: (.*)\))?$`)

// optionRows asks the service itself, out of the template of that tag.
func optionRows(t *testing.T, tag string) [][]string {
	cmd := program(t, newService(t, tag), livePython(t), "testpygrpc", "serve", "--help")
	cmd.Env = append(cmd.Env, "COLUMNS=1000")
	var rows [][]string
	said := output(t, cmd)
	for _, found := range option.FindAllStringSubmatch(said, -1) {
		meaning := found[3]
		if values, ok := strings.CutPrefix(found[2], "{"); ok {
			meaning += ": " + strings.ReplaceAll(strings.TrimSuffix(values, "}"), ",", ", ")
		}
		rows = append(rows, []string{code(found[1]), code(found[4]), meaning})
	}
	if n := strings.Count(said, "\n  --"); len(rows) != n || n == 0 {
		t.Fatalf("%d of %d options are understood:\n%s", len(rows), n, said)
	}
	return rows
}

// What the pack tells its users to type can be typed, from top to bottom.
func TestPackReadmeCommandsWork(t *testing.T) {
	typed := map[string][]string{}
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join("registry", "tp_py_grpc", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range regexp.MustCompile(`(?m)^ppm (.*?)(?: +#.*)?$`).FindAllStringSubmatch(string(text), -1) {
			typed[name] = append(typed[name], line[1])
		}
	}
	if !slices.Equal(typed["README.md"], typed["README.zh-CN.md"]) {
		t.Errorf("the two languages have different commands:\n%q\n%q", typed["README.md"], typed["README.zh-CN.md"])
	}
	project := t.TempDir()
	for _, line := range typed["README.md"] {
		ppmIn(t, project, strings.Fields(line)...)
	}
	for _, file := range []string{"testpygrpc/serv.py", "testpygrpc/interceptor/timer.py", "testpygrpc/sdk/interceptor/timer.py", "wscli.py"} {
		if _, err := os.Stat(filepath.Join(project, file)); err != nil {
			t.Errorf("the commands make no %s", file)
		}
	}
}
