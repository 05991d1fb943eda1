package index

import (
	"bytes"
	"crypto/sha1"
	"strings"
	"testing"
)

// sealed returns an index of this version with these entries and extensions.
func sealed(version byte, extensions string, entries ...entry) []byte {
	x := &index{version: uint32(version), entries: entries, extensions: []byte(extensions)}
	return x.format()
}

func named(name string, stage int) entry { return newEntry(name, stage, [sha1.Size]byte{1}, false) }

// What is read and written again is the same, but for the extensions that speak of positions.
func TestFormat(t *testing.T) {
	resolved, positions := "REUC\x00\x00\x00\x01x", "TREE\x00\x00\x00\x00"
	for _, c := range []struct {
		name     string
		in, want []byte
	}{
		{"empty", sealed(2, ""), sealed(2, "")},
		{"names that share their beginning", sealed(4, "", named("a", 0), named("a/b", 0), named("c", 0)), sealed(4, "", named("a", 0), named("a/b", 0), named("c", 0))},
		{"a name with little in common with a long one", sealed(4, "", named(strings.Repeat("a", 70000), 0), named("b", 0)), sealed(4, "", named(strings.Repeat("a", 70000), 0), named("b", 0))},
		{"all stages", sealed(3, "", named("a", 1), named("a", 2), named("a", 3), named("ab", 0)), sealed(3, "", named("a", 1), named("a", 2), named("a", 3), named("ab", 0))},
		{"extensions", sealed(2, positions+resolved+positions), sealed(2, resolved)},
		{"no checksum", append(sealed(2, "")[:headerSize], make([]byte, sha1.Size)...), append(sealed(2, "")[:headerSize], make([]byte, sha1.Size)...)},
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
	flipped := sealed(2, "", named("a", 0))
	flipped[20] ^= 1
	for name, data := range map[string][]byte{
		"nothing":                         nil,
		"another file":                    []byte(strings.Repeat("x", 100)),
		"a flipped bit":                   flipped,
		"a newer version":                 sealed(5, ""),
		"an order of its own":             sealed(2, "", named("b", 0), named("a", 0)),
		"a file twice":                    sealed(2, "", named("a", 0), named("a", 0)),
		"no name":                         sealed(2, "", named("", 0)),
		"an extension that must be known": sealed(2, "link\x00\x00\x00\x00"),
		"an extension that is cut":        sealed(2, "TREE\x00\x00\x00\x09"),
		"fewer bytes than an extension":   sealed(2, "TREE"),
	} {
		if _, err := parse(data); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, value := range []uint64{0, 1, 127, 128, 129, 16511, 16512, 1 << 40} {
		if got, n := varint(appendVarint(nil, value)); got != value || n == 0 {
			t.Errorf("%d is read as %d", value, got)
		}
	}
	for _, text := range []string{"", "\x80", strings.Repeat("\xff", 20)} {
		if _, n := varint([]byte(text)); n != 0 {
			t.Errorf("%q is read", text)
		}
	}
}

// No index makes the reader panic, and what it takes, it writes so that it reads the same.
func FuzzParse(f *testing.F) {
	for version := byte(2); version <= 4; version++ {
		f.Add(sealed(version, "REUC\x00\x00\x00\x00", named("a", 0), named("a/b", 1), named("a/b", 3)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) >= sha1.Size { // a checksum that is right leads further
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
