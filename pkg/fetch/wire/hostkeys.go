package wire

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/sshkeys"
)

// hostKeys checks the key of a host against the user's known_hosts files.
type hostKeys struct {
	db       *knownhosts.HostKeyDB
	settings *sshSettings
	remote   remote
	accepted string // the file with the keys that ppm accepted; empty when it may accept none
	address  string // under which the key is known
	err      error  // of check
}

// newHostKeys reads the files. accepted is the file with the keys that ppm accepted because the user wants new ones to
// be accepted: ppm does not write to the files of ssh.
func newHostKeys(s *sshSettings, r remote, accepted string) (*hostKeys, error) {
	h := &hostKeys{settings: s, remote: r, address: net.JoinHostPort(s.host, s.port)}
	if s.keyAlias != "" {
		h.address = net.JoinHostPort(s.keyAlias, "22") // a name without a port
	}
	files := s.knownHosts
	if s.acceptNew && accepted != "" {
		h.accepted = accepted
		if _, err := os.Stat(accepted); err == nil {
			files = append(slices.Clone(files), accepted)
		}
	}
	var err error
	if h.db, err = knownhosts.NewDB(files...); err != nil {
		return nil, failure.Errorf(failure.Usage, "reading the known ssh hosts: %w", err).
			WithHint("correct or remove that line")
	}
	return h, nil
}

// portless returns the address that a key is also known under: the host without its port, as ssh does it.
func (h *hostKeys) portless() string {
	if h.settings.keyAlias != "" {
		return h.address
	}
	return net.JoinHostPort(h.settings.host, "22")
}

// algorithms returns the algorithms of the known keys, so that the server sends one of these. There are none when no
// key is known.
func (h *hostKeys) algorithms() []string {
	if found := h.db.HostKeyAlgorithms(h.address); len(found) > 0 {
		return found
	}
	return h.db.HostKeyAlgorithms(h.portless())
}

// check is an ssh.HostKeyCallback.
func (h *hostKeys) check(address string, from net.Addr, key ssh.PublicKey) error {
	callback := h.db.HostKeyCallback()
	err := h.checkRevoked(key)
	if err == nil {
		err = callback(address, from, key)
	}
	if err != nil && knownhosts.IsHostUnknown(err) && h.portless() != address &&
		callback(h.portless(), from, key) == nil {
		err = nil
	}
	if err != nil && knownhosts.IsHostUnknown(err) && h.accepted != "" {
		if _, isCert := key.(*ssh.Certificate); !isCert {
			err = h.accept(address, key)
		}
	}
	if err == nil {
		return nil
	}
	name := h.settings.host
	if h.settings.keyAlias != "" {
		name = fmt.Sprintf("%s (HostKeyAlias %s)", name, h.settings.keyAlias)
	}
	var revoked *xknownhosts.RevokedError
	var known *failure.Error
	switch {
	case errors.As(err, &known):
		h.err = err
	case knownhosts.IsHostKeyChanged(err):
		h.err = failure.Errorf(failure.Integrity,
			"connecting to %q: the host key of %s is now %s, which is not the known one: "+
				"the connection may be intercepted",
			h.remote.public, name, ssh.FingerprintSHA256(key)).
			WithHint("ask the server's owner; if the key was changed, run: ssh-keygen -R %q%s",
				xknownhosts.Normalize(address), h.inFile(err))
	case errors.As(err, &revoked):
		h.err = failure.Errorf(failure.Integrity, "connecting to %q: the host key %s is revoked",
			h.remote.public, ssh.FingerprintSHA256(key)).
			WithHint("ask the server's owner for the new key")
	default:
		h.err = failure.Errorf(failure.Refused, "connecting to %q: the host key %s of %s is not known",
			h.remote.public, ssh.FingerprintSHA256(key), name).
			WithHint("compare it with what the server's owner publishes, then connect once with ssh%s", h.keyscan())
	}
	return h.err
}

// keyscan returns how to add a key without ssh. It would be added under the name of the host, not under an alias.
func (h *hostKeys) keyscan() string {
	if h.settings.keyAlias != "" {
		return ""
	}
	return fmt.Sprintf(" or run: ssh-keyscan -p %s %s >> ~/.ssh/known_hosts", h.settings.port, h.settings.host)
}

// checkRevoked returns an error when the file of RevokedHostKeys has the key, or cannot be read.
func (h *hostKeys) checkRevoked(key ssh.PublicKey) error {
	if h.settings.revoked == "" {
		return nil
	}
	data, err := configfile.Read(h.settings.revoked)
	if err != nil {
		return h.errRevoked(err)
	}
	revoked, err := sshkeys.ParseRevoked(data)
	switch {
	case err != nil:
		return h.errRevoked(fmt.Errorf("%q: %w", h.settings.revoked, err))
	case revoked.Has(key):
		return &xknownhosts.RevokedError{}
	}
	return nil
}

// errRevoked is the error of a file of RevokedHostKeys that cannot be read.
func (h *hostKeys) errRevoked(err error) error {
	return failure.Errorf(failure.Refused, "connecting to %q: reading RevokedHostKeys: %w", h.remote.public, err).
		WithHint("name a file that ssh-keygen -k made, or one with one public key on each line")
}

// inFile returns the option of ssh-keygen for the file that an unexpected key is in, when it is ppm's own.
func (h *hostKeys) inFile(err error) string {
	var changed *xknownhosts.KeyError
	if errors.As(err, &changed) && len(changed.Want) > 0 && changed.Want[0].Filename == h.accepted {
		return fmt.Sprintf(" -f %q", h.accepted)
	}
	return ""
}

// accept remembers a key.
func (h *hostKeys) accept(address string, key ssh.PublicKey) (err error) {
	defer func() {
		if err != nil {
			err = failure.Errorf(failure.LocalIO, "remembering the host key of %s: %w", address, err).
				WithHint("check the permissions of the cache")
		}
	}()
	if err := os.MkdirAll(filepath.Dir(h.accepted), 0o777); err != nil {
		return err
	}
	f, err := os.OpenFile(h.accepted, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(knownhosts.Line([]string{address}, key) + "\n")
	return errors.Join(err, f.Close())
}
