package signature_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"

	"github.com/Project-Manager-With-Git/ppm/pkg/signature"
)

// gpg runs gpg at a time, "20240501T000000", or now if it is "".
func (o *oracle) gpg(at string, stdin []byte, args ...string) string {
	o.Helper()
	options := []string{"--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "",
		"--trust-model", "always"}
	if at != "" {
		options = append(options, "--faked-system-time", at+"!")
	}
	return o.must(stdin, "gpg", append(options, args...)...)
}

// pgpKey makes a key and returns its fingerprint.
func (o *oracle) pgpKey(at, name, algorithm, usage, life string) string {
	o.Helper()
	user := name + " <" + name + "@example.com>"
	o.gpg(at, nil, "--quick-generate-key", user, algorithm, usage, life)
	for _, line := range strings.Split(o.gpg(at, nil, "--with-colons", "--list-keys", "="+user), "\n") {
		if fields := strings.Split(line, ":"); fields[0] == "fpr" {
			return fields[9]
		}
	}
	o.Fatal("gpg lists no fingerprint")
	return ""
}

// signPGP returns the text with a signature by the key, or by the subkey if its id ends with "!".
func (o *oracle) signPGP(at, key, text string, args ...string) string {
	o.Helper()
	return text + o.gpg(at, []byte(text), append(args, "--armor", "--local-user", key, "--detach-sign")...)
}

func (o *oracle) export(keys ...string) string {
	o.Helper()
	return o.gpg("", nil, append([]string{"--armor", "--export"}, keys...)...)
}

// revoke revokes a key with the certificate that gpg made together with it.
func (o *oracle) revoke(key string) {
	o.Helper()
	data, err := os.ReadFile(filepath.Join(o.home, "openpgp-revocs.d", key+".rev"))
	if err != nil {
		o.Fatal(err)
	}
	_, certificate, _ := strings.Cut(string(data), ":-----BEGIN")
	o.gpg("", []byte("-----BEGIN"+certificate), "--import")
}

// edit gives commands to gpg --edit-key.
func (o *oracle) edit(key string, commands ...string) {
	o.Helper()
	o.gpgTalk(commands, "--edit-key", key)
}

// gpgTalk runs gpg and gives answers to what it asks.
func (o *oracle) gpgTalk(answers []string, args ...string) string {
	o.Helper()
	options := []string{"--quiet", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", "", "--command-fd", "0"}
	return o.must([]byte(strings.Join(answers, "\n")+"\n"), "gpg", append(options, args...)...)
}

type pgpCase struct {
	name   string
	tag    string
	ring   string
	want   error
	signer string
	git    bool // git accepts what is refused here
}

const (
	longAgo = "20200101T000000" // gpg's form of times
	then    = "20240501T000000"
)

// TestOpenPGPAsGit compares with git, which asks gpg.
func TestOpenPGPAsGit(t *testing.T) {
	o := newOracle(t)
	var cases []pgpCase
	kinds := []func(*oracle, string) []pgpCase{pgpLifeCases, pgpRevocationCases, pgpSignatureCases, pgpAlgorithmCases}
	if testing.Short() { // making keys takes long
		kinds = kinds[:2]
	}
	for _, kind := range kinds {
		cases = append(cases, kind(o, o.tag("v1", 1714521600))...)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := *o
			o.TB, o.home = t, t.TempDir()
			if err := os.Chmod(o.home, 0o700); err != nil {
				t.Fatal(err)
			}
			checkPGP(&o, c)
		})
	}
}

func checkPGP(o *oracle, c pgpCase) {
	ring, err := signature.ParseKeyRing("keys", []byte(c.ring))
	if err != nil {
		o.Fatal(err)
	}
	signer, err := verdict(o, signature.Tag, c.tag, signature.Keys{Ring: ring}, time.Now())
	if !errors.Is(err, c.want) || c.want == nil && signer.String() != "openpgp:"+c.signer {
		o.Errorf("Verify = %q, %v; want %q, %v", signer, err, c.signer, c.want)
	}
	if err == nil && !strings.HasSuffix(signer.Principal, "@example.com>") {
		o.Errorf("the principal is %q", signer.Principal)
	}
	o.gpg("", []byte(c.ring), "--import")
	if accepted := o.gitAccepts(signature.Tag, c.tag); accepted != (c.want == nil || c.git) {
		o.Errorf("git accepts it: %v", accepted)
	}
}

func pgpSignatureCases(o *oracle, text string) []pgpCase {
	ann := o.pgpKey(longAgo, "ann", "ed25519", "sign", "never")
	bob := o.pgpKey(longAgo, "bob", "ed25519", "sign", "never")
	tag := o.signPGP(then, ann, text)
	annRing, bobRing := o.export(ann), o.export(bob)
	twice := armored(o, "SIGNATURE", append(unarmored(o, tag), unarmored(o, o.signPGP(then, bob, text))...))
	body, sig, _ := strings.Cut(tag, "-----BEGIN")
	sig = "-----BEGIN" + sig
	return []pgpCase{
		{name: "one key", tag: tag, ring: annRing, signer: ann},
		{name: "two keys in one block", tag: tag, ring: o.export(bob, ann), signer: ann},
		{name: "two blocks", tag: tag, ring: bobRing + "\ncomment\n" + annRing, signer: ann},
		{name: "a binary file", tag: tag, ring: o.gpg("", nil, "--export", ann), signer: ann},
		{name: "an unknown key", tag: tag, ring: bobRing, want: signature.UnknownKey},
		{name: "an altered text", tag: strings.Replace(tag, "First", "Last", 1), ring: annRing,
			want: signature.BadSignature},
		{name: "another name", tag: strings.Replace(tag, "tag v1", "tag v2", 1), ring: annRing,
			want: signature.BadSignature},
		{name: "two signatures of two keys", tag: text + twice, ring: annRing + bobRing, want: signature.BadSignature},
		{name: "two armored signatures", tag: tag + sig, ring: annRing, want: signature.BadSignature},
		{name: "not signed", tag: body, ring: annRing, want: signature.NotSigned},
		{name: "a damaged signature", tag: strings.Replace(tag, "\n\n", "\n\nAAAA", 2), ring: annRing,
			want: signature.BadSignature},
		{name: "a text after the signature", tag: tag + "x\n", ring: annRing, want: signature.BadSignature, git: true},
		{name: "no tagger", ring: annRing, want: signature.BadSignature,
			tag: o.signPGP(then, ann, "object "+o.commit+"\ntype commit\ntag v1\n\nx\n")},
		{name: "an expired signature", tag: o.signPGP(then, ann, text, "--default-sig-expire", "1d"), ring: annRing,
			want: signature.Expired},
		{name: "a signature that is older than the key", ring: annRing, want: signature.BadSignature,
			tag: o.signPGP("20191231T000000", ann, text, "--ignore-time-conflict", "--ignore-valid-from")},
		{name: "a notation", tag: o.signPGP(then, ann, text, "--sig-notation", "a@example.com=b"), ring: annRing,
			signer: ann},
		{name: "a critical notation", tag: o.signPGP(then, ann, text, "--sig-notation", "!a@example.com=b"),
			ring: annRing, want: signature.Unsupported},
		{name: "a signature of text", tag: o.signPGP(then, ann, text, "--textmode"), ring: annRing, signer: ann},
	}
}

func pgpLifeCases(o *oracle, text string) []pgpCase {
	short := o.pgpKey("20240401T000000", "short", "ed25519", "sign", "90d")
	extended := o.pgpKey("20240401T000000", "extended", "ed25519", "sign", "90d")
	tag, tagOfExtended := o.signPGP(then, short, text), o.signPGP(then, extended, text)
	expired := o.export(extended)
	o.gpg("", nil, "--quick-set-expire", extended, "0")
	cleaned := o.gpg("", nil, "--armor", "--export-options", "export-clean", "--export", extended)
	return []pgpCase{
		{name: "a key that is expired today", tag: tag, ring: o.export(short), want: signature.Expired},
		{name: "a key before it was extended", tag: tagOfExtended, ring: expired, want: signature.Expired},
		{name: "a key that was extended", tag: tagOfExtended, ring: o.export(extended), signer: extended},
		{name: "a key that was extended, only its last state", tag: tagOfExtended, ring: cleaned, signer: extended},
		{name: "both copies of a key", tag: tagOfExtended, ring: expired + cleaned, signer: extended},
	}
}

func pgpRevocationCases(o *oracle, text string) []pgpCase {
	gone := o.pgpKey(longAgo, "gone", "ed25519", "sign", "never")
	tag, before := o.signPGP(then, gone, text), o.export(gone)
	o.revoke(gone)
	root := o.pgpKey(longAgo, "root", "ed25519", "cert", "never")
	var subkeys [2]string
	for i := range subkeys {
		o.gpg(longAgo, nil, "--quick-add-key", root, "ed25519", "sign", "never")
		listing := strings.Split(strings.TrimSpace(o.gpg("", nil, "--with-colons", "--list-keys", root)), "\n")
		subkeys[i] = strings.Split(listing[len(listing)-1], ":")[9]
	}
	first, second := o.signPGP(then, subkeys[0]+"!", text), o.signPGP(then, subkeys[1]+"!", text)
	both := o.export(root)
	o.edit(root, "key 1", "revkey", "y", "0", "", "y", "save")
	oneRevoked := o.export(root)
	revoker := o.pgpKey(longAgo, "revoker", "ed25519", "sign", "never")
	other := o.pgpKey(longAgo, "other", "ed25519", "sign", "never")
	o.edit(other, "addrevoker", revoker, "y", "save")
	otherTag, otherBefore := o.signPGP(then, other, text), o.export(other, revoker)
	certificate := o.gpgTalk([]string{"y", "0", "", "y"}, "--armor", "--desig-revoke", other)
	o.gpg("", []byte(certificate), "--import")
	return []pgpCase{
		{name: "a key that can be revoked by another one", tag: otherTag, ring: otherBefore, signer: other},
		{name: "a key that was revoked by another one", tag: otherTag, ring: o.export(other, revoker),
			want: signature.Revoked},
		{name: "a key that was revoked by another one, which is not there", tag: otherTag, ring: o.export(other),
			want: signature.Revoked, git: true},
		{name: "a revoked key", tag: tag, ring: o.export(gone), want: signature.Revoked},
		{name: "a key before it was revoked", tag: tag, ring: before, signer: gone},
		{name: "a copy that is not revoked first", tag: tag, ring: before + o.export(gone), want: signature.Revoked},
		{name: "a copy that is not revoked last", tag: tag, ring: o.export(gone) + before, want: signature.Revoked},
		{name: "a subkey", tag: first, ring: both, signer: root},
		{name: "another subkey", tag: second, ring: both, signer: root},
		{name: "a revoked subkey", tag: first, ring: oneRevoked, want: signature.Revoked},
		{name: "the subkey that is not revoked", tag: second, ring: oneRevoked, signer: root},
	}
}

func pgpAlgorithmCases(o *oracle, text string) []pgpCase {
	var cases []pgpCase
	for _, c := range []struct {
		algorithm string
		want      error
	}{
		{"rsa2048", nil}, {"nistp384", nil}, {"brainpoolP256r1", nil}, {"rsa1024", signature.Unsupported},
		{"dsa2048", signature.Unsupported}, {"secp256k1", signature.Unsupported},
	} {
		key := o.pgpKey(longAgo, c.algorithm, c.algorithm, "sign", "never")
		tag, ring := o.signPGP(then, key, text), o.export(key)
		cases = append(cases, pgpCase{name: c.algorithm, tag: tag, ring: ring, want: c.want, signer: key, git: true},
			pgpCase{name: c.algorithm + " altered", tag: strings.Replace(tag, "First", "Last", 1), ring: ring,
				want: signature.BadSignature})
		if c.algorithm == "rsa2048" {
			cases = append(cases, pgpCase{name: "SHA-1", tag: o.signPGP(then, key, text, "--digest-algo", "SHA1"),
				ring: ring, want: signature.Unsupported, git: true})
		}
	}
	return cases
}

// unarmored returns the content of the armored signature at the end of a tag.
func unarmored(o *oracle, tag string) []byte {
	o.Helper()
	block, err := armor.Decode(strings.NewReader(tag))
	if err != nil {
		o.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(block.Body); err != nil {
		o.Fatal(err)
	}
	return b.Bytes()
}

func armored(o *oracle, kind string, content []byte) string {
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PGP " + kind, Bytes: content}))
	return strings.Replace(text, "\n", "\n\n", 1)
}
