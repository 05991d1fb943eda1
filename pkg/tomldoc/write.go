package tomldoc

import (
	"fmt"
	"strings"
)

// Quote returns s as a basic string of TOML on one line. s must be valid UTF-8.
func Quote(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' || r >= 0x7f }) {
		return `"` + s + `"`
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			if r < ' ' || r == 0x7f {
				fmt.Fprintf(&b, `\u%04X`, r)
			} else {
				b.WriteRune(r)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Key returns s as a key of TOML: a bare key if possible, else a quoted key.
func Key(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !isBare(r) }) {
		return s
	}
	return Quote(s)
}

// isBare reports whether r is allowed in a bare key.
func isBare(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-'
}
