package index

import (
	"bytes"
	"crypto/sha1"
	"strings"
	"testing"
)

// indexFile returns the content of an index file.
func indexFile(version byte, extensions string, entries ...entry) []byte {
	x := &index{version: uint32(version), entries: entries, extensions: []byte(extensions)}
	return x.format()
}

func newFile(name string, stage int) entry { return newEntry(name, stage, [sha1.Size]byte{1}, false) }

// An index that is read and written again is the same, except for the extensions that contain positions.
func TestParseFormat(t *testing.T) {
	resolved, positions := "REUC\x00\x00\x00\x01x", "TREE\x00\x00\x00\x00"
	for _, c := range []struct {
		name     string
		in, want []byte
	}{
		{"empty", indexFile(2, ""), indexFile(2, "")},
		{"names with a common prefix", indexFile(4, "", newFile("a", 0), newFile("a/b", 0), newFile("c", 0)),
			indexFile(4, "", newFile("a", 0), newFile("a/b", 0), newFile("c", 0))},
		{"a name with little in common with a long one",
			indexFile(4, "", newFile(strings.Repeat("a", 70000), 0), newFile("b", 0)),
			indexFile(4, "", newFile(strings.Repeat("a", 70000), 0), newFile("b", 0))},
		{"all stages", indexFile(3, "", newFile("a", 1), newFile("a", 2), newFile("a", 3), newFile("ab", 0)),
			indexFile(3, "", newFile("a", 1), newFile("a", 2), newFile("a", 3), newFile("ab", 0))},
		{"extensions", indexFile(2, positions+resolved+positions), indexFile(2, resolved)},
		{"no checksum", append(indexFile(2, "")[:headerSize], make([]byte, sha1.Size)...),
			append(indexFile(2, "")[:headerSize], make([]byte, sha1.Size)...)},
	} {
		x, err := parse(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := x.format(); !bytes.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	flipped := indexFile(2, "", newFile("a", 0))
	flipped[20] ^= 1
	for name, data := range map[string][]byte{
		"nothing":                         nil,
		"another file":                    []byte(strings.Repeat("x", 100)),
		"a flipped bit":                   flipped,
		"a newer version":                 indexFile(5, ""),
		"a wrong order":                   indexFile(2, "", newFile("b", 0), newFile("a", 0)),
		"a file twice":                    indexFile(2, "", newFile("a", 0), newFile("a", 0)),
		"no name":                         indexFile(2, "", newFile("", 0)),
		"an extension that must be known": indexFile(2, "link\x00\x00\x00\x00"),
		"an extension that is cut":        indexFile(2, "TREE\x00\x00\x00\x09"),
		"fewer bytes than an extension":   indexFile(2, "TREE"),
	} {
		if _, err := parse(data); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func TestVarint(t *testing.T) {
	for _, value := range []uint64{0, 1, 127, 128, 129, 16511, 16512, 1 << 40} {
		if got, n := varint(appendVarint(nil, value)); got != value || n == 0 {
			t.Errorf("%d was read as %d", value, got)
		}
	}
	for _, text := range []string{"", "\x80", strings.Repeat("\xff", 20)} {
		if _, n := varint([]byte(text)); n != 0 {
			t.Errorf("%q was read", text)
		}
	}
}

// No input makes parse panic. What it accepts is written so that it is read as the same.
func FuzzParse(f *testing.F) {
	for version := byte(2); version <= 4; version++ {
		f.Add(indexFile(version, "REUC\x00\x00\x00\x00", newFile("a", 0), newFile("a/b", 1), newFile("a/b", 3)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) >= sha1.Size { // with a valid checksum, parse reads more of it
			sum := sha1.Sum(data[:len(data)-sha1.Size])
			data = append(data[:len(data)-sha1.Size:len(data)-sha1.Size], sum[:]...)
		}
		x, err := parse(data)
		if err != nil {
			return
		}
		out := x.format()
		again, err := parse(out)
		if err != nil || !bytes.Equal(again.format(), out) {
			t.Errorf("%q is written as %q, which reads differently: %v", data, out, err)
		}
	})
}
