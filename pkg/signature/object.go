package signature

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Type is the type of a git object that can be signed.
type Type string

// The types of objects that can be signed.
const (
	Tag    Type = "tag"
	Commit Type = "commit"
)

// Object is a tag or a commit, split into the text that is signed and the signature. The fields from Name on are what
// the signed text claims: they are true only if Verify succeeds.
type Object struct {
	Type      Type
	Payload   []byte // the signed text
	Signature []byte // armored; nil when the object is not signed
	Format    Format // of the signature; "" when the object is not signed

	Name       string    // of a tag, without refs/tags/
	Target     string    // of a tag: the id of the object that it names
	TargetType string    // of a tag: "commit", "tag", "tree" or "blob"
	Identity   string    // the tagger or committer, "Name <mail>"; "" when there is none
	Time       time.Time // of the tagger or committer, in UTC; the zero value when there is none
}

// Parse splits the content of an object, as git cat-file TYPE ID prints it. An error says why content is not such an
// object; an object that is not signed is not an error.
func Parse(t Type, content []byte) (*Object, error) {
	o := &Object{Type: t}
	var err error
	switch t {
	case Tag:
		o.splitTag(content)
		err = o.readTag()
	case Commit:
		err = errors.Join(o.splitCommit(content), o.readCommit())
	default:
		err = fmt.Errorf("objects of type %q are not signed", t)
	}
	if err != nil {
		return nil, err
	}
	o.Format = formatOf(o.Signature)
	return o, nil
}

// signatureStarts holds the first lines of armored signatures.
var signatureStarts = [...]struct {
	line   string
	format Format
}{
	{"-----BEGIN PGP SIGNATURE-----", OpenPGP},
	{"-----BEGIN PGP MESSAGE-----", OpenPGP},
	{"-----BEGIN SIGNED MESSAGE-----", X509},
	{"-----BEGIN SSH SIGNATURE-----", SSH},
}

// formatOf returns the format of the signature that text begins with, or "".
func formatOf(text []byte) Format {
	for _, start := range signatureStarts {
		if bytes.HasPrefix(text, []byte(start.line)) {
			return start.format
		}
	}
	return ""
}

// splitTag splits a tag as parse_signature of git does: the signature begins at the last line that begins one. The
// header gpgsig-sha256, which has the signature of the tag as a repository with SHA-256 ids has it, is not signed.
func (o *Object) splitTag(content []byte) {
	start := len(content)
	for at := 0; at < len(content); {
		if formatOf(content[at:]) != "" {
			start = at
		}
		end := bytes.IndexByte(content[at:], '\n')
		if end < 0 {
			break
		}
		at += end + 1
	}
	o.Payload = content[:start]
	if start < len(content) {
		o.Signature = content[start:]
		o.Payload, _ = cutSignatures(o.Payload, "gpgsig-sha256")
	}
}

// splitCommit splits a commit as parse_signed_commit of git does: the signature is the header gpgsig, or gpgsig-sha256
// where ids are SHA-256, and the signed text has neither. A commit with more than one signature is refused: git joins
// them, and what the joined text means depends on the program that reads it.
func (o *Object) splitCommit(content []byte) error {
	payload, signatures := cutSignatures(content, "gpgsig", "gpgsig-sha256")
	o.Payload = payload
	name := "gpgsig"
	if id, _, _ := bytes.Cut(bytes.TrimPrefix(content, []byte("tree ")), []byte("\n")); len(id) == 64 {
		name = "gpgsig-sha256"
	}
	for _, s := range signatures {
		if s.name != name {
			continue
		}
		if o.Signature != nil {
			return errors.New("the commit has more than one signature")
		}
		o.Signature = s.value
	}
	return nil
}

type header struct {
	name  string
	value []byte // lines without the space at the start of continuations
}

// cutSignatures returns the object without the headers of these names, and these headers.
func cutSignatures(content []byte, names ...string) (rest []byte, signatures []header) {
	rest = make([]byte, 0, len(content))
	inSignature := false
	for len(content) > 0 && content[0] != '\n' {
		line := content
		if end := bytes.IndexByte(content, '\n'); end >= 0 {
			line = content[:end+1]
		}
		content = content[len(line):]
		name, value, found := bytes.Cut(line, []byte(" "))
		switch {
		case inSignature && line[0] == ' ':
			last := &signatures[len(signatures)-1]
			last.value = append(last.value, line[1:]...)
		case found && slices.Contains(names, string(name)):
			inSignature = true
			signatures = append(signatures, header{string(name), bytes.Clone(value)})
		default:
			inSignature = false
			rest = append(rest, line...)
		}
	}
	return append(rest, content...), signatures
}

// readTag reads the header of a tag, whose fields are in this order: object, type, tag, tagger. As in git, there may
// be no tagger, and other fields may follow.
func (o *Object) readTag() error {
	lines, err := headerLines(o.Payload)
	if err != nil {
		return err
	}
	values := make([]string, 3)
	for i, name := range []string{"object", "type", "tag"} {
		var found bool
		if i < len(lines) {
			values[i], found = strings.CutPrefix(lines[i], name+" ")
		}
		if !found || values[i] == "" {
			return fmt.Errorf("the tag has no field %q in line %d", name, i+1)
		}
	}
	o.Target, o.TargetType, o.Name = values[0], values[1], values[2]
	if !isObjectID(o.Target) {
		return fmt.Errorf("the tag names %q, which is not the id of an object", o.Target)
	}
	return o.readIdentity(lines, "tagger")
}

func (o *Object) readCommit() error {
	lines, err := headerLines(o.Payload)
	if err != nil {
		return err
	}
	if id, found := strings.CutPrefix(lines[0], "tree "); !found || !isObjectID(id) {
		return errors.New("the commit does not begin with the id of a tree")
	}
	return o.readIdentity(lines, "committer")
}

// headerLines returns the lines before the first empty one. Git's functions differ in where a NUL ends the text, so an
// object with one in its header is refused.
func headerLines(payload []byte) ([]string, error) {
	head, _, _ := bytes.Cut(payload, []byte("\n\n"))
	if bytes.IndexByte(head, 0) >= 0 {
		return nil, errors.New("the header has a NUL byte")
	}
	return strings.Split(strings.TrimSuffix(string(head), "\n"), "\n"), nil
}

// readIdentity reads the only header of the name, "NAME Full Name <mail> SECONDS ZONE". Git takes the first of two,
// its fsck refuses both; here a second one is an error.
func (o *Object) readIdentity(lines []string, name string) error {
	for _, line := range lines {
		value, found := strings.CutPrefix(line, name+" ")
		if !found {
			continue
		}
		if o.Identity != "" {
			return fmt.Errorf("the %s has two fields %q", o.Type, name)
		}
		end := strings.LastIndexByte(value, '>')
		if end < 0 {
			return fmt.Errorf("the field %q has no address", name)
		}
		o.Identity = value[:end+1]
		fields := strings.Fields(value[end+1:])
		if len(fields) == 0 {
			continue // an object without a time, which some old tools have made
		}
		seconds, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil || seconds < 0 || seconds > maxSeconds {
			return fmt.Errorf("the field %q has the time %q", name, fields[0])
		}
		o.Time = time.Unix(seconds, 0).UTC()
	}
	return nil
}

// maxSeconds is the last second of the year 9999.
const maxSeconds = 253402300799

// CheckTag returns an error of reason WrongTag unless the signed text of a tag says that it is the tag of this name,
// such as "v1.0.0", and names this object. A signed tag that a server offers under another name is an attack: it makes
// an old version look like a new one.
func (o *Object) CheckTag(name, target string) error {
	switch {
	case o.Type != Tag:
		return errSignature(WrongTag, Signer{}, "a %s is not a tag", o.Type)
	case o.Name != name:
		return errSignature(WrongTag, Signer{}, "the tag %q was signed as %q", name, o.Name).
			withHint("do not use it: somebody renamed a signed tag; tell the owner of the repository, and when the " +
				"tag is corrected, run the command again with --refresh")
	case !strings.EqualFold(o.Target, target):
		return errSignature(WrongTag, Signer{}, "the tag %q was signed for the object %s, not for %s",
			name, o.Target, target)
	}
	return nil
}

func isObjectID(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}
