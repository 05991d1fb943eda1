package ref_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// good are references with their canonical origin, their version and its kind, and their component.
var good = []struct {
	in, origin, version string
	kind                ref.VersionKind
	component           string
}{
	// The short form.
	{"tp_py_grpc@cp-0.0.1//aiossecli", "tp_py_grpc", "cp-0.0.1", ref.Exact, "aiossecli"},
	{"tp_py_grpc", "tp_py_grpc", "", ref.Latest, ""},      // a pack
	{"repo//c", "repo", "", ref.Latest, "c"},              // no version
	{"repo@latest//c", "repo", "latest", ref.Latest, "c"}, // special versions
	{"repo@dev//c", "repo", "dev", ref.Dev, "c"},
	{"ns::repo@v1//c", "ns::repo", "v1", ref.Exact, "c"},   // a namespace
	{"a/b::repo@v1//c", "a/b::repo", "v1", ref.Exact, "c"}, // nested groups
	{"~user::repo", "~user::repo", "", ref.Latest, ""},     // sourcehut
	// A host, in lower case.
	{"GitLab.com::ns::repo@v1//c", "gitlab.com::ns::repo", "v1", ref.Exact, "c"},
	// A port.
	{"localhost:8080::ns::repo", "localhost:8080::ns::repo", "", ref.Latest, ""},
	{"10.0.0.1::ns::repo", "10.0.0.1::ns::repo", "", ref.Latest, ""}, // an address
	{"repo.git@v1", "repo", "v1", ref.Exact, ""},                     // .git is implied
	{".github@v1", ".github", "v1", ref.Exact, ""},                   // a name that starts with a dot
	// A tag with /.
	{"repo@release/1.0//comp", "repo", "release/1.0", ref.Exact, "comp"},
	{"repo@0123abc//c", "repo", "0123abc", ref.Exact, "c"},             // a commit
	{"repo@refs/heads/v1//c", "repo", "refs/heads/v1", ref.Exact, "c"}, // a full ref name
	{"repo@cp-*//c", "repo", "cp-*", ref.Glob, "c"},                    // globs
	{"repo@v[0-9].?//c", "repo", "v[0-9].?", ref.Glob, "c"},
	{"repo@v[^0]*//c", "repo", "v[^0]*", ref.Glob, "c"},        // ^ in brackets is not an operator
	{"repo@cp-^0.0.1//c", "repo", "cp-^0.0.1", ref.Range, "c"}, // ranges
	{"repo@cp-~1.2//c", "repo", "cp-~1.2", ref.Range, "c"},
	{"repo@ >=1.2   <2 //c", "repo", ">=1.2 <2", ref.Range, "c"},       // spaces are collapsed
	{"repo@release/!=1.2//c", "repo", "release/!=1.2", ref.Range, "c"}, // a prefix with /
	{"repo@^1 || ^2//c", "repo", "^1 || ^2", ref.Range, "c"},
	{"repo@^1.*//c", "repo", "^1.*", ref.Range, "c"}, // * after an operator
	// A source path.
	{"repo@v1//src/my-part_2.py", "repo", "v1", ref.Exact, "src/my-part_2.py"},
	{"repo@v1//组件", "repo", "v1", ref.Exact, "组件"},
	// URLs.
	{"https://example.com/a/b.git@v1//c", "https://example.com/a/b.git", "v1", ref.Exact, "c"},
	// The path keeps its case.
	{"HTTPS://Example.com/A/b/", "https://example.com/A/b", "", ref.Latest, ""},
	// A port.
	{"http://127.0.0.1:8080/a@v1//c", "http://127.0.0.1:8080/a", "v1", ref.Exact, "c"},
	// IPv6.
	{"https://[::1]:8443/a@v1", "https://[::1]:8443/a", "v1", ref.Exact, ""},
	// ? in a glob is not a query.
	{"https://example.com/a@v?//c", "https://example.com/a", "v?", ref.Glob, "c"},
	{"ssh://git@host/x", "ssh://git@host/x", "", ref.Latest, ""}, // the @ of a user
	{"ssh://git@Host:22/x@v1//c", "ssh://git@host:22/x", "v1", ref.Exact, "c"},
	{"ssh://host/~/x@v1", "ssh://host/~/x", "v1", ref.Exact, ""},
	// Scp.
	{"git@github.com:ns/repo.git", "git@github.com:ns/repo.git", "", ref.Latest, ""},
	{"git@github.com:ns/repo.git@cp-0.0.1//c", "git@github.com:ns/repo.git", "cp-0.0.1", ref.Exact, "c"},
	{"git@host:/srv/x@v1", "git@host:/srv/x", "v1", ref.Exact, ""},   // an absolute path
	{"work:team/pack@v1//c", "work:team/pack", "v1", ref.Exact, "c"}, // an alias of ssh
	{"Work:/srv/pack.git//c", "Work:/srv/pack.git", "", ref.Latest, "c"},
	{"work:pack.git@v1", "work:pack.git", "v1", ref.Exact, ""},
	{"my_git.example.com:~u/x", "my_git.example.com:~u/x", "", ref.Latest, ""},
	{"gh:a/b@release/1//c", "gh:a/b", "release/1", ref.Exact, "c"},
	// File.
	{"file:///srv/pack@v1//c", "file:///srv/pack", "v1", ref.Exact, "c"},
	{"file:///C:/srv/pack@v1//c", "file:///C:/srv/pack", "v1", ref.Exact, "c"},
	{"file://localhost/srv/pack", "file:///srv/pack", "", ref.Latest, ""},
	{"./pack@v1//c", "./pack", "v1", ref.Exact, "c"}, // paths
	{"../pack//c", "../pack", "", ref.Latest, "c"},
	{"/srv/My Packs/p@v1//c", "/srv/My Packs/p", "v1", ref.Exact, "c"}, // a space
	{"/ws@2/p@v1//c", "/ws@2/p", "v1", ref.Exact, "c"},                 // the version starts at the last @
	{".@v1//c", ".", "v1", ref.Exact, "c"},                             // the current folder
	{".//c", ".", "", ref.Latest, "c"},
	{"..", "..", "", ref.Latest, ""},
	{`C:\packs\p@v1//c`, "C:/packs/p", "v1", ref.Exact, "c"}, // a drive
	// GitHub.
	{"https://github.com/o/r/tree/v1", "https://github.com/o/r.git", "v1", ref.Exact, ""},
	{"https://github.com/o/r/tree/v1/a/b/", "https://github.com/o/r.git", "v1", ref.Exact, "a/b"},
	{"https://github.com/o/r/blob/v1/a/b.py?plain=1#L3-L9", "https://github.com/o/r.git", "v1", ref.Exact, "a/b.py"},
	{"https://github.com/o/r/blob/refs/tags/v1/a.py", "https://github.com/o/r.git", "v1", ref.Exact, "a.py"},
	{"https://github.com/o/r/tree/HEAD/a", "https://github.com/o/r.git", "", ref.Latest, "a"},
	// An escaped tag.
	{"https://github.com/o/r/releases/tag/release%2F1.0", "https://github.com/o/r.git", "release/1.0", ref.Exact, ""},
	{"https://github.com/o/r/commit/0123abcd", "https://github.com/o/r.git", "0123abcd", ref.Exact, ""},
	// With a component.
	{"https://github.com/o/r/tree/v1//comp", "https://github.com/o/r.git", "v1", ref.Exact, "comp"},
	// GitLab.
	{"https://gitlab.com/g/h/r/-/tree/v1/a?ref_type=tags", "https://gitlab.com/g/h/r.git", "v1", ref.Exact, "a"},
	// After a query.
	{"https://github.com/o/r/tree/v1#readme", "https://github.com/o/r.git", "v1", ref.Exact, ""},
	{"https://github.com/o/r/tree/v1?tab=readme//comp", "https://github.com/o/r.git", "v1", ref.Exact, "comp"},
	{"https://gitlab.com/g/r/-/tags/v1", "https://gitlab.com/g/r.git", "v1", ref.Exact, ""},
	// Gitea.
	{"https://codeberg.org/o/r/src/tag/v1/a/b", "https://codeberg.org/o/r.git", "v1", ref.Exact, "a/b"},
	{"https://codeberg.org/o/r/src/branch/main", "https://codeberg.org/o/r.git", "main", ref.Exact, ""},
	// Bitbucket.
	{"https://bitbucket.org/o/r/src/v1/a/b.py", "https://bitbucket.org/o/r.git", "v1", ref.Exact, "a/b.py"},
	// A group named src.
	{"https://example.com/g/r/src/pack@v1//c", "https://example.com/g/r/src/pack", "v1", ref.Exact, "c"},
	// A group named tree.
	{"https://example.com/g/r/tree/pack.git", "https://example.com/g/r/tree/pack.git", "", ref.Latest, ""},
	// A tag with /tree/.
	{"https://example.com/g/r@rel/tree/x//c", "https://example.com/g/r", "rel/tree/x", ref.Exact, "c"},
}

func TestParse(t *testing.T) {
	for _, c := range good {
		r, err := ref.Parse(c.in)
		if err != nil {
			t.Errorf("Parse(%q): %v", c.in, err)
			continue
		}
		if r.Origin.String() != c.origin || r.Version.String() != c.version || r.Version.Kind() != c.kind ||
			r.Component != c.component {
			t.Errorf("Parse(%q) = %q %q (%v) %q", c.in, r.Origin, r.Version, r.Version.Kind(), r.Component)
		}
		if again, err := ref.Parse(r.String()); err != nil || again != r {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", r.String(), again, err, r)
		}
	}
}

// invalidRefs holds references that Parse refuses, with the fields of the SyntaxError.
var invalidRefs = []struct{ in, wrong, problem, form string }{
	{"", "", "the repository is missing", "REPO"}, // empty
	{"@v1//c", "", "the repository is missing", "REPO@v1//c"},
	{"ns::@v1", "", "the repository is missing", "ns::REPO@v1"},
	{"::repo", "", "the part before :: is empty", "HOST::NAMESPACE::REPO@TAG//COMPONENT"},
	{"repo@", "", "the version after @ is empty", "repo@TAG"},
	{"repo@//c", "", "the version after @ is empty", "repo@TAG//c"},
	{"repo@v1//", "", "the component after // is empty", "repo@v1//COMPONENT"},
	// Two versions.
	{"repo@v1@v2//c", "@", "a reference can have only one version", "repo@v1//c"},
	// Wrong order.
	{"repo//c@v1", "@", "the version belongs before //", "repo@v1//c"},
	{"repo@v1//c@v1", "@", "a component cannot have a version of its own", "repo@v1//c"},
	{"repo/comp", "/", "a component starts with //", "repo//comp"}, // single slash
	{"ns/repo@v1//c", "/", "the parts of a name are separated by ::", "ns::repo@v1//c"},
	{"github.com/ns/repo@v1", "/", "the parts of a name are separated by ::", "github.com::ns::repo@v1"},
	// Single colon.
	{"ns:repo@v1//c", ":", "the parts of a name are separated by ::", "ns::repo@v1//c"},
	{"a::b::c::repo@v1", "repo", "a name has at most three parts", "a::b/c::repo@v1"},
	// A hash.
	{"repo#v1//c", "#", "a version starts with @, not with #", "repo@v1//c"},
	{"repo@v1#c", "#", "a component starts with //, not with #", "repo@v1//c"},
	{"repo@cp-0.0.1:c", ":", "a version cannot contain :", "repo@cp-0.0.1//c"},
	// Not scp.
	{"ns:repo@v1//a/b", ":", "the parts of a name are separated by ::", "ns::repo@v1//a/b"},
	{"https:/host/x", ":", "the parts of a name are separated by ::", "https::/host/x"},
	{"work:team/../x", "..", "the path cannot have . or .. segments", ""},
	{"work:-oProxyCommand=x/y", "-oProxyCommand=x", "a path segment cannot start with -", ""},
	{"repo@latest:c", ":", "a version cannot contain :", "repo@latest//c"},
	{"re po@v1", " ", "a name cannot contain a space", "repo@v1"}, // spaces
	{"repo@v 1", " ", "a tag or branch cannot contain a space", "repo@v1"},
	{" repo", " ", "it starts or ends with a space", "repo"},
	{"  ", " ", "it starts or ends with a space", "REPO@TAG//COMPONENT"},
	{"repo ", " ", "it starts or ends with a space", "repo"},
	{`ns\repo`, `\`, `a reference uses / and not \`, "ns/repo"},
	{`repo@v1//a\b`, `\`, `a component cannot contain \`, "REPO@TAG//COMPONENT"},
	// Segments.
	{"repo@v1///c", "/c", "the component has an empty path segment", "REPO@TAG//COMPONENT"},
	{"repo@v1//a/../b", "a/../b", "a component's path cannot have . or .. segments", "REPO@TAG//COMPONENT"},
	// A leading -.
	{"repo@v1//a/-b", "a/-b", "a segment of a component's path cannot start with -", "REPO@TAG//COMPONENT"},
	{"-repo", "-", "it starts with -", "REPO@TAG//COMPONENT"},
	{"repo@-v1", "-v1", "a version cannot start with - or contain /-", ""},
	{"git@host:-x", "-x", "a path segment cannot start with -", ""},
	{"https://host/-x", "-x", "a path segment cannot start with -", ""},
	{"ssh://-oProxyCommand=x/y", "-oProxyCommand=x", "it is not a valid host name", ""},
	{"ssh://-u@host/y", "-u", "it is not a valid user name", ""},
	{"./-x", "./-x", "a path segment cannot start with -", ""},
	// A control character.
	{"re\npo", "\n", "the character U+000A is not printable", "repo"},
	// A bidirectional mark.
	{"re\u202epo", "\u202e", "the character U+202E is not printable", "repo"},
	{"re\xffpo", "\xff", "it is not valid UTF-8", ""},
	// Remote helpers.
	{"ext::sh -c touch% x", "ext", "an address cannot run a program", ""},
	{"ext::sh", "ext", "an address cannot run a program", ""},
	// Schemes.
	{"git://host/x", "git", "the scheme is not one of https, http, ssh and file", ""},
	{"repo://c", "repo", "the scheme is not one of https, http, ssh and file", ""},
	{"file://server/x", "server", "a file URL cannot name another machine", ""},
	// Credentials.
	{"https://user:secret@host/x@v1", "***@", "a URL must not contain a user name or password", ""},
	// A token.
	{"https://secret@host/x", "***@", "a URL must not contain a user name or password", ""},
	{"https://user:sec/ret@host/x", "***@", "a URL must not contain a user name or password", ""},
	{"ssh://user:secret@host/x", "***@", "a URL must not contain a user name or password", ""},
	{"user:secret@host:team/x@v1", "***", "an address must not contain a password", ""},
	{"user:secret@host/team/x", "***", "an address must not contain a password", ""},
	{"user:secret@host::team::x", "***", "an address must not contain a password", ""},
	{"user:sec/ret@host:x", "***", "an address must not contain a password", ""},
	{"https:/user:secret@host/x", "", "an address must not contain a password", ""},
	{"//user:secret@host/x", "", "an address must not contain a password", ""},
	// Queries, which may have a token.
	{"https://host/x?token=secret@v1//c", "?", "the URL of a repository cannot contain ?",
		"https://host/x@TAG//COMPONENT"},
	{"https://host/x@v1?token=secret", "?", "the URL of a repository cannot contain ?", ""},
	{"https://host/x#token=secret", "#", "the URL of a repository cannot contain #", ""},
	{"git@host:x?token=secret", "?", "the URL of a repository cannot contain ?", ""},
	{"https://host/x#secret", "#", "the URL of a repository cannot contain #", "https://host/x@TAG//COMPONENT"},
	{"https://host/x;token=secret@v1//c", ";", "the URL of a repository cannot contain ;", ""},
	{"https://host/x@v1//c&access_token=secret", "&", "the URL of a repository cannot contain &", ""},
	{"pack@v1//c&access_token=secret", "&", "the URL of a repository cannot contain &", ""},
	{"git@host:x?token=ab//secret", "?", "the URL of a repository cannot contain ?", ""},
	{"https://github.com/o/r/tree/v1?token=ab//secret", "?", "what follows ? may be a token",
		"https://github.com/o/r/tree/v1"},
	{"https://github.com/o/r/tree/v1;token=secret", ";", "what follows ; may be a token", ""},
	// Passwords in other places than before the host.
	{"https://host/u:secret@x", "***", "an address must not contain a password", ""},
	{"git@u:secret@host:x", "***", "an address must not contain a password", ""},
	{"host::u:secret@team::x", "***", "an address must not contain a password", ""},
	{"ext::sh u:secret@host", "***", "an address must not contain a password", ""},
	{"ext::https://secret@host/x", "", "an address must not contain a password", ""},
	// Hosts in other spellings than the usual one.
	{`https://good.example.com\@evil.example.com/x`, "***@", "a URL must not contain a user name or password", ""},
	{"https://good%2eexample.com/x", "good%2eexample.com", "it is not a valid host name", ""},
	{"https://good.example.com./x", "good.example.com.", "it is not a valid host name", ""},
	{"https://good。example.com/x", "good。example.com", "it is not a valid host name", ""},
	{"https://bücher.example/x", "bücher.example", "it is not a valid host name", ""},
	{"https://127.1/x", "127.1", "it is not a valid host name", ""},
	{"https://0x7f.0x1/x", "0x7f.0x1", "it is not a valid host name", ""},
	{"https://2130706433/x", "2130706433", "it is not a valid host name", ""},
	{"https://[fe80::1%25eth0]/x", "[fe80::1%25eth0]", "it is not a valid host name", ""},
	{"https://[good.example.com]/x", "[good.example.com]", "it is not a valid host name", ""},
	{"good%2eexample.com::ns::x", "good%2eexample.com", "it is not a valid host name", ""},
	// Encoded traversal.
	{"https://host/a/%2e%2e/x", "%2e%2e", "the path cannot have . or .. segments", ""},
	{"https://host/a%2f..%2fx", "a%2f..%2fx", `the path contains an escaped / or \`, ""},
	{"https://host/a/.%2e/x/tree/v1/c", ".%2e", "the path cannot have . or .. segments", ""},
	{"https://host/a/..%2fx/tree/v1/c", "..%2fx", `the path contains an escaped / or \`, ""},
	{"https://host/a/x/tree/v1/%2e%2e/c", "%2e%2e", "a component's path cannot have . or .. segments", ""},
	{"ssh://git@host/~u/%2E%2E/x", "%2E%2E", "the path cannot have . or .. segments", ""},
	{"git@host:%2e%2e/x", "%2e%2e", "the path cannot have . or .. segments", ""},
	{"git@host:..%5cx", "..%5cx", `the path contains an escaped / or \`, ""},
	{"work:team/%2e%2e/x", "%2e%2e", "the path cannot have . or .. segments", ""},
	{"work:team%2f..%2fx.git", "team%2f..%2fx.git", `the path contains an escaped / or \`, ""},
	{"file:///a/%2e%2e/x", "%2e%2e", "the path cannot have . or .. segments", ""},
	{"file:///a/%2e%2e%2fx", "%2e%2e%2fx", `the path contains an escaped / or \`, ""},
	{"ns%2f..::x", "ns%2f..", "it is not a valid namespace", ""},
	{"ns::%2e%2e", "%2e%2e", "it is not a valid repository name", ""},
	{"ns::x//%2e%2e/c", "%", "a component cannot contain %", ""},
	// Windows drives are not hosts.
	{"C:x@v1//c", ":", "the path on a Windows drive does not start with /", "C:/x@v1//c"},
	{"c:x/y", ":", "the path on a Windows drive does not start with /", "c:/x/y"},
	{"c:x.git", ":", "the path on a Windows drive does not start with /", "c:/x.git"},
	{"file://C:/x", "C:", "a file URL cannot name another machine", ""},
	// Paths.
	{"https://host", "", "the path of the repository is missing", ""},
	{"git@host://c", "", "the path of the repository is missing", ""},
	{"git@host::ns::repo", ":", "host and path are separated by one :", "git@host:ns::repo"},
	{"https://host/a/%2e%2e/b", "%2e%2e", "the path cannot have . or .. segments", ""},
	{"https://host/a/%0a", "%0a", "the path contains an escaped character that is not printable", ""},
	{"https://host/a/%zz", "%zz", "% must be followed by two hex digits", ""},
	{"https://host/a?b=c", "?", "the URL of a repository cannot contain ?", ""},
	{"https://hö.st/a", "hö.st", "it is not a valid host name", ""}, // hosts
	{"https://1.2.3/a", "1.2.3", "it is not a valid host name", ""},
	// Ports.
	{"https://host:0/a", "0", "the port is not a number from 1 to 65535", "https://HOST:PORT/PATH@TAG//COMPONENT"},
	{"https://h:99999/x//y", "99999", "the port is not a number from 1 to 65535", ""},
	// It may be a password.
	{"https://h:abc/x@v//y", "***", "the port is not a number from 1 to 65535", ""},
	{"h:99999::n::r@v//c", "99999", "the port is not a number from 1 to 65535", ""},
	{"pack:part", ":", "the parts of a name are separated by ::, and a component starts with //", "pack//part"},
	{"pack:part@v1", ":", "the parts of a name are separated by ::, and a component starts with //", "pack@v1//part"},
	{"https://h:99999/x@v//y", "***", "the port is not a number from 1 to 65535", ""},
	{"https://host:/x@v//y", "***", "the port is not a number from 1 to 65535", ""},
	{"ssh://git@h:x/y@v", "x", "the port is not a number from 1 to 65535", "ssh://HOST:PORT/PATH@TAG//COMPONENT"},
	{"https://[::1]:99999/x@v//y", "99999", "the port is not a number from 1 to 65535", ""},
	// Not a host, so not a port either.
	{"https://a_b:99999/x@v", "***@", "a URL must not contain a user name or password", ""},
	{"a_b::ns::repo", "a_b", "it is not a valid host name", ""},
	{"/", "", "the path of the repository is missing", ""},
	{"a/..::repo", "a/..", "it is not a valid namespace", ""}, // names
	{"re+po", "re+po", "it is not a valid repository name", "REPO"},
	{"gitlab.com/g/h/repo", "/", "the parts of a name are separated by ::", "gitlab.com::g/h::repo"},
	// The prefix of a range.
	{"repo@a..b-^1", "a..b-", "git does not allow such a tag or branch", ""},
	{"repo@a\\b", `\`, `a version cannot contain \`, "repo@a/b"},
	{`./a\b`, `\`, `a reference uses / and not \`, "./a/b"}, // paths
	{"./a/ b", "./a/ b", "a path segment cannot start or end with a space", ""},
	{`C:\\a`, `C:\\a`, "the path has an empty segment", ""},
	{"https://h/a|b", "|", "the path of a URL cannot contain |", ""},
	// Web addresses.
	{"https://github.com/-o/r/tree/v1", "-o", "a path segment cannot start with -", ""},
	{"https://github.com/o/r/tree/%zz/a", "%zz", "the address does not contain a tag, branch or commit", ""},
	{"https://github.com/o/r/blob/v1/a%20b", "a%20b",
		"the path contains a character that is not allowed in a component", ""},
	{"https://github.com/o/r/blob/v1/%2e%2e/b", "%2e%2e", "a component's path cannot have . or .. segments", ""},
	{"~/pack", "~", "a local path starts with ./, ../ or /", ""},
	// Versions.
	{"repo@>=1.x.y <", ">=1.x.y <", "it is not a version range", "repo@^1.2 or repo@>=1.2 <2"},
	{"repo@cp-*^1", "^", "a range cannot have a wildcard before its operator", ""},
	{"repo@v[1", "v[1", "the glob has a [ without ]", ""},
	{"repo@a..b", "a..b", "git does not allow such a tag or branch", ""},
	{"repo@v1/", "v1/", "the version starts or ends with /", "repo@v1"},
	// Forge.
	{"https://github.com/o/r/tree/v1/a//c", "c", "the address already contains a path",
		"https://github.com/o/r/tree/v1/a"},
	{"https://github.com/o/r/tree/v*/a", "v*", "the address does not contain a tag, branch or commit", ""},
	{"https://github.com/o/r/tree/v1/a%2F..%2Fb", "a%2F..%2Fb", "the address contains an invalid path", ""},
}

func TestParseRefuses(t *testing.T) {
	for _, c := range invalidRefs {
		_, err := ref.Parse(c.in)
		var e *ref.SyntaxError
		if !errors.As(err, &e) || failure.KindOf(err) != failure.Usage || failure.Hint(err) == "" {
			t.Errorf("Parse(%q): %v, want a SyntaxError of kind Usage with a hint", c.in, err)
			continue
		}
		if wrong := e.Input[e.Offset : e.Offset+e.Length]; wrong != c.wrong || e.Problem != c.problem ||
			c.form != "" &&
				e.Form != c.form {
			t.Errorf("Parse(%q): invalid %q, problem %q, form %q", c.in, wrong, e.Problem, e.Form)
		}
		if strings.Contains(err.Error()+failure.Hint(err)+e.Caret(), "secret") ||
			strings.Contains(err.Error(), "sec/ret") {
			t.Errorf("Parse(%q) shows the password: %v", c.in, err)
		}
	}
	if _, err := ref.Parse(strings.Repeat("a", 1<<20)); err == nil || len(err.Error()) > 200 {
		t.Errorf("Parse of a megabyte: %v", err)
	}
}

func TestCaret(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"repo@v1//a/../b", "repo@v1//a/../b\n         ^^^^^^"}, // below the invalid part
		{"repo@", "repo@\n     ^"},                              // something is missing
		{"./组件@v1#c", "./组件@v1#c\n         ^"},                  // wide characters take two columns
		{"re\u202epo", "re\ufffdpo\n  ^"},                       // replaces characters that are not printable
	} {
		_, err := ref.Parse(c.in)
		var e *ref.SyntaxError
		if !errors.As(err, &e) {
			t.Fatalf("Parse(%q): %v", c.in, err)
		}
		if got := e.Caret(); got != c.want {
			t.Errorf("Caret of %q =\n%s\nwant\n%s", c.in, got, c.want)
		}
	}
}

func TestVersionParts(t *testing.T) {
	for _, c := range []struct{ in, prefix, constraint string }{
		{"cp-^0.0.1", "cp-", "^0.0.1"},   // a prefix
		{">=1.2, <2", "", ">=1.2, <2"},   // without a prefix
		{"a/b-v!=1.2", "a/b-v", "!=1.2"}, // an operator of two characters
		{"cp->= 1.2-rc.1", "cp-", ">= 1.2-rc.1"},
	} {
		v, err := ref.ParseVersion(c.in)
		if err != nil || v.Prefix() != c.prefix || v.Constraint() != c.constraint {
			t.Errorf("ParseVersion(%q) = %q %q, %v", c.in, v.Prefix(), v.Constraint(), err)
		}
	}
	for _, s := range []string{"a//b", "", "a@b", "-v", "v\n", "//c"} {
		if v, err := ref.ParseVersion(s); !errors.Is(err, failure.Usage) || v != (ref.Version{}) {
			t.Errorf("ParseVersion(%q) = %v, %v", s, v, err)
		}
	}
	for s, want := range map[string]bool{"0123abc": true, "ABCDEF0": true, "0123ab": false, "0123abg": false,
		strings.Repeat("a", 64): true, strings.Repeat("a", 65): false} {
		if ref.MayBeCommit(s) != want {
			t.Errorf("MayBeCommit(%q) = %v", s, !want)
		}
	}
}

func TestOrigin(t *testing.T) {
	for _, c := range []struct {
		in, url string
		local   bool
	}{
		{"repo", "https://github.com/Project/repo.git", false},      // both defaults
		{"ns::repo", "https://github.com/ns/repo.git", false},       // one default
		{"h:8443::a/b::repo", "https://h:8443/a/b/repo.git", false}, // without a prefix
		{"https://h/x@v1", "https://h/x", false},                    // a location
		{"git@h:x", "git@h:x", false},
		{"./x", "./x", true}, // local
		{"file:///x", "file:///x", true},
		{`c:\x`, "c:/x", true},
	} {
		r, err := ref.Parse(c.in)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Origin.CloneURL("github.com", "Project"); got != c.url || r.Origin.IsLocal() != c.local {
			t.Errorf("%q: CloneURL = %q, IsLocal = %v", c.in, got, r.Origin.IsLocal())
		}
	}
}

func TestParseKV(t *testing.T) {
	for _, c := range []struct {
		in   string
		want ref.KV
		hint string // of the error; "" when there is none
	}{
		{"source::timer", ref.KV{Key: "source", Value: "timer"}, ""}, // the usual form
		{"k::a::b, c", ref.KV{Key: "k", Value: "a::b, c"}, ""},       // the first :: separates
		{"k::", ref.KV{Key: "k"}, ""},                                // an empty value
		{"k=v", ref.KV{}, "write it as k::v"},                        // the form of other programs
		{"k:v", ref.KV{}, "write it as k::v"},
		{"k", ref.KV{}, "write it as KEY::VALUE"},
		{"::v", ref.KV{}, "write it as KEY::VALUE"},
		{" k::v", ref.KV{}, "write it as k::v"},
	} {
		got, err := ref.ParseKV(c.in)
		if got != c.want || failure.Hint(err) != c.hint || (err != nil) != (c.hint != "") {
			t.Errorf("ParseKV(%q) = %+v, %v (hint %q)", c.in, got, err, failure.Hint(err))
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range good {
		f.Add(c.in)
	}
	for _, s := range []string{"", "ext::sh -c x", "https://u:p@h/x", "./ @v", "/a /", "https://h/o/r/tree/v1",
		"C:\\\\a", "re\u202epo", "a@cp-*^1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ref.Parse(s)
		if err != nil {
			var e *ref.SyntaxError
			if !errors.As(err, &e) {
				t.Fatalf("Parse(%q): %v is not a SyntaxError", s, err)
			}
			if e.Offset < 0 || e.Length < 0 || e.Offset+e.Length > len(e.Input) {
				t.Fatalf("Parse(%q): [%d:+%d] is outside %q", s, e.Offset, e.Length, e.Input)
			}
			if strings.ContainsFunc(strings.Replace(e.Caret(), "\n", "", 1),
				func(r rune) bool { return !unicode.IsPrint(r) && r != unicode.ReplacementChar }) {
				t.Fatalf("Parse(%q): Caret is not printable: %q", s, e.Caret())
			}
			return
		}
		again, err := ref.Parse(r.String())
		if err != nil || again != r {
			t.Fatalf("Parse(%q) = %+v; Parse(%q) = %+v, %v", s, r, r.String(), again, err)
		}
		for segment := range strings.SplitSeq(r.Component, "/") {
			if segment == ".." || strings.HasPrefix(segment, "-") || segment == "" && r.Component != "" {
				t.Fatalf("Parse(%q): component %q", s, r.Component)
			}
		}
	})
}

func TestForgeName(t *testing.T) {
	for in, want := range map[string]string{
		"gh:team/pack//c":           "github.com::team::pack",
		"GitLab:a/b/pack.git@v1//c": "gitlab.com::a/b::pack",
		"git.example.com:a/pack//c": "git.example.com::a::pack",
		"work:a/pack//c":            "", // an alias
		"gh:/srv/pack//c":           "",
		"gh:pack.git//c":            "",
		"git@github.com:a/pack//c":  "",
		"https://github.com/a/p//c": "",
		"github.com::team::pack//c": "",
		"./gh:team/pack@v1//c":      "",
	} {
		r, err := ref.Parse(in)
		if err != nil {
			t.Errorf("Parse(%q): %v", in, err)
			continue
		}
		if got := r.Origin.ForgeName(); got != want {
			t.Errorf("ForgeName of %q = %q, want %q", in, got, want)
		} else if name, err := ref.Parse(got); got != "" && (err != nil || name.Origin.Repo == "") {
			t.Errorf("ForgeName of %q = %q: %+v, %v", in, got, name, err)
		}
	}
}
