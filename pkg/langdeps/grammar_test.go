package langdeps_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/langdeps"
)

// refused holds texts that are not requirements: an installer would take them as an option, a file, a folder, another
// place or more than one argument.
var refused = map[string][]string{
	"py": {
		"-r /etc/passwd", "-r/etc/passwd", "--index-url=https://evil.example", "-e .", "--", "-",
		"a --index-url=https://evil.example", "a -r /etc/passwd", "a\n--index-url=https://evil.example", // per line
		"a --hash=sha256:00", "a --config-settings=x=y", "a --global-option=x",
		".", "..", "./evil", "/tmp/evil", "~/evil", `C:\evil`, "evil/", "file:///etc/passwd",
		"https://evil.example/a.whl", "git+https://evil.example/a", "a @ file:///etc/passwd", "a @ ./evil",
		"a @ http://evil.example/a.whl", "a @ git+ssh://evil.example/a", "a @ git+file:///a",
		"a @ hg+https://e.example/a",
		"a @ https://evil.example/${TOKEN}", "a @ https://user:secret@evil.example/a",
		"a @ https://evil.example/a?t=1",
		"a @ git+https://evil.example/a@--upload-pack=x", "a @ git+https://evil.example/-x", "a @ git+https://-x/a",
		"a @ https://e.example/a#subdirectory=../..", "a @ https://e.example/a#subdirectory=-x",
		"a @ https://e.example/a#egg=-x", "a @ https://e.example/a#other=x", "a @ https://e.example/a#-x",
		"a @ https://e.example/../a", "a @", "a @ https://",
		"a; os_name == 'x --index-url=https://evil.example'", "a; os_name == '--pre'", "a; os_name == 'x #'",
		"a; os_name == '${HOME}'", `a; os_name == 'x\'`, "a; os_name == 'x\"'", "a; os_name", "a; os_name ==", "a;",
		"a; evil == 'x'", "a; os_name == 'x' and", "a; (os_name == 'x'", "a; os_name == 'x')", "a; os_name = 'x'",
		"a; os_name not 'x'", "a; 'x'", "a ; " + strings.Repeat("(", 50) + "os_name=='x'" + strings.Repeat(")", 50),
		"a>=1,", "a>=99999999999999999999", "a (>=1", "a >=1)", "a=>1", "a>=x", "a b", "a>=1 b", "a[x", "a[-x]",
		"a[x,,y]", "a[x]]", "_a", "a_", "-a",
		"a>=1 \\", "a # c", "a\x00", "a\u202e", "\u212a", "a>=1\u200b", "a==1.0+\u212a", "[x]",
		"@ https://e.example/a",
		"a" + strings.Repeat(",!=1", 30000),
	},
	"go": {
		"-exec=touch /tmp/x", "-modfile=/tmp/x", "-u ./...", "-u v1.0.0", "-toolexec=sh", "--", "-C /",
		"example.com/m -u",
		".", "..", "./evil", "../evil", "/tmp/evil", "~/evil", "all", "std", "cmd", "tool", "work", "./...",
		"example.com/...", "example.com/m/...", "main.go", "example.com/m/main.go", "go@1.22", "toolchain@go1.22",
		"file:///m", "https://example.com/m", "example.com/m@-x", "example.com/m@", "example.com/m@v1@v2",
		"example.com/m@none", "example.com/m@../x", "example.com/m@a/../b", "example.com/m@a b",
		"example.com/m@$(x)",
		"example.com/m@`x`", "example.com/m@v1;x", "example.com//m", "example.com/m/", "Example.com/m",
		"example.com/-m\n-u",
		"example.com/m v1.0.0 -u", "example.com/m => ../x", "example.com/m@v1\u202e", "@v1", "example.com/m@>v1 -u",
	},
	"js": {
		"--prefix=/tmp", "-g", "--", "--registry=https://evil.example", "a --registry=https://evil.example",
		"a@1 --registry=https://evil.example", "a\n-g", ".", "..", "./evil", "../evil", "/tmp/evil", "~/evil", "~",
		"C:evil",
		"evil/", "user/repo", "github:user/repo", "gist:1", "git@github.com:user/repo.git", "a@user/repo",
		"a@github:user/repo", "file:evil", "a@file:evil", "a@./evil", "a@../evil", "a@/evil", "a@~/evil", "a@C:evil",
		"evil.tgz", "evil.tar.gz", "evil.TAR", "a@evil.tgz", "a@1.0.0-evil.tgz", "a@npm:evil.tgz",
		"https://e.example/a.tgz",
		"git+https://e.example/a.git", "a@http://e.example/a.tgz", "a@git+ssh://e.example/a", "a@git://e.example/a",
		"a@git+file:///a", "a@https://user:secret@e.example/a.tgz", "a@https://e.example/a?t=1",
		"a@git+https://e.example/-x",
		"a@git+https://e.example/a#-x", "a@npm:", "a@npm:../evil", "a@npm:-g", "a@npm:b@npm:c", "a@npm:b@file:x",
		"a@npm:b@https://e.example/x", "@", "@a", "@a/", "@/a", "@-a/../b", "a@-g", "a@$(x)", "a@1;x", "a@1 || -g",
		"a@1 - -g", "a@>", "a b", ".a", "_a", "-a", "a@workspace:*", "a@next\u202e", "a@b@c", "@a/b/c",
		strings.Repeat("a", 300),
	},
	"C": {"-x", "zlib -x", "a\u202eb", "a\x1b[2J"},
	"":  {"-x", "--index-url=x"},
}

func TestOnlyRequirementsAreAccepted(t *testing.T) {
	for language, texts := range refused {
		for _, text := range texts {
			r := langdeps.Requirement{Text: text, By: []string{"dir"}, From: `component "c" of pack "p@v1"`}
			checked := langdeps.Check(language, r)
			u, merged := langdeps.Merge(language, []langdeps.Requirement{r})
			for _, err := range []error{checked, merged} {
				if failure.KindOf(err) != failure.Refused || failure.Hint(err) == "" ||
					!strings.Contains(err.Error(), `of component "c" of pack "p@v1"`) {
					t.Errorf("%s %.60q: %v, merged to %.60q", language, text, err, u.Lines)
				}
			}
		}
	}
}

// accepted holds the forms of requirements, and what Merge makes of them if that is not the same.
var accepted = map[string]map[string]string{
	"py": {
		"a": "", "A.b_C": "a-b-c", "a[x]": "", "a [x, y]>=1.0,<2": "a[x,y]>=1.0,<2", "a (>=1)": "a>=1", "a[]": "a",
		"a~=1.4; python_version < '3.9' and sys_platform != \"win32\" or extra == 'x'"://
		`a~=1.4 ; python_version < "3.9" and sys_platform != "win32" or extra == "x"`,
		"a; (os_name=='nt' or 'linux' in sys_platform) and 'x y' not  in platform_version"://
		`a ; (os_name == "nt" or "linux" in sys_platform) and "x y" not in platform_version`,
		"a @ https://e.example:8443/x/a-1.0%2Bcpu-py3-none-any.whl": "",
		"a@git+https://e.example/x/a.git@v1.0#subdirectory=py/a&egg=a": "a @ git+https://e.example/x/a.git@v1.0" +
			"#subdirectory=py/a&egg=a",
		"a @ https://e.example/a.zip#sha256=00ff ; os_name=='nt'": `a @ https://e.example/a.zip#sha256=00ff ` +
			`; os_name == "nt"`,
		"foo.zip": "foo-zip", // pip reads a name that ends in .zip as a file, if there is one
	},
	"go": {
		"example.com/m": "", "example.com/m/v2@v2.0.0": "", "example.com/m v1.2.3": "example.com/m@v1.2.3",
		"example.com/m@latest": "", "example.com/m@v1.2": "", "example.com/m@>=v1.2.0": "",
		"example.com/m@feature/x":           "",
		"example.com/m@v2.0.0+incompatible": "", "example.com/m@v0.0.0-20200101000000-0123456789ab": "",
		"example.com/m@0123456789abcdef": "", "gopkg.in/yaml.v3@v3.0.1": "",
	},
	"js": {
		"a": "", "@s/a-b.c": "", "a@1.2.3": "", "a@^1.2.0": "", "a@~1": "", "a@1.x": "", "a@>=1.2.3 <2": "",
		"a@> 1":           "",
		"a@1.0.0 - 2.0.0": "", "a@1 || 2.3.4-beta.1": "", "a@next": "", "a@latest": "", "a@npm:@s/b@^1": "",
		"a@https://e.example/a.tgz": "", "a@git+https://e.example/a.git#v1.0.0": "", "a@v1.2.3": "",
		"a@=1.2.3": "", "a@": "a",
	},
}

func TestFormsOfRequirements(t *testing.T) {
	for language, texts := range accepted {
		for text, want := range texts {
			u, err := langdeps.Merge(language, []langdeps.Requirement{{Text: text}})
			if want == "" {
				want = text
			}
			if err != nil || !slices.Equal(u.Lines, []string{want}) {
				t.Errorf("%s %q: %q, %v; want %q", language, text, u.Lines, err, want)
			}
		}
	}
}

// TestPipReadsRequirements asks the library of pip about all forms: it must accept what ppm accepts.
func TestPipReadsRequirements(t *testing.T) {
	gittest.NeedProgram(t, "python3")
	var lines []string
	for text := range accepted["py"] {
		u, err := langdeps.Merge("py", []langdeps.Requirement{{Text: text}})
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, u.Lines...)
	}
	const program = `import sys
from pip._vendor.packaging.requirements import Requirement
for line in sys.stdin:
    r = Requirement(line)
    assert not r.marker or r.marker.evaluate({"extra": ""}) in (True, False)
`
	cmd := exec.Command("python3", "-c", program)
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n"))
	cmd.Env = append(os.Environ(), "PYTHONIOENCODING=utf-8")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
