package signature_test

import (
	"strings"
	"testing"
	"time"

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

// Parts of the objects of TestParse and TestParseRefuses.
const (
	identity = "A U Thor <a@example.com>"
	sshArmor = "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"
)

var (
	sha1ID, sha256ID = strings.Repeat("1", 40), strings.Repeat("2", 64)

	tagHeader = "object " + sha1ID + "\ntype commit\ntag v1\ntagger " + identity + " 100 +0200\n"
)

func commitHeader(tree string) string {
	return "tree " + tree + "\nauthor X <x@y> 5 +0000\ncommitter " + identity + " 100 +0000\n"
}

// signatureHeader returns a header with a signature, whose later lines begin with a space.
func signatureHeader(name string) string {
	return name + " " + strings.ReplaceAll(strings.TrimSuffix(sshArmor, "\n"), "\n", "\n ") + "\n"
}

// TestParse checks how objects are split.
func TestParse(t *testing.T) {
	tag, commit, folded := tagHeader, commitHeader(sha1ID), signatureHeader
	for _, c := range []struct {
		name    string
		kind    signature.Type
		content string
		payload string
		signed  bool
	}{
		{"a tag", signature.Tag, tag + "\nx\n", tag + "\nx\n", false},
		{"a signed tag", signature.Tag, tag + "\nx\n" + sshArmor, tag + "\nx\n", true},
		{"a tag with a header of SHA-256", signature.Tag, tag + folded("gpgsig-sha256") + "\nx\n" + sshArmor,
			tag + "\nx\n", true},
		{"a tag with another header", signature.Tag, tag + folded("gpgsig") + "\nx\n" + sshArmor,
			tag + folded("gpgsig") + "\nx\n", true},
		{"a tag without a message", signature.Tag, tag + "\n" + sshArmor, tag + "\n", true},
		{"a signature that begins inside a line", signature.Tag, tag + "\nx " + sshArmor,
			tag + "\nx " + sshArmor, false},
		{"a commit", signature.Commit, commit + "\nx\n", commit + "\nx\n", false},
		{"a signed commit", signature.Commit, commit + folded("gpgsig") + "\nx\n", commit + "\nx\n", true},
		{"a commit with a later header", signature.Commit, commit + folded("gpgsig") + "encoding x\n\nx\n",
			commit + "encoding x\n\nx\n", true},
		{"a signature of SHA-256", signature.Commit, commitHeader(sha256ID) + folded("gpgsig-sha256") + "\nx\n",
			commitHeader(sha256ID) + "\nx\n", true},
		{"both signatures", signature.Commit, commit + folded("gpgsig") + folded("gpgsig-sha256") + "\nx\n",
			commit + "\nx\n", true},
		{"the signature of the other hash", signature.Commit, commit + folded("gpgsig-sha256") + "\nx\n",
			commit + "\nx\n", false},
		{"a signature in the message", signature.Commit, commit + "\n" + folded("gpgsig"),
			commit + "\n" + folded("gpgsig"), false},
		{"a similar header", signature.Commit, commit + folded("gpgsigx") + "\nx\n",
			commit + folded("gpgsigx") + "\nx\n", false},
	} {
		o, err := signature.Parse(c.kind, []byte(c.content))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if string(o.Payload) != c.payload || (o.Format == signature.SSH) != c.signed ||
			c.signed && string(o.Signature) != sshArmor {
			t.Errorf("%s: payload %q, signature %q of the format %q", c.name, o.Payload, o.Signature, o.Format)
		}
		if o.Identity != identity || o.Time.Unix() != 100 || o.Time.Location() != time.UTC {
			t.Errorf("%s: it is by %q at %v", c.name, o.Identity, o.Time)
		}
		if c.kind == signature.Tag && (o.Name != "v1" || o.Target != sha1ID || o.TargetType != "commit") {
			t.Errorf("%s: it names %q, %q %q", c.name, o.Name, o.TargetType, o.Target)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	tag, commit, folded := tagHeader, commitHeader(sha1ID), signatureHeader
	for _, c := range []struct{ name, kind, content string }{
		{"a blob", "blob", "x"}, {"nothing", "tag", ""}, {"nothing", "commit", ""},
		{"no object", "tag", strings.Replace(tag, "object", "objects", 1)},
		{"a short id", "tag", strings.Replace(tag, sha1ID, sha1ID[1:], 1)},
		{"an id with a carriage return", "tag", strings.Replace(tag, sha1ID, sha1ID+"\r", 1)},
		{"another order", "tag", "type commit\nobject " + sha1ID + "\ntag v1\n"},
		{"no name", "tag", strings.Replace(tag, "tag v1", "tag ", 1)},
		{"two taggers", "tag", tag + "tagger E <e@v> 1 +0000\n\nx"},
		{"a NUL byte", "tag", strings.Replace(tag, "v1", "v1\x00", 1)},
		{"no address", "tag", strings.Replace(tag, ">", "", 1)},
		{"a time that is not a number", "tag", strings.Replace(tag, " 100 ", " 1e2 ", 1)},
		{"a negative time", "tag", strings.Replace(tag, " 100 ", " -100 ", 1)},
		{"a time after the year 9999", "tag", strings.Replace(tag, " 100 ", " 9223372036854775807 ", 1)},
		{"no tree", "commit", "parent " + sha1ID + "\n" + commit},
		{"two committers", "commit", commit + "committer E <e@v> 1 +0000\n\nx"},
		{"two signatures", "commit", commit + folded("gpgsig") + folded("gpgsig") + "\nx\n"},
	} {
		if o, err := signature.Parse(signature.Type(c.kind), []byte(c.content)); err == nil {
			t.Errorf("%s in a %s: %+v, want an error", c.name, c.kind, o)
		}
	}
}
