package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Messages name commands and flags that exist.
func TestMessagesNameExistingCommandsAndFlags(t *testing.T) {
	root := commands()
	namedCommands, namedFlags := 0, 0
	texts := messages(t, filepath.Join("..", "..", "pkg"))
	maps.Copy(texts, messages(t, "."))
	for position, text := range texts {
		c, f, problems := checkMessage(root, text)
		namedCommands += c
		namedFlags += f
		for _, problem := range problems {
			t.Errorf("%s: %s: %q", position, problem, text)
		}
	}
	if namedCommands < 40 || namedFlags < 30 {
		t.Errorf("%d commands and %d flags were found: too few", namedCommands, namedFlags)
	}
}

// A flag that is read is declared, with the kind that it is read as.
func TestFlagsThatAreReadAreDeclared(t *testing.T) {
	kinds := map[string][]flagKind{
		"Bool": {boolFlag}, "Int": {intFlag}, "String": {stringFlag, textFlag, choiceFlag}, "StringSlice": {listFlag},
		"IsSet": {stringFlag, textFlag, choiceFlag, intFlag},
	}
	declared := map[string][]flagKind{}
	var collect func(*command)
	collect = func(c *command) {
		for _, f := range c.flags {
			declared[f.name] = append(declared[f.name], f.kind)
		}
		for _, sub := range c.commands {
			collect(sub)
		}
	}
	collect(commands())
	reads := 0
	inspect(t, ".", func(position string, n ast.Node) bool {
		call, isCall := n.(*ast.CallExpr)
		if !isCall || len(call.Args) != 1 {
			return true
		}
		method, isMethod := call.Fun.(*ast.SelectorExpr)
		name, isText := literalText(call.Args[0])
		if !isMethod || !isText || kinds[method.Sel.Name] == nil {
			return true
		}
		reads++
		fits := func(k flagKind) bool { return slices.Contains(kinds[method.Sel.Name], k) }
		if !slices.ContainsFunc(declared[name], fits) {
			t.Errorf("%s: no command declares a flag %q that can be read with %s", position, name, method.Sel.Name)
		}
		return true
	})
	if reads < 40 {
		t.Errorf("%d reads of flags were found: too few", reads)
	}
}

func TestCheckMessage(t *testing.T) {
	for _, c := range []struct {
		text    string
		problem string // empty when there is none
	}{
		{"run ppm project sync without --frozen and commit", ""},
		{"ppm keeps what it replaces", ""}, // no command
		{"run `ppm project continue`.", ""},
		{"take either side (git checkout --ours or --theirs)", ""},     // flags of git
		{"move it with ppm project move or --located-path", ""},        // the flag of another command
		{"ppm project ", ""},                                           // the rest is not a literal
		{"run ppm project settle", "settle"},                           // not in the group
		{"run ppm resync", "resync"},                                   // not a command
		{"leave out --located-pth", "--located-"},                      // of no command
		{"run ppm project sync with --located-path", "--located-path"}, // not of the command named
	} {
		_, _, problems := checkMessage(commands(), c.text)
		if got := strings.Join(problems, "; "); (got == "") != (c.problem == "") || !strings.Contains(got, c.problem) {
			t.Errorf("%q: %q, want %q", c.text, got, c.problem)
		}
	}
}

// undeclaredFlags are the flags that the parser adds to every command, flags of programs that ppm starts, and the
// header of a diff.
var undeclaredFlags = []string{
	"--help", "--generate-bash-completion", "--disable-pip-version-check", "--flag", "--git",
	"--verify", "--keyid-format", "--status-fd", // gpg
}

var (
	clauseEnd   = regexp.MustCompile(`[,;:.)]\s|\n`)
	alternative = regexp.MustCompile(`\bor\b`)
	// The first group is empty when the text can be a sentence about ppm.
	wordsAfter = regexp.MustCompile(`(\b(?:run|see|with) |\x60)?\bppm ([a-z][a-z_-]*)((?: [a-z][a-z_-]*)*)`)
	flagInText = regexp.MustCompile(`(?:^|[\s(=\x60])(--[a-z][a-z_-]*)`)
	gitCommand = regexp.MustCompile(`\b(?:git [a-z]|gpg -)`)
)

// checkMessage returns how many commands and flags a text names, and what is wrong with them.
func checkMessage(root *command, text string) (namedCommands, namedFlags int, problems []string) {
	for _, clause := range clauseEnd.Split(text, -1) {
		if gitCommand.MatchString(clause) {
			continue
		}
		for _, part := range alternative.Split(clause, -1) {
			c, problem := namedCommand(root, part)
			if problem != "" {
				problems = append(problems, problem)
			}
			if c != nil {
				namedCommands++
			}
			for _, found := range flagInText.FindAllStringSubmatch(part, -1) {
				namedFlags++
				switch {
				case slices.Contains(undeclaredFlags, found[1]):
				case c != nil && !declaredAnywhere(c, found[1]):
					problems = append(problems, found[1]+" is not a flag of "+c.fullName())
				case c == nil && !declaredAnywhere(root, found[1]):
					problems = append(problems, found[1]+" is not a flag of any command")
				}
			}
		}
	}
	return namedCommands, namedFlags, problems
}

// namedCommand returns the command that a text names, or nil. A group that the text does not complete is nil, too.
func namedCommand(root *command, text string) (c *command, problem string) {
	found := wordsAfter.FindStringSubmatch(text)
	if found == nil || root.find(found[2]) == nil && (found[1] == "" || found[2] == "here") {
		return nil, ""
	}
	c = root
	for _, word := range append([]string{found[2]}, strings.Fields(found[3])...) {
		if len(c.commands) == 0 || c.fallback != nil {
			break
		}
		if c = c.find(word); c == nil {
			return nil, "ppm has no command " + strconv.Quote(word) + " there"
		}
	}
	if len(c.commands) > 0 && c.fallback == nil {
		return nil, ""
	}
	return c, ""
}

func declaredAnywhere(c *command, flag string) bool {
	return c.declares(flag) || slices.ContainsFunc(c.commands, func(sub *command) bool {
		return declaredAnywhere(sub, flag)
	})
}

// messages returns the string literals of the Go files below a folder, by their positions. In a concatenation what is
// not a literal becomes %s.
func messages(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	inspect(t, dir, func(position string, n ast.Node) bool {
		e, isExpression := n.(ast.Expr)
		if !isExpression {
			return true
		}
		text, isText := literalText(e)
		if isText {
			found[position] = text
		}
		return !isText
	})
	return found
}

// inspect calls visit for the nodes of the Go files below a folder, without tests, until it returns false.
func inspect(t *testing.T, dir string, visit func(position string, n ast.Node) bool) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			return n == nil || visit(files.Position(n.Pos()).String(), n)
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func literalText(e ast.Expr) (text string, ok bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, e.Kind == token.STRING && err == nil
	case *ast.BinaryExpr:
		x, isX := literalText(e.X)
		y, isY := literalText(e.Y)
		if e.Op != token.ADD || !isX && !isY {
			return "", false
		}
		if !isX {
			x = "%s"
		}
		if !isY {
			y = "%s"
		}
		return x + y, true
	}
	return "", false
}
