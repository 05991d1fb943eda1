package secret_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/authcode"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/secret"
)

func TestParse(t *testing.T) {
	for _, text := range []string{"@env:A", "@env:_a9", "@file:a", "@file:/a b/c", "@file:~/x", "@file:../x"} {
		if r, err := secret.Parse(text); err != nil || r.String() != text {
			t.Errorf("Parse(%q) = %v, %v", text, r, err)
		}
	}
	for _, text := range []string{
		"", "a", "@env:", "@env:9", "@env:A-B", "@env:A=B", "@file:", "@file:a\nb", "@@env:A",
	} {
		if _, err := secret.Parse(text); failure.KindOf(err) != failure.Usage || failure.Hint(err) == "" {
			t.Errorf("Parse(%q): %v", text, err)
		}
	}
}

// TestQuote checks that every text can be a value that is not a secret.
func TestQuote(t *testing.T) {
	for _, value := range []string{
		"", "a", "@", "@@", "@env", "@environment:x", "@env:A", "@@env:A", "@@@env:A", "@file:x", "@@file:x",
		" @env:A", "@scope/package", "@@other",
	} {
		text := secret.Quote(value)
		if secret.Is(text) || secret.Literal(text) != value {
			t.Errorf("Quote(%q) = %q, which means %q", value, text, secret.Literal(text))
		}
		if text != value && !strings.Contains(value, "env:") && !strings.Contains(value, "file:") {
			t.Errorf("%q is quoted", value)
		}
	}
}

func TestRelative(t *testing.T) {
	for _, c := range []struct{ path, current, want string }{
		{"a", "/p", "a"}, {"a", "/p/sub", "sub/a"}, {"../a", "/p/sub", "a"}, {"../a", "/p", "../a"},
		{"/p/sub/a", "/p", "sub/a"}, {"/etc/a", "/p", "/etc/a"}, {"~/a", "/p/sub", "~/a"},
	} {
		r, err := secret.Parse("@file:" + c.path)
		if got := r.Relative(c.current, "/p").String(); err != nil || got != "@file:"+c.want {
			t.Errorf("%s in %s is %s, want %s", c.path, c.current, got, c.want)
		}
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"lf": "value\n", "crlf": "value\r\n", "none": "value", "two": "value\n\n", "empty": "\n", "nul": "a\x00b",
		"latin": "caf\xe9", "long": strings.Repeat("x", 65<<10), "placeholder": "__ppm_secret_a__",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	source := secret.Source{
		Env:  func(name string) string { return map[string]string{"SET": "value", "SPACE": " v "}[name] },
		Home: dir, Dir: dir,
	}
	for _, c := range []struct {
		reference, value string
		kind             failure.Kind // 0 if there is no error
	}{
		{"@env:SET", "value", 0}, {"@env:SPACE", " v ", 0}, {"@env:UNSET", "", 0}, {"@file:lf", "value", 0},
		{"@file:crlf", "value", 0}, {"@file:none", "value", 0}, {"@file:two", "value\n", 0}, {"@file:empty", "", 0},
		{"@file:missing", "", 0}, {"@file:~/lf", "value", 0}, {"@file:" + dir + "/lf", "value", 0},
		{"@file:nul", "", failure.Usage}, {"@file:latin", "", failure.Usage}, {"@file:long", "", failure.Refused},
		{"@file:.", "", failure.Usage}, {"@file:placeholder", "", failure.Usage},
	} {
		r, err := secret.Parse(c.reference)
		if err != nil {
			t.Fatal(err)
		}
		value, ok, err := source.Read(r)
		if value != c.value || ok != (c.value != "") || err == nil != (c.kind == 0) ||
			err != nil && (failure.KindOf(err) != c.kind || failure.Hint(err) == "") {
			t.Errorf("%s: %q, %v, %v", c.reference, value, ok, err)
		}
	}
}

// TestRecover finds values without knowing them.
func TestRecover(t *testing.T) {
	const p, q = "__ppm_secret_p__", "__ppm_secret_q__"
	for _, c := range []struct{ name, template, disk, p, q string }{
		{"one", "a = " + p + "\n", "a = x\n", "x", ""},
		{"short values", "a = " + p + "\n", "a = a\n", "a", ""},
		{"several lines", "[\n" + p + "\n]\n", "[\nx\ny\n]\n", "x\ny", ""},
		{"twice", p + " and " + p + ".", "x and x.", "x", ""},
		{"twice, but others", p + " and " + p + ".", "x and y.", "", ""},
		{"two", "a=" + p + ";b=" + q + ";", "a=1;b=2;", "1", "2"},
		{"two, one after the other", "a=" + p + q, "a=12", "", ""},
		{"edited elsewhere", "top\na = " + p + "\n", "mine\na = x\n", "x", ""},
		{"edited elsewhere, CRLF", "top\na = " + p + "\n", "mine\r\na = x\r\n", "x", ""},
		{"two candidates", "top\na = " + p + "\n", "mine\na = x\na = y\n", "x y", ""},
		{"the line is gone", "top\na = " + p + "\n", "mine\n", "", ""},
		{"a line of nothing else", "top\n" + p + "\n", "mine\nx\n", "", ""},
		{"empty", "a = " + p + "\n", "a = \n", "", ""},
	} {
		got := secret.Recover([]byte(c.template), []byte(c.disk), []string{p, q})
		if strings.Join(got[p], " ") != c.p || strings.Join(got[q], " ") != c.q {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

// TestRedact replaces values, and checks that the inverse gives the same file.
func TestRedact(t *testing.T) {
	const p = "__ppm_secret_p__"
	for _, c := range []struct{ name, template, disk, value, want string }{
		{"unedited", "a = " + p + "\n", "a = a\n", "a", "a = " + p + "\n"},
		{"edited, short", "a = " + p + "\nb\n", "a = a\nc\n", "a", "a = " + p + "\nc\n"},
		{"edited, CRLF", "a = " + p + "\nb\n", "a = a\r\nc\r\n", "a", "a = " + p + "\r\nc\r\n"},
		{"moved into other text", "a = " + p + "\n", "b: password\n", "password", "b: " + p + "\n"},
		{"a short one in other text", "a = " + p + "\n", "b: pass\n", "pass", "b: pass\n"},
		{"no template", "", "x password y", "password", "x " + p + " y"},
		{"several lines", "[" + p + "]\nb\n", "[line 1\nline 2]\nc\n", "line 1\nline 2", "[" + p + "]\nc\n"},
		{"no final line end", "a = " + p, "a = pw", "pw", "a = " + p},
	} {
		values := []secret.Value{{Placeholder: p, Value: c.value}}
		var template []byte
		if c.template != "" {
			template = []byte(c.template)
		}
		got := secret.Redact(template, []byte(c.disk), values)
		if string(got) != c.want || !bytes.Equal(secret.Reveal(got, values), []byte(c.disk)) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestFingerprint(t *testing.T) {
	dir := t.TempDir()
	r, _ := secret.Parse("@env:A")
	other, _ := secret.Parse("@env:B")
	use := secret.Use{Reference: r, URL: "u", Component: "c", Key: "k"}
	zeros := "v1:" + strings.Repeat("0", 16) + strings.Repeat(":"+strings.Repeat("0", 32), 2)
	if secret.Allows(authcode.New(dir), zeros, use) {
		t.Error("without a key, a fingerprint is accepted")
	}
	if entries, err := os.ReadDir(dir); len(entries) > 0 || err != nil {
		t.Errorf("reading makes %v, %v", entries, err)
	}
	print, err := secret.Fingerprint(authcode.New(dir), use, "value")
	if err != nil || !secret.FingerprintPattern.MatchString(print) || strings.Contains(print, "value") {
		t.Fatalf("%q, %v", print, err)
	}
	again := authcode.New(dir) // as the next command has it
	stranger := authcode.New(t.TempDir())
	if _, err := secret.Fingerprint(stranger, use, "value"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		keys  *authcode.Keys
		use   secret.Use
		value string
		want  secret.Match
	}{
		{"the same", again, use, "value", secret.Same},
		{"another value", again, use, "valuf", secret.Differs},
		{"another secret", again, secret.Use{Reference: other, URL: "u", Component: "c", Key: "k"}, "value", 0},
		{"another pack", again, secret.Use{Reference: r, URL: "v", Component: "c", Key: "k"}, "value", secret.Unknown},
		{"another component", again, secret.Use{Reference: r, URL: "u", Component: "ck"}, "value", secret.Unknown},
		{"another key", again, secret.Use{Reference: r, URL: "u", Component: "c", Key: "l"}, "value", secret.Unknown},
		{"another user", stranger, use, "value", secret.Unknown},
		{"no key", authcode.New(), use, "value", secret.Unknown},
	} {
		match, allowed := secret.Compare(c.keys, print, c.use, c.value), secret.Allows(c.keys, print, c.use)
		if match != c.want || allowed != (c.want != secret.Unknown) {
			t.Errorf("%s: %v, allowed %v", c.name, match, allowed)
		}
	}
	for _, forged := range []string{"", print[:len(print)-1], "v2" + print[2:], print + "0", strings.ToUpper(print)} {
		if secret.Allows(again, forged, use) {
			t.Errorf("%q is accepted", forged)
		}
	}
	if _, err := secret.Fingerprint(authcode.New(), use, "value"); failure.KindOf(err) != failure.LocalIO {
		t.Errorf("without a folder: %v", err)
	}
}
