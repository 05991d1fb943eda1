package jinja

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// Python uses Unicode's full case mappings: "ß" becomes "SS" in upper case. The mapping of the Greek sigma
// depends on its context and is not supported.

func upper(_ *call, s string) string {
	if isASCII(s) {
		return strings.ToUpper(s)
	}
	return cases.Upper(language.Und).String(s)
}

func lower(c *call, s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	c.rejectSigma(s)
	return cases.Lower(language.Und).String(s)
}

func foldCase(_ *call, s string) string { return cases.Fold().String(s) }

func (c *call) rejectSigma(s string) {
	if strings.ContainsRune(s, 'Σ') {
		c.at.unsupported("the lower case of the letter sigma")
	}
}

// titleRune returns the title case of a letter.
func titleRune(r rune) string {
	if r < 0x80 {
		return string(unicode.ToUpper(r))
	}
	return cases.Title(language.Und, cases.NoLower).String(string(r))
}

func capitalize(c *call, s string) string {
	for i, r := range s {
		rest := s[i+len(string(r)):]
		return titleRune(r) + lower(c, rest)
	}
	return s
}

// title is Python's str.title. A word is a run of cased letters.
func title(c *call, s string) string {
	c.rejectSigma(s)
	var b strings.Builder
	inWord := false
	for _, r := range s {
		if inWord {
			b.WriteString(lower(c, string(r)))
		} else {
			b.WriteString(titleRune(r))
		}
		inWord = isUpper(r) || isLower(r) || unicode.IsTitle(r)
	}
	return b.String()
}

func swapCase(c *call, s string) string {
	c.rejectSigma(s)
	var b strings.Builder
	for _, r := range s {
		switch {
		case isUpper(r):
			b.WriteString(lower(c, string(r)))
		case isLower(r):
			b.WriteString(upper(c, string(r)))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isUpper(r rune) bool { return unicode.IsUpper(r) || unicode.Is(unicode.Other_Uppercase, r) }
func isLower(r rune) bool { return unicode.IsLower(r) || unicode.Is(unicode.Other_Lowercase, r) }

// strTests are the string methods that test characters.
var strTests = map[string]func(s string) bool{
	"isalpha":      every(unicode.IsLetter),
	"isalnum":      every(func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }),
	"isspace":      every(isSpace),
	"isascii":      isASCII,
	"isprintable":  func(s string) bool { return s == "" || every(unicode.IsPrint)(s) },
	"isidentifier": isIdentifier,
	"isupper":      func(s string) bool { return isCased(s, isUpper, isLower) },
	"islower":      func(s string) bool { return isCased(s, isLower, isUpper) },
	"istitle":      isTitle,
}

func every(is func(rune) bool) func(string) bool {
	return func(s string) bool {
		return s != "" && strings.IndexFunc(s, func(r rune) bool { return !is(r) }) < 0
	}
}

// isCased reports whether s has letters of one case and none of the other.
func isCased(s string, want, not func(rune) bool) bool {
	found := false
	for _, r := range s {
		if not(r) || unicode.IsTitle(r) {
			return false
		}
		found = found || want(r)
	}
	return found
}

func isTitle(s string) bool {
	found, inWord := false, false
	for _, r := range s {
		switch {
		case isUpper(r) || unicode.IsTitle(r):
			if inWord {
				return false
			}
			found, inWord = true, true
		case isLower(r):
			if !inWord {
				return false
			}
		default:
			inWord = false
		}
	}
	return found
}

func isIdentifier(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != ""
}

// isNumeric implements the methods that test for digits. They differ only for non-ASCII numbers, which are not
// supported.
func (c *call) isNumeric(name, s string) bool {
	if !isASCII(s) && strings.ContainsFunc(s, unicode.IsNumber) {
		c.at.unsupported("the method %q on non-ASCII digits", name)
	}
	return every(unicode.IsDigit)(s)
}
