package config

import (
	"fmt"
	"strings"
)

// parse calls add for each setting in a text, in the format that git-config(1) describes and as git reads it. A name
// without a value is true. Settings of an empty subsection are left out: they are about nothing.
func parse(text string, add func(Setting) error) error {
	text = strings.TrimPrefix(text, "\ufeff")
	p := &parser{rest: strings.ReplaceAll(text, "\r\n", "\n"), line: 1}
	for p.rest != "" {
		line := p.line
		s, found, ok := p.next()
		switch {
		case !ok:
			return fmt.Errorf("line %d is malformed", line)
		case !found || s.Subsection == "" && p.hasSubsection:
		default:
			if err := add(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// A parser reads the text of a configuration file.
type parser struct {
	rest string
	line int

	section, subsection string
	hasSubsection       bool
}

// peek returns the next byte. The text ends like a line.
func (p *parser) peek() byte {
	if p.rest == "" {
		return '\n'
	}
	return p.rest[0]
}

// read returns the next byte and moves on.
func (p *parser) read() byte {
	c := p.peek()
	if c == '\n' {
		p.line++
	}
	if p.rest != "" {
		p.rest = p.rest[1:]
	}
	return c
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func isKey(c byte) bool { return isLetter(c) || c >= '0' && c <= '9' || c == '-' }

// next reads up to the end of a header, a comment or a setting, and reports whether it was a setting. ok is false for
// a malformed one.
func (p *parser) next() (s Setting, found, ok bool) {
	switch c := p.peek(); {
	case isSpace(c):
		p.read()
		return s, false, true
	case c == '#' || c == ';':
		for p.read() != '\n' {
		}
		return s, false, true
	case c == '[':
		p.read()
		return s, false, p.header()
	case !isLetter(c):
		return s, false, false
	}
	var name strings.Builder
	for isKey(p.peek()) {
		name.WriteByte(p.read())
	}
	for p.peek() == ' ' || p.peek() == '\t' {
		p.read()
	}
	s = Setting{Section: p.section, Name: strings.ToLower(name.String()), Subsection: p.subsection, Value: "true"}
	switch p.read() {
	case '\n':
		return s, true, true
	case '=':
		s.Value, ok = p.value()
		return s, true, ok
	}
	return s, false, false
}

// header reads the header of a section: [SECTION], [SECTION "SUBSECTION"] or the older [SECTION.SUBSECTION].
func (p *parser) header() bool {
	var base strings.Builder
	for isKey(p.peek()) || p.peek() == '.' {
		base.WriteByte(p.read())
	}
	p.section, p.subsection, p.hasSubsection = strings.Cut(strings.ToLower(base.String()), ".")
	if !isSpace(p.peek()) {
		return p.read() == ']'
	}
	for isSpace(p.peek()) {
		if p.read() == '\n' {
			return false
		}
	}
	if p.read() != '"' {
		return false
	}
	if p.hasSubsection {
		p.subsection += "."
	}
	p.hasSubsection = true
	var quoted strings.Builder
	for {
		c := p.read()
		if c == '"' {
			p.subsection += quoted.String()
			return p.read() == ']'
		}
		if c == '\\' {
			c = p.read()
		}
		if c == '\n' {
			return false
		}
		quoted.WriteByte(c)
	}
}

// value reads a value up to the end of its line, which a backslash continues. It removes quotes, comments, and the
// spaces around the value.
func (p *parser) value() (string, bool) {
	var value, spaces strings.Builder
	quoted := false
	for {
		c := p.read()
		switch {
		case c == '\n':
			return value.String(), !quoted
		case !quoted && isSpace(c):
			if value.Len() > 0 {
				spaces.WriteByte(c)
			}
			continue
		case !quoted && (c == '#' || c == ';'):
			for p.read() != '\n' {
			}
			return value.String(), true
		}
		value.WriteString(spaces.String())
		spaces.Reset()
		switch {
		case c == '"':
			quoted = !quoted
		case c != '\\':
			value.WriteByte(c)
		default:
			switch c = p.read(); c {
			case '\n':
			case 't', 'n', 'b':
				value.WriteByte(map[byte]byte{'t': '\t', 'n': '\n', 'b': '\b'}[c])
			case '\\', '"':
				value.WriteByte(c)
			default:
				return "", false
			}
		}
	}
}
