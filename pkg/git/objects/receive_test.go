package objects

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// Types of objects in a pack.
const (
	packCommit   = 1
	packBlob     = 3
	packRefDelta = 7
)

// pack returns a pack of the given objects with count in its header.
func pack(count uint32, objects ...string) string {
	b := []byte("PACK\x00\x00\x00\x02")
	b = binary.BigEndian.AppendUint32(b, count)
	for _, o := range objects {
		b = append(b, o...)
	}
	sum := sha1.Sum(b)
	return string(append(b, sum[:]...))
}

// packedObject returns one object of a pack: the size in its header, the bytes before its content, and the content.
func packedObject(kind int, size uint64, before, data string) string {
	b := []byte{byte(kind<<4) | byte(size&15)}
	for size >>= 4; size > 0; size >>= 7 {
		b[len(b)-1] |= 0x80
		b = append(b, byte(size&0x7f))
	}
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	io.WriteString(w, data)
	w.Close()
	return string(b) + before + z.String()
}

func blobObject(data string) string { return packedObject(packBlob, uint64(len(data)), "", data) }

// deltaObject returns a delta against the blob base, with the size of the result in its header.
func deltaObject(base string, result uint64, instructions string) string {
	id := plumbing.ComputeHash(plumbing.BlobObject, []byte(base))
	data := string(binary.AppendUvarint(nil, uint64(len(base)))) + string(binary.AppendUvarint(nil, result)) +
		instructions
	return packedObject(packRefDelta, uint64(len(data)), string(id[:]), data)
}

var hostilePacks = []struct {
	name string
	data string
	text string // in an error of kind Refused; empty for ErrMalformedPack
}{
	{"empty", "", ""},
	{"garbage", "hello, world, not a pack", ""},
	{"a bad version", "PACK\x00\x00\x00\x09\x00\x00\x00\x00", ""},
	{"no checksum", "PACK\x00\x00\x00\x02\x00\x00\x00\x00", ""},
	{"a wrong checksum", pack(0)[:31] + "x", ""},
	{"four billion objects", pack(1<<32-1, blobObject("a")), ""},
	{"one object too few", pack(2, blobObject(strings.Repeat("abc", 100))), ""},
	{"a cut object", pack(1, blobObject(strings.Repeat("0123456789", 100))[:12]), ""},
	{"an unknown type", pack(1, packedObject(5, 1, "", "a")), ""},
	{"an object longer than its header says", pack(1, packedObject(packBlob, 3, "", "longer than three")), ""},
	{"an object shorter than its header says", pack(1, packedObject(packBlob, 30, "", "short")), ""},
	{"a length without end", pack(1, "\xb0"+strings.Repeat("\x80", 20)+"\x01"), ""},
	{"a thin pack", pack(1, deltaObject("nowhere", 1, "\x01a")), ""},
	{"a delta against itself", pack(1, "\x61\x00"), ""},
	{"a delta with the wrong size", pack(2, blobObject("base"), deltaObject("base", 50, "\x01a")), ""},
	{"a delta with bad instructions", pack(2, blobObject("base"), deltaObject("base", 4, "\x91\x09\x04")), ""},
	{"600 MB in a few bytes", pack(1, packedObject(packBlob, 600_000_000, "", "")), "600000000 bytes"},
	{"an exabyte", pack(1, packedObject(packBlob, 1<<60, "", "")), ""},
	{"600 MB by a delta", pack(2, blobObject("base"), deltaObject("base", 600_000_000, "\x01a")), "600000000 bytes"},
	{"more than 63 bits by a delta", pack(2, blobObject("base"), deltaObject("base", 1<<63, "\x01a")), ""},
	{"many objects", pack(2000, strings.Repeat(blobObject(""), 2000)), "2000 objects"},
	{"many bytes", pack(3, strings.Repeat(blobObject(strings.Repeat("a", 900_000)), 3)), "inflated"},
}

// testLimits are small enough to be reached quickly.
var testLimits = Limits{Objects: 1000, Unpacked: 2_000_000, PackBytes: 1 << 20, ObjectBytes: 128 << 20}

func receiveInto(t testing.TB, data string) (dir string, err error) {
	dir = filepath.Join(t.TempDir(), "repo")
	temp := filepath.Join(dir, "temp")
	if err := errors.Join(os.MkdirAll(packDir(dir), 0o755), os.Mkdir(temp, 0o755)); err != nil {
		t.Fatal(err)
	}
	return dir, Receive(context.Background(), strings.NewReader(data), dir, temp, false, testLimits)
}

func TestReceiveHostile(t *testing.T) {
	for _, c := range hostilePacks {
		dir, err := receiveInto(t, c.data)
		if c.text == "" && !errors.Is(err, ErrMalformedPack) {
			t.Errorf("%s: %v, want a malformed pack", c.name, err)
		}
		if c.text != "" && (failure.KindOf(err) != failure.Refused || !strings.Contains(err.Error(), c.text)) {
			t.Errorf("%s: %v, want a refusal with %q", c.name, err, c.text)
		}
		if packs, err := ListPacks(dir); err != nil || len(packs) != 0 {
			t.Errorf("%s: %d packs were stored, %v", c.name, len(packs), err)
		}
	}
	_, err := receiveInto(t, strings.Repeat("x", 2<<20))
	if failure.KindOf(err) != failure.Refused {
		t.Errorf("an endless pack: %v", err)
	}
}

func TestReceive(t *testing.T) {
	base := strings.Repeat("base ", 100)
	dir, err := receiveInto(t, pack(3, blobObject("one"), deltaObject(base, 7, "\x90\x04\x03two"), blobObject(base)))
	if err != nil {
		t.Fatal(err)
	}
	s := OpenPacks(dir)
	defer s.Close()
	for _, want := range []string{"one", base, "basetwo"} {
		id := plumbing.ComputeHash(plumbing.BlobObject, []byte(want))
		data, err := s.Read(id, BlobType, 1000)
		if string(data) != want || err != nil {
			t.Errorf("read = %q, %v, want %q", data, err, want)
		}
	}
	one := plumbing.ComputeHash(plumbing.BlobObject, []byte("one"))
	if _, err := s.Read(one, BlobType, 2); failure.KindOf(err) != failure.Refused {
		t.Errorf("a blob over the limit: %v", err)
	}
}

func FuzzReceive(f *testing.F) {
	for _, c := range hostilePacks {
		f.Add(c.data)
	}
	f.Add(pack(2, blobObject("base"), deltaObject("base", 4, "\x90\x04")))
	f.Fuzz(func(t *testing.T, data string) {
		dir, err := receiveInto(t, data)
		if err != nil {
			return
		}
		s := OpenPacks(dir) // what was taken can be read
		defer s.Close()
		ids, err := s.withPrefix(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if !s.Intact(id) {
				t.Errorf("object %s is damaged", id)
			}
		}
	})
}
