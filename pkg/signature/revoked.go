package signature

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// RevokedKeys are the SSH keys of a file of git's gpg.ssh.revocationFile.
type RevokedKeys struct {
	file         string          // for messages
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

// ParseRevokedKeys reads a file of revoked keys: a key revocation list that ssh-keygen -k made, or a list of public
// keys, one on each line. name is its name for messages. A part of it that cannot be read is an error, because a key
// in it would be accepted.
func ParseRevokedKeys(name string, data []byte) (*RevokedKeys, error) {
	r := &RevokedKeys{file: name, keys: map[string]bool{}, sha1: map[string]bool{}, sha256: map[string]bool{}}
	var err error
	if list, found := bytes.CutPrefix(data, []byte(krlMagic)); found {
		err = r.readKRL(list)
	} else {
		err = r.readList(string(data))
	}
	if err != nil {
		return nil, failure.Errorf(failure.Usage, "reading the revoked keys in %q: %w", name, err).
			WithHint("make the file with ssh-keygen -k, or write one public key on each line")
	}
	return r, nil
}

// readList reads a list of public keys as sshkey_in_file of OpenSSH does.
func (r *RevokedKeys) readList(text string) error {
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimLeft(line, " \t")
		if strings.TrimRight(line, "\r") == "" || line[0] == '#' {
			continue
		}
		key, err := parseKeyText(line)
		if err != nil {
			return fmt.Errorf("line %d: %w", i+1, err)
		}
		r.keys[string(plainKey(key).Marshal())] = true
	}
	return nil
}

// has reports whether the key is revoked, or the authority of the certificate. A nil list has no keys.
func (r *RevokedKeys) has(key ssh.PublicKey) bool {
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

func (r *RevokedKeys) hasKey(key ssh.PublicKey) bool {
	blob := plainKey(key).Marshal()
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
