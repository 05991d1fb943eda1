package audit

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxHidden limits the findings in one text. The last one says how many more there are.
const maxHidden = 50

// A Hidden is a run of hidden characters in a text.
type Hidden struct {
	Line, Column int // from 1; the column counts code points
	Level        Level
	Message      string
}

// FindHidden finds characters that are invisible, or that change the order in which a text is shown, so that a reader
// sees another text than a compiler does (https://trojansource.codes). Those that text needs are none: joiners and
// variation selectors between letters or emoji, soft hyphens, and a byte order mark at the start.
//
// A text with a NUL byte is binary and has none. Bytes that are not UTF-8 are skipped.
func FindHidden(text []byte) []Hidden {
	if bytes.IndexByte(text, 0) >= 0 {
		return nil
	}
	var out []Hidden
	more, line, column := 0, 1, 0
	before := rune(-1) // the character before; -1 at the start
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		column++
		if isHidden(r, size, before, text[at+size:]) {
			run := hiddenRun(text[at:])
			if len(out) < maxHidden {
				out = append(out, newHidden(run, line, column))
			} else {
				more++
			}
			column += len(run) - 1
			size = len(string(run))
			before = run[len(run)-1]
		} else {
			before = r
		}
		if r == '\n' {
			line, column = line+1, 0
		}
		at += size
	}
	if more > 0 {
		out[maxHidden-1].Message += fmt.Sprintf("; the file has %d more", more)
	}
	return out
}

// hiddenRun returns the hidden characters at the start of a text, of which there is at least one.
func hiddenRun(text []byte) []rune {
	var run []rune
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if len(run) > 0 && !isInvisible(r, size) {
			break
		}
		run = append(run, r)
		text = text[size:]
	}
	return run
}

func newHidden(run []rune, line, column int) Hidden {
	h := Hidden{Line: line, Column: column, Level: Warning}
	var names []string
	for _, r := range run {
		if isReordering(r) {
			h.Level = Error
		}
		if len(names) < 3 {
			names = append(names, fmt.Sprintf("U+%04X (%s)", r, hiddenName(r)))
		}
	}
	h.Message = strings.Join(names, ", ")
	if n := len(run) - len(names); n > 0 {
		h.Message += fmt.Sprintf(" and %d more hidden characters", n)
		h.Level = Error // a long run can carry a text
	}
	return h
}

// isHidden reports whether a character is hidden where it is: after the character before, and before the rest of the
// text.
func isHidden(r rune, size int, before rune, rest []byte) bool {
	if r < 0x80 || !isInvisible(r, size) {
		return false
	}
	after, _ := utf8.DecodeRune(rest)
	switch {
	case r == byteOrderMark:
		return before != -1
	case r == zeroWidthJoiner || r == zeroWidthNonJoiner: // joins emoji, and shapes letters of many scripts
		return !isJoined(before) || !isJoined(after)
	case r >= 0xFE00 && r <= 0xFE0F: // how to draw the character before, such as an emoji or the base of a keycap
		return !isJoined(before) && !strings.ContainsRune("0123456789#*", before)
	case r >= 0xE0100 && r <= 0xE01EF:
		return !unicode.Is(unicode.Han, before)
	case isTag(r): // a black flag and tags are the flag of a region
		return before != blackFlag && !isTag(before)
	}
	return true
}

const (
	byteOrderMark      = 0xFEFF
	zeroWidthNonJoiner = 0x200C
	zeroWidthJoiner    = 0x200D
	blackFlag          = 0x1F3F4
	cancelTag          = 0xE007F
)

// isJoined reports whether joiners and variation selectors belong after a character: a visible one outside of ASCII.
func isJoined(r rune) bool {
	return r >= 0x80 && r != utf8.RuneError && (!isInvisible(r, utf8.RuneLen(r)) || r >= 0xFE00 && r <= 0xFE0F)
}

func isTag(r rune) bool { return r >= 0xE0000 && r <= cancelTag }

// isInvisible reports whether a character has no shape of its own. size is that of its encoding: bytes that are not
// UTF-8 are not invisible.
func isInvisible(r rune, size int) bool {
	switch {
	case r == utf8.RuneError && size == 1:
		return false
	case isReordering(r), isTag(r), r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0100 && r <= 0xE01EF:
		return true
	case r >= 0x2060 && r <= 0x2064, r >= 0x206A && r <= 0x206F, r >= 0xFFF9 && r <= 0xFFFB:
		return true
	}
	return singleName(r) != ""
}

// isReordering reports whether a character is one of the controls that reorder a text from right to left.
func isReordering(r rune) bool { return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 }

// singleName returns Unicode's name of an invisible character, or "" for others.
func singleName(r rune) string {
	switch r {
	case 0x034F:
		return "combining grapheme joiner"
	case 0x061C:
		return "Arabic letter mark"
	case 0x115F:
		return "Hangul choseong filler"
	case 0x1160:
		return "Hangul jungseong filler"
	case 0x17B4:
		return "Khmer vowel inherent aq"
	case 0x17B5:
		return "Khmer vowel inherent aa"
	case 0x180E:
		return "Mongolian vowel separator"
	case 0x200B:
		return "zero width space"
	case 0x200C:
		return "zero width non-joiner"
	case 0x200D:
		return "zero width joiner"
	case 0x200E:
		return "left-to-right mark"
	case 0x200F:
		return "right-to-left mark"
	case 0x202A:
		return "left-to-right embedding"
	case 0x202B:
		return "right-to-left embedding"
	case 0x202C:
		return "pop directional formatting"
	case 0x202D:
		return "left-to-right override"
	case 0x202E:
		return "right-to-left override"
	case 0x2060:
		return "word joiner"
	case 0x2066:
		return "left-to-right isolate"
	case 0x2067:
		return "right-to-left isolate"
	case 0x2068:
		return "first strong isolate"
	case 0x2069:
		return "pop directional isolate"
	case 0x3164:
		return "Hangul filler"
	case 0xFEFF:
		return "zero width no-break space"
	case 0xFFA0:
		return "halfwidth Hangul filler"
	}
	return ""
}

func hiddenName(r rune) string {
	switch name := singleName(r); {
	case name != "":
		return name
	case isTag(r):
		return "tag character"
	case r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0100:
		return "variation selector"
	case r >= 0x2061 && r <= 0x2064:
		return "invisible operator"
	}
	return "invisible format character"
}
