package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// hostKeys checks that a server is the one that the user's known_hosts files know.
type hostKeys struct {
	db  *knownhosts.HostKeyDB
	at  remote
	err error // what check found wrong
}

func (s *sshSettings) hostKeys(at remote) (*hostKeys, error) {
	db, err := knownhosts.NewDB(s.knownHosts...)
	if err != nil {
		return nil, failure.Errorf(failure.Usage, "reading the known ssh hosts: %w", err).
			WithHint("correct or remove that line")
	}
	return &hostKeys{db: db, at: at}, nil
}

func (h *hostKeys) check(address string, from net.Addr, key ssh.PublicKey) error {
	err := h.db.HostKeyCallback()(address, from, key)
	if err == nil {
		return nil
	}
	host, port, _ := net.SplitHostPort(address)
	var revoked *xknownhosts.RevokedError
	switch {
	case knownhosts.IsHostKeyChanged(err):
		h.err = failure.Errorf(failure.Integrity, "connecting to %q: the host key of %s is now %s, which is not the known one: somebody may be in between", h.at.public, host, ssh.FingerprintSHA256(key)).
			WithHint("ask the server's owner; if the key did change, run: ssh-keygen -R %q", xknownhosts.Normalize(address))
	case errors.As(err, &revoked):
		h.err = failure.Errorf(failure.Integrity, "connecting to %q: the host key %s is revoked", h.at.public, ssh.FingerprintSHA256(key)).
			WithHint("ask the server's owner for the new key")
	default:
		h.err = failure.Errorf(failure.Refused, "connecting to %q: the host key %s of %s is not known", h.at.public, ssh.FingerprintSHA256(key), host).
			WithHint("compare it with what the server's owner publishes, then connect once with ssh or run: ssh-keyscan -p %s %s >> ~/.ssh/known_hosts", port, host)
	}
	return h.err
}

// noKey means that a server accepts none of the user's keys.
type noKey struct {
	user, host string
	tried      []string // where keys came from
	encrypted  []string // key files that only the agent could open
}

func (e noKey) Error() string {
	text := fmt.Sprintf("the server wants a key of user %q, and none was found", e.user)
	if len(e.tried) > 0 {
		text = fmt.Sprintf("the server accepts no key of user %q, out of %s", e.user, strings.Join(e.tried, ", "))
	}
	if len(e.encrypted) > 0 {
		text += fmt.Sprintf("; %s is encrypted and not in the ssh agent", strings.Join(e.encrypted, ", "))
	}
	return text
}

func (e noKey) hint() string {
	if len(e.encrypted) > 0 {
		return "run: ssh-add " + e.encrypted[0]
	}
	return "add the key to the ssh agent, or name it by IdentityFile in ~/.ssh/config"
}

// sshKeys finds the user's keys when a server asks for them.
type sshKeys struct {
	ctx       context.Context // ends when the keys are needed no more
	settings  *sshSettings
	tried     []string
	encrypted []string
}

// signers returns the keys to offer: those of the agent that an identity file
// names, the rest of the agent's unless IdentitiesOnly is set, the identity files.
func (k *sshKeys) signers() ([]ssh.Signer, error) {
	var named, others, files []ssh.Signer
	held := agentSigners(k.ctx, k.settings.agent)
	public := map[string]string{} // file by the key's bytes
	for _, file := range k.settings.identities {
		signer, key, err := readIdentity(file)
		if key != nil {
			public[string(key.Marshal())] = file
		}
		var locked *ssh.PassphraseMissingError
		switch {
		case signer != nil:
			files = append(files, signer)
			k.tried = append(k.tried, file)
		case errors.As(err, &locked) && !holds(held, key):
			k.encrypted = append(k.encrypted, file)
		}
	}
	for _, s := range held {
		if public[string(s.PublicKey().Marshal())] != "" {
			named = append(named, s)
		} else if !k.settings.identitiesOnly {
			others = append(others, s)
		}
	}
	if n := len(named) + len(others); n > 0 {
		k.tried = append(k.tried, fmt.Sprintf("the ssh agent (%d)", n))
	}
	return append(append(named, others...), files...), nil
}

func holds(held []ssh.Signer, key ssh.PublicKey) bool {
	for _, s := range held {
		if key != nil && bytes.Equal(s.PublicKey().Marshal(), key.Marshal()) {
			return true
		}
	}
	return false
}

// readIdentity reads a key file: a private key, an encrypted one of which only
// the public half can be had, or a public key whose private half an agent holds.
func readIdentity(file string) (ssh.Signer, ssh.PublicKey, error) {
	data, err := configfile.Read(file)
	if err != nil {
		return nil, publicHalf(file + ".pub"), err
	}
	signer, err := ssh.ParsePrivateKey(data)
	if err == nil {
		return signer, signer.PublicKey(), nil
	}
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		if locked.PublicKey != nil {
			return nil, locked.PublicKey, err
		}
		return nil, publicHalf(file + ".pub"), err
	}
	return nil, publicHalf(file), err
}

// publicHalf returns nil when the file holds no public key.
func publicHalf(file string) ssh.PublicKey {
	data, err := configfile.Read(file)
	if err != nil {
		return nil
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(data)
	if err != nil {
		return nil
	}
	return key
}
