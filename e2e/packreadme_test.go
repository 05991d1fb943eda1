package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/e2etest"
	"github.com/Project-Manager-With-Git/ppm/pkg/registry"
)

// generated matches a generated table: a marker with its kind, the tag that it describes and the names of its
// columns, then the table, then the end marker.
var generated = regexp.MustCompile(`(?s)(<!-- (\w+) of (\S+): ([^\n]+) -->\n).*?(<!-- end -->)`)

// tableRows holds the functions that return the rows of the tables of each kind.
var tableRows = map[string]func(t *testing.T, tag string) [][]string{
	"templates":  templateRows,
	"components": componentRows,
	"keys":       keyRows,
	"options":    optionRows,
}

// The tables in the READMEs of the pack describe the pack.
func TestPackReadmeIsUpToDate(t *testing.T) {
	e2etest.SkipInShort(t)
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(e2etest.Root, "registry", "tp_py_grpc", name)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			current := generated.ReplaceAllStringFunc(string(text), func(found string) string {
				part := generated.FindStringSubmatch(found)
				rows, ok := tableRows[part[2]]
				if !ok {
					t.Fatalf("unknown kind of table: %s", part[2])
				}
				seen[part[2]] = true
				return part[1] + table(strings.Split(part[4], ", "), rows(t, part[3])) + part[5]
			})
			if len(seen) != len(tableRows) {
				t.Errorf("%s has %d of %d kinds of tables", file, len(seen), len(tableRows))
			}
			if current == string(text) {
				return
			}
			if !*update {
				t.Fatalf("%s is out of date: run go test ./e2e -update", file)
			}
			if err := os.WriteFile(file, []byte(current), 0o666); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// table formats rows as a Markdown table.
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

// code formats text as Markdown code. An empty text stays empty.
func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

// releases returns the releases of the pack whose tags have this suffix.
func releases(t *testing.T, suffix string) []registry.Release {
	t.Helper()
	all, err := builtIn(t).Releases("tp_py_grpc")
	if err != nil {
		t.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(r registry.Release) bool { return !strings.HasSuffix(r.Tag, suffix) })
	if len(all) == 0 {
		t.Fatalf("tp_py_grpc has no tag with the suffix %q", suffix)
	}
	return all
}

// templateRows returns a row for every template of a version, such as 0.0.1.
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

// option matches an option in the help of argparse: its name, its choices or metavar, its help and its default.
// The help of a long option is on the next line.
var option = regexp.MustCompile(
	`(?m)^  (--[a-z-]+)(?:, --no-[a-z-]+)?(?: (\{\S+\}|[A-Z_]+))?(?: {2,}|\n +)(.*?)(?: \(default: (.*)\))?$`)

// optionRows returns the options that the service of a template prints with --help.
func optionRows(t *testing.T, tag string) [][]string {
	cmd := e2etest.Command(t, newService(t, tag), e2etest.Python(t), "testpygrpc", "serve", "--help")
	cmd.Env = append(cmd.Env, "COLUMNS=1000")
	var rows [][]string
	help := e2etest.Output(t, cmd)
	for _, found := range option.FindAllStringSubmatch(help, -1) {
		meaning := found[3]
		if values, ok := strings.CutPrefix(found[2], "{"); ok {
			meaning += ": " + strings.ReplaceAll(strings.TrimSuffix(values, "}"), ",", ", ")
		}
		rows = append(rows, []string{code(found[1]), code(found[4]), meaning})
	}
	if n := strings.Count(help, "\n  --"); len(rows) != n || n == 0 {
		t.Fatalf("parsed %d of %d options:\n%s", len(rows), n, help)
	}
	return rows
}

// The ppm commands in the READMEs of the pack work, in their order.
func TestPackReadmeCommandsWork(t *testing.T) {
	commands := map[string][]string{}
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join(e2etest.Root, "registry", "tp_py_grpc", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range regexp.MustCompile(`(?m)^ppm (.*?)(?: +#.*)?$`).FindAllStringSubmatch(string(text), -1) {
			commands[name] = append(commands[name], line[1])
		}
	}
	if en, zh := commands["README.md"], commands["README.zh-CN.md"]; !slices.Equal(en, zh) {
		t.Errorf("the two languages have different commands:\n%q\n%q", en, zh)
	}
	project := t.TempDir()
	for _, line := range commands["README.md"] {
		e2etest.PPM(t, project, strings.Fields(line)...)
	}
	for _, file := range []string{
		"testpygrpc/serv.py", "testpygrpc/interceptor/timer.py", "testpygrpc/sdk/interceptor/timer.py", "wscli.py",
	} {
		if _, err := os.Stat(filepath.Join(project, file)); err != nil {
			t.Errorf("the commands do not create %s", file)
		}
	}
}
