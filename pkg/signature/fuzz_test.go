package signature_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/signature"
)

// signedTags are files in testdata, signed with the keys there.
var signedTags = []string{"ssh.tag", "certificate.tag", "openpgp.tag"}

// today is a time at which the keys in testdata are valid.
var today = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func readTestdata(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// testKeys returns the keys in testdata.
func testKeys(t testing.TB) signature.Keys {
	t.Helper()
	allowed, err1 := signature.ParseAllowedSigners("allowed_signers", readTestdata(t, "allowed_signers"))
	ring, err2 := signature.ParseKeyRing("keys.asc", readTestdata(t, "keys.asc"))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return signature.Keys{Allowed: allowed, Ring: ring}
}

// TestTestdata verifies the tags in testdata, so that the fuzz targets start from valid signatures.
func TestTestdata(t *testing.T) {
	for _, name := range signedTags {
		signer, err := verdict(t, signature.Tag, string(readTestdata(t, name)), testKeys(t), today)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if parsed, err := signature.ParseSigner(signer.String()); err != nil || parsed.String() != signer.String() {
			t.Errorf("%s: ParseSigner(%q) = %q, %v", name, signer, parsed, err)
		}
	}
}

// FuzzObject checks that no object is accepted but those that the keys signed, and that each error is complete.
func FuzzObject(f *testing.F) {
	keys := testKeys(f)
	var signed [][]byte
	for _, name := range signedTags {
		content := readTestdata(f, name)
		object, err := signature.Parse(signature.Tag, content)
		if err != nil {
			f.Fatal(err)
		}
		signed = append(signed, object.Payload)
		f.Add(false, content)
	}
	f.Add(true, []byte("tree 1111111111111111111111111111111111111111\ncommitter A <a@b> 1 +0000\n"+
		"gpgsig -----BEGIN SSH SIGNATURE-----\n AAAA\n -----END SSH SIGNATURE-----\n\nx\n"))
	f.Fuzz(func(t *testing.T, commit bool, content []byte) {
		kind := signature.Tag
		if commit {
			kind = signature.Commit
		}
		object, err := signature.Parse(kind, content)
		if err != nil {
			return
		}
		signer, err := object.Verify(context.Background(), keys, today)
		if err == nil {
			for _, payload := range signed {
				if bytes.Equal(payload, object.Payload) {
					return
				}
			}
			t.Fatalf("%q is accepted as signed by %q", content, signer)
		}
		var reason *signature.Error
		if !errors.As(err, &reason) || reason.Reason == 0 || !errors.Is(err, failure.Integrity) {
			t.Errorf("the error %v has no reason", err)
		}
	})
}

// FuzzAllowedSigners checks that a file never makes the package panic, and that a signer has a text that can be read.
func FuzzAllowedSigners(f *testing.F) {
	f.Add(readTestdata(f, "allowed_signers"))
	f.Add([]byte(`"a\"b",c cert-authority,namespaces="x\"",valid-before="20240101Z" ssh-ed25519 AAAA x`))
	f.Fuzz(func(t *testing.T, data []byte) {
		allowed, err := signature.ParseAllowedSigners("allowed_signers", data)
		if err != nil {
			if !errors.Is(err, failure.Usage) {
				t.Errorf("%v is not of kind usage", err)
			}
			return
		}
		for _, name := range signedTags[:2] {
			keys := signature.Keys{Allowed: allowed}
			signer, err := verdict(t, signature.Tag, string(readTestdata(t, name)), keys, today)
			if err != nil {
				continue
			}
			if _, err := signature.ParseSigner(signer.String()); err != nil {
				t.Error(err)
			}
		}
	})
}

// FuzzKeyRing checks that altered keys never make a signature of another key valid.
func FuzzKeyRing(f *testing.F) {
	f.Add(readTestdata(f, "keys.asc"))
	tag := string(readTestdata(f, "openpgp.tag"))
	signer, err := verdict(f, signature.Tag, tag, testKeys(f), today)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ring, err := signature.ParseKeyRing("keys", data)
		if err != nil {
			if !errors.Is(err, failure.Usage) {
				t.Errorf("%v is not of kind usage", err)
			}
			return
		}
		got, err := verdict(t, signature.Tag, tag, signature.Keys{Ring: ring}, today)
		if err == nil && got.String() != signer.String() {
			t.Errorf("the signature is by %q, and not by %q", got, signer)
		}
	})
}
