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
	for text, want := range map[string]string{
		// URLs
		"https://u:s3cret@host:1/a@b":   "https://host:1/a@b",
		"https://s3cret@host/a":         "https://host/a",
		"https://u:s3/cret@host/a":      "https://host/a",
		"https://u@v:s3cret@host/a":     "https://host/a",
		"https://u:s3cret@host":         "https://host",
		"https://u:x#s3cret@host/a":     "https://host/a",
		"https://u:1#s3cret@host/a":     "https://host/a",
		"https://u:x?s3cret@host/a":     "https://host/a",
		`https://u:s3cret\@host/a`:      `https://host/a`,
		"HTTPS://u:s3cret@host/a":       "HTTPS://host/a",
		"git+https://u:s3cret@host/a":   "git+https://host/a",
		"ftp://u:s3cret@host/a":         "ftp://host/a",
		"file://u:s3cret@host/a":        "file://host/a",
		"ssh://git:s3cret@host/a":       "ssh://git@host/a",
		"ssh://u:s3cret@host:team/a":    "ssh://u@host:team/a",
		"https://host:s3cret@other/a":   "https://other/a",
		"https:/u:s3cret@host/a":        "https:/host/a",
		"https:///u:s3cret@host/a":      "https:///host/a",
		"//u:s3cret@host/a":             "//host/a",
		"https://u:s3cret@host/a@v1//c": "https://host/a@v1//c",
		"https://u:s3cret%zz@host/a":    "https://host/a",
		"https://u:s3cret@host/a b":     "https://host/a b",
		"https://host/a?token=s3cret":   "https://host/a?***",
		"https://host/a?s3cret":         "https://host/a?***",
		"https://host/a?b=s3cret//c":    "https://host/a?***//c",
		"https://host/a@v1?b=s3cret//c": "https://host/a@v1?***//c",
		"https://host/a@v1//c?b=s3cret": "https://host/a@v1//c?***",
		"https://host/a@v1//c#b=s3cret": "https://host/a@v1//c#***",
		"https://host/a?b=x//s3cret==":  "https://host/a?***",
		"https://host/a#token=s3cret":   "https://host/a#***",
		"https://u:s3cret@host/a?x=1":   "https://host/a?***",
		"https://host?token=s3cret":     "https://host?***",
		// other forms
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
		"git@host:a?token=s3cret@v1//c":  "git@host:a?***//c",
	} {
		if got := secreturl.Clean(text); got != want {
			t.Errorf("Clean(%q) = %q, want %q", text, got, want)
		}
	}
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
		"{{ key }}", "a:b",
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
		"https://u:p@h/a", "u:p@h:a", "git@host:team/a@release/v1//c", "host:8080::ns::pack@v1//c", "https://h/a?b=c",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		clean := secreturl.Clean(text)
		if again := secreturl.Clean(clean); again != clean {
			t.Errorf("Clean(%q) = %q, and of that %q", text, clean, again)
		}
		if r, err := ref.Parse(text); err == nil && secreturl.Has(r.String()) {
			t.Errorf("%q is accepted as %q, which is shown as %q", text, r, secreturl.Clean(r.String()))
		}
	})
}
