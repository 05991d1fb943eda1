package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

func TestArrange(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"ppm version", "ppm version"},
		{"ppm project add R --located-path=P", "ppm project add --located-path=P -- R"},                            // a flag after the reference
		{"ppm project add --located-path P R", "ppm project add --located-path=P -- R"},                            // a value in a word of its own
		{"ppm project add R --located_path P", "ppm project add --located-path=P -- R"},                            // "_" for "-"
		{"ppm project add R -p P", "ppm project add --located-path=P -- R"},                                        // a short name
		{"ppm --json project add R", "ppm project add --json -- R"},                                                // before the command
		{"ppm project --cwd D add R", "ppm project add --cwd=D -- R"},                                              // between the commands
		{"ppm add R --kv a::1,2 --kv b::x=y", "ppm add --kv=a::1,2 --kv=b::x=y -- R"},                              // a list flag repeats, commas stay
		{"ppm add R --kv=a::", "ppm add --kv=a:: -- R"},                                                            // an empty value of a key
		{"ppm add R --kv a::--x", "ppm add --kv=a::--x -- R"},                                                      // a value with dashes
		{"ppm add R --kv --x", "ppm add --kv=--x -- R"},                                                            // a value that looks like a flag
		{"ppm add -- -R --kv", "ppm add -- -R --kv"},                                                               // nothing after "--" is a flag
		{"ppm rm a b --dry-run", "ppm remove --dry-run -- a b"},                                                    // an alias
		{"ppm --version", "ppm version"},                                                                           // as other programs have it
		{"ppm help project add", "ppm project add --help"},                                                         // help as a word
		{"ppm project add --help", "ppm project add --help"},                                                       // help as a flag
		{"ppm project new -a= --description=", "ppm project new --author= --description="},                         // texts may be empty
		{"ppm add R --dry-run=false", "ppm add --dry-run=false -- R"},                                              // a switch with a value
		{"ppm project --generate-bash-completion", "ppm project --generate-bash-completion"},                       // left to the completion
		{"ppm cache clean -m all -s ns -n r -t v1", "ppm cache clean --mode=all --namespace=ns --repo=r --tag=v1"}, // short names of values
		{"ppm project plan -o F", "ppm project plan --output=F upgrade"},                                           // what is planned when nothing is named
		{"ppm project plan part --to v2 -o F -q", "ppm project plan --output=F upgrade --to=v2 --quiet -- part"},
		{"ppm --cwd D project plan -o F rm -- -x", "ppm project plan --output=F remove --cwd=D -- -x"},
		{"ppm project plan -o F add upgrade -p P", "ppm project plan --output=F add --located-path=P -- upgrade"}, // the first word alone names a command
		{"ppm project plan -o F part add", "ppm project plan --output=F upgrade -- part add"},
		{"ppm project plan -o F list", "ppm project plan --output=F upgrade -- list"}, // a command that is not planned
		{"ppm project plan add --help", "ppm project plan --help"},
	} {
		got, err := arrange(commands(), strings.Fields(c.line))
		// "help" is added by the parser itself, so that its flag keeps its place at the end.
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("arrange(%q) = %q, %v; want %q", c.line, strings.Join(got, " "), err, c.want)
		}
	}
}

func TestArrangeRefuses(t *testing.T) {
	for _, c := range []struct{ line, message, hint string }{
		{"ppm projet add", `unknown command "projet"`, `did you mean "project"?`},
		{"ppm project ad R", `unknown command "project ad"`, `"add"`},
		{"ppm project add R --located-pth=x", `unknown flag "--located-pth" of "ppm project add"`, `"--located-path"`},
		{"ppm project add R --kv", `flag "--kv" needs a value`, "--kv VALUE"},                    // nothing follows
		{"ppm project upgrade --to=", `the value of flag "--to" is empty`, "leave the flag out"}, // a variable that is not set
		{"ppm cache clean --host=", `the value of flag "--host" is empty`, ""},                   // it would clean all hosts
		{"ppm project new -k=", `the value of flag "--keywords" is empty`, ""},                   // of a list
		{"ppm project plan -o=", `the value of flag "--output" is empty`, ""},                    // of plan itself
		{"ppm project plan -o F --to=", `the value of flag "--to" is empty`, ""},                 // of what is planned
		{"ppm --cwd= version", `the value of flag "--cwd" is empty`, ""},                         // of every command
		{"ppm add R -z", `unknown flag "-z"`, ""},
		{"ppm info", `unknown command "info"`, `did you mean "ppm project info" or "ppm cache info"?`}, // one level down
		{"ppm version --verbos", `unknown flag "--verbos"`, `did you mean "--verbose"?`},               // named once
	} {
		_, err := arrange(commands(), strings.Fields(c.line))
		if !errors.Is(err, failure.Usage) || !strings.Contains(err.Error(), c.message) || !strings.Contains(failure.Hint(err), c.hint) {
			t.Errorf("arrange(%q): %v, hint %q; want %q, hint %q", c.line, err, failure.Hint(err), c.message, c.hint)
		}
	}
}

func TestPrintable(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain, 服务\n\ttext", "plain, 服务\n\ttext"}, // line breaks and tabs stay
		{"a\x1b[31mb", `a\x1b[31mb`},               // an escape sequence
		{"a\rb\x00\x7f", `a\rb\x00\x7f`},           // controls
		{"a\u202eb\u200bc", `a\u202eb\u200bc`},     // bidi and invisible
		{"a\xffb", `a\xffb`},                       // not UTF-8
	} {
		if got := printable(c.in); got != c.want {
			t.Errorf("printable(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}
