package signature_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/Project-Manager-With-Git/ppm/pkg/signature"
)

// authority is an authority for certificates of the key "ann".
type authority struct {
	*oracle
	line string // of the allowed signers
	id   string // of its signers, without the principal
}

// TestCertificatesAsGit compares with git for keys whose certificate an authority has signed.
func TestCertificatesAsGit(t *testing.T) {
	o := newOracle(t)
	a := authority{o, "*@example.com cert-authority " + o.sshKey("ca", "-t", "ed25519") + "\n",
		"ssh-ca:" + o.fingerprint("ca") + ":"}
	o.sshKey("ann", "-t", "ed25519")
	cases := append(a.principalCases(), a.lifeCases()...)
	if !testing.Short() {
		cases = append(cases, a.revocationCases()...)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := *o
			o.TB = t
			checkSSH(&o, c, time.Now())
		})
	}
}

// sign returns a tag of 2024-05-01 with a signature by a key with a new certificate.
func (a *authority) sign(options ...string) string {
	a.Helper()
	args := append([]string{"-q", "-I", "ann", "-z", "7"}, options...)
	a.must(nil, "ssh-keygen", append(args, a.path("ann.pub"))...)
	return a.signSSH("ann-cert.pub", "git", a.tag("v1", 1714521600))
}

// with is sign with a certificate of the authority for the year 2024.
func (a *authority) with(options ...string) string {
	return a.sign(append([]string{"-s", a.path("ca"), "-V", "20240101:20250101"}, options...)...)
}

func (a *authority) principalCases() []sshCase {
	o, ca, tag := a.oracle, a.line[strings.Index(a.line, "ssh-"):], a.with("-n", "ann@example.com,ann")
	other := o.sshKey("other", "-t", "ed25519")
	rsa := o.sshKey("rsaca", "-t", "rsa", "-b", "2048")
	return []sshCase{
		{name: "a principal", tag: tag, allowed: a.line, signer: a.id + "ann@example.com"},
		{name: "the second principal", tag: tag, allowed: "ann cert-authority " + ca, signer: a.id + "ann"},
		{name: "no principal", tag: a.with(), allowed: a.line, want: signature.UnknownKey},
		{name: "another principal", tag: a.with("-n", "ann@example.org"), allowed: a.line, want: signature.UnknownKey},
		{name: "an excluded principal", tag: tag, allowed: "!ann@example.com," + a.line, want: signature.UnknownKey},
		{name: "the second pattern", tag: a.with("-n", "eve"), allowed: "ann,eve cert-authority " + ca,
			signer: a.id + "eve"},
		{name: "another authority", tag: tag, allowed: "*@example.com cert-authority " + other,
			want: signature.UnknownKey},
		{name: "the key of the authority as a key", tag: tag, allowed: "*@example.com " + ca,
			want: signature.UnknownKey},
		{name: "only the plain key", tag: tag, allowed: "ann@example.com " + string(o.read("ann.pub")),
			want: signature.UnknownKey},
		{name: "an RSA authority", tag: a.sign("-s", o.path("rsaca"), "-n", "ann@example.com"),
			allowed: "ann@example.com cert-authority " + rsa,
			signer:  "ssh-ca:" + o.fingerprint("rsaca") + ":ann@example.com"},
		{name: "an RSA authority with SHA-1", allowed: "ann@example.com cert-authority " + rsa,
			tag:  a.sign("-s", o.path("rsaca"), "-t", "ssh-rsa", "-n", "ann@example.com"),
			want: signature.BadSignature, git: true},
		{name: "altered", tag: strings.Replace(tag, "First", "Last", 1), allowed: a.line,
			want: signature.BadSignature},
	}
}

func (a *authority) lifeCases() []sshCase {
	tag, ca := a.with("-n", "ann@example.com"), a.line[strings.Index(a.line, "ssh-"):]
	byCA := []string{"-s", a.path("ca"), "-n", "ann@example.com", "-V"}
	return []sshCase{
		{name: "an expired certificate", tag: a.sign(append(byCA, "20230101:20240501")...), allowed: a.line,
			want: signature.Expired},
		{name: "a certificate that is not yet valid", tag: a.sign(append(byCA, "20240502:20250501")...),
			allowed: a.line, want: signature.Expired},
		{name: "a certificate for hosts", tag: a.with("-h", "-n", "ann@example.com"), allowed: a.line,
			want: signature.Unsupported},
		{name: "an expired line", tag: tag, allowed: `*@example.com cert-authority,valid-before="20240101" ` + ca,
			want: signature.Expired},
		{name: "another namespace", tag: tag, allowed: `*@example.com namespaces="file",cert-authority ` + ca,
			want: signature.WrongNamespace},
	}
}

func (a *authority) revocationCases() []sshCase {
	tag, signer := a.with("-n", "ann@example.com"), a.id+"ann@example.com"
	var cases []sshCase
	for _, c := range []struct{ name, authority, specification, signer string }{
		{"the authority", "ca.pub", string(a.read("ca.pub")), ""},
		{"the key", "ca.pub", string(a.read("ann.pub")), ""},
		{"its serial number", "ca.pub", "serial: 7", ""},
		{"a range with its serial number", "ca.pub", "serial: 3-7000", ""},
		{"many serial numbers", "ca.pub", "serial: 1\nserial: 3\nserial: 5\nserial: 7\nserial: 9\n", ""},
		{"many other serial numbers", "ca.pub", "serial: 1\nserial: 3\nserial: 5\nserial: 6\nserial: 8\n", signer},
		{"its id", "ca.pub", "id: ann", ""},
		{"another id", "ca.pub", "id: an", signer},
		{"the serial number of another authority", "other.pub", "serial: 7\nid: ann", signer},
		{"the serial number of all authorities", "none", "serial: 7", ""},
	} {
		authority, krl := c.authority, strings.ReplaceAll("krl "+c.name, " ", "-")
		if authority != "none" {
			authority = a.path(authority)
		}
		a.must(nil, "ssh-keygen", "-q", "-k", "-f", a.path(krl), "-s", authority, a.write("spec", c.specification))
		next := sshCase{name: c.name + " is revoked", tag: tag, allowed: a.line, revoked: krl, signer: c.signer}
		if c.signer == "" {
			next.want = signature.Revoked
		}
		cases = append(cases, next)
	}
	return cases
}

// securityKey makes signatures like a key of FIDO, whose private key is on a device that the user touches. Its format
// is described in PROTOCOL.u2f of OpenSSH.
type securityKey struct {
	private ed25519.PrivateKey
	flags   byte
}

const securityKeyType = "sk-ssh-ed25519@openssh.com"

func (k securityKey) public() []byte {
	return ssh.Marshal(struct {
		Type        string
		Key         []byte
		Application string
	}{securityKeyType, k.private.Public().(ed25519.PublicKey), "ssh:"})
}

// sshMessage returns what an SSH key signs for a text.
func sshMessage(text string) []byte {
	digest := sha512.Sum512([]byte(text))
	return append([]byte("SSHSIG"), ssh.Marshal(struct {
		Namespace, Reserved, Hash string
		Digest                    []byte
	}{"git", "", "sha512", digest[:]})...)
}

// withSSHSignature returns the text with a signature by a key. version is 1, except in signatures of the future.
func withSSHSignature(version uint32, text string, key, sig []byte) string {
	blob := append([]byte("SSHSIG"), ssh.Marshal(struct {
		Version                   uint32
		Key                       []byte
		Namespace, Reserved, Hash string
		Sig                       []byte
	}{version, key, "git", "", "sha512", sig})...)
	return text + string(pem.EncodeToMemory(&pem.Block{Type: "SSH SIGNATURE", Bytes: blob}))
}

func (k securityKey) sign(text string) string {
	message := sshMessage(text)
	application, sum := sha256.Sum256([]byte("ssh:")), sha256.Sum256(message)
	signed := ssh.Marshal(struct {
		Application []byte `ssh:"rest"`
		Flags       byte
		Counter     uint32
		Sum         []byte `ssh:"rest"`
	}{application[:], k.flags, 9, sum[:]})
	sig := ssh.Marshal(struct {
		Type    string
		Sig     []byte
		Flags   byte
		Counter uint32
	}{securityKeyType, ed25519.Sign(k.private, signed), k.flags, 9})
	return withSSHSignature(1, text, k.public(), sig)
}

// pretender signs with its own key and shows another public key.
type pretender struct {
	ssh.Signer
	other ssh.PublicKey
}

func (p pretender) PublicKey() ssh.PublicKey { return p.other }

// TestHostileCertificatesAsGit signs with certificates that ssh-keygen does not make: of eve, who names the trusted
// authority, and for principals that are more than one word.
func TestHostileCertificatesAsGit(t *testing.T) {
	o := newOracle(t)
	text := o.tag("v1", 1714521600)
	key := func(letter string) ssh.Signer {
		signer, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed([]byte(strings.Repeat(letter, 32))))
		if err != nil {
			t.Fatal(err)
		}
		return signer
	}
	ca, eve := key("c"), key("e")
	allowed := "*@example.com cert-authority " + string(ssh.MarshalAuthorizedKey(ca.PublicKey()))
	const ann = "ann@example.com"
	for _, c := range []struct {
		name      string
		authority ssh.Signer
		principal string
		want      error
		git       bool
	}{
		{"the authority", ca, ann, nil, false},
		{"eve as the authority", pretender{eve, ca.PublicKey()}, ann, signature.BadSignature, false},
		{"a comma", ca, "eve," + ann, signature.UnknownKey, false},
		{"two lines", ca, "eve\n" + ann, signature.UnknownKey, false},
		{"a space", ca, "eve " + ann, signature.Unsupported, true},
		{"a control character", ca, "\x1b" + ann, signature.Unsupported, true},
	} {
		certificate := &ssh.Certificate{Key: eve.PublicKey(), CertType: ssh.UserCert, KeyId: "eve",
			ValidPrincipals: []string{c.principal}, ValidBefore: ssh.CertTimeInfinity}
		if err := certificate.SignCert(rand.Reader, c.authority); err != nil {
			t.Fatal(err)
		}
		sig, err := eve.Sign(rand.Reader, sshMessage(text))
		if err != nil {
			t.Fatal(err)
		}
		next := sshCase{name: c.name, tag: withSSHSignature(1, text, certificate.Marshal(), ssh.Marshal(sig)),
			allowed: allowed, want: c.want, git: c.git}
		next.signer = "ssh-ca:" + ssh.FingerprintSHA256(ca.PublicKey()) + ":" + ann
		t.Run(next.name, func(t *testing.T) {
			o := *o
			o.TB = t
			checkSSH(&o, next, time.Now())
		})
	}
}

// TestAlgorithmsAsGit makes signatures that ssh-keygen does not make.
func TestAlgorithmsAsGit(t *testing.T) {
	o := newOracle(t)
	o.sshKey("ann", "-t", "rsa", "-b", "2048", "-m", "pem")
	text := o.tag("v1", 1714521600)
	key, err := ssh.ParsePrivateKey(o.read("ann"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, algorithm string
		version         uint32
		want            error
	}{
		{"RSA with SHA-512", ssh.KeyAlgoRSASHA512, 1, nil},
		{"RSA with SHA-256", ssh.KeyAlgoRSASHA256, 1, nil},
		{"RSA with SHA-1", ssh.KeyAlgoRSA, 1, signature.Unsupported},
		{"a version of the future", ssh.KeyAlgoRSASHA512, 2, signature.Unsupported},
	} {
		sig, err := key.(ssh.AlgorithmSigner).SignWithAlgorithm(rand.Reader, sshMessage(text), c.algorithm)
		if err != nil {
			t.Fatal(err)
		}
		next := sshCase{name: c.name, want: c.want, signer: "ssh:" + o.fingerprint("ann"),
			tag:     withSSHSignature(c.version, text, key.PublicKey().Marshal(), ssh.Marshal(sig)),
			allowed: "ann@example.com " + string(o.read("ann.pub"))}
		t.Run(next.name, func(t *testing.T) {
			o := *o
			o.TB = t
			checkSSH(&o, next, time.Now())
		})
	}
}

// TestSecurityKeysAsGit makes the signatures itself, because ssh-keygen needs a device for them.
func TestSecurityKeysAsGit(t *testing.T) {
	o := newOracle(t)
	key := securityKey{ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", 32))), 1}
	allowed := "ann " + securityKeyType + " " + base64.StdEncoding.EncodeToString(key.public()) + "\n"
	o.write("sk.pub", strings.TrimPrefix(allowed, "ann "))
	id := "ssh:" + o.fingerprint("sk.pub")
	untouched := securityKey{key.private, 0}
	text := o.tag("v1", 1714521600)
	for _, c := range []sshCase{
		{name: "touched", tag: key.sign(text), signer: id},
		{name: "altered", tag: strings.Replace(key.sign(text), "First", "Last", 1), want: signature.BadSignature},
		{name: "not touched", tag: untouched.sign(text), want: signature.Unsupported, git: true},
	} {
		c.allowed = allowed
		t.Run(c.name, func(t *testing.T) {
			o := *o
			o.TB = t
			checkSSH(&o, c, time.Now())
		})
	}
}
