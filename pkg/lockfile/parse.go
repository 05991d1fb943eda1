package lockfile

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// schema is the text's own form of a lock.
type schema struct {
	Version    int     `toml:"version"`
	Components []block `toml:"component"`
}

type block struct {
	Path   string         `toml:"path"`
	Source string         `toml:"source"`
	URL    string         `toml:"url"`
	Ref    *string        `toml:"ref"` // nil when it is not there: empty has a meaning
	Object *string        `toml:"object"`
	Commit string         `toml:"commit"`
	Tree   string         `toml:"tree"`
	Digest string         `toml:"digest"`
	Render int            `toml:"render"`
	Via    []string       `toml:"via"`
	Keys   map[string]any `toml:"keys"`
	Files  []fileBlock    `toml:"file"`
}

type fileBlock struct {
	Path   string `toml:"path"`
	From   string `toml:"from"`
	Digest string `toml:"digest"`
	Mode   string `toml:"mode"`
	Found  bool   `toml:"found"`

	Conflict string `toml:"conflict"`
	Marker   int    `toml:"marker"`
	Sides    bool   `toml:"sides"`
}

// Parse reads a lock. It accepts any order and CRLF, and nothing that a lock cannot say: a field that is
// missing, unknown or not of its form, a path that stands twice or outside its component, a version newer
// than Version. name is that of the file, for messages; errors are of kind Usage and name the line.
func Parse(name string, data []byte) (*Lock, error) {
	if l := parseOwn(name, data); l != nil {
		return l, nil
	}
	var s schema
	doc, err := tomldoc.Decode(name, data, &s)
	if err != nil {
		return nil, explain(name, data, err)
	}
	switch {
	case s.Version > Version:
		return nil, newer(name, s.Version)
	case s.Version < 1:
		return nil, doc.Errorf("version", "a lock states its version, which is at least 1").WithHint("%s", restore(name))
	}
	l, field, err := s.lock()
	if err != nil {
		return nil, doc.Errorf(field, "%w", err).WithHint("%s", restore(name))
	}
	return l, nil
}

// lock returns what the text says, or the path of the field that is wrong; empty when it is no single one.
func (s schema) lock() (l *Lock, field string, err error) {
	l = &Lock{}
	for i, b := range s.Components {
		c, field, err := b.component()
		if err != nil {
			return nil, fmt.Sprintf("component[%d]%s", i, field), fmt.Errorf("component %q: %w", b.Path, err)
		}
		if _, twice := l.Component(c.Path); twice {
			return nil, fmt.Sprintf("component[%d].path", i), fmt.Errorf("two components at one path %q", c.Path)
		}
		l.Put(c)
	}
	return l, "", l.Check()
}

func restore(name string) string {
	return fmt.Sprintf("restore %q from version control: it is not to be edited by hand", name)
}

func newer(name string, version any) error {
	return failure.Errorf(failure.Usage, "reading %q: it was made by a newer ppm, in version %v of its format; this ppm reads up to version %d", name, version, Version).
		WithHint("use the newer ppm: this one leaves the file as it is")
}

// explain finds the reason why a text cannot be read at all, where it is one that needs another answer than a correction.
func explain(name string, data []byte, err error) error {
	for i, line := range bytes.Split(data, []byte("\n")) {
		line := string(line)
		if strings.HasPrefix(line, "<<<<<<< ") || strings.HasPrefix(line, "||||||| ") || strings.HasPrefix(line, ">>>>>>> ") || strings.TrimRight(line, "\r") == "=======" {
			return failure.Errorf(failure.Usage, "reading %q: line %d: it holds the conflict markers of a merge", name, i+1).
				WithHint("take either side of the whole file (git checkout --ours or --theirs); ppm lock merge --help tells how git merges locks by itself")
		}
	}
	var any map[string]any
	if _, e := tomldoc.Decode(name, data, &any); e == nil {
		if v, ok := any["version"].(int64); ok && v > Version {
			return newer(name, v)
		}
	}
	return err
}

// isHex reports whether s is so many hex digits in lower case.
func isHex(s string, digits int) bool {
	return len(s) == digits && strings.Trim(s, "0123456789abcdef") == ""
}

func isSHA256(s string) bool {
	sum, ok := strings.CutPrefix(s, "sha256:")
	return ok && isHex(sum, 64)
}

// component returns what the block says, or the path of the field that is wrong, relative to the block.
func (b block) component() (c Component, field string, err error) {
	for _, check := range []struct {
		field string
		err   error
	}{
		{".path", checkPlacement(b.Path)},
		{".source", readReference(b.Source, &c.Source)},
		{".url", checkURL(b.URL)},
		{".ref", checkRef(b.Ref)},
		{".commit", checkID("commit", b.Commit)},
		{".object", checkObject(b)},
		{".tree", checkID("tree", b.Tree)},
		{".digest", checkSum(b.Digest)},
		{".render", checkRender(b.Render)},
		{".via", readVia(b.Via, &c.Via)},
	} {
		if check.err != nil {
			return c, check.field, check.err
		}
	}
	c.Path, c.URL, c.Ref, c.Object, c.Commit = b.Path, b.URL, *b.Ref, b.Commit, b.Commit
	c.Tree, c.Digest, c.Render = b.Tree, b.Digest, b.Render
	if b.Object != nil {
		c.Object = *b.Object
	}
	if c.Keys, field, err = readKeys(b.Keys); err != nil {
		return c, field, err
	}
	if c.Files, field, err = b.files(); err != nil {
		return c, field, err
	}
	c.Dir = len(c.Files) != 1 || c.Files[0].Rendered() != c.Path
	return c, "", nil
}

// files returns the files of the block. The rendering makes each of them at a path of its own.
func (b block) files() (files []File, field string, err error) {
	if len(b.Files) == 0 {
		return nil, "", fmt.Errorf("it lists no files")
	}
	files = make([]File, 0, len(b.Files))
	stands := make(map[string]string, len(b.Files)) // by where the rendering puts it
	for i, f := range b.Files {
		field, err := f.check(b.Path)
		rendered := File(f).Rendered()
		if other, twice := stands[rendered]; err == nil && twice && other != f.Path {
			field, err = ".from", fmt.Errorf("it and %q are both made from %q", other, rendered)
		}
		if err != nil {
			return nil, fmt.Sprintf(".file[%d]%s", i, field), fmt.Errorf("file %q: %w", f.Path, err)
		}
		stands[rendered] = f.Path
		files = append(files, File(f))
	}
	if _, whole := stands[b.Path]; whole && len(files) > 1 {
		return nil, ".path", fmt.Errorf("its path is that of one of its files, and it has more than one")
	}
	return files, "", nil
}

// readKeys returns the values of keys, each as the type that it must have.
func readKeys(values map[string]any) (keys map[string]any, field string, err error) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value := values[name]
		if items, ok := value.([]any); ok {
			list := make([]string, len(items))
			for i, item := range items {
				if list[i], ok = item.(string); !ok {
					return nil, ".keys." + name, fmt.Errorf("key %q is a list of other things than strings", name)
				}
			}
			value = list
		} else if _, ok := value.(string); !ok {
			return nil, ".keys." + name, fmt.Errorf("key %q is neither a string nor a list of strings", name)
		}
		if keys == nil {
			keys = make(map[string]any, len(values))
		}
		keys[name] = value
	}
	return keys, "", nil
}

func (f fileBlock) check(placement string) (field string, err error) {
	if err := fileset.CheckPath(f.Path); err != nil {
		return ".path", err
	}
	field, rendered := ".path", f.Path
	if f.From != "" {
		if err := fileset.CheckPath(f.From); err != nil || f.From == f.Path {
			return ".from", cmp.Or(err, fmt.Errorf("it was moved from its own path"))
		}
		field, rendered = ".from", f.From
	}
	if rendered != placement && placement != "." && !strings.HasPrefix(rendered, placement+"/") {
		return field, fmt.Errorf("%q is outside its component", rendered)
	}
	if !isSHA256(f.Digest) {
		return ".digest", fmt.Errorf("digest %q is not \"sha256:\" and 64 hex digits", f.Digest)
	}
	if f.Conflict != "" && !isSHA256(f.Conflict) {
		return ".conflict", fmt.Errorf("conflict %q is not \"sha256:\" and 64 hex digits", f.Conflict)
	}
	if f.Conflict == "" && (f.Marker != 0 || f.Sides) || f.Marker < 0 {
		return ".conflict", fmt.Errorf("it has the marks of a conflict, and none")
	}
	_, err = fileset.ParseMode(f.Mode)
	return ".mode", err
}

func checkPlacement(p string) error {
	if p == "." {
		return nil
	}
	if p != path.Clean(p) {
		return fmt.Errorf("its path is missing or not in its shortest form")
	}
	return fileset.CheckPath(p)
}

// readReference reads the reference to a component. Package ref refuses passwords.
func readReference(s string, r *ref.Ref) (err error) {
	if s == "" {
		return fmt.Errorf("its source is missing")
	}
	*r, err = ref.Parse(s)
	if err == nil && r.Component == "" {
		err = fmt.Errorf("its source %q names a pack but no component", s)
	}
	return err
}

func readVia(list []string, via *[]ref.Ref) error {
	for _, s := range list {
		var r ref.Ref
		if err := readReference(s, &r); err != nil {
			return err
		}
		*via = append(*via, r)
	}
	return nil
}

// checkURL accepts what can be handed to the fetcher: nothing that looks like an option, and no password or token, which
// is any user but the plain one of ssh.
func checkURL(s string) error {
	if s == "" {
		return fmt.Errorf("its url is missing")
	}
	if strings.ContainsFunc(s, unicode.IsControl) || strings.HasPrefix(s, "-") {
		return fmt.Errorf("its url %q is not one", s)
	}
	u, err := url.Parse(s)
	if err != nil || u.User == nil { // an scp form or a path on Windows is no URL to package url
		return nil
	}
	if _, password := u.User.Password(); password || u.Scheme != "ssh" {
		return fmt.Errorf("its url holds a password or token")
	}
	return nil
}

// checkRef accepts the full names of refs, and the empty name of a bare commit.
func checkRef(s *string) error {
	switch {
	case s == nil:
		return fmt.Errorf("its ref is missing")
	case *s == "" || *s == "HEAD":
		return nil
	case !strings.HasPrefix(*s, "refs/") || strings.ContainsFunc(*s, func(r rune) bool { return unicode.IsControl(r) || r == ' ' }):
		return fmt.Errorf("its ref %q is not the full name of one", *s)
	}
	return nil
}

func checkID(field, id string) error {
	if !isHex(id, 40) && !isHex(id, 64) {
		return fmt.Errorf("its %s %q is not a full git id", field, id)
	}
	return nil
}

func checkObject(b block) error {
	if b.Object == nil {
		return nil
	}
	if *b.Object == b.Commit {
		return fmt.Errorf("its object repeats its commit")
	}
	return checkID("object", *b.Object)
}

func checkSum(s string) error {
	sum, err := base64.StdEncoding.Strict().DecodeString(strings.TrimPrefix(s, "h1:"))
	if !strings.HasPrefix(s, "h1:") || err != nil || len(sum) != 32 || strings.ContainsAny(s, "\r\n") { // which the decoder skips
		return fmt.Errorf("its digest %q is not \"h1:\" and a SHA-256 in base64", s)
	}
	return nil
}

func checkRender(n int) error {
	if n < 1 {
		return fmt.Errorf("its version of the rendering rules is missing or below 1")
	}
	return nil
}
