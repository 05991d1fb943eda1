package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/jsondoc"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
)

// SavedVersion is the version of the format that Format writes, and the newest one that ParseSaved reads.
const SavedVersion = 1

// A Saved is a plan that is saved in a JSON file, so that it can be reviewed before it is applied. The file has the
// new contents as text, or as base64 if they are not UTF-8, and unified diffs for the reviewer.
type Saved struct {
	Command  string // the command line that made the plan
	Undoes   int    // the number of the command in the history that the plan undoes, or 0
	Manifest State  // ppm.toml when the plan was made
	Lock     State  // ppm.lock when the plan was made
	Plan     Plan
}

// savedFile is the JSON of a saved plan.
type savedFile struct {
	Version  int           `json:"ppm_plan"`
	Digest   string        `json:"digest"` // of this document with an empty digest
	Command  string        `json:"command"`
	Undoes   int           `json:"undoes,omitempty"`
	Manifest State         `json:"ppm.toml"`
	Lock     State         `json:"ppm.lock"`
	Changes  []savedChange `json:"changes"`
}

type savedChange struct {
	Change
	Data   *struct{} `json:"data,omitempty"` // always nil: it hides Change.Data
	Text   *string   `json:"text,omitempty"`
	Base64 []byte    `json:"base64,omitempty"`
	Diff   string    `json:"diff,omitempty"` // against the file on the disk when the plan was made
}

// savedContext is the number of context lines in the diffs.
const savedContext = 3

// Format returns the saved plan as JSON; equal plans give equal bytes. old returns the current content of a file
// that the plan changes or deletes.
func (s Saved) Format(old func(path string) ([]byte, error)) ([]byte, error) {
	f := savedFile{SavedVersion, "", s.Command, s.Undoes, s.Manifest, s.Lock, []savedChange{}}
	for _, c := range s.Plan.Changes {
		out := savedChange{Change: c}
		if c.needsData() {
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
	var err error
	if f.Digest, err = f.digest(); err != nil {
		return nil, err
	}
	return f.encode()
}

func (f savedFile) encode() ([]byte, error) {
	text, err := jsondoc.Format(f)
	if err != nil {
		return nil, fmt.Errorf("writing a plan: %w", err)
	}
	return text, nil
}

// digest returns the digest of the document. It detects that a plan was changed by accident or by hand.
func (f savedFile) digest() (string, error) {
	f.Digest = ""
	text, err := f.encode()
	return fileset.Digest(text), err
}

// needsData reports whether the plan must have the new content of the file.
func (c Change) needsData() bool {
	return c.Writes() && c.New.Kind == File && c.New.Digest != c.Old.Digest
}

// diff returns the unified diff of a change.
func (c Change) diff(old func(path string) ([]byte, error)) (string, error) {
	if !c.Writes() || c.Old.Digest == c.New.Digest {
		return "", nil
	}
	oldName, newName := "/dev/null", "/dev/null"
	var oldData []byte
	if c.Old.Kind == File {
		oldName = "a/" + c.Path
		var err error
		if oldData, err = old(c.Path); err != nil {
			return "", err
		}
	}
	if c.New.Kind == File {
		newName = "b/" + c.Path
	}
	diff := merge.UnifiedDiff(oldName, newName, oldData, c.Data, savedContext)
	return strings.ToValidUTF8(string(diff), "\ufffd"), nil
}

// ParseSaved parses the output of Format. The error is of kind Usage for another or a newer format, of kind Integrity
// for a plan that was edited, and of kind Refused for one that no command makes. ParseSaved does not compare the diffs
// with the contents.
func ParseSaved(data []byte) (Saved, error) {
	var version struct {
		Version int `json:"ppm_plan"`
	}
	if err := json.Unmarshal(data, &version); err != nil || version.Version < 1 {
		return Saved{}, failure.Errorf(failure.Usage, "reading the plan: it was not written by ppm project plan").
			WithHint("make one with ppm project plan -o FILE")
	}
	if version.Version > SavedVersion {
		return Saved{}, failure.Errorf(failure.Usage,
			"reading the plan: it was written by a newer ppm in format version %d; this ppm reads up to version %d",
			version.Version, SavedVersion).
			WithHint("use the newer ppm, or make the plan again with this one")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var f savedFile
	if err := dec.Decode(&f); err != nil {
		return Saved{}, failure.Errorf(failure.Usage, "reading the plan: %w", err).
			WithHint("make the plan again with ppm project plan")
	}
	if digest, err := f.digest(); err != nil || digest != f.Digest {
		return Saved{}, failure.Errorf(failure.Integrity,
			"reading the plan: it was edited, or a part of it is missing").
			WithHint("make the plan again with ppm project plan")
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
	if err := s.checkPlan(); err != nil {
		return Saved{}, err
	}
	return s, nil
}

// checkPlan returns an error for a plan that Make and Write never return. Package apply checks the states of the
// files.
func (s Saved) checkPlan() error {
	if strings.ContainsFunc(s.Command, unicode.IsControl) {
		return errInvalidPlan("the command %.100q has control characters", s.Command)
	}
	for i, c := range s.Plan.Changes {
		switch {
		case i > 0 && s.Plan.Changes[i-1].Path == Lock:
			return errInvalidPlan("%q comes after %s", c.Path, Lock)
		case i > 0 && s.Plan.Changes[i-1].Record != c.Record && !c.Record,
			i > 0 && s.Plan.Changes[i-1].Record == c.Record && !c.Record && s.Plan.Changes[i-1].Path >= c.Path:
			return errInvalidPlan("%q is in the wrong place", c.Path)
		case !c.Record:
			if err := checkPath(c.Path); err != nil {
				return err
			}
		case c.Path == Manifest && c.Old == s.Manifest, c.Path == Lock && c.Old == s.Lock:
		default:
			return errInvalidPlan("%q is not a record, or not in the state that the plan was made for", c.Path)
		}
		switch {
		case c.Action == Conflict:
			return errInvalidPlan("%q has the action %s, which cannot be applied", c.Path, c.Action)
		case len(c.Data) > 0 && !c.needsData():
			return errInvalidPlan("%q has new content, but its content does not change", c.Path)
		}
	}
	return nil
}

func errInvalidPlan(format string, args ...any) error {
	return failure.Errorf(failure.Integrity, "reading the plan: "+format, args...).WithHint("make the plan again")
}
