// Package jsondoc writes JSON documents that people and programs read: indented, and with an escape for every
// character that controls a terminal or is not shown.
package jsondoc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Format returns v as a JSON document that ends with a line feed. A reader of JSON gets the same value as from
// json.Marshal. Outside of ASCII it has only printable characters; invalid UTF-8 becomes U+FFFD.
func Format(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return escape(b.Bytes()), nil
}

// escape escapes the invisible characters of a JSON document. Outside of its strings it has none but line feeds.
func escape(text []byte) []byte {
	var out []byte
	kept := 0 // the text before it is in out
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(text[i:])
		}
		if r != '\n' && isInvisible(r) {
			out = append(out, text[kept:i]...)
			if r > 0xffff {
				high, low := (r-0x10000)>>10+0xd800, (r-0x10000)&0x3ff+0xdc00
				out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
			} else {
				out = fmt.Appendf(out, `\u%04x`, r)
			}
			kept = i + size
		}
		i += size
	}
	return append(out, text[kept:]...)
}

// isInvisible reports whether r is a control character, one that reorders text, a line separator, or one that is not
// shown, such as a joiner, a variation selector or a tag.
func isInvisible(r rune) bool {
	if r <= unicode.MaxASCII {
		return r < ' ' || r == 0x7f
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Variation_Selector,
		unicode.Other_Default_Ignorable_Code_Point)
}
