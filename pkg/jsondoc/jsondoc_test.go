package jsondoc_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/Project-Manager-With-Git/ppm/pkg/jsondoc"
)

// TestFormat formats every character, in a value and in the name of a field.
func TestFormat(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r == 0xd800 {
			r = 0xe000 // surrogates are not characters
		}
		in := map[string]string{"k" + string(r): "v" + string(r)}
		data, err := jsondoc.Format(in)
		if err != nil {
			t.Fatal(err)
		}
		for _, shown := range string(data) {
			hidden := unicode.In(shown, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Variation_Selector,
				unicode.Other_Default_Ignorable_Code_Point)
			if hidden && shown != '\n' {
				t.Fatalf("%U is in %q", shown, data)
			}
		}
		var out map[string]string
		if err := json.Unmarshal(data, &out); err != nil || out["k"+string(r)] != in["k"+string(r)] {
			t.Fatalf("%U: %v, %q from %q", r, err, out, data)
		}
	}
}

func TestFormatKeepsWhatIsShown(t *testing.T) {
	data, err := jsondoc.Format([]string{"<a> & é 中 👍\n\t", "\u202e\u009b\u200b\U000e0041\x7f"})
	const want = "[\n  \"<a> & é 中 👍\\n\\t\",\n  \"\\u202e\\u009b\\u200b\\udb40\\udc41\\u007f\"\n]\n"
	if string(data) != want || err != nil {
		t.Errorf("%s, %v; want %s", data, err, want)
	}
	if _, err := jsondoc.Format(func() {}); err == nil || strings.Contains(err.Error(), "panic") {
		t.Errorf("a value that JSON does not have: %v", err)
	}
}

func BenchmarkFormat(b *testing.B) {
	value := strings.Repeat("text é\n", 1<<16)
	for b.Loop() {
		if _, err := jsondoc.Format(value); err != nil {
			b.Fatal(err)
		}
	}
}
