package plan

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
)

// A Kind is the type of the file at a path.
type Kind uint8

// The kinds. The zero value is Absent.
const (
	Absent  Kind = iota // nothing
	File                // a regular file
	Dir                 // a folder
	Symlink             // a symbolic link
	Alias               // a file whose name differs from the path in case or Unicode form, on a disk that ignores both
	Other               // a device, pipe or socket
	Sparse              // a file that git has, and has not checked out
)

var kindNames = [...]string{"absent", "file", "folder", "symlink", "alias", "other", "sparse"}

func (k Kind) String() string { return kindNames[k] }

var kindDescriptions = [...]string{
	"nothing", "a file", "a folder", "a symbolic link", "a file or folder whose name differs in case or Unicode form",
	"a device, pipe or socket", "a file that git has not checked out",
}

// Describe returns the kind with its article: "a folder", "a symbolic link".
func (k Kind) Describe() string { return kindDescriptions[k] }

// A State is the state of a path. Only a File has a digest and a mode.
type State struct {
	Kind   Kind
	Digest string      // "sha256:" and 64 hex digits
	Mode   fs.FileMode // fileset.Regular or Executable; 0 means any, on a system without modes
	// LFDigest is the digest with LF line endings, only of a file of a base that has both kinds.
	LFDigest string
}

// Disk maps paths of a project and their parent folders to their states. If a path is a folder, Disk also has the
// files in it, at least up to the first one that is not one of the paths. A path that is not in Disk is Absent.
type Disk map[string]State

// FileState returns the state of a file with this content and mode.
func FileState(data []byte, mode fs.FileMode) State {
	return State{Kind: File, Digest: fileset.Digest(data), Mode: mode}
}

// Same reports whether s and t are the same kind, content and mode.
func (s State) Same(t State) bool {
	return s.Kind == t.Kind && s.Digest == t.Digest && sameMode(s.Mode, t.Mode)
}

func sameMode(a, b fs.FileMode) bool { return a == b || a == 0 || b == 0 }

// String returns the state as written in plans and journals: the name of the kind, or "0644 sha256:…" for a file.
// The mode is omitted if it is any.
func (s State) String() string {
	switch {
	case s.Kind != File:
		return s.Kind.String()
	case s.Mode == 0:
		return s.Digest
	}
	return fileset.FormatMode(s.Mode) + " " + s.Digest
}

// MarshalText returns String.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText parses the output of MarshalText.
func (s *State) UnmarshalText(text []byte) error {
	for k, name := range kindNames {
		if string(text) == name && Kind(k) != File {
			*s = State{Kind: Kind(k)}
			return nil
		}
	}
	mode, digest, hasMode := strings.Cut(string(text), " ")
	parsed := State{Kind: File, Digest: digest}
	if !hasMode {
		parsed.Digest = mode
	} else if m, err := fileset.ParseMode(mode); err == nil {
		parsed.Mode = m
	} else {
		return fmt.Errorf("reading the state %.100q: %w", text, err)
	}
	hex, ok := strings.CutPrefix(parsed.Digest, "sha256:")
	if !ok || len(hex) != 64 || strings.Trim(hex, "0123456789abcdef") != "" {
		return fmt.Errorf("reading the state %.100q: it is neither a kind nor a digest", text)
	}
	*s = parsed
	return nil
}
