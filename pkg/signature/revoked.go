package signature

import (
	"golang.org/x/crypto/ssh"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/sshkeys"
)

// RevokedKeys are the SSH keys of a file of git's gpg.ssh.revocationFile.
type RevokedKeys struct {
	file string // for messages
	keys *sshkeys.Revoked
}

// ParseRevokedKeys reads a file of revoked keys, as sshkeys.ParseRevoked does. name is its name for messages.
func ParseRevokedKeys(name string, data []byte) (*RevokedKeys, error) {
	keys, err := sshkeys.ParseRevoked(data)
	if err != nil {
		return nil, failure.Errorf(failure.Usage, "reading the revoked keys in %q: %w", name, err).
			WithHint("make the file with ssh-keygen -k, or write one public key on each line")
	}
	return &RevokedKeys{name, keys}, nil
}

// has reports whether the key is revoked. A nil list has no keys.
func (r *RevokedKeys) has(key ssh.PublicKey) bool { return r != nil && r.keys.Has(key) }
