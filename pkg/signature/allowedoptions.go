package signature

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// cutOptions cuts the options before a key, which end at a space outside of quotes, like sshkey_advance_past_options
// of OpenSSH.
func cutOptions(text string) (options, rest string, found bool) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && strings.HasPrefix(text[i+1:], `"`):
			i++
		case text[i] == '"':
			quoted = !quoted
		case !quoted && (text[i] == ' ' || text[i] == '\t'):
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}

// setOptions reads options with commas in between, like sshsigopt_parse of OpenSSH. Their names are the same in upper
// case, and an option may be empty.
func (l *allowedLine) setOptions(text string, zone *time.Location) error {
	for text != "" {
		rest, err := l.setOption(text, zone)
		if err != nil {
			return err
		}
		if rest == "" {
			break
		}
		if rest[0] != ',' || rest == "," {
			return fmt.Errorf("%q is not an option; use cert-authority, namespaces=, valid-after= or valid-before=",
				rest)
		}
		text = rest[1:]
	}
	if l.validAfter != 0 && l.validBefore != 0 && l.validBefore <= l.validAfter {
		return errors.New("valid-before is not later than valid-after")
	}
	return nil
}

// setOption sets the option that text begins with, if it is one, and returns the text after it.
func (l *allowedLine) setOption(text string, zone *time.Location) (rest string, err error) {
	if rest, found := cutName(text, "cert-authority"); found {
		l.authority = true
		return rest, nil
	}
	if rest, found := cutName(text, "namespaces="); found {
		if l.namespaces != nil {
			return "", errors.New("it has two options namespaces")
		}
		value, rest, err := cutQuoted(rest)
		l.namespaces = &value
		return rest, err
	}
	for name, at := range map[string]*uint64{"valid-after=": &l.validAfter, "valid-before=": &l.validBefore} {
		rest, found := cutName(text, name)
		if !found {
			continue
		}
		if *at != 0 {
			return "", fmt.Errorf("it has two options %s", name)
		}
		value, rest, err := cutQuoted(rest)
		if err != nil {
			return "", err
		}
		seconds, ok := parseTime(value, zone)
		if !ok || seconds <= 0 {
			return "", fmt.Errorf("%q is not a time, such as 20261231, 202612312359 or 20261231235959Z", value)
		}
		*at = uint64(seconds)
		return rest, nil
	}
	return text, nil
}

// cutName cuts a name, in lower or upper case, from the start of the text.
func cutName(text, name string) (rest string, found bool) {
	if len(text) < len(name) || !strings.EqualFold(text[:len(name)], name) {
		return text, false
	}
	return text[len(name):], true
}

// cutQuoted cuts "VALUE" from the start of the text. In a value, \" is a quote.
func cutQuoted(text string) (value, rest string, err error) {
	if !strings.HasPrefix(text, `"`) {
		return "", "", errors.New("the value of an option is not quoted")
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && strings.HasPrefix(text[i+1:], `"`):
			i++
			b.WriteByte('"')
		case text[i] == '"':
			return b.String(), text[i+1:], nil
		default:
			b.WriteByte(text[i])
		}
	}
	return "", "", errors.New("the value of an option has no end")
}

// parseTime reads YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, and "Z" or "UTC" for a time that is not of the zone, like
// parse_absolute_time of OpenSSH. It returns seconds since 1970.
func parseTime(text string, zone *time.Location) (int64, bool) {
	upper := strings.ToUpper(text)
	for _, suffix := range []string{"Z", "UTC"} {
		if digits, found := strings.CutSuffix(upper, suffix); found && digits != "" {
			upper, zone = digits, time.UTC
			break
		}
	}
	const layout = "20060102150405"
	switch len(upper) {
	case 8, 12, 14:
	default:
		return 0, false
	}
	t, err := time.ParseInLocation(layout[:len(upper)], upper, zone)
	return t.Unix(), err == nil
}
