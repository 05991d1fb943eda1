package main

import (
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// A flag is the declaration of a flag. The zero value of kind is invalid.
type flag struct {
	name    string
	aliases []string
	pmfp    string // the long name in pmfp, if it is another; the help does not show it
	kind    flagKind
	usage   string // the name of the value is between backquotes
	value   string // the default
	choices []string
	scope   scope // of the command when the flag is given; 0 when it stays the same
	noPlan  bool  // the command changes nothing when the flag is given, so that it cannot be planned
}

// A flagKind says what values a flag takes.
type flagKind int

const (
	_          flagKind = iota
	boolFlag            // no value
	intFlag             // a number
	stringFlag          // a non-empty string
	textFlag            // a text that may be empty
	choiceFlag          // one of choices
	listFlag            // a non-empty string; the flag can be repeated
)

// takesValue reports whether a value follows the flag.
func (f flag) takesValue() bool { return f.kind != boolFlag }

// mayBeEmpty reports whether the value can be an empty text. For most flags an empty value, such as that of an unset
// shell variable, would silently mean something else than was typed.
func (f flag) mayBeEmpty() bool { return f.kind == textFlag }

func (f flag) names() []string { return append([]string{f.name}, f.aliases...) }

// given reports whether the flag is set on a command line.
func (f flag) given(flags flagValues) bool {
	if f.kind == boolFlag {
		return flags.Bool(f.name)
	}
	return flags.IsSet(f.name)
}

// findFlag returns the flag with a name or an alias, also with its name in pmfp.
func findFlag(flags []flag, name string) (flag, bool) {
	i := slices.IndexFunc(flags, func(f flag) bool {
		return slices.Contains(f.names(), name) || f.pmfp != "" && f.pmfp == name
	})
	if i < 0 {
		return flag{}, false
	}
	return flags[i], true
}

// sharedFlags returns the flags that all commands have.
func sharedFlags() []flag {
	return []flag{
		{name: "cwd", kind: stringFlag, usage: "use the project in `FOLDER`"},
		{name: "json", kind: boolFlag, usage: "print one JSON document"},
		{name: "quiet", aliases: []string{"q"}, kind: boolFlag, usage: "only print results and errors"},
		{name: "verbose", aliases: []string{"v"}, kind: boolFlag, usage: "print progress"},
		{name: "offline", kind: boolFlag, usage: "don't use the network"},
		{name: "refresh", kind: boolFlag, usage: "ask servers again instead of using the cache"},
		{name: "yes", aliases: []string{"y"}, kind: boolFlag, usage: "don't prompt; use defaults"},
	}
}

// withSharedFlags returns the flags of a command and the shared ones. A name or alias that the command has itself is
// taken from the shared flag.
func withSharedFlags(own []flag) []flag {
	all := slices.Clone(own)
	for _, f := range sharedFlags() {
		if _, taken := findFlag(own, f.name); taken {
			continue
		}
		f.aliases = slices.DeleteFunc(f.aliases, func(alias string) bool {
			_, taken := findFlag(own, alias)
			return taken
		})
		all = append(all, f)
	}
	return all
}

func dryRunFlag() flag {
	return flag{name: "dry-run", kind: boolFlag, usage: "print what would be done, and change nothing"}
}

func forceFlag() flag {
	return flag{
		name: "force", aliases: []string{"f"}, kind: boolFlag,
		usage: "replace files that are in the way; ppm keeps what it replaces",
	}
}

func keysFlag() flag {
	return flag{
		name: "kv", kind: listFlag,
		usage: "set a key of the pack, as `KEY::VALUE`; can be repeated; KEY::@env:NAME for a secret",
	}
}

func allowUndefinedFlag() flag {
	return flag{name: "allow-undefined", kind: boolFlag, usage: "render undefined names as empty text"}
}

func acceptMovedFlag() flag {
	return flag{
		name: "accept-moved", kind: listFlag,
		usage: "accept that the tag or branch `NAME` names another commit than before; can be repeated",
	}
}

func acceptSignerFlag() flag {
	return flag{
		name: "accept-signer", kind: listFlag,
		usage: "accept `SIGNER` as the signer of the new version, in place of the recorded one; can be repeated",
	}
}

func noIndexFlag() flag {
	return flag{name: "no-index", kind: boolFlag, usage: "don't mark conflicts in git's index"}
}

func exitCodeFlag(usage string) flag { return flag{name: "exit-code", kind: boolFlag, usage: usage} }

// choose returns the known value that a flag or an argument names.
func choose[T ~string](what, value string, known []T) (T, error) {
	if i := slices.Index(known, T(value)); i >= 0 {
		return known[i], nil
	}
	return "", failure.Errorf(failure.Usage, "no %s %q", what, value).
		WithHint("%s", suggest.Hint(what, value, texts(known)))
}

func texts[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}
