package lockfile

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// formatVersion is the only version of the format that this package reads and writes.
const formatVersion = 1

// A schema is a lock in the form of its text. The fields of schema, block and File define the format for both the
// reader and the writer: the tags are the keys, in the order of the text, and empty fields are omitted.
type schema struct {
	Version    int     `toml:"version"`
	Components []block `toml:"component"`
}

// A block is one [[component]].
type block struct {
	Path   string   `toml:"path"`
	Source string   `toml:"source"`
	URL    string   `toml:"url"`
	Ref    *string  `toml:"ref"`    // nil if missing; "" for a bare commit
	Object *string  `toml:"object"` // nil if equal to Commit
	Commit string   `toml:"commit"`
	Signer string   `toml:"signer"`
	Tree   string   `toml:"tree"`
	Digest string   `toml:"digest"`
	Render int      `toml:"render"`
	Via    []string `toml:"via"`

	ViaCommits []string  `toml:"via_commits"`
	Keys       keyTables `toml:"keys"`
	Files      []File    `toml:"file"`
}

// Format returns the text of the lock, which Parse reads back. All strings must be valid UTF-8.
func (l *Lock) Format() []byte {
	var b bytes.Buffer
	writeFields(&b, "", &schema{Version: formatVersion})
	for _, c := range l.Components {
		b.WriteByte('\n')
		c.write(&b)
	}
	return b.Bytes()
}

// Format returns the text of the install, which is its part of Lock.Format.
func (c Component) Format() []byte {
	var b bytes.Buffer
	c.write(&b)
	return b.Bytes()
}

func (c Component) write(b *bytes.Buffer) {
	b.WriteString("[[component]]\n")
	block := c.block()
	writeFields(b, "", &block)
	writeFields(b, "keys.", &block.Keys)
	for i := range block.Files {
		b.WriteString("[[component.file]]\n")
		writeFields(b, "", &block.Files[i])
	}
}

// writeFields writes the fields of the struct that fields points to, each on one line, with a prefix to their keys.
func writeFields(b *bytes.Buffer, prefix string, fields any) {
	for key, value := range tomldoc.Fields(fields) {
		if value != "" {
			for _, s := range [...]string{prefix, key, " = ", value, "\n"} {
				b.WriteString(s)
			}
		}
	}
}

// block is the inverse of block.component.
func (c Component) block() block {
	b := block{
		Path: c.Path, Source: c.Source.String(), URL: c.URL, Ref: &c.Ref, Commit: c.Commit, Signer: c.Signer,
		Tree: c.Tree, Digest: c.Digest, Render: c.Render, Keys: tablesOf(c.Keys), Files: c.Files,
	}
	if c.Object != c.Commit {
		b.Object = &c.Object
	}
	for _, r := range c.Via {
		b.Via = append(b.Via, r.String())
	}
	b.ViaCommits = c.ViaCommits
	return b
}

// lock returns the lock, or the path of the invalid field; the path is empty if the error is not about one field.
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

// component returns the install, or the path of the invalid field, relative to the block.
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
		{".signer", checkSigner(b.Signer, b.URL)},
		{".tree", checkID("tree", b.Tree)},
		{".digest", checkDigest(b.Digest)},
		{".render", checkRender(b.Render)},
		{".via", readVia(b.Via, &c.Via)},
		{".via_commits", checkViaCommits(b)},
	} {
		if check.err != nil {
			return c, check.field, check.err
		}
	}
	c.Path, c.URL, c.Ref, c.Object, c.Commit = b.Path, b.URL, *b.Ref, b.Commit, b.Commit
	c.Signer = b.Signer
	c.Tree, c.Digest, c.Render, c.ViaCommits = b.Tree, b.Digest, b.Render, b.ViaCommits
	if b.Object != nil {
		c.Object = *b.Object
	}
	if err := checkVersion(c); err != nil {
		return c, ".ref", err
	}
	if c.Keys, field, err = b.Keys.read(); err != nil {
		return c, field, err
	}
	if field, err = checkFiles(b.Path, b.Files); err != nil {
		return c, field, err
	}
	c.Files = b.Files
	own := slices.DeleteFunc(slices.Clone(c.Files), func(f File) bool { return f.License })
	c.Dir = len(own) != 1 || own[0].Rendered() != c.Path
	return c, "", nil
}
