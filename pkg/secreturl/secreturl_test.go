package secreturl_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

const secret = "s3cret"

func TestClean(t *testing.T) {
	for _, table := range []map[string]string{urls, otherForms} {
		for text, want := range table {
			if got := secreturl.Clean(text); got != want {
				t.Errorf("Clean(%q) = %q, want %q", text, got, want)
			}
		}
	}
}

// urls are URLs, and what Clean makes of them.
var urls = map[string]string{
	"https://u:s3cret@host:1/a@b":              "https://host:1/a@b",
	"https://s3cret@host/a":                    "https://host/a",
	"https://u:s3/cret@host/a":                 "https://host/a",
	"https://u@v:s3cret@host/a":                "https://host/a",
	"https://u:s3cret@host":                    "https://host",
	"https://u:x#s3cret@host/a":                "https://host/a",
	"https://u:1#s3cret@host/a":                "https://host/a",
	"https://u:x?s3cret@host/a":                "https://host/a",
	`https://u:s3cret\@host/a`:                 `https://host/a`,
	"HTTPS://u:s3cret@host/a":                  "HTTPS://host/a",
	"git+https://u:s3cret@host/a":              "git+https://host/a",
	"ftp://u:s3cret@host/a":                    "ftp://host/a",
	"file://u:s3cret@host/a":                   "file://host/a",
	"ssh://git:s3cret@host/a":                  "ssh://git@host/a",
	"ssh://u:s3cret@host:team/a":               "ssh://u@host:team/a",
	"https://host:s3cret@other/a":              "https://other/a",
	"https:/u:s3cret@host/a":                   "https:/host/a",
	"https:///u:s3cret@host/a":                 "https:///host/a",
	"//u:s3cret@host/a":                        "//host/a",
	"https://u:s3cret@host/a@v1//c":            "https://host/a@v1//c",
	"https://u:s3cret%zz@host/a":               "https://host/a",
	"https://u:s3cret@host/a b":                "https://host/a b",
	"https://host/a?token=s3cret":              "https://host/a?***",
	"https://host/a?s3cret":                    "https://host/a?***",
	"https://host/a?b=s3cret//c":               "https://host/a?***//c",
	"https://host/a@v1?b=s3cret//c":            "https://host/a@v1?***//c",
	"https://host/a@v1//c?b=s3cret":            "https://host/a@v1//c?***",
	"https://host/a@v1//c#b=s3cret":            "https://host/a@v1//c#***",
	"https://host/a?b=x//s3cret==":             "https://host/a?***",
	"https://host/a#token=s3cret":              "https://host/a#***",
	"https://u:s3cret@host/a?x=1":              "https://host/a?***",
	"https://host/a#s3cret":                    "https://host/a#***",
	"https://host/a#s3cret@v1//c":              "https://host/a#***//c",
	"https://host/a?token=ab//s3cret":          "https://host/a?***",
	"https://host/a?x=1&api_key=a//s3cret":     "https://host/a?***",
	"https://host/a?tab=s3cret//c":             "https://host/a?***//c",
	"https://host/a;token=s3cret":              "https://host/a;***",
	"https://host/a;token=s3cret@v1//c":        "https://host/a;***",
	"https://host/a@v1//c&access_token=s3cret": "https://host/a@v1//c&***",
	"https://host/a@v1//c;PASSWORD=s3cret":     "https://host/a@v1//c;***",
	"https://host/u:s3cret@other/a":            "https://host/u:***@other/a",
	"https://host/u:s3cret@other@v1//c":        "https://host/u:***@other@v1//c",
	"https://host/u:s3c@ret@other":             "https://host/u:***@other",
	"https://host/u:s3cret@127.0.0.1":          "https://host/u:***@127.0.0.1",
	"https://https://u:s3cret@host/a":          "https://https://u:***@host/a",
	"https://proxy/https://u:s3cret@host/a@v1": "https://proxy/https://u:***@host/a@v1",
	"ssh://git@host/u:s3cret@other":            "ssh://git@host/u:***@other",
	"https://host?token=s3cret":                "https://host?***",
}

// otherForms are addresses that are not URLs, and what Clean makes of them.
var otherForms = map[string]string{
	"u:s3cret@host:team/a":           "u:***@host:team/a",
	"u:s3/cret@host:team/a":          "u:***@host:team/a",
	"u:s3cret@host/team/a":           "u:***@host/team/a",
	"u:s3cret@host::team::a":         "u:***@host::team::a",
	"u:s3cret@git.example.com//c":    "u:***@git.example.com//c",
	"u:s3cret@git.example.com@v1//c": "u:***@git.example.com@v1//c",
	"u:s3cret@git.example.com":       "u:***@git.example.com",
	"u:s3c@ret@host:a":               "u:***@host:a",
	"git@host:a?token=s3cret":        "git@host:a?***",
	"pack@v1//c?token=s3cret":        "pack@v1//c?***",
	"git@host:a?token=s3cret@v1//c":  "git@host:a?***",
	"pack&token=s3cret":              "pack&***",
	"pack?token=s3cret":              "pack?***",
	"pack@v1//c&access_token=s3cret": "pack@v1//c&***",
	"git@host:a;token=s3cret":        "git@host:a;***",
	"ext::sh u:s3cret@host":          "ext::sh u:***@host",
	"ext::sh -c u:s3cret@host:a":     "ext::sh -c u:***@host:a",
	"ext::https://s3cret@host/a":     "ext::https://host/a",
	"h::u:s3cret@ns":                 "h::u:***@ns",
	"h::u:s3cret@ns::pack@v1//c":     "h::u:***@ns::pack@v1//c",
	"h::u:s3cret@v1.example.com":     "h::u:***@v1.example.com",
	"git@u:s3cret@host:a":            "git@u:***@host:a",
	"git@u:s3/cret@host:a@v1//c":     "git@u:***@host:a@v1//c",
}

// What has no secret, such as every reference, is unchanged.
func TestCleanKeeps(t *testing.T) {
	for _, text := range []string{
		"", "pack", "pack@v1//c", "ns::pack@release/v1//c", "host:8080::ns::pack@release/v1//c", "pack@v1.?//c",
		"ns:pack@v1//c", "ns:pack@v1.2", "ns:pack@v1.x//c",
		"pack:comp@v1", "git@host:team/a", "git@host:team/a@release/v1//c",
		"host:team/a@release/v1//c", "host:a.git@release/v1//c", "git@host:~u/a@v1", "HOST:PATH",
		"https://host/a", "https://host:80/a@b", "https://[::1]:80/a@b", "https://host/a@v1.?//c",
		"https://host/a/b/blob/v1/x#L10", "ssh://git@host/a", "ssh://git@host:22/~u/a@v1//c", "builtin:pack",
		"file:///a@b", "file:///C:/a@v1", "/a:b@c/d?e=f", "./u:p@h/x", "../u:p@h:x", `C:\u:p@h:x`, "c:/u:p@h:x",
		"{{ key }}", "a:b", "pack@v1.0.0//x", "git@host:path@v1", "git@host:path@feature//c", "git@[::1]:a@feature",
		"[::1]:a@feature", "git@host:a@v1.0.0-rc.beta", "h::ns:pack@v1.0.0//x", "h::ns:pack@cp-1.0//x",
		"h::ns:pack@cp-*", "h::ns:pack@latest//c", "[::1]:80::ns::pack@v1", "h::https://host/a@v1//c",
		"https://host/ns:pack@v1.0.0//x", "https://host/ns:pack@main", "https://host/ns:a/b@release/v1",
		"https://host/a/b/blob/v1/x#L10-L20", "https://host/a/b/blob/v1/x#L10C2-L20C5",
		"https://host/a/src/v1/x#lines-3:5",
		"https://host/a@fix#12//c", "https://host/a@v1//c;b", "https://host/a;x=1@v1//c=d&e=f", "pack@v1//a&b=c",
		"https://host/a@v1//c&monkeys=1", "ssh://git@host:team/a@v1", "file:///C:/u:p@h/a",
	} {
		if got := secreturl.Clean(text); got != text {
			t.Errorf("Clean(%q) = %q", text, got)
		}
	}
}

func TestCleanHost(t *testing.T) {
	for text, want := range map[string]string{
		"u:s3cret@host":            "host",
		"s3cret@host":              "host",
		"u:s3cret@host:80":         "host:80",
		"https://u:s3cret@host/a":  "https://host/a",
		"host?token=s3cret":        "host?***",
		"s3cret@host?token=s3cret": "host?***",
		"host":                     "host",
		"[::1]:80":                 "[::1]:80",
	} {
		if got := secreturl.CleanHost(text); got != want {
			t.Errorf("CleanHost(%q) = %q, want %q", text, got, want)
		}
	}
}

// No format shows the secret, also when the URL is in an unexported field.
func TestNoFormatShowsSecrets(t *testing.T) {
	u := secreturl.New("https://u:" + secret + "@host/a")
	inside := struct {
		Public  secreturl.URL
		private secreturl.URL
		pointer *secreturl.URL
	}{u, u, &u}
	encoded, err := json.Marshal(map[string]any{"u": u, "in": inside})
	if err != nil {
		t.Fatal(err)
	}
	text := string(encoded)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
		text += fmt.Sprintf(format, u) + fmt.Sprintf(format, &u) + fmt.Sprintf(format, inside)
	}
	for _, form := range []string{secret, fmt.Sprintf("%x", secret)} {
		if strings.Contains(text, form) {
			t.Errorf("%q shows the secret", text)
		}
	}
	if u.Reveal() != "https://u:"+secret+"@host/a" || u.String() != "https://host/a" || secreturl.Has(u.String()) {
		t.Errorf("the URL is %s, and with its secret %s", u, u.Reveal())
	}
	if zero := (secreturl.URL{}); zero.Reveal() != "" || zero.String() != "" {
		t.Errorf("the empty URL is %q", zero)
	}
}

// A reference that ppm accepts has no secret, and Clean finds none that is left in its own result.
func FuzzClean(f *testing.F) {
	for _, seed := range []string{
		"https://h/p#a", "https://h/p;token=a", "https://h/p@v1//c&token=a", "https://h/p?token=a//b",
		"https://h/u:p@x",
		"ext::sh u:p@h", "git@u:p@h:x", "h::u:p@ns", "https://h/a:b@v1//c", "git@h:a@v1", "[::1]:80::n::p@v1",
		"https://u:p@h/a", "u:p@h:a", "git@host:team/a@release/v1//c", "host:8080::ns::pack@v1//c", "https://h/a?b=c",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		clean := secreturl.Clean(text)
		if again := secreturl.Clean(clean); again != clean {
			t.Errorf("Clean(%q) = %q, and of that %q", text, clean, again)
		}
		if token := "s3cret8192"; !strings.Contains(text, token) && len(text) < 4096 {
			for _, form := range []string{
				"https://%s/p#" + token, "https://%s/p;token=" + token, "https://h/p@v1//%s&access_token=" + token,
				"https://h/p?token=%s//" + token, "https://h/%s:" + token + "@x",
				"https://h/%s:" + token + "@x@v1//c", "ext::%s u:" + token + "@h:x",
				"git@%s:" + token + "@h:x", "h::%s:" + token + "@ns", "h::%s:" + token + "@ns::p@v1//c",
			} {
				word := strings.Map(wordRune, text)
				mistyped := fmt.Sprintf(form, "a"+word)
				if clean := secreturl.Clean(mistyped); strings.Contains(clean, token) {
					t.Errorf("Clean(%q) = %q", mistyped, clean)
				}
			}
		}
		if r, err := ref.Parse(text); err == nil && secreturl.Has(r.String()) {
			t.Errorf("%q is accepted as %q, which is shown as %q", text, r, secreturl.Clean(r.String()))
		}
	})
}

// wordRune keeps the characters of a host and a name, for strings.Map.
func wordRune(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
		return r
	}
	return -1
}
