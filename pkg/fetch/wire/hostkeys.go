package wire

import (
	"errors"
	"net"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// hostKeys checks the key of a server against the user's known_hosts files.
type hostKeys struct {
	db     *knownhosts.HostKeyDB
	remote remote
	err    error // of check
}

func newHostKeys(s *sshSettings, r remote) (*hostKeys, error) {
	db, err := knownhosts.NewDB(s.knownHosts...)
	if err != nil {
		return nil, failure.Errorf(failure.Usage, "reading the known ssh hosts: %w", err).
			WithHint("correct or remove that line")
	}
	return &hostKeys{db: db, remote: r}, nil
}

// check is an ssh.HostKeyCallback.
func (h *hostKeys) check(address string, from net.Addr, key ssh.PublicKey) error {
	err := h.db.HostKeyCallback()(address, from, key)
	if err == nil {
		return nil
	}
	host, port, _ := net.SplitHostPort(address)
	var revoked *xknownhosts.RevokedError
	switch {
	case knownhosts.IsHostKeyChanged(err):
		h.err = failure.Errorf(failure.Integrity,
			"connecting to %q: the host key of %s is now %s, which is not the known one: "+
				"the connection may be intercepted",
			h.remote.public, host, ssh.FingerprintSHA256(key)).
			WithHint("ask the server's owner; if the key was changed, run: ssh-keygen -R %q",
				xknownhosts.Normalize(address))
	case errors.As(err, &revoked):
		h.err = failure.Errorf(failure.Integrity, "connecting to %q: the host key %s is revoked",
			h.remote.public, ssh.FingerprintSHA256(key)).
			WithHint("ask the server's owner for the new key")
	default:
		h.err = failure.Errorf(failure.Refused, "connecting to %q: the host key %s of %s is not known",
			h.remote.public, ssh.FingerprintSHA256(key), host).
			WithHint("compare it with what the server's owner publishes, "+
				"then connect once with ssh or run: ssh-keyscan -p %s %s >> ~/.ssh/known_hosts", port, host)
	}
	return h.err
}
