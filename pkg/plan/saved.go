package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
)

// SavedVersion is the newest version of a saved plan's format that is read, and the one that is written.
const SavedVersion = 1

// A Saved is a plan in a file, for somebody to review before it is carried out. The
// file is JSON. It has the new contents as text, base64 being for what is not UTF-8 alone,
// and what they change as unified diffs, which say nothing that the contents do not.
type Saved struct {
	Command  string // whose plan it is, as the user typed it
	Undoes   int    // the number of the command in the history that it takes back, or 0
	Manifest State  // of the project's records it was made for, also of those that it leaves alone
	Lock     State
	Plan     Plan
}

// savedFile is the form of the file.
type savedFile struct {
	Version  int           `json:"ppm_plan"`
	Command  string        `json:"command"`
	Undoes   int           `json:"undoes,omitempty"`
	Manifest State         `json:"ppm.toml"`
	Lock     State         `json:"ppm.lock"`
	Changes  []savedChange `json:"changes"`
}

type savedChange struct {
	Change
	Data   *struct{} `json:"data,omitempty"` // never there: it hides the one of Change
	Text   *string   `json:"text,omitempty"`
	Base64 []byte    `json:"base64,omitempty"`
	Diff   string    `json:"diff,omitempty"` // against what stands there when the plan is made
}

// Context of the diffs, in lines.
const savedContext = 3

// Format returns the file. Old returns what stands at the path of a file that the plan
// replaces or removes. The same plan always is the same bytes.
func (s Saved) Format(old func(path string) ([]byte, error)) ([]byte, error) {
	f := savedFile{SavedVersion, s.Command, s.Undoes, s.Manifest, s.Lock, []savedChange{}}
	for _, c := range s.Plan.Changes {
		out := savedChange{Change: c}
		if c.holdsData() {
			if text := string(c.Data); utf8.ValidString(text) {
				out.Text = &text
			} else {
				out.Base64 = c.Data
			}
		}
		var err error
		if out.Diff, err = c.diff(old); err != nil {
			return nil, err
		}
		f.Changes = append(f.Changes, out)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(f); err != nil {
		return nil, fmt.Errorf("writing a plan: %w", err)
	}
	return visible(b.Bytes()), nil
}

// holdsData reports whether the plan must say what the file's content becomes.
func (c Change) holdsData() bool {
	return c.Writes() && c.New.Kind == File && c.New.Digest != c.Old.Digest
}

func (c Change) diff(old func(path string) ([]byte, error)) (string, error) {
	if !c.Writes() || c.Old.Digest == c.New.Digest {
		return "", nil
	}
	before, after := "/dev/null", "/dev/null"
	var was []byte
	if c.Old.Kind == File {
		before = "a/" + c.Path
		var err error
		if was, err = old(c.Path); err != nil {
			return "", err
		}
	}
	if c.New.Kind == File {
		after = "b/" + c.Path
	}
	return strings.ToValidUTF8(string(merge.UnifiedDiff(before, after, was, c.Data, savedContext)), "\ufffd"), nil
}

// visible writes what could steer a terminal, or hide a part of a line from who reviews it, as an escape of JSON.
func visible(text []byte) []byte {
	var b bytes.Buffer
	for _, r := range string(text) {
		switch {
		case r == '\n' || !unicode.IsControl(r) && !unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := (r-0x10000)>>10+0xd800, (r-0x10000)&0x3ff+0xdc00
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.Bytes()
}

// ParseSaved reads a file that Format wrote. Its errors are of kind Usage for what is no such
// file or a newer one, and Refused for a plan that no command of ppm makes. Whether the
// file is in all what Format writes, its diffs included, only the project can tell.
func ParseSaved(data []byte) (Saved, error) {
	var version struct {
		Version int `json:"ppm_plan"`
	}
	if err := json.Unmarshal(data, &version); err != nil || version.Version < 1 {
		return Saved{}, failure.Errorf(failure.Usage, "reading the plan: it is not a file that ppm project plan wrote").
			WithHint("make one with ppm project plan -o FILE")
	}
	if version.Version > SavedVersion {
		return Saved{}, failure.Errorf(failure.Usage, "reading the plan: it was made by a newer ppm, in version %d of its format; this ppm reads up to version %d", version.Version, SavedVersion).
			WithHint("use the newer ppm, or make the plan again with this one")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var f savedFile
	if err := dec.Decode(&f); err != nil {
		return Saved{}, failure.Errorf(failure.Usage, "reading the plan: %w", err).WithHint("make the plan again with ppm project plan")
	}
	s := Saved{Command: f.Command, Undoes: f.Undoes, Manifest: f.Manifest, Lock: f.Lock}
	for _, c := range f.Changes {
		switch {
		case c.Text != nil:
			c.Change.Data = []byte(*c.Text)
		case len(c.Base64) > 0:
			c.Change.Data = c.Base64
		}
		s.Plan.Changes = append(s.Plan.Changes, c.Change)
	}
	if err := s.check(); err != nil {
		return Saved{}, err
	}
	return s, nil
}

// check refuses what Make and Write never put into a plan. What is left is for package apply to prove.
func (s Saved) check() error {
	if strings.ContainsFunc(s.Command, unicode.IsControl) {
		return failure.Errorf(failure.Refused, "reading the plan: the command %.100q has control characters", s.Command).WithHint("make the plan again")
	}
	for i, c := range s.Plan.Changes {
		switch {
		case i > 0 && s.Plan.Changes[i-1].Path == Lock:
			return failure.Errorf(failure.Refused, "reading the plan: %q comes after %s", c.Path, Lock).WithHint("make the plan again")
		case !c.Record:
			if err := checkPath(c.Path); err != nil {
				return err
			}
		case c.Path == Manifest && c.Old == s.Manifest, c.Path == Lock && c.Old == s.Lock:
		default:
			return failure.Errorf(failure.Refused, "reading the plan: %q is not a record that the plan was made for", c.Path).WithHint("make the plan again")
		}
		if c.Action == Conflict || len(c.Data) > 0 && !c.holdsData() {
			return failure.Errorf(failure.Refused, "reading the plan: the %s of %q cannot stand in a plan", c.Action, c.Path).WithHint("make the plan again")
		}
	}
	return nil
}
