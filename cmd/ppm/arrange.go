package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// arrange rewrites a command line to the only order that the flag parser reads in
// full: command, flags, "--", positionals. It lets flags stand anywhere, before the
// command and after its arguments included, takes "_" for "-" in long names, and
// reports unknown commands and flags with the nearest known one.
func arrange(app *cli.App, args []string) ([]string, error) {
	if len(args) > 0 && args[len(args)-1] == "--generate-bash-completion" {
		return args, nil
	}
	a := arrangement{commands: app.Commands, flags: app.Flags}
	for rest := args[1:]; len(rest) > 0; {
		word := rest[0]
		rest = rest[1:]
		var err error
		switch {
		case word == "--":
			a.positionals = append(a.positionals, rest...)
			rest = nil
		case strings.HasPrefix(word, "-") && word != "-":
			rest, err = a.flag(word, rest)
		default:
			siblings := a.commands
			if err = a.word(word); err == nil && slices.Equal(a.path, planPath) {
				line, err := a.plan(siblings, rest)
				return append([]string{args[0]}, line...), err
			}
		}
		if err != nil {
			return nil, err
		}
	}
	out := append([]string{args[0]}, a.path...)
	out = append(out, a.given...)
	if len(a.positionals) > 0 {
		out = append(append(out, "--"), a.positionals...)
	}
	return out, nil
}

// An arrangement is a command line read so far.
type arrangement struct {
	commands    []*cli.Command // subcommands of the command reached
	flags       []cli.Flag     // flags of the command reached
	path        []string       // names of the commands
	given       []string       // flags as "--name=value"
	positionals []string
}

func (a *arrangement) word(word string) error {
	if len(a.commands) == 0 {
		a.positionals = append(a.positionals, word)
		return nil
	}
	for _, c := range a.commands {
		if c.HasName(word) {
			a.path = append(a.path, c.Name)
			a.commands, a.flags = c.Subcommands, c.Flags
			return nil
		}
	}
	if word == "help" || word == "h" { // "ppm help add" and "ppm add --help" are the same
		a.given = append(a.given, "--help")
		return nil
	}
	var names []string
	for _, c := range a.commands {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	full := strings.Join(append(slices.Clone(a.path), word), " ")
	err := failure.Errorf(failure.Usage, "unknown command %q", full)
	if elsewhere := a.below(word); len(elsewhere) > 0 {
		return err.WithHint("%s", suggest.DidYouMean(elsewhere))
	}
	return err.WithHint("%s", suggest.Hint("command", word, names))
}

// below returns the commands of that name one level further down, as they are typed.
func (a *arrangement) below(word string) []string {
	var found []string
	for _, c := range a.commands {
		for _, sub := range c.Subcommands {
			if sub.HasName(word) {
				found = append(found, strings.Join(slices.Concat([]string{"ppm"}, a.path, []string{c.Name, sub.Name}), " "))
			}
		}
	}
	return found
}

// mayBeEmpty are the flags whose value is a text that may be empty. Everywhere else an empty value, such as that of
// a variable that is not set, would silently mean something else than was typed.
var mayBeEmpty = []string{"author", "author-email", "description"}

// flag reads one flag and the value it takes, and returns the words that are left.
func (a *arrangement) flag(word string, rest []string) ([]string, error) {
	name, value, hasValue := strings.Cut(strings.TrimLeft(word, "-"), "=")
	if len(name) > 1 {
		name = strings.ReplaceAll(name, "_", "-")
	}
	f := find(slices.Concat(a.flags, sharedFlags()), name)
	if f == nil {
		if name == "help" || name == "h" {
			a.given = append(a.given, "--help")
			return rest, nil
		}
		if len(a.path) == 0 && (name == "version" || name == "V") { // as other programs have it
			return rest, a.word("version")
		}
		return nil, a.unknownFlag(word, name)
	}
	long := "--" + f.Names()[0]
	if doc, ok := f.(cli.DocGenerationFlag); ok && !doc.TakesValue() {
		if hasValue {
			long += "=" + value
		}
		a.given = append(a.given, long)
		return rest, nil
	}
	if !hasValue {
		if len(rest) == 0 || rest[0] == "--" {
			return nil, failure.Errorf(failure.Usage, "flag %q needs a value", long).WithHint("write it as %s VALUE", long)
		}
		value, rest = rest[0], rest[1:]
	}
	if value == "" && !slices.Contains(mayBeEmpty, f.Names()[0]) {
		return nil, failure.Errorf(failure.Usage, "the value of flag %q is empty", long).
			WithHint("name one, or leave the flag out; a variable of the shell may be unset")
	}
	a.given = append(a.given, long+"="+value)
	return rest, nil
}

func (a *arrangement) unknownFlag(word, name string) error {
	var names []string
	for _, f := range slices.Concat(a.flags, sharedFlags()) {
		for _, n := range f.Names() {
			if len(n) > 1 {
				names = append(names, "--"+n)
			}
		}
	}
	slices.Sort(names)
	command := strings.Join(append([]string{"ppm"}, a.path...), " ")
	shown, _, _ := strings.Cut(word, "=")
	return failure.Errorf(failure.Usage, "unknown flag %q of %q", shown, command).
		WithHint("%s", suggest.Hint("flag", "--"+name, slices.Compact(names)))
}

func find(flags []cli.Flag, name string) cli.Flag {
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}
