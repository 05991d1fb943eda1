package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/sshkeys"
)

// A keyError says that a server accepts none of the user's keys.
type keyError struct {
	user, host string
	guessed    bool     // user is the name of the user on this machine
	tried      []string // where keys came from
	encrypted  []string // key files that only the agent could open
	ignored    string   // a setting that would have chosen another program or key, but does not apply
}

func (e keyError) Error() string {
	text := fmt.Sprintf("the server requires a key of user %q, and none was found", e.user)
	if len(e.tried) > 0 {
		text = fmt.Sprintf("the server accepts none of the keys of user %q: %s", e.user, strings.Join(e.tried, ", "))
	}
	if len(e.encrypted) > 0 {
		text += fmt.Sprintf("; %s is encrypted and not in the ssh agent", strings.Join(e.encrypted, ", "))
	}
	if e.ignored != "" {
		text += "; " + e.ignored
	}
	return text
}

func (e keyError) hint() string {
	if e.ignored != "" {
		return "set GIT_SSH_COMMAND to the same command"
	}
	if len(e.encrypted) > 0 {
		return "run: ssh-add " + e.encrypted[0]
	}
	if e.guessed {
		return "name the user, as in USER@HOST:PATH, or set User and IdentityFile in ~/.ssh/config"
	}
	return "add the key to the ssh agent, or name it by IdentityFile in ~/.ssh/config"
}

// sshKeys finds the user's keys when a server asks for them.
type sshKeys struct {
	ctx       context.Context // ends when the keys are no longer needed
	settings  *sshSettings
	tried     []string
	encrypted []string
}

// signers returns the keys to offer: first those of the agent that an identity file names, then the other keys of the
// agent unless IdentitiesOnly is set, then the identity files. A key with a certificate is offered with it first.
func (k *sshKeys) signers() ([]ssh.Signer, error) {
	var named, others, files []ssh.Signer
	held := agentSigners(k.ctx, k.settings.agent)
	public := map[string]string{} // file by the key's bytes
	for _, file := range k.settings.identities {
		signer, key, err := readIdentity(file)
		if key != nil {
			public[string(sshkeys.Plain(key).Marshal())] = file
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
		if public[string(sshkeys.Plain(s.PublicKey()).Marshal())] != "" {
			named = append(named, s)
		} else if !k.settings.identitiesOnly {
			others = append(others, s)
		}
	}
	if n := len(named) + len(others); n > 0 {
		k.tried = append(k.tried, fmt.Sprintf("the ssh agent (%d)", n))
	}
	return k.certify(append(append(named, others...), files...)), nil
}

// certify adds to keys those with their certificates, from the certificate files and from the files beside the
// identity files.
func (k *sshKeys) certify(keys []ssh.Signer) (all []ssh.Signer) {
	certificates := map[string][]*ssh.Certificate{} // by the key's bytes
	add := func(file string) {
		if cert, ok := readPublicKey(file).(*ssh.Certificate); ok {
			key := string(cert.Key.Marshal())
			certificates[key] = append(certificates[key], cert)
		}
	}
	for _, file := range k.settings.certificates {
		add(file)
	}
	for _, file := range k.settings.identities {
		add(file + "-cert.pub")
	}
	for _, signer := range keys {
		for _, cert := range certificates[string(signer.PublicKey().Marshal())] {
			if s, err := ssh.NewCertSigner(cert, signer); err == nil {
				all = append(all, s)
			}
		}
		all = append(all, signer)
	}
	return all
}

func holds(held []ssh.Signer, key ssh.PublicKey) bool {
	for _, s := range held {
		if key != nil && bytes.Equal(s.PublicKey().Marshal(), key.Marshal()) {
			return true
		}
	}
	return false
}

// readIdentity reads a key file: a private key; an encrypted one, of which only the public key is known; or a public
// key whose private key an agent holds.
func readIdentity(file string) (ssh.Signer, ssh.PublicKey, error) {
	data, err := configfile.Read(file)
	if err != nil {
		return nil, readPublicKey(file + ".pub"), err
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
		return nil, readPublicKey(file + ".pub"), err
	}
	return nil, readPublicKey(file), err
}

// readPublicKey returns nil when there is no public key in the file.
func readPublicKey(file string) ssh.PublicKey {
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
