package lockfile

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// Parse parses a lock. The order of the installs and the line endings do not matter. It refuses unknown, missing and
// malformed fields, duplicate paths, files outside their component, and newer versions of the format. name is the name
// of the file for messages. Errors name the line. They are of kind Usage, or Integrity if a ref does not match the
// source of its install.
func Parse(name string, data []byte) (*Lock, error) {
	if l := parseFormatted(data); l != nil {
		return l, nil
	}
	var s schema
	doc, err := tomldoc.Decode(name, data, &s)
	if err != nil {
		return nil, errInvalid(name, data, err)
	}
	switch {
	case s.Version > formatVersion:
		return nil, errNewer(name, s.Version)
	case s.Version < 1:
		return nil, doc.Errorf("version", "the version of the format is missing or below 1").
			WithHint("%s", restoreHint(name))
	}
	l, field, err := s.lock()
	if err != nil {
		invalid := doc.Errorf(field, "%w", err).WithHint("%s", restoreHint(name))
		if errors.Is(err, errRef) {
			invalid.Kind = failure.Integrity
		}
		return nil, invalid
	}
	return l, nil
}

func restoreHint(name string) string {
	return fmt.Sprintf("restore %q from version control, and do not edit it by hand", name)
}

func errNewer(name string, version any) error {
	return failure.Errorf(failure.Usage,
		"reading %q: it was written by a newer ppm: it has format version %v, and this ppm supports versions up to %d",
		name, version, formatVersion).
		WithHint("use a newer ppm; this one does not change the file")
}

// errInvalid returns the error for a text that is not a lock: for conflict markers and for a newer version of the
// format it explains what to do, else it is err.
func errInvalid(name string, data []byte, err error) error {
	if errors.Is(err, tomldoc.ErrConflictMarkers) {
		return failure.Errorf(failure.Usage, "%w", err).
			WithHint("run ppm lock resolve, which merges what is not in conflict, then keep one side of each " +
				"conflict that is left")
	}
	var fields map[string]any
	if _, e := tomldoc.Decode(name, data, &fields); e == nil {
		if v, ok := fields["version"].(int64); ok && v > formatVersion {
			return errNewer(name, v)
		}
	}
	return err
}

// parseFormatted parses a text that Format wrote, with any line endings, and returns nil for any other text. It is
// several times as fast as decoding TOML, and most locks are unchanged since they were written.
//
// It does not check the syntax. Instead it formats the result and compares: a text that equals what Format returns for
// a valid lock means that lock.
func parseFormatted(text []byte) *Lock {
	if len(text) > tomldoc.MaxSize {
		return nil
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) // in a value, Format escapes both characters
	s, err := readLines(string(text))
	if err != nil {
		return nil
	}
	l, _, err := s.lock()
	if err != nil || !bytes.Equal(l.Format(), text) {
		return nil
	}
	return l
}

// readLines reads a text in which each line is empty, a header or a field.
func readLines(text string) (s schema, err error) {
	var fields any = &s // the struct of the header above the line
	for line := range strings.SplitSeq(text, "\n") {
		last := len(s.Components) - 1
		switch {
		case line == "":
		case line == "[[component]]":
			s.Components = append(s.Components, block{})
			fields = &s.Components[last+1]
		case line == "[[component.file]]" && last >= 0:
			b := &s.Components[last]
			b.Files = append(b.Files, File{})
			fields = &b.Files[len(b.Files)-1]
		default:
			if err := tomldoc.DecodeField(line, fields); err != nil {
				return s, err
			}
		}
	}
	return s, nil
}

// Lines returns the line of each install in the text of a valid lock, by path.
func Lines(data []byte) map[string]int {
	var s schema
	doc, err := tomldoc.Decode("", data, &s)
	if err != nil {
		return nil
	}
	out := make(map[string]int, len(s.Components))
	for i, c := range s.Components {
		out[c.Path] = doc.Line(fmt.Sprintf("component[%d].path", i))
	}
	return out
}
