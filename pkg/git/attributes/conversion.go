package attributes

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strings"
)

// A Conversion is what git checkout does to the content of a file. The zero value does nothing.
type Conversion struct {
	CRLF     bool   // "\n" becomes "\r\n"
	Auto     bool   // only in a file that looks like text, and has no "\r" yet
	Ident    bool   // "$Id$" gets the id of the blob
	Encoding string // the encoding of the file, which is UTF-8 in the repository; empty for UTF-8

	// Unfiltered says that the attribute "filter" is unset, so that the content is what the author means.
	Unfiltered bool
}

// Conversion returns the conversion of the file at a slash-separated path from the root of the tree.
func (r *Rules) Conversion(name string) Conversion {
	a := r.lookup(name)
	c := Conversion{Ident: a["ident"] == isTrue, Unfiltered: a["filter"] == isFalse}
	text := a["text"]
	if text != isTrue && text != isFalse && text != "=input" && text != "=auto" {
		text = a["crlf"] // the old name
	}
	c.CRLF = text != isFalse && a["eol"] == "=crlf"
	c.Auto = c.CRLF && text == "=auto"
	encoding, hasValue := strings.CutPrefix(string(a["working-tree-encoding"]), "=")
	switch {
	case a["working-tree-encoding"] == isTrue: // an error of its author; Apply reports it
		c.Encoding = "true"
	case hasValue && !isUTF8(encoding):
		c.Encoding = encoding
	}
	return c
}

// String returns the attributes that the conversion comes from; it is empty if the conversion does nothing.
func (c Conversion) String() string {
	var out []string
	switch {
	case c.Auto:
		out = append(out, "text=auto eol=crlf")
	case c.CRLF:
		out = append(out, "text eol=crlf")
	}
	if c.Ident {
		out = append(out, "ident")
	}
	if c.Encoding != "" {
		out = append(out, "working-tree-encoding="+c.Encoding)
	}
	return strings.Join(out, " ")
}

// Apply converts the content of a file. The error is about the encoding.
func (c Conversion) Apply(data []byte) ([]byte, error) {
	if c.Ident {
		data = expandIdent(data)
	}
	if c.CRLF && (!c.Auto || isAutoText(data)) {
		data = toCRLF(data)
	}
	if c.Encoding == "" || len(data) == 0 {
		return data, nil
	}
	out, err := encode(c.Encoding, data)
	if err != nil {
		return nil, fmt.Errorf("git's attribute working-tree-encoding=%s: %w", c.Encoding, err)
	}
	return out, nil
}

// toCRLF converts the line endings that are not "\r\n" yet.
func toCRLF(data []byte) []byte {
	out := make([]byte, 0, len(data)+bytes.Count(data, []byte("\n")))
	for i, b := range data {
		if b == '\n' && (i == 0 || data[i-1] != '\r') {
			out = append(out, '\r')
		}
		out = append(out, b)
	}
	return out
}

// isAutoText reports whether git converts the line endings of a file with text=auto: it has no "\r" and no zero byte,
// and at most one in 128 characters is not printable. A control-Z at the end does not count.
func isAutoText(data []byte) bool {
	printable, other := 0, 0
	for i, b := range data {
		switch {
		case b == 0 || b == '\r':
			return false
		case b == '\n' || b == 0x1a && i == len(data)-1:
		case b == '\b' || b == '\t' || b == '\f' || b == 0x1b || b >= ' ' && b != 0x7f:
			printable++
		default:
			other++
		}
	}
	return printable>>7 >= other
}

// expandIdent replaces "$Id$", and "$Id: … $" with an earlier expansion, by the id of the blob. Like git, it leaves
// what contains a line ending, and "$Id: … … $", which other version control systems write.
func expandIdent(data []byte) []byte {
	const start = "$Id"
	if !bytes.Contains(data, []byte(start)) {
		return data
	}
	sum := sha1.Sum(append(fmt.Appendf(nil, "blob %d\x00", len(data)), data...))
	expansion := start + ": " + hex.EncodeToString(sum[:]) + " $"
	var out []byte
	for {
		i := bytes.Index(data, []byte(start))
		if i < 0 {
			return append(out, data...)
		}
		out, data = append(out, data[:i]...), data[i+len(start):]
		length, ok := identLength(data)
		if !ok {
			out = append(out, start...)
			continue
		}
		out, data = append(out, expansion...), data[length:]
	}
}

// identLength returns the length of the rest of an identifier after "$Id", with the dollar sign.
func identLength(rest []byte) (int, bool) {
	if len(rest) == 0 || rest[0] != '$' && rest[0] != ':' {
		return 0, false
	}
	end := bytes.IndexByte(rest, '$')
	if end <= 0 {
		return 1, end == 0
	}
	expansion := rest[1:end]
	if bytes.IndexByte(expansion, '\n') >= 0 {
		return 0, false
	}
	if bytes.HasPrefix(expansion, []byte(" ")) {
		if space := bytes.IndexByte(expansion[1:], ' '); space >= 0 && space+1 < len(expansion)-1 {
			return 0, false
		}
	}
	return end + 1, true
}
