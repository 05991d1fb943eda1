package fetch

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
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// Types of objects in a pack.
const (
	packCommit   = 1
	packBlob     = 3
	packRefDelta = 7
)

// pack makes a pack that declares count objects and holds the given ones.
func pack(count uint32, objects ...string) string {
	b := []byte("PACK\x00\x00\x00\x02")
	b = binary.BigEndian.AppendUint32(b, count)
	for _, o := range objects {
		b = append(b, o...)
	}
	sum := sha1.Sum(b)
	return string(append(b, sum[:]...))
}

// packed1 makes one object of a pack, with the size it declares, what stands before the content, and the content.
func packed1(kind int, size uint64, before, data string) string {
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

func blobObject(data string) string { return packed1(packBlob, uint64(len(data)), "", data) }

// deltaObject makes a difference to the blob base, of the given size, that is to be of size result.
func deltaObject(base string, result uint64, instructions string) string {
	id := plumbing.ComputeHash(plumbing.BlobObject, []byte(base))
	data := string(binary.AppendUvarint(nil, uint64(len(base)))) + string(binary.AppendUvarint(nil, result)) + instructions
	return packed1(packRefDelta, uint64(len(data)), string(id[:]), data)
}

var hostilePacks = []struct {
	name string
	data string
	text string // in the error; the empty one is "malformed pack", of no kind
}{
	{"empty", "", ""},
	{"garbage", "hello, world, this is no pack", ""},
	{"a bad version", "PACK\x00\x00\x00\x09\x00\x00\x00\x00", ""},
	{"no checksum", "PACK\x00\x00\x00\x02\x00\x00\x00\x00", ""},
	{"a wrong checksum", pack(0)[:31] + "x", ""},
	{"four billion objects", pack(1<<32-1, blobObject("a")), ""},
	{"one object too few", pack(2, blobObject(strings.Repeat("abc", 100))), ""},
	{"a cut object", pack(1, blobObject(strings.Repeat("0123456789", 100))[:12]), ""},
	{"an unknown type", pack(1, packed1(5, 1, "", "a")), ""},
	{"an object that is longer than it says", pack(1, packed1(packBlob, 3, "", "longer than three")), ""},
	{"an object that is shorter than it says", pack(1, packed1(packBlob, 30, "", "short")), ""},
	{"a length without end", pack(1, "\xb0"+strings.Repeat("\x80", 20)+"\x01"), ""},
	{"a thin pack", pack(1, deltaObject("nowhere", 1, "\x01a")), ""},
	{"a difference to itself", pack(1, "\x61\x00"), ""},
	{"a difference of the wrong size", pack(2, blobObject("base"), deltaObject("base", 50, "\x01a")), ""},
	{"a difference with bad instructions", pack(2, blobObject("base"), deltaObject("base", 4, "\x91\x09\x04")), ""},
	{"600 MB in a few bytes", pack(1, packed1(packBlob, 600_000_000, "", "")), "600000000 bytes"},
	{"an exabyte", pack(1, packed1(packBlob, 1<<60, "", "")), ""},
	{"600 MB by difference", pack(2, blobObject("base"), deltaObject("base", 600_000_000, "\x01a")), "600000000 bytes"},
	{"more than there is by difference", pack(2, blobObject("base"), deltaObject("base", 1<<63, "\x01a")), ""},
	{"many objects", pack(2000, strings.Repeat(blobObject(""), 2000)), "2000 objects"},
	{"many bytes", pack(3, strings.Repeat(blobObject(strings.Repeat("a", 900_000)), 3)), "inflated"},
}

// testLimits are small enough to be reached quickly.
func testLimits() Limits {
	l := DefaultLimits
	l.Objects, l.Unpacked, l.PackBytes = 1000, 2_000_000, 1<<20
	return l
}

func receiveInto(t testing.TB, data string) (dir string, err error) {
	dir = filepath.Join(t.TempDir(), "repo")
	temp := filepath.Join(dir, "temp")
	if err := errors.Join(initBare(dir, bareConfig), os.Mkdir(temp, 0o755)); err != nil {
		t.Fatal(err)
	}
	_, err = receive(context.Background(), strings.NewReader(data), dir, temp, testLimits())
	return dir, err
}

func TestReceiveHostile(t *testing.T) {
	for _, c := range hostilePacks {
		dir, err := receiveInto(t, c.data)
		if c.text == "" && !errors.Is(err, errMalformedPack) {
			t.Errorf("%s: %v, want a malformed pack", c.name, err)
		}
		if c.text != "" && (failure.KindOf(err) != failure.Refused || !strings.Contains(err.Error(), c.text)) {
			t.Errorf("%s: %v, want a refusal with %q", c.name, err, c.text)
		}
		if packs, err := listPacks(dir); err != nil || len(packs) != 0 {
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
	o := cachedObjects(dir)
	defer o.shut()
	for _, want := range []string{"one", base, "basetwo"} {
		id := plumbing.ComputeHash(plumbing.BlobObject, []byte(want))
		data, err := o.read(id, plumbing.BlobObject, 1000)
		if string(data) != want || err != nil {
			t.Errorf("read = %q, %v, want %q", data, err, want)
		}
	}
	if _, err := o.read(plumbing.ComputeHash(plumbing.BlobObject, []byte("one")), plumbing.BlobObject, 2); failure.KindOf(err) != failure.Refused {
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
		o := cachedObjects(dir) // what was taken can be read
		defer o.shut()
		ids, err := o.withPrefix(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if !o.sound(id) {
				t.Errorf("object %s is damaged", id)
			}
		}
	})
}

func FuzzParseTree(f *testing.F) {
	f.Add([]byte("100644 a\x00" + strings.Repeat("i", 20) + "40000 b\x00" + strings.Repeat("j", 20)))
	f.Add([]byte("0100644 a\x00"))
	f.Add([]byte(" \x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := parseTree(data)
		if err != nil {
			return
		}
		var again bytes.Buffer
		for _, e := range entries {
			again.WriteString(octal(e.mode) + " " + e.name + "\x00")
			again.Write(e.id[:])
		}
		if !bytes.Equal(again.Bytes(), data) {
			t.Errorf("%q was read as %q", data, again.Bytes())
		}
	})
}

func octal(m mode) string {
	if m == 0 {
		return ""
	}
	return octal(m>>3) + string(rune('0'+m&7))
}

func FuzzReadRefs(f *testing.F) {
	f.Add("")
	f.Add("1111111111111111111111111111111111111111 refs/tags/a\n^2222222222222222222222222222222222222222\n")
	f.Add("^x\n")
	f.Fuzz(func(t *testing.T, body string) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, packedRefs), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
		if refs, err := readRefs(dir); err == nil { // no digest, or a wrong one
			t.Errorf("%q was read as %v", body, refs)
		}
		if _, err := parsePackedRefs(body); err != nil && !errors.Is(err, errDamagedRefs) {
			t.Error(err)
		}
	})
}

func TestRefsFile(t *testing.T) {
	dir := t.TempDir()
	a, b := strings.Repeat("a", 40), strings.Repeat("b", 40)
	refs := []ref.GitRef{
		{Name: "HEAD", Object: a, Commit: a, Target: "refs/heads/main"},
		{Name: "refs/heads/main", Object: a, Commit: a},
		{Name: "refs/tags/CASE", Object: a, Commit: a}, // names that one file each could not hold on every disk
		{Name: "refs/tags/case", Object: b, Commit: a},
		{Name: "refs/tags/case/sub", Object: b, Commit: b},
	}
	if err := writeRefs(dir, dir, append(refs, ref.GitRef{Name: "refs/tags/a\nb", Object: a, Commit: a})); err != nil {
		t.Fatal(err)
	}
	got, err := readRefs(dir)
	if err != nil || len(got) != len(refs) {
		t.Fatalf("readRefs = %v, %v", got, err)
	}
	for i := range refs {
		if got[i] != refs[i] {
			t.Errorf("readRefs gives %v, want %v", got[i], refs[i])
		}
	}
}

func TestNewestTags(t *testing.T) {
	for _, c := range []struct{ tags, want string }{
		{"cp-0.0.1 cp-0.0.10 cp-0.0.9", "cp-0.0.10"},
		{"cp-0.0.1 sync-0.0.1 v1 v2.1", "cp-0.0.1 sync-0.0.1 v2.1"}, // one for each prefix
		{"v1.0.0-rc.1 v1.0.0", "v1.0.0"},
		{"v1.0.0-rc.1 v0.9", "v1.0.0-rc.1"},
		{"nightly stable", "nightly stable"}, // no versions
		{"20240101 20231231", "20240101"},
		{"1.2.3.4 1.2.3.5", "1.2.3.5"}, // of the prefix "1."
		{"v99999999999999999999999", "v99999999999999999999999"},
	} {
		var refs []ref.GitRef
		for _, name := range strings.Fields(c.tags) {
			refs = append(refs, ref.GitRef{Name: tagPrefix + name})
		}
		newest := newestTags(refs)
		for _, name := range strings.Fields(c.tags) {
			if want := strings.Contains(" "+c.want+" ", " "+name+" "); newest[name] != want {
				t.Errorf("of %s, %s is newest: %v, want %v", c.tags, name, newest[name], want)
			}
		}
	}
}

func TestSplitURL(t *testing.T) {
	for _, c := range []struct{ url, host, namespace, repo string }{
		{"https://git.example/team/pack.git", "git.example", "team", "pack"},
		{"https://git.example:8443/a/b/pack", "git.example:8443", "a/b", "pack"},
		{"ssh://git@git.example/team/pack.git", "git.example", "team", "pack"},
		{"git@git.example:team/pack.git", "git.example", "team", "pack"},
		{"builtin:pack", "", "", "pack"},
		{"https://git.example/pack", "git.example", "", "pack"},
	} {
		if host, namespace, repo := splitURL(c.url); host != c.host || namespace != c.namespace || repo != c.repo {
			t.Errorf("splitURL(%q) = %q, %q, %q", c.url, host, namespace, repo)
		}
	}
}
