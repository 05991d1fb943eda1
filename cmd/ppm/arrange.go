package main

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// arrange rewrites a command line to the only order that the flag parser reads completely: commands, flags, "--",
// arguments. It allows flags anywhere, before the command and after its arguments included, takes "_" for "-" in long
// names, and reports unknown commands and flags with the most similar known one.
func arrange(root *command, args []string) ([]string, error) {
	if len(args) > 0 && args[len(args)-1] == "--generate-bash-completion" {
		return args, nil
	}
	a := arrangement{command: root, path: args[:1:1]}
	for rest := args[1:]; len(rest) > 0; {
		rest = separate(rest, a.command)
		word := rest[0]
		rest = rest[1:]
		var err error
		switch {
		case word == "--":
			a.positionals = append(a.positionals, rest...)
			rest = nil
		case isFlag(word):
			rest, err = a.flag(word, rest)
		default:
			if err = a.word(word); err == nil && a.command.fallback != nil {
				return a.subcommand(rest)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return a.line(), nil
}

// declares reports whether a word is a flag of the command.
func (c *command) declares(word string) bool {
	_, known := findFlag(c.flags, flagName(word))
	return known
}

func isFlag(word string) bool { return strings.HasPrefix(word, "-") && word != "-" }

// separate returns the words of a line with short flags that are written together as the first of them, such as -qy
// or -qtPACK, separated. A value can follow the last one, as in getopt and in pmfp. A word that is a long name with
// one hyphen, or that begins with no short flag of the commands, stays as it is.
func separate(words []string, commands ...*command) []string {
	body, isShort := strings.CutPrefix(words[0], "-")
	if !isShort || strings.HasPrefix(body, "-") {
		return words
	}
	find := func(name string) (flag, bool) {
		for _, c := range commands {
			if f, known := findFlag(c.flags, name); known {
				return f, true
			}
		}
		return flag{kind: boolFlag}, name == "h" || name == "help"
	}
	if _, isLong := find(flagName(words[0])); isLong {
		return words
	}
	var flags []string
	for body != "" && body[0] != '=' {
		_, size := utf8.DecodeRuneInString(body)
		name := body[:size]
		body = body[size:]
		f, known := find(name)
		switch {
		case !known && len(flags) == 0:
			return words
		case known && f.takesValue() && body != "":
			name += "=" + strings.TrimPrefix(body, "=")
			body = ""
		case strings.HasPrefix(body, "="):
			name += body
			body = ""
		}
		flags = append(flags, "-"+name)
	}
	if len(flags) == 0 { // - or -=
		return words
	}
	return append(flags, words[1:]...)
}

// An arrangement is the part of a command line that was read.
type arrangement struct {
	command     *command // reached so far
	path        []string // the names of the program and of the commands
	flags       []string // as "--name=value"
	positionals []string
}

func (a *arrangement) line() []string {
	out := slices.Concat(a.path, a.flags)
	if len(a.positionals) > 0 {
		out = append(append(out, "--"), a.positionals...)
	}
	return out
}

// subcommand reads the rest of a line whose command has a fallback. The flags that only the command has stay before
// the name of the subcommand, and all others follow it.
func (a *arrangement) subcommand(rest []string) ([]string, error) {
	sub := arrangement{command: a.command.fallback, path: []string{a.command.fallback.name}, flags: a.flags}
	a.flags = nil
	named := false
	for len(rest) > 0 {
		rest = separate(rest, a.command, sub.command)
		word := rest[0]
		rest = rest[1:]
		var err error
		switch {
		case word == "--":
			sub.positionals, rest = append(sub.positionals, rest...), nil
		case isFlag(word) && a.command.declares(word) && !sub.command.declares(word):
			rest, err = a.flag(word, rest)
		case isFlag(word):
			rest, err = sub.flag(word, rest)
		case !named && len(sub.positionals) == 0 && a.command.find(word) != nil:
			named = true
			sub.command = a.command.find(word)
			sub.path = []string{sub.command.name}
		default:
			sub.positionals = append(sub.positionals, word)
		}
		if err != nil {
			return nil, err
		}
	}
	if slices.Contains(sub.flags, "--help") {
		return slices.Concat(a.path, a.flags, []string{"--help"}), nil
	}
	return append(a.line(), sub.line()...), nil
}

// word reads a word that is not a flag: the name of a command, or an argument.
func (a *arrangement) word(word string) error {
	if len(a.command.commands) == 0 {
		a.positionals = append(a.positionals, word)
		return nil
	}
	if c := a.command.find(word); c != nil {
		a.command, a.path = c, append(a.path, c.name)
		return nil
	}
	if word == "help" || word == "h" { // "ppm help add" and "ppm add --help" are the same
		a.flags = append(a.flags, "--help")
		return nil
	}
	err := failure.Errorf(failure.Usage, "unknown command %q", strings.TrimSpace(a.command.path+" "+word))
	for _, name := range []string{word, synonyms[word]} {
		if elsewhere := a.below(name); len(elsewhere) > 0 {
			return err.WithHint("%s", suggest.DidYouMean(elsewhere))
		}
	}
	if c := a.command.find(synonyms[word]); c != nil {
		return err.WithHint("%s", suggest.DidYouMean([]string{c.fullName()}))
	}
	var names []string
	for _, c := range a.command.commands {
		names = append(names, c.name)
	}
	return err.WithHint("%s", suggest.Hint("command", word, names))
}

// synonyms are names that commands have in other tools.
var synonyms = map[string]string{
	"install": "add", "i": "add", "get": "add", "uninstall": "remove", "delete": "remove", "del": "remove",
	"update": "upgrade", "up": "upgrade", "mv": "move", "create": "new", "check": "verify", "show": "info",
	"restore": "sync", "revert": "undo", "blame": "why",
}

// below returns the commands of that name one level further down, as they are typed.
func (a *arrangement) below(word string) []string {
	var found []string
	for _, c := range a.command.commands {
		if sub := c.find(word); sub != nil {
			found = append(found, sub.fullName())
		}
	}
	return found
}

// flagName returns the name of a flag as it is declared.
func flagName(word string) string {
	name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
	if len(name) > 1 {
		name = strings.ReplaceAll(name, "_", "-")
	}
	return name
}

// flag reads one flag and the value it takes, and returns the words that are left.
func (a *arrangement) flag(word string, rest []string) ([]string, error) {
	name := flagName(word)
	_, value, hasValue := strings.Cut(word, "=")
	f, known := findFlag(a.command.flags, name)
	if !known {
		if name == "help" || name == "h" {
			a.flags = append(a.flags, "--help")
			return rest, nil
		}
		if a.command.path == "" && (name == "version" || name == "V") { // as in other programs
			return rest, a.word("version")
		}
		return nil, a.errUnknownFlag(word, name)
	}
	long := "--" + f.name
	if !f.takesValue() {
		if hasValue {
			long += "=" + value
		}
		a.flags = append(a.flags, long)
		return rest, nil
	}
	if !hasValue {
		if len(rest) == 0 || rest[0] == "--" {
			return nil, failure.Errorf(failure.Usage, "flag %q needs a value", long).
				WithHint("write it as %s VALUE", long)
		}
		value, rest = rest[0], rest[1:]
	}
	if value == "" && !f.mayBeEmpty() {
		return nil, failure.Errorf(failure.Usage, "the value of flag %q is empty", long).
			WithHint("give a value, or leave the flag out; a shell variable may be unset")
	}
	a.flags = append(a.flags, long+"="+value)
	return rest, nil
}

func (a *arrangement) errUnknownFlag(word, name string) error {
	var names []string
	for _, f := range a.command.flags {
		for _, n := range f.names() {
			if len(n) > 1 {
				names = append(names, "--"+n)
			}
		}
	}
	slices.Sort(names)
	shown, _, _ := strings.Cut(word, "=")
	return failure.Errorf(failure.Usage, "unknown flag %q of %q", shown, a.command.fullName()).
		WithHint("%s", suggest.Hint("flag", "--"+name, names))
}
