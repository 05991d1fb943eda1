package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

var arrangements = []struct{ line, want string }{
	{"ppm version", "ppm version"},
	// a flag after the reference
	{"ppm project add R --located-path=P", "ppm project add --located-path=P -- R"},
	// a value in a word of its own
	{"ppm project add --located-path P R", "ppm project add --located-path=P -- R"},
	// "_" for "-"
	{"ppm project add R --located_path P", "ppm project add --located-path=P -- R"},
	// a short name
	{"ppm project add R -p P", "ppm project add --located-path=P -- R"},
	// before the command
	{"ppm --json project add R", "ppm project add --json -- R"},
	// between the commands
	{"ppm project --cwd D add R", "ppm project add --cwd=D -- R"},
	// a list flag repeats, commas stay
	{"ppm add R --kv a::1,2 --kv b::x=y", "ppm add --kv=a::1,2 --kv=b::x=y -- R"},
	// an empty value of a key
	{"ppm add R --kv=a::", "ppm add --kv=a:: -- R"},
	// a value with dashes
	{"ppm add R --kv a::--x", "ppm add --kv=a::--x -- R"},
	// a value that looks like a flag
	{"ppm add R --kv --x", "ppm add --kv=--x -- R"},
	// nothing after "--" is a flag
	{"ppm add -- -R --kv", "ppm add -- -R --kv"},
	// an alias
	{"ppm rm a b --dry-run", "ppm remove --dry-run -- a b"},
	// as in other programs
	{"ppm --version", "ppm version"},
	// help as a word
	{"ppm help project add", "ppm project add --help"},
	// help as a flag
	{"ppm project add --help", "ppm project add --help"},
	// texts may be empty
	{"ppm project new -a= --description=", "ppm project new --author= --description="},
	// a switch with a value
	{"ppm add R --dry-run=false", "ppm add --dry-run=false -- R"},
	// left to the completion
	{"ppm project --generate-bash-completion", "ppm project --generate-bash-completion"},
	// short names of values
	{"ppm cache clean -m all -s ns -n r -t v1", "ppm cache clean --mode=all --namespace=ns --repo=r --tag=v1"},
	// short names in one word
	{"ppm -qy add R", "ppm add --quiet --yes -- R"},
	{"ppm add -qyp P R", "ppm add --quiet --yes --located-path=P -- R"},
	{"ppm add R -ypP", "ppm add --yes --located-path=P -- R"},
	{"ppm add R -yp=P -v", "ppm add --yes --located-path=P --verbose -- R"},
	{"ppm project new -iqtPACK -nN", "ppm project new --install --quiet --template=PACK --name=N"},
	{"ppm cache clean -mall -tv1 -tv2", "ppm cache clean --mode=all --tag=v1 --tag=v2"},
	{"ppm add R -qy=false", "ppm add --quiet --yes=false -- R"},
	{"ppm add R -qh", "ppm add --quiet --help -- R"},
	{"ppm project plan -qoF -y rm x", "ppm project plan --output=F remove --quiet --yes -- x"},
	{"ppm add R -p -qy", "ppm add --located-path=-qy -- R"},
	{"ppm add -", "ppm add -- -"},
	// a long name with one hyphen
	{"ppm add R -yes -kv a::b", "ppm add --yes --kv=a::b -- R"},
	// the names in pmfp
	{"ppm project new --template_string P --project-name N", "ppm project new --template=P --name=N"},
	{"ppm project as_temp doc --parttens a::b --to D", "ppm project as_temp --replace=a::b --target=D -- doc"},
	{
		"ppm cache clean --repo_namespace S --repo-name N --tags v1 --tags v2",
		"ppm cache clean --namespace=S --repo=N --tag=v1 --tag=v2",
	},
	// what is planned when nothing is named
	{"ppm project plan -o F", "ppm project plan --output=F upgrade"},
	{"ppm project plan part --to v2 -o F -q", "ppm project plan --output=F upgrade --to=v2 --quiet -- part"},
	{"ppm --cwd D project plan -o F rm -- -x", "ppm project plan --output=F remove --cwd=D -- -x"},
	// the first word alone names a command
	{"ppm project plan -o F add upgrade -p P", "ppm project plan --output=F add --located-path=P -- upgrade"},
	{"ppm project plan -o F part add", "ppm project plan --output=F upgrade -- part add"},
	// a command that is not planned
	{"ppm project plan -o F list", "ppm project plan --output=F upgrade -- list"},
	{"ppm project plan add --help", "ppm project plan --help"},
}

func TestArrange(t *testing.T) {
	for _, c := range arrangements {
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
		// nothing follows
		{"ppm project add R --kv", `flag "--kv" needs a value`, "--kv VALUE"},
		// a variable that is not set
		{"ppm project upgrade --to=", `the value of flag "--to" is empty`, "leave the flag out"},
		// it would clean all hosts
		{"ppm cache clean --host=", `the value of flag "--host" is empty`, ""},
		// of a list
		{"ppm project new -k=", `the value of flag "--keywords" is empty`, ""},
		// of plan itself
		{"ppm project plan -o=", `the value of flag "--output" is empty`, ""},
		// of what is planned
		{"ppm project plan -o F --to=", `the value of flag "--to" is empty`, ""},
		// of every command
		{"ppm --cwd= version", `the value of flag "--cwd" is empty`, ""},
		{"ppm add R -z", `unknown flag "-z"`, ""},
		{"ppm update", `unknown command "update"`, `did you mean "ppm project upgrade"?`},
		{"ppm project install R", `unknown command "project install"`, `did you mean "ppm project add"?`},
		{"ppm add R -qz", `unknown flag "-z"`, ""},
		{"ppm add R -zq", `unknown flag "-zq"`, ""},
		{"ppm add R -qp", `flag "--located-path" needs a value`, ""},
		{"ppm add R -qp=", `the value of flag "--located-path" is empty`, ""},
		// one level down
		{"ppm info", `unknown command "info"`, `did you mean "ppm project info" or "ppm cache info"?`},
		// named once
		{"ppm version --verbos", `unknown flag "--verbos"`, `did you mean "--verbose"?`},
	} {
		_, err := arrange(commands(), strings.Fields(c.line))
		if !errors.Is(err, failure.Usage) {
			t.Errorf("arrange(%q): %v, want an error of kind Usage", c.line, err)
			continue
		}
		hint := failure.Hint(err)
		if !strings.Contains(err.Error(), c.message) || !strings.Contains(hint, c.hint) {
			t.Errorf("arrange(%q): %v, hint %q; want %q, hint %q", c.line, err, hint, c.message, c.hint)
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
