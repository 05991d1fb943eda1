package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

var update = flag.Bool("update", false, "write docs/commands.md")

// docs/commands.md is what the commands say of themselves.
func TestCommandsAreDocumented(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Commands\n\nWhat `ppm COMMAND --help` prints, for every command. The flags at the end of each list are those of all commands.\n")
	app := newApp(testStreams())
	writeHelp(t, &b, nil, app.Commands)
	file := filepath.Join("..", "..", "docs", "commands.md")
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != b.String() {
		t.Errorf("docs/commands.md is not what the commands say (%v): run go test ./cmd/ppm -run Documented -update", err)
	}
}

func writeHelp(t *testing.T, b *strings.Builder, path []string, commands []*cli.Command) {
	for _, c := range commands {
		full := append(path, c.Name)
		if !strings.Contains(c.Description, "Examples:\n  ") {
			t.Errorf("ppm %s has no examples", strings.Join(full, " "))
		}
		var out bytes.Buffer
		s := testStreams()
		s.out = &out
		if code := run(append(append([]string{"ppm"}, full...), "--help"), s); code != 0 {
			t.Fatalf("ppm %v --help ends with %d", full, code)
		}
		fmt.Fprintf(b, "\n## ppm %s\n\n```\n%s```\n", strings.Join(full, " "), out.String())
		writeHelp(t, b, full, c.Subcommands)
	}
}

var (
	codeInMarkdown = regexp.MustCompile("(?s)\n *```.*?\n *```|`[^`\n]+`")
	commentLine    = regexp.MustCompile(`(?m)^ *#.*$`)
	commandLine    = regexp.MustCompile("(?m)(?:^|[\\s`\"'(])ppm ([a-z](?:[^\n`|>;)\"#]|\"[^\n\"]*\")*)")
)

// Every command line in the texts and in the examples is one that ppm understands, up to its arguments.
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
		if filepath.Base(file) == "commands.md" { // what the commands themselves say
			continue
		}
		if filepath.Ext(file) == ".md" {
			text = strings.Join(codeInMarkdown.FindAllString(text, -1), "\n")
		} else {
			text = commentLine.ReplaceAllString(text, "")
		}
		for _, found := range commandLine.FindAllStringSubmatch(text, -1) {
			seen++
			if _, err := arrange(newApp(testStreams()), strings.Fields("ppm "+found[1])); err != nil {
				t.Errorf("%s: ppm %s: %v", file, found[1], err)
			}
		}
	}
	if seen < 80 {
		t.Errorf("%d command lines were found: the test sees too few", seen)
	}
}

// What a command does in a workspace is decided, and not left to chance.
func TestEveryProjectCommandHasAReach(t *testing.T) {
	for _, c := range projectCommand(testStreams()).Subcommands {
		if _, ok := reaches[c.Name]; !ok {
			t.Errorf("ppm project %s: say in reaches, and in docs/workspace.md, which projects of a workspace it works on", c.Name)
		}
	}
}
