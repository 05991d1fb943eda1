package secret

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// minFound is the minimum length in bytes of a value that is looked for in any text.
const minFound = 6

// Redact replaces values in a file on disk by their placeholders. template is the file with placeholders as it was
// installed: lines of it are recognized whatever the value is. In other lines, and without a template, only values of
// at least six bytes are replaced: a short one can be a part of any word. Reveal is the inverse.
func Redact(template, disk []byte, values []Value) []byte {
	switch {
	case len(values) == 0:
		return disk
	case template != nil && bytes.Equal(Reveal(template, values), disk):
		return template
	}
	lines := map[string]string{} // of the template, by what is on disk
	for line := range strings.SplitSeq(string(template), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if shown := string(Reveal([]byte(line), values)); shown != line {
			lines[shown] = line
		}
	}
	sorted := slices.Clone(values)
	slices.SortStableFunc(sorted, func(a, b Value) int { return cmp.Compare(len(b.Value), len(a.Value)) })
	var out strings.Builder
	for line := range strings.Lines(string(disk)) {
		text := strings.TrimRight(line, "\r\n")
		if known, ok := lines[text]; ok {
			out.WriteString(known + line[len(text):])
			continue
		}
		out.WriteString(line)
	}
	text := out.String()
	for _, v := range sorted {
		if len(v.Value) >= minFound {
			text = strings.ReplaceAll(text, v.Value, v.Placeholder)
		}
	}
	return []byte(text)
}

// Reveal replaces placeholders by their values.
func Reveal(text []byte, values []Value) []byte {
	for _, v := range values {
		text = bytes.ReplaceAll(text, []byte(v.Placeholder), []byte(v.Value))
	}
	return text
}

// Recover finds the values in a file on disk: template is the same file with placeholders, as it was installed. It
// compares the whole file, and if the file was edited, the lines that have placeholders. It returns the possible
// values of each placeholder; with more than one, the file does not say which it is.
func Recover(template, disk []byte, placeholders []string) map[string][]string {
	if values := recoverFrom(string(template), string(disk), placeholders); values != nil {
		return values
	}
	out := map[string][]string{}
	lines := strings.Split(strings.ReplaceAll(string(disk), "\r\n", "\n"), "\n")
	for line := range strings.SplitSeq(strings.ReplaceAll(string(template), "\r\n", "\n"), "\n") {
		if !slices.ContainsFunc(placeholders, func(p string) bool { return strings.Contains(line, p) }) {
			continue
		}
		for _, other := range lines {
			for p, values := range recoverFrom(line, other, placeholders) {
				out[p] = append(out[p], values...)
			}
		}
	}
	for p := range out {
		slices.Sort(out[p])
		out[p] = slices.Compact(out[p])
	}
	return out
}

// maxWords is the number of texts that Words returns at most: each is compared with a fingerprint.
const maxWords = 10_000

// Words returns the texts in a file on disk that could be a secret: what is between quotes, white space and
// punctuation, of at least six bytes. A fingerprint tells which one is.
func Words(disk []byte) []string {
	var out []string
	for _, ends := range []string{" \t\r\n", "\"'`\r\n", " \t\r\n\"'`=:,;()[]{}<>"} {
		isEnd := func(r rune) bool { return strings.ContainsRune(ends, r) }
		for word := range strings.FieldsFuncSeq(string(disk), isEnd) {
			if len(word) >= minFound && len(out) < maxWords {
				out = append(out, word)
			}
		}
	}
	return out
}

// recoverFrom returns the value of each placeholder in template that makes it text, or nil if there is none. If the
// template contains nothing but a placeholder, any text matches, and the result is nil.
func recoverFrom(template, text string, placeholders []string) map[string][]string {
	literals, order := split(template, placeholders)
	last := len(literals) - 1
	if last == 0 || strings.TrimSpace(strings.Join(literals, "")) == "" || slices.Contains(literals[1:last], "") {
		return nil
	}
	text, ok := strings.CutPrefix(text, literals[0])
	if !ok {
		return nil
	}
	text, ok = strings.CutSuffix(text, literals[last])
	if !ok {
		return nil
	}
	out := map[string][]string{}
	for i, p := range order {
		value := text
		if i < last-1 {
			if value, text, ok = strings.Cut(text, literals[i+1]); !ok {
				return nil
			}
		}
		if known, twice := out[p]; value == "" || twice && known[0] != value || strings.Contains(value, p) {
			return nil
		}
		out[p] = []string{value}
	}
	return out
}

// split returns the texts between the placeholders of a text, and the placeholders in their order.
func split(text string, placeholders []string) (literals, order []string) {
	for {
		at, next := len(text), ""
		for _, p := range placeholders {
			if i := strings.Index(text, p); i >= 0 && i < at {
				at, next = i, p
			}
		}
		literals = append(literals, text[:at])
		if next == "" {
			return literals, order
		}
		order, text = append(order, next), text[at+len(next):]
	}
}
