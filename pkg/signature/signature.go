// Package signature verifies signatures of git's tags and commits: who signed an object, with which key.
//
// Parse splits an object into the signed text and the signature as git does (gpg-interface.c, commit.c). Verify checks
// the signature with the keys that the user trusts. SSH signatures are verified as ssh-keygen -Y verify does, OpenPGP
// signatures as gpg --verify does. Signatures of other formats need a Program. The package is pure: it reads no file,
// and only a Program of the caller reaches outside.
package signature

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A Format is a format of signatures. Its text is what git's gpg.format names it.
type Format string

// The formats that git knows.
const (
	SSH     Format = "ssh"
	OpenPGP Format = "openpgp"
	X509    Format = "x509" // also what gitsign of Sigstore makes
)

// Keys are the keys that the user trusts, and the programs that verify other signatures. The zero value trusts no key.
type Keys struct {
	Allowed *AllowedSigners // SSH keys; nil for none
	Revoked *RevokedKeys    // SSH keys that are never accepted; nil for none
	Ring    *KeyRing        // OpenPGP keys; nil for none

	// Programs verify the signatures of a format. A program is asked only when the keys for its format are nil.
	Programs map[Format]Program
}

// A SignerKind is a kind of key.
type SignerKind string

// The kinds of keys. A signature by an SSH certificate belongs to the authority and the principal of the certificate,
// because the key in it may change with each certificate.
const (
	SSHKey       SignerKind = "ssh"
	SSHAuthority SignerKind = "ssh-ca"
	OpenPGPKey   SignerKind = "openpgp"
	X509Key      SignerKind = "x509"
)

// Signer is the key that made a valid signature.
type Signer struct {
	Kind SignerKind

	// Fingerprint is "SHA256:…" for SSH, as ssh-keygen -l prints it; for OpenPGP the fingerprint of the primary key in
	// upper-case hexadecimal digits, also when a subkey signed; for X.509 what the program reports.
	Fingerprint string

	// Principal is the name that the user's keys give the signer: the principal that matched in allowed_signers, or
	// the primary user id of an OpenPGP key. It may be empty except for SSHAuthority, and may have any characters.
	Principal string
}

// String returns the identity of the signer for the lockfile: "ssh:SHA256:…", "openpgp:0123…", "x509:…", and
// "ssh-ca:SHA256:…:principal". Two signatures are by the same signer if and only if these are equal.
func (s Signer) String() string {
	text := string(s.Kind) + ":" + s.Fingerprint
	if s.Kind == SSHAuthority {
		text += ":" + s.Principal
	}
	return text
}

// ParseSigner returns the signer whose String is text. Its principal is known only for SSHAuthority.
func ParseSigner(text string) (Signer, error) {
	kind, fingerprint, _ := strings.Cut(text, ":")
	s := Signer{Kind: SignerKind(kind), Fingerprint: fingerprint}
	switch s.Kind {
	case SSHKey:
		if isSSHFingerprint(fingerprint) {
			return s, nil
		}
	case SSHAuthority:
		if i := strings.IndexByte(strings.TrimPrefix(fingerprint, "SHA256:"), ':'); i >= 0 {
			i += len("SHA256:")
			s.Fingerprint, s.Principal = fingerprint[:i], fingerprint[i+1:]
			if isSSHFingerprint(s.Fingerprint) && isWord(s.Principal) {
				return s, nil
			}
		}
	case OpenPGPKey:
		if (len(fingerprint) == 40 || len(fingerprint) == 64) && strings.Trim(fingerprint, "0123456789ABCDEF") == "" {
			return s, nil
		}
	case X509Key:
		if isWord(fingerprint) {
			return s, nil
		}
	}
	return Signer{}, fmt.Errorf("%q is not a signer, such as ssh:SHA256:… or openpgp:…", text)
}

// Verify returns the signer of the object. now is the time at which OpenPGP keys and signatures must be valid. SSH
// keys must be valid at the time that the object claims, as git asks ssh-keygen with -Overify-time. Every error is an
// *Error of kind failure.Integrity, or that of ctx; it names the key, not the object.
func (o *Object) Verify(ctx context.Context, keys Keys, now time.Time) (Signer, error) {
	if o.Format == "" {
		return Signer{}, errSignature(NotSigned, Signer{}, "the %s is not signed", o.Type)
	}
	switch {
	case o.Time.IsZero():
		return Signer{}, errSignature(BadSignature, Signer{}, "the signed %s does not say when it was made", o.Type).
			withHint(askToSign + "git")
	case o.Format == SSH && (keys.Allowed != nil || keys.Programs[SSH] == nil):
		return o.verifySSH(keys, now)
	case o.Format == OpenPGP && (keys.Ring != nil || keys.Programs[OpenPGP] == nil):
		return o.verifyOpenPGP(keys, now)
	}
	return o.verifyWithProgram(ctx, keys.Programs[o.Format])
}

// isSSHFingerprint reports whether s has the form "SHA256:…" of ssh-keygen -l.
func isSSHFingerprint(s string) bool {
	digest, found := strings.CutPrefix(s, "SHA256:")
	sum, err := base64.RawStdEncoding.Strict().DecodeString(digest)
	return found && err == nil && len(sum) == sha256.Size
}

// isWord reports whether s is not empty and has only printable characters but no spaces.
func isWord(s string) bool {
	return s != "" && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	})
}
