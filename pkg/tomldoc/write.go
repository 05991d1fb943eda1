package tomldoc

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Quote returns s as a TOML basic string on one line. s must be valid UTF-8.
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

// Key returns s as a TOML key: bare where that is allowed, else quoted.
func Key(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !isBare(r) }) {
		return s
	}
	return Quote(s)
}

// isBare reports whether r may stand in a key without quotes.
func isBare(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-'
}

// InlineTable returns m as a TOML table on one line, its keys sorted. text writes a value.
func InlineTable[V any](m map[string]V, text func(V) string) string {
	if len(m) == 0 {
		return "{}"
	}
	parts := make([]string, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, Key(k)+" = "+text(m[k]))
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

// Strings returns list as a TOML array on one line.
func Strings(list []string) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = Quote(s)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
