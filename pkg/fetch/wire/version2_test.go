package wire

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
)

const greets = "version 2\n"

func TestDecodeFeatures(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"git's own",
			pkt("# service=git-upload-pack\n") + "0000" + pkt(greets) + pkt("agent=x\n") + pkt("ls-refs=unborn\n") +
				pkt("fetch=shallow filter\n") + pkt("object-format=sha1\n") + "0000", "shallow filter"},
		{"the least", pkt(greets) + pkt("ls-refs\n") + pkt("fetch\n") + "0000", ""},
		{"no packs", pkt(greets) + pkt("ls-refs\n") + "0000", "neither refs nor packs"},
		{"no refs", pkt(greets) + pkt("fetch\n") + "0000", "neither refs nor packs"},
		{"a delimiter", pkt(greets) + "0001", "a malformed list of features"},
		{"no end", pkt(greets) + pkt("fetch\n"), "an unexpected end"},
		{"features without end", pkt(greets) + manyFeatures(), "a malformed list of features"},
	} {
		hello, err := decodeGreeting(strings.NewReader(c.in))
		if err != nil {
			if !errors.As(err, new(protocolError)) || !strings.Contains(err.Error(), c.want) || c.want == "" {
				t.Errorf("%s: %v, want %s", c.name, err, c.want)
			}
			continue
		}
		if hello.features["fetch"] != c.want {
			t.Errorf("%s: %q", c.name, hello.features)
		}
	}
	_, err := decodeGreeting(strings.NewReader(pkt(greets) + pkt("ls-refs\n") + pkt("fetch\n") +
		pkt("object-format=sha256\n") + "0000"))
	if !errors.Is(err, errSHA256) {
		t.Errorf("SHA-256: %v", err)
	}
}

func manyFeatures() string {
	var b strings.Builder
	for i := range maxFeatures + 2 {
		b.WriteString(pkt("f" + strings.Repeat("x", i%100) + string(rune('a'+i/100)) + "\n"))
	}
	return b.String()
}

func TestDecodeLsRefs(t *testing.T) {
	hello := &greeting{features: map[string]string{"ls-refs": "", "fetch": ""}}
	for _, c := range []struct{ name, in, want string }{
		{"git's own", pkt(testID+" HEAD symref-target:refs/heads/a\n") + pkt(testID+" refs/heads/a\n") + "0000",
			"HEAD refs/heads/a"},
		{"a peeled tag", pkt(testID+" refs/tags/a peeled:"+testID+"\n") + "0000",
			"refs/tags/a refs/tags/a^{}"},
		{"a branch that is not born", pkt("unborn HEAD symref-target:refs/heads/a\n") + "0000", ""},
		{"unknown attributes", pkt(testID+" refs/heads/a new:x\n") + "0000", "refs/heads/a"},
		{"a line without a name", pkt(testID+"\n") + "0000", "a malformed line"},
		{"a name outside refs", pkt(testID+" ../x\n") + "0000", "a malformed name"},
		{"an id in other letters", pkt(strings.Repeat("g", 40)+" HEAD\n") + "0000", "a malformed line"},
		{"a malformed peeled id", pkt(testID+" refs/tags/a peeled:x\n") + "0000", "a malformed line"},
		{"an empty target", pkt(testID+" HEAD symref-target:\n") + "0000", "HEAD"},
		{"a delimiter", "0001", "a malformed list"},
		{"a packet of a wrong length", "0003", "a malformed packet"},
		{"nothing", "", "an unexpected end"},
	} {
		refs, err := hello.decodeLsRefs(strings.NewReader(c.in))
		if err != nil {
			if !errors.As(err, new(protocolError)) || !strings.Contains(err.Error(), c.want) || c.want == "" {
				t.Errorf("%s: %v, want %s", c.name, err, c.want)
			}
			continue
		}
		if got := describe(refs); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestDecodeFetch(t *testing.T) {
	for _, c := range []struct {
		name, in, want string // the pack, or the error
		shallows       int
	}{
		{"a pack", pkt("packfile\n") + pkt("\x01PACK") + pkt("\x02progress\r") + pkt("\x01!") + "0000", "PACK!", 0},
		{"shallow commits",
			pkt("shallow-info\n") + pkt("shallow "+testID+"\n") + pkt("unshallow "+testID+"\n") + "0001" +
				pkt("packfile\n") + "0000", "", 1},
		{"acknowledgments",
			pkt("acknowledgments\n") + pkt("ACK "+testID+"\n") + pkt("ready\n") + "0001" + pkt("packfile\n") +
				pkt("\x01x") + "0000", "x", 0},
		{"no pack", "0000", "a response without a pack", 0},
		{"acknowledgments alone", pkt("acknowledgments\n") + pkt("NAK\n") + "0000", "a response without a pack", 0},
		{"a part that was not asked for", pkt("packfile-uris\n"), "a malformed response", 0},
		{"a malformed shallow line", pkt("shallow-info\n") + pkt("shallow x\n"), "a malformed shallow line", 0},
		{"an error instead", pkt("ERR no way\n"), "the server says: no way", 0},
		{"an error in the pack", pkt("packfile\n") + pkt("\x03no way\n"), "the server says: no way", 0},
		{"an unknown band", pkt("packfile\n") + pkt("\x07a"), "an unknown band", 0},
		{"a delimiter in the pack", pkt("packfile\n") + "0001", "a malformed packet", 0},
		{"no end", pkt("packfile\n") + pkt("\x01PACK"), errCut.Error(), 0},
	} {
		data, shallows, err := readFetch(t, []byte(c.in))
		if err != nil && (!strings.Contains(err.Error(), c.want) || c.want == "") || err == nil &&
			(data != c.want || shallows != c.shallows) {
			t.Errorf("%s: %q, %d shallow commits, %v; want %s", c.name, data, shallows, err, c.want)
		}
	}
}

func readFetch(t testing.TB, data []byte) (pack string, shallows int, err error) {
	raw := guarded(t, data)
	defer raw.Close()
	resp, err := decodeFetch(raw, newPackReader(raw))
	if err != nil {
		return "", 0, err
	}
	all, err := io.ReadAll(resp)
	return string(all), len(resp.Shallows), err
}

// recorded2 returns the responses of a real server to the three requests of version 2.
func recorded2(t testing.TB) (hello, refs, pack []byte) {
	t.Helper()
	r := gittest.NewRepo(t)
	r.Write("a", "text\n", 0o644)
	id := r.Commit("first")
	r.AnnotatedTag("v1", "one")
	url := gittest.ServeHTTP(t, filepath.Dir(r.Dir)).URL + "/pack"
	ask := func(method, path string, body []byte) []byte {
		req, err := http.NewRequest(method, url+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Git-Protocol", askForVersion2)
		req.Header.Set("Content-Type", "application/x-git-upload-pack-request")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		data, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	hello = ask("GET", "/info/refs?service=git-upload-pack", nil)
	g, err := decodeGreeting(bytes.NewReader(hello))
	if err != nil {
		t.Fatal(err)
	}
	body := g.fetch(Request{Wants: []objects.ID{objects.NewID(id)}, Depth: 1}, false)
	return hello, ask("POST", "/git-upload-pack", g.lsRefs(nil)), ask("POST", "/git-upload-pack", body)
}

// A response of version 2 that is cut at any byte is an error, too.
func TestVersion2CutAtEveryByte(t *testing.T) {
	hello, refs, pack := recorded2(t)
	g, err := decodeGreeting(guarded(t, hello))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		data []byte
		read func([]byte) error
	}{
		{"features", hello, func(data []byte) error { _, err := decodeGreeting(guarded(t, data)); return err }},
		{"refs", refs, func(data []byte) error { _, err := g.decodeLsRefs(guarded(t, data)); return err }},
		{"pack", pack, func(data []byte) error { _, _, err := readFetch(t, data); return err }},
	} {
		if err := c.read(c.data); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for n := range c.data {
			if err := c.read(c.data[:n]); !errors.Is(err, errCut) && !errors.As(err, new(protocolError)) {
				t.Errorf("%s cut after %d of %d bytes: %v", c.name, n, len(c.data), err)
			}
		}
	}
}

func FuzzVersion2(f *testing.F) {
	hello, refs, pack := recorded2(f)
	f.Add(hello, refs, pack)
	f.Add([]byte(pkt(greets)+pkt("ls-refs")+pkt("fetch=filter")+"0000"), []byte(pkt("unborn HEAD")+"0000"),
		[]byte(pkt("ERR no")))
	f.Fuzz(func(t *testing.T, hello, refs, pack []byte) {
		g, err := decodeGreeting(bytes.NewReader(hello))
		if err != nil || g.features == nil {
			return
		}
		if adv, err := g.decodeLsRefs(bytes.NewReader(refs)); err == nil {
			for name := range adv.References {
				if !strings.HasPrefix(name, "refs/") || strings.ContainsAny(name, " \n\x1b\x00") {
					t.Errorf("the name %q was let through", name)
				}
			}
		}
		if got, _, err := readFetch(t, pack); err == nil && len(got) > len(pack) {
			t.Errorf("%d bytes came out of %d", len(got), len(pack))
		}
	})
}

// Servers of both versions are asked for no progress when nobody listens.
func TestSilentRequests(t *testing.T) {
	req := Request{Wants: []objects.ID{objects.NewID(testID)}}
	offers := capability.NewList()
	for _, c := range []capability.Capability{capability.Sideband64k, capability.NoProgress} {
		if err := offers.Add(c); err != nil {
			t.Fatal(err)
		}
	}
	two := &greeting{features: map[string]string{"fetch": ""}}
	for _, silent := range []bool{true, false} {
		old, err := encodeRequest(req, offers, silent)
		if err != nil {
			t.Fatal(err)
		}
		for version, request := range map[int][]byte{0: old, 2: two.fetch(req, silent)} {
			if bytes.Contains(request, []byte("no-progress")) != silent {
				t.Errorf("version %d, silent %v: %q", version, silent, request)
			}
		}
	}
}
