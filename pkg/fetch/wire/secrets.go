package wire

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// secrets are the strings of one session that no message may contain. Strings of a few letters are not added: they
// occur in every text.
type secrets struct{ list []string }

func (s *secrets) add(secret string) {
	if len(secret) >= 4 && !slices.Contains(s.list, secret) {
		s.list = append(s.list, secret)
	}
}

// scrub removes the secrets from a text that may come from a server.
func (s *secrets) scrub(text string) string {
	for _, secret := range s.list {
		text = strings.ReplaceAll(text, secret, "***")
		text = strings.ReplaceAll(text, url.QueryEscape(secret), "***")
	}
	return text
}

// printable returns a text of a server as one line of printable characters.
func printable(s string) string {
	const maxRunes = 500
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r) && r != unicode.ReplacementChar:
			return r
		}
		return -1
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > maxRunes {
		s = string(runes[:maxRunes]) + "…"
	}
	return s
}
