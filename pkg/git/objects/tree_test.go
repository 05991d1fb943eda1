package objects

import (
	"bytes"
	"strings"
	"testing"
)

func FuzzParseTree(f *testing.F) {
	f.Add([]byte("100644 a\x00" + strings.Repeat("i", 20) + "40000 b\x00" + strings.Repeat("j", 20)))
	f.Add([]byte("0100644 a\x00"))
	f.Add([]byte(" \x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := ParseTree(data)
		if err != nil {
			return
		}
		var again bytes.Buffer
		for _, e := range entries {
			again.WriteString(octal(e.Mode) + " " + e.Name + "\x00")
			again.Write(e.ID[:])
		}
		if !bytes.Equal(again.Bytes(), data) {
			t.Errorf("%q was read as %q", data, again.Bytes())
		}
	})
}

func octal(m Mode) string {
	if m == 0 {
		return ""
	}
	return octal(m>>3) + string(rune('0'+m&7))
}
