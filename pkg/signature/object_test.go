package signature_test

import (
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/signature"
)

func TestParseSigner(t *testing.T) {
	const digest = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
	const fingerprint = "0123456789ABCDEF0123456789ABCDEF01234567"
	for _, text := range []string{
		"ssh:" + digest, "ssh-ca:" + digest + ":ann@example.com", "ssh-ca:" + digest + ":a:b",
		"openpgp:" + fingerprint,
		"openpgp:" + fingerprint + "012345670123456701234567", "x509:ann@example.com",
	} {
		s, err := signature.ParseSigner(text)
		if err != nil || s.String() != text {
			t.Errorf("ParseSigner(%q) = %q, %v", text, s, err)
		}
	}
	for _, text := range []string{
		"", "ssh", "ssh:", "ssh:MD5:00", digest, "ssh:" + digest + "=", "ssh:" + digest + " ",
		"ssh:" + digest + ":ann",
		"ssh-ca:" + digest, "ssh-ca:" + digest + ":", "ssh-ca:" + digest + ":a b", "openpgp:" + fingerprint[1:],
		"openpgp:0123456789abcdef0123456789abcdef01234567", "x509:", "x509:a\x1bb", "x509:a\u202eb", "unsigned",
	} {
		if s, err := signature.ParseSigner(text); err == nil {
			t.Errorf("ParseSigner(%q) = %q, want an error", text, s)
		}
	}
}
