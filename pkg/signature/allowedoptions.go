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
// case.
func (l *allowedLine) setOptions(text string, zone *time.Location) error {
	for {
		name, value, rest, err := cutOption(text)
		if err != nil {
			return err
		}
		if err := l.setOption(name, value, zone); err != nil {
			return err
		}
		if rest == "" {
			break
		}
		if rest[0] != ',' || rest == "," {
			return fmt.Errorf("%q after the option %q is not an option", rest, name)
		}
		text = rest[1:]
	}
	if l.validAfter != 0 && l.validBefore != 0 && l.validBefore <= l.validAfter {
		return errors.New("valid-before is not later than valid-after")
	}
	return nil
}

// cutOption cuts NAME or NAME="VALUE" from the start of the text. In a value, \" is a quote.
func cutOption(text string) (name string, value *string, rest string, err error) {
	end := strings.IndexAny(text, "=,")
	if end < 0 || text[end] == ',' {
		name, rest = text, ""
		if end >= 0 {
			name, rest = text[:end], text[end:]
		}
		return strings.ToLower(name), nil, rest, nil
	}
	name, rest = strings.ToLower(text[:end]), text[end+1:]
	if !strings.HasPrefix(rest, `"`) {
		return "", nil, "", fmt.Errorf("the value of the option %q is not quoted", name)
	}
	var b strings.Builder
	for i := 1; i < len(rest); i++ {
		switch {
		case rest[i] == '\\' && strings.HasPrefix(rest[i+1:], `"`):
			i++
			b.WriteByte('"')
		case rest[i] == '"':
			v := b.String()
			return name, &v, rest[i+1:], nil
		default:
			b.WriteByte(rest[i])
		}
	}
	return "", nil, "", fmt.Errorf("the value of the option %q has no end", name)
}

// setOption sets an option. value is nil for an option without one.
func (l *allowedLine) setOption(name string, value *string, zone *time.Location) error {
	var time *uint64
	switch {
	case name == "cert-authority" && value == nil:
		l.authority = true
		return nil
	case name == "namespaces" && value != nil:
		if l.namespaces != nil {
			return errors.New("it has two options namespaces")
		}
		l.namespaces = value
		return nil
	case name == "valid-after" && value != nil:
		time = &l.validAfter
	case name == "valid-before" && value != nil:
		time = &l.validBefore
	default:
		return fmt.Errorf("%q is not an option; use cert-authority, namespaces=, valid-after= or valid-before=", name)
	}
	if *time != 0 {
		return fmt.Errorf("it has two options %s", name)
	}
	seconds, ok := parseTime(*value, zone)
	if !ok || seconds <= 0 {
		return fmt.Errorf("%q is not a time, such as 20261231, 202612312359 or 20261231235959Z", *value)
	}
	*time = uint64(seconds)
	return nil
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
