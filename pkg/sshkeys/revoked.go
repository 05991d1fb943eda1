package sshkeys

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// Revoked are keys that must not be used, as a file of git's gpg.ssh.revocationFile or of ssh's RevokedHostKeys lists
// them.
type Revoked struct {
	keys         map[string]bool // plain public keys
	sha1, sha256 map[string]bool // digests of plain public keys
	certificates []revokedCertificates
}

// revokedCertificates are certificates of one authority that are revoked.
type revokedCertificates struct {
	authority string // its public key; "" for all authorities
	serials   []serialRange
	bitmaps   []serialBitmap
	ids       []string
}

type serialRange struct{ first, last uint64 }

// ParseRevoked reads a file of revoked keys: a key revocation list that ssh-keygen -k made, or a list of public keys,
// one on each line. A part of it that cannot be read is an error, because a key in it would be accepted.
func ParseRevoked(data []byte) (*Revoked, error) {
	r := &Revoked{keys: map[string]bool{}, sha1: map[string]bool{}, sha256: map[string]bool{}}
	if list, found := bytes.CutPrefix(data, []byte(krlMagic)); found {
		return r, r.readKRL(list)
	}
	return r, r.readList(string(data))
}

// readList reads a list of public keys as sshkey_in_file of OpenSSH does.
func (r *Revoked) readList(text string) error {
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimLeft(line, " \t")
		if strings.TrimRight(line, "\r") == "" || line[0] == '#' {
			continue
		}
		key, err := Parse(line)
		if err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
		r.keys[string(Plain(key).Marshal())] = true
	}
	return nil
}

// Has reports whether the key is revoked, or the certificate by its number, its id or its authority. A nil list has no
// keys.
func (r *Revoked) Has(key ssh.PublicKey) bool {
	if r == nil {
		return false
	}
	if r.hasKey(key) {
		return true
	}
	certificate, ok := key.(*ssh.Certificate)
	if !ok {
		return false
	}
	return r.hasKey(certificate.SignatureKey) || slices.ContainsFunc(r.certificates, func(c revokedCertificates) bool {
		return c.has(certificate)
	})
}

func (r *Revoked) hasKey(key ssh.PublicKey) bool {
	blob := Plain(key).Marshal()
	sum1, sum256 := sha1.Sum(blob), sha256.Sum256(blob)
	return r.keys[string(blob)] || r.sha1[string(sum1[:])] || r.sha256[string(sum256[:])]
}

// has reports whether the certificate is among them. The serial number 0 is that of certificates that were made
// without one, and never revoked, as in OpenSSH.
func (c *revokedCertificates) has(certificate *ssh.Certificate) bool {
	if c.authority != "" && c.authority != string(certificate.SignatureKey.Marshal()) {
		return false
	}
	if slices.Contains(c.ids, certificate.KeyId) {
		return true
	}
	serial := certificate.Serial
	return serial != 0 &&
		(slices.ContainsFunc(c.serials, func(s serialRange) bool { return s.first <= serial && serial <= s.last }) ||
			slices.ContainsFunc(c.bitmaps, func(b serialBitmap) bool { return b.has(serial) }))
}
