package ref

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

// General forms for hints, for input that does not suggest a specific one.
const (
	formName    = "REPO@TAG//COMPONENT"
	formURL     = "https://HOST/PATH@TAG//COMPONENT"
	formSSH     = "ssh://USER@HOST/PATH@TAG//COMPONENT"
	formLocal   = "./PATH@TAG//COMPONENT"
	formVersion = "a tag, branch or commit, latest, dev, a glob such as cp-* or a range such as cp-~0.0.1"
)

const badPort = "the port is not a number from 1 to 65535"

// A SyntaxError is an error at a position of a reference or version.
type SyntaxError struct {
	Input   string // the text, with passwords replaced by "***"; truncated if it is very long
	Offset  int    // of the invalid part of Input, in bytes
	Length  int    // of the invalid part, in bytes; 0 if something is missing at Offset
	Problem string // such as "the version after @ is empty"
	Form    string // a valid form, such as "REPO@TAG//COMPONENT"

	what string // "reference" or "version"
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s %q: %s", e.what, e.Input, e.Problem) }

// Caret returns two lines: the input, and ^^^^ under the invalid part. Characters that are not printable are replaced
// by U+FFFD.
func (e *SyntaxError) Caret() string {
	var line, under strings.Builder
	for i, r := range e.Input {
		mark, columns := " ", 1
		if i >= e.Offset && i < e.Offset+e.Length {
			mark = "^"
		}
		if !unicode.IsPrint(r) {
			r = utf8.RuneError
		}
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			columns = 2
		}
		line.WriteRune(r)
		if i < e.Offset+e.Length {
			under.WriteString(strings.Repeat(mark, columns))
		}
	}
	if !strings.Contains(under.String(), "^") {
		under.WriteByte('^')
	}
	return line.String() + "\n" + under.String()
}

// A span is a part of a parser's input.
type span struct {
	text string
	at   int // offset in the input, in bytes
}

func (s span) from(i int) span { return span{s.text[i:], s.at + i} }
func (s span) upto(i int) span { return span{s.text[:i], s.at} }

// cut is strings.Cut. If sep is not found, after is the empty span at the end of s.
func (s span) cut(sep string) (before, after span, found bool) {
	if i := strings.Index(s.text, sep); i >= 0 {
		return s.upto(i), s.from(i + len(sep)), true
	}
	return s, s.from(len(s.text)), false
}

// split is strings.Split.
func (s span) split(sep string) []span {
	var all []span
	for {
		before, after, found := s.cut(sep)
		all = append(all, before)
		if !found {
			return all
		}
		s = after
	}
}

// index returns the first occurrence of part in s, or the empty span.
func (s span) index(part string) span {
	if i := strings.Index(s.text, part); i >= 0 {
		return s.from(i).upto(len(part))
	}
	return span{}
}

// indexAny returns the first character of s that is in chars, which must be ASCII, or the empty span.
func (s span) indexAny(chars string) span {
	if i := strings.IndexAny(s.text, chars); i >= 0 {
		return s.from(i).upto(1)
	}
	return span{}
}

// trimRight is strings.TrimRight.
func (s span) trimRight(cutset string) span { return s.upto(len(strings.TrimRight(s.text, cutset))) }

// A parser parses one reference or version.
type parser struct {
	what  string // as in SyntaxError
	input string
	query int // index of a "?", "#", ";" or "&" in input, behind which a possible secret has been replaced; else 0

	hidesComponent bool // what was replaced contains "//", which may start a component
}

// checkQuery refuses the query of a URL that is not a web address of a forge.
func (p parser) checkQuery() error {
	if p.query == 0 {
		return nil
	}
	bad := span{p.input[p.query : p.query+1], p.query}
	return p.fail(bad, "the URL of a repository cannot contain "+bad.text, p.input[:p.query]+"@TAG//COMPONENT")
}

// checkForgeQuery refuses what follows a web address of a forge if it is not a query or fragment, which are ignored,
// or may hide a component: without an error, the whole pack would be used.
func (p parser) checkForgeQuery() error {
	if p.query == 0 || !p.hidesComponent && strings.IndexByte("?#", p.input[p.query]) >= 0 {
		return nil
	}
	bad := span{p.input[p.query : p.query+1], p.query}
	return p.fail(bad, "what follows "+bad.text+" may be a token", p.input[:p.query])
}

// fail returns the error that s is invalid.
func (p parser) fail(s span, problem, form string) error {
	err := &SyntaxError{
		Input: p.input, Offset: s.at, Length: len(s.text), Problem: problem, Form: form, what: p.what,
	}
	return failure.Errorf(failure.Usage, "reading %w", err).WithHint("write it as %s", form)
}

// replace returns the input with s replaced by text.
func (p parser) replace(s span, text string) string {
	return p.input[:s.at] + text + p.input[s.at+len(s.text):]
}

// checkText checks rules for all forms of input: no password, the maximum length, and only printable characters.
func (p parser) checkText() error {
	if len(p.input) > maxLength {
		clean := secreturl.Clean(p.input)
		truncated := parser{what: p.what, input: strings.ToValidUTF8(clean[:min(len(clean), 60)], "") + "…"}
		return truncated.fail(span{}, fmt.Sprintf("it is longer than %d bytes", maxLength), formName)
	}
	if err := p.checkCredentials(); err != nil {
		return err
	}
	for i, r := range p.input {
		_, size := utf8.DecodeRuneInString(p.input[i:])
		at := span{p.input[i : i+size], i}
		switch {
		case r == utf8.RuneError && size == 1:
			return p.fail(at, "it is not valid UTF-8", formName)
		case isNotPrintable(r):
			return p.fail(at, fmt.Sprintf("the character %U is not printable", r), p.replace(at, ""))
		}
	}
	if trimmed := strings.TrimSpace(p.input); trimmed != p.input {
		at := span{" ", strings.Index(p.input, trimmed) - 1}
		if at.at < 0 {
			at.at = len(trimmed)
		}
		return p.fail(at, "it starts or ends with a space", cmp.Or(trimmed, formName))
	}
	if strings.HasPrefix(p.input, "-") {
		return p.fail(span{"-", 0}, "it starts with -", formName)
	}
	return nil
}

func isNotPrintable(r rune) bool { return !unicode.IsPrint(r) }

// hasPath reports whether what follows an @ can be a host with a path, and not a version and a component.
func hasPath(s string) bool {
	_, after, found := strings.Cut(s, "/")
	return found && !strings.HasPrefix(after, "/")
}

// checkCredentials refuses a URL with a password. It must be the first check, because other errors show the input. It
// is strict: an authority that is not a host with a port may be part of a password that contains "/". What follows a
// host is probably an invalid port, but may be a password, so that the error does not show it.
func (p parser) checkCredentials() error {
	scheme, rest, ok := strings.Cut(p.input, "://")
	if !ok || !isScheme(scheme) {
		return p.checkSecret()
	}
	authority, _, _ := strings.Cut(rest, "/")
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		host, port, ok := strings.Cut(authority, ":")
		if !ok || isPort(port) || strings.HasPrefix(authority, "[") {
			return p.checkSecret()
		}
		at = strings.LastIndexByte(rest, '@')
		isDigits := strings.Trim(port, "0123456789") == ""
		if at >= 0 && isHost(strings.ToLower(host)) && (isDigits || !hasPath(rest[at+1:])) {
			hidden := parser{what: p.what, input: scheme + "://" + host + ":***" + rest[at:]}
			err := hidden.fail(span{"***", len(scheme + "://" + host + ":")}, badPort, formURL).(*failure.Error)
			return err.WithHint("write it as %s; a password does not belong in the URL",
				scheme+"://HOST:PORT/PATH@TAG//COMPONENT")
		}
	}
	if at < 0 || strings.EqualFold(scheme, "ssh") && !strings.Contains(rest[:at], ":") {
		return p.checkSecret()
	}
	hidden := parser{what: p.what, input: scheme + "://***" + rest[at:]}
	err := hidden.fail(span{"***@", len(scheme) + 3}, "a URL must not contain a user name or password",
		formURL).(*failure.Error)
	return err.WithHint("leave it out of the URL; ppm takes it from ~/.netrc or from git's credential helper")
}

// checkSecret refuses what looks like a password in another form than that of a URL, such as USER:PASSWORD@HOST:PATH.
func (p parser) checkSecret() error {
	clean := secreturl.Clean(p.input)
	if clean == p.input {
		return nil
	}
	at := span{}
	if i := strings.Index(clean, secreturl.Hidden+"@"); i >= 0 {
		at = span{secreturl.Hidden, i}
	}
	err := parser{what: p.what, input: clean}.fail(at, "an address must not contain a password", formURL)
	return err.(*failure.Error).
		WithHint("leave it out of the address; ppm takes it from ~/.netrc or from git's credential helper")
}
