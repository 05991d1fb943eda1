package signature

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/Project-Manager-With-Git/ppm/pkg/sshkeys"
)

// The armor and the preamble of a signature, from PROTOCOL.sshsig of OpenSSH.
const (
	sshBegin = "-----BEGIN SSH SIGNATURE-----"
	sshEnd   = "\n-----END SSH SIGNATURE-----"
	sshMagic = "SSHSIG"
)

// sshNamespace is the namespace in which git signs.
const sshNamespace = "git"

// sshSignature is a decoded SSH signature.
type sshSignature struct {
	key       ssh.PublicKey // may be an *ssh.Certificate
	namespace string
	hash      string
	signature ssh.Signature
}

// parseSSH decodes an armored signature. Like ssh-keygen it refuses keys and algorithms that are broken: DSA, and RSA
// with SHA-1.
func parseSSH(armored []byte) (*sshSignature, error) {
	body, found := bytes.CutPrefix(armored, []byte(sshBegin))
	body, after, ended := bytes.Cut(body, []byte(sshEnd))
	if !found || !ended || len(bytes.TrimSpace(after)) > 0 {
		return nil, errors.New("it is not one armored signature")
	}
	blob, err := sshkeys.DecodeBase64(string(body))
	if err != nil {
		return nil, err
	}
	blob, found = bytes.CutPrefix(blob, []byte(sshMagic))
	if !found {
		return nil, errors.New("it does not begin with " + sshMagic)
	}
	var fields struct {
		Version       uint32
		PublicKey     []byte
		Namespace     string
		Reserved      []byte
		HashAlgorithm string
		Signature     []byte
	}
	if err := ssh.Unmarshal(blob, &fields); err != nil {
		return nil, err
	}
	if fields.Version != 1 {
		return nil, fmt.Errorf("it has the version %d: %w", fields.Version, Unsupported)
	}
	s := &sshSignature{namespace: fields.Namespace, hash: fields.HashAlgorithm}
	if s.key, err = ssh.ParsePublicKey(fields.PublicKey); err != nil {
		return nil, fmt.Errorf("its key cannot be read: %w", err)
	}
	if err := ssh.Unmarshal(fields.Signature, &s.signature); err != nil {
		return nil, err
	}
	return s, s.checkAlgorithm()
}

// checkAlgorithm returns an error unless the algorithm of the signature is one that ssh-keygen accepts. Whether it
// fits the key is checked with the signature. Unlike ssh-keygen, it demands that a security key was touched.
func (s *sshSignature) checkAlgorithm() error {
	format, rest := s.signature.Format, s.signature.Rest
	if !isSecure(format) {
		return fmt.Errorf("it uses the algorithm %q: %w", format, Unsupported)
	}
	if format != ssh.KeyAlgoSKED25519 && format != ssh.KeyAlgoSKECDSA256 {
		if len(rest) > 0 {
			return errors.New("it has bytes after its end")
		}
		return nil
	}
	const flagsAndCounter, touched = 5, 1
	if len(rest) != flagsAndCounter {
		return errors.New("it has no flags and counter of a security key")
	}
	if rest[0]&touched == 0 {
		return fmt.Errorf("it was made without a touch of the security key: %w", Unsupported)
	}
	return nil
}

// isSecure reports whether an algorithm of signatures is in use: not DSA, and not RSA with SHA-1.
func isSecure(algorithm string) bool {
	switch algorithm {
	case ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoRSASHA256,
		ssh.KeyAlgoRSASHA512, ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256:
		return true
	}
	return false
}

// check returns an error unless the signature is of payload.
func (s *sshSignature) check(payload []byte) error {
	var digest []byte
	switch s.hash {
	case "sha256":
		sum := sha256.Sum256(payload)
		digest = sum[:]
	case "sha512":
		sum := sha512.Sum512(payload)
		digest = sum[:]
	default:
		return fmt.Errorf("it uses the hash algorithm %q: %w", s.hash, Unsupported)
	}
	signed := ssh.Marshal(struct {
		Namespace, Reserved, HashAlgorithm string
		Digest                             []byte
	}{s.namespace, "", s.hash, digest})
	return s.key.Verify(append([]byte(sshMagic), signed...), &s.signature)
}

// verifySSH verifies as git does: with ssh-keygen -Y find-principals, and then -Y verify for each principal.
func (o *Object) verifySSH(keys Keys, now time.Time) (Signer, error) {
	sig, err := parseSSH(o.Signature)
	if err != nil {
		return Signer{}, errUnreadable(err)
	}
	claimed := Signer{Kind: SSHKey, Fingerprint: ssh.FingerprintSHA256(sshkeys.Plain(sig.key))}
	if sig.namespace != sshNamespace {
		return Signer{}, errSignature(WrongNamespace, claimed,
			"the signature by %s was made for %q, not for %q", claimed, sig.namespace, sshNamespace).
			withHint("do not use it: a signature of something else was put here")
	}
	if err := sig.check(o.Payload); errors.Is(err, Unsupported) {
		return Signer{}, errUnreadable(err)
	} else if err != nil {
		return Signer{}, errBad(claimed)
	}
	if certificate, ok := sig.key.(*ssh.Certificate); ok {
		if err := checkCertificate(certificate); err != nil {
			return Signer{}, errSignature(BadSignature, claimed, "the certificate of %s is not valid: %w",
				claimed, err).withHint(askToSign + "a valid certificate")
		}
	}
	if keys.Revoked.has(sig.key) {
		return Signer{}, errSignature(Revoked, claimed, "the key %s is revoked in %q", claimed, keys.Revoked.file).
			withHint(askToSign + "another key")
	}
	at := now
	if o.Time.Unix() > 0 {
		at = o.Time
	}
	return keys.Allowed.find(sig.key, claimed, uint64(at.Unix()))
}

// checkCertificate returns an error unless the authority that the certificate names has signed it. Everything else
// about it, its time and its principals, is up to the line of allowed_signers.
func checkCertificate(certificate *ssh.Certificate) error {
	unsigned := *certificate
	unsigned.Signature = nil
	signed := unsigned.Marshal()
	signed = signed[:len(signed)-4] // the length of the empty signature
	if !isSecure(certificate.Signature.Format) {
		return fmt.Errorf("it is signed with %q", certificate.Signature.Format)
	}
	if err := certificate.SignatureKey.Verify(signed, certificate.Signature); err != nil {
		return errors.New("it is not signed by the authority that it names")
	}
	return nil
}
