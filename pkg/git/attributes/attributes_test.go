package attributes_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/attributes"
)

func rulesOf(t *testing.T, text string) attributes.Rules {
	t.Helper()
	var rules attributes.Rules
	if err := rules.Add(".", []byte(text)); err != nil {
		t.Fatal(err)
	}
	return rules
}

func TestConversion(t *testing.T) {
	for _, c := range []struct {
		text string
		want attributes.Conversion
	}{
		{"", attributes.Conversion{}},
		{"* text=auto", attributes.Conversion{}},
		{"* text eol=lf", attributes.Conversion{}},
		{"* eol=crlf", attributes.Conversion{CRLF: true}},
		{"* text=auto eol=crlf", attributes.Conversion{CRLF: true, Auto: true}},
		{"* text eol=crlf\nd/f -text", attributes.Conversion{}},                   // a binary file
		{"d/f -text\n* text eol=crlf", attributes.Conversion{CRLF: true}},         // the last line counts
		{"* export-subst export-ignore merge=ours diff", attributes.Conversion{}}, // not about a checkout
		{"* filter=lfs", attributes.Conversion{}},
		{"* -filter", attributes.Conversion{Unfiltered: true}},
		{"* working-tree-encoding=utf-8", attributes.Conversion{}},
		{"* working-tree-encoding", attributes.Conversion{Encoding: "true"}},
		{"* " + strings.Repeat("x", 2048) + " eol=crlf", attributes.Conversion{}}, // too long for git
	} {
		rules := rulesOf(t, c.text)
		if got := rules.Conversion("d/f"); got != c.want {
			t.Errorf("%.60q: %+v, want %+v", c.text, got, c.want)
		}
	}
}

// TestEncodingErrors applies conversions for which git prints an error and leaves the file in UTF-8, or stops.
func TestEncodingErrors(t *testing.T) {
	for _, c := range []struct{ encoding, data, want string }{
		{"klingon", "a", `"klingon"`},
		{"true", "a", `"true"`},
		{"ISO-8859-1", "€", "characters that the encoding does not have"},
		{"UTF-16", "a\xff", "not UTF-8"},
		{"UTF-7", "a", "UTF-7"}, // IANA has the name, and the library has no encoder
	} {
		out, err := attributes.Conversion{Encoding: c.encoding}.Apply([]byte(c.data))
		if err == nil || !strings.Contains(err.Error(), c.want) ||
			!strings.Contains(err.Error(), "working-tree-encoding="+c.encoding) {
			t.Errorf("%s: %q, %v, want %q", c.encoding, out, err, c.want)
		}
	}
}

func TestTooManyPatterns(t *testing.T) {
	many := func(format string) string {
		var text strings.Builder
		for i := range 1001 {
			fmt.Fprintf(&text, format+"\n", i)
		}
		return text.String()
	}
	var rules attributes.Rules
	if err := rules.Add("", []byte(many("f%d* text"))); err == nil {
		t.Error("1001 patterns with wildcards are accepted")
	}
	for _, harmless := range []string{"d/f%d filter=lfs", "f%d* linguist-generated"} { // as git lfs track writes
		if err := new(attributes.Rules).Add("", []byte(many(harmless))); err != nil {
			t.Errorf("%s: %v", harmless, err)
		}
	}
}
