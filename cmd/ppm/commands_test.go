package main

import (
	"bytes"
	goflag "flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var update = goflag.Bool("update", false, "write docs/commands.md")

// testTerminal returns a terminal without input whose results go to out.
func testInvocation(out io.Writer) *invocation {
	return &invocation{terminal: &terminal{in: strings.NewReader(""), out: out, err: io.Discard}}
}

// docs/commands.md is the help of all commands.
func TestCommandsAreDocumented(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Commands\n\nThe help that `ppm COMMAND --help` prints for every command. " +
		"The flags at the end of each list are those of all commands.\n")
	writeHelp(t, &b, commands())
	file := filepath.Join("..", "..", "docs", "commands.md")
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != b.String() {
		t.Errorf("docs/commands.md is out of date (%v): run go test ./cmd/ppm -run Documented -update", err)
	}
}

func writeHelp(t *testing.T, b *strings.Builder, group *command) {
	for _, c := range group.commands {
		if c.planned != nil {
			continue
		}
		var out bytes.Buffer
		line := append(strings.Fields(c.fullName()), "--help")
		if code := run(t.Context(), line, testInvocation(&out), os.Getenv); code != 0 {
			t.Fatalf("%s --help ends with %d", c.fullName(), code)
		}
		fmt.Fprintf(b, "\n## %s\n\n```\n%s```\n", c.fullName(), out.String())
		writeHelp(t, b, c)
	}
}

var (
	codeInMarkdown = regexp.MustCompile("(?s)\n *```.*?\n *```|`[^`\n]+`")
	commentLine    = regexp.MustCompile(`(?m)^ *#.*$`)
	commandLine    = regexp.MustCompile("(?m)(?:^|[\\s`\"'(])ppm ([a-z](?:[^\n`|>;)\"#]|\"[^\n\"]*\")*)")
)

// ppm parses every command line in the documents and in the examples.
func TestDocumentedCommandLinesExist(t *testing.T) {
	var files []string
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/*"} {
		found, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(pattern)))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %q, %v", pattern, found, err)
		}
		files = append(files, found...)
	}
	seen := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		base := filepath.Base(file)
		if base == "commands.md" || base == "merge.md" || filepath.Ext(file) == ".go" { // generated, tests
			continue
		}
		if filepath.Ext(file) == ".md" {
			text = strings.Join(codeInMarkdown.FindAllString(text, -1), "\n")
		} else {
			text = commentLine.ReplaceAllString(text, "")
		}
		for _, found := range commandLine.FindAllStringSubmatch(text, -1) {
			seen++
			if _, err := arrange(commands(), strings.Fields("ppm "+found[1])); err != nil {
				t.Errorf("%s: ppm %s: %v", file, found[1], err)
			}
		}
	}
	if seen < 80 {
		t.Errorf("%d command lines were found: too few", seen)
	}
}

// Every command states how it is called, where it works, whether it can be planned and how it is completed.
func TestEveryCommandIsDeclaredCompletely(t *testing.T) {
	checkDeclaration(t, commands())
}

func checkDeclaration(t *testing.T, c *command) {
	name := c.fullName()
	missing := func(is bool, what string) {
		if is {
			t.Errorf("%s: the declaration has no %s", name, what)
		}
	}
	missing(c.name == "", "name")
	missing(c.usage == "", "usage")
	missing(len(c.examples) == 0, "examples")
	for _, line := range c.examples {
		if !strings.HasPrefix(line, "ppm ") {
			continue
		}
		if _, err := arrange(commands(), strings.Fields(line)); err != nil {
			t.Errorf("%s: the example %q: %v", name, line, err)
		}
	}
	group := len(c.commands) > 0
	if !group || c.fallback != nil || c.run != nil {
		missing(c.args == nil, "args")
		missing(c.search == 0, "search")
		missing(c.scope == 0, "scope")
		missing(c.plan == 0, "plan")
		missing(c.complete == nil, "complete")
	}
	missing(!group && c.run == nil, "run")
	if c.args != nil {
		missing(c.args.least > 0 && c.args.missing == "", "name for a missing argument")
		missing(c.args.most != 0 && c.args.usage == "", "usage of the arguments")
	}
	if c.plan == plannable && c.scope == noProject {
		t.Errorf("%s can be planned, and works on no project", name)
	}
	used := map[string]bool{"help": true, "h": true}
	for _, f := range c.flags {
		missing(f.usage == "", "usage of --"+f.name)
		missing(f.kind == 0, "kind of --"+f.name)
		missing(f.kind == choiceFlag && len(f.choices) == 0, "choices of --"+f.name)
		missing(f.takesValue() && !strings.Contains(f.usage, "`"), "name for the value of --"+f.name)
		if _, err := strconv.Atoi(f.value); f.kind == intFlag && err != nil {
			t.Errorf("%s: the default %q of --%s is not a number", name, f.value, f.name)
		}
		names := f.names()
		if f.pmfp != "" {
			names = append(names, f.pmfp)
		}
		for _, n := range names {
			if used[n] {
				t.Errorf("%s: two flags are named %q", name, n)
			}
			used[n] = true
		}
	}
	for _, sub := range c.commands {
		checkDeclaration(t, sub)
	}
}

// docs/projects.md says of every command that works on a project how it finds the project.
func TestSearchesAreDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "projects.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[search]string{}
	for s, begin := range map[search]string{
		nearestProject:  "exit code 2",
		newestHistory:   "the nearest folder with a history",
		nearestHistory:  "the nearest `.ppm` folder",
		nearestOrCreate: "creates a project",
		nearestOrPmfp:   "takes pmfp's project",
		nearestOrHere:   "works on the current folder",
		noSearch:        "always works on the current folder",
	} {
		row := regexp.MustCompile(`(?m)^\| (.*) \| ` + regexp.QuoteMeta(begin)).FindSubmatch(text)
		if row == nil {
			t.Fatalf("docs/projects.md has no row for %q", begin)
		}
		rows[s] = string(row[1])
	}
	for _, c := range commands().find("project").commands {
		if !strings.Contains(rows[c.search], "`"+c.name+"`") {
			t.Errorf("docs/projects.md does not have ppm project %s in the row with %s", c.name, rows[c.search])
		}
	}
}

// docs/workspace.md says of every command that works on a project where it works.
func TestScopesAreDocumented(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "workspace.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[scope]string{}
	for s, begin := range map[scope]string{
		thisFolder:        "the folder itself, as if it were not a workspace",
		oneProject:        "the folder itself if it is a member",
		allMembers:        "all members |",
		namedMembers:      "all members; with names",
		conflictedMembers: "the members with unresolved conflicts",
		lastMembers:       "the members that the last command changed",
	} {
		row := regexp.MustCompile(`(?m)^\| (.*) \| ` + regexp.QuoteMeta(begin)).FindSubmatch(text)
		if row == nil {
			t.Fatalf("docs/workspace.md has no row for %q", begin)
		}
		rows[s] = string(row[1])
	}
	check := func(s scope, name string) {
		if !strings.Contains(rows[s], "`"+name+"`") {
			t.Errorf("docs/workspace.md does not have ppm project %s in the row with %s", name, rows[s])
		}
	}
	for _, c := range commands().find("project").commands {
		check(c.scope, c.name)
		for _, f := range c.flags {
			if f.scope != 0 {
				check(f.scope, c.name+" --"+f.name)
			}
		}
	}
}
