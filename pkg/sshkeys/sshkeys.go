// Package sshkeys reads SSH public keys, and files of keys that are revoked.
package sshkeys

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"
)

// Parse reads a public key or a certificate, "TYPE BASE64 [COMMENT]", like sshkey_read of OpenSSH.
func Parse(text string) (ssh.PublicKey, error) {
	end := strings.IndexAny(text, " \t")
	if end < 0 {
		return nil, errors.New("it has no key")
	}
	kind, rest := text[:end], strings.TrimLeft(text[end:], " \t")
	if end := strings.IndexAny(rest, " \t"); end >= 0 {
		rest = rest[:end]
	}
	blob, err := DecodeBase64(rest)
	if err != nil {
		return nil, errors.New("its key is not base64")
	}
	key, err := ssh.ParsePublicKey(blob)
	if err != nil {
		return nil, fmt.Errorf("its key cannot be read: %w", err)
	}
	if key.Type() != kind {
		return nil, fmt.Errorf("it says %q before a key of the type %q", kind, key.Type())
	}
	return key, nil
}

// Plain returns the key in a certificate, and any other key itself.
func Plain(key ssh.PublicKey) ssh.PublicKey {
	if certificate, ok := key.(*ssh.Certificate); ok {
		return certificate.Key
	}
	return key
}

// DecodeBase64 decodes like OpenSSH: whitespace anywhere is ignored.
func DecodeBase64(text string) ([]byte, error) {
	text = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\r\n\v\f", r) {
			return -1
		}
		return r
	}, text)
	return base64.StdEncoding.Strict().DecodeString(text)
}
