package signature

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/sshconfig"
)

// AllowedSigners are the SSH keys of an allowed_signers file, as ssh-keygen(1) describes it under ALLOWED SIGNERS.
type AllowedSigners struct {
	file    string // for messages
	lines   []allowedLine
	invalid []error // of the lines that ssh-keygen skips with a message
}

// ParseAllowedSigners reads an allowed_signers file. name is its name for messages. Times without a zone are local, as
// in ssh-keygen. A line with a mistake trusts no key, and is named by the errors about unknown keys; it is an error
// only when no other line has a key.
func ParseAllowedSigners(name string, data []byte) (*AllowedSigners, error) {
	return parseAllowedSigners(name, data, time.Local)
}

func parseAllowedSigners(name string, data []byte, zone *time.Location) (*AllowedSigners, error) {
	a := &AllowedSigners{file: name}
	for i, text := range strings.Split(string(data), "\n") {
		line, err := parseAllowedLine(text, zone)
		switch {
		case err != nil:
			a.invalid = append(a.invalid, fmt.Errorf("line %d: %w", i+1, err))
		case line != nil:
			line.number = i + 1
			a.lines = append(a.lines, *line)
		}
	}
	if len(a.lines) == 0 && len(a.invalid) > 0 {
		return nil, failure.Errorf(failure.Usage, "reading the allowed signers in %q: %w", name, a.invalid[0]).
			WithHint("write PRINCIPAL KEY on each line, such as: ann@example.com ssh-ed25519 AAAA…")
	}
	return a, nil
}

// find returns the signer that the lines make of the key, or an error that says why no line does. Like git, it tries
// the principals of the first line that has the key at this time. A nil list has no lines.
func (a *AllowedSigners) find(key ssh.PublicKey, claimed Signer, at uint64) (Signer, error) {
	if a == nil {
		return Signer{}, errUnknown(claimed, "no file of allowed signers is configured")
	}
	principals, err := a.principals(key, at)
	for _, principal := range principals {
		var line *allowedLine
		if line, err = a.lineFor(key, principal, at); line != nil {
			return line.signer(claimed, principal)
		}
	}
	switch refused := (*refusal)(nil); {
	case errors.As(err, &refused):
		return Signer{}, errSignature(refused.reason, claimed, "the key %s is not allowed by line %d of %q: %s",
			claimed, refused.line, a.file, refused.message).withHint("%s", refused.hint)
	case len(a.invalid) > 0:
		return Signer{}, errUnknown(claimed, "it is not in %q, which has a mistake in %w", a.file, a.invalid[0])
	}
	return Signer{}, errUnknown(claimed, "it is not in %q", a.file)
}

func errUnknown(claimed Signer, format string, args ...any) *Error {
	return errSignature(UnknownKey, claimed, "the key %s is not trusted: %w", claimed, fmt.Errorf(format, args...)).
		withHint("ask the owner of the repository whether the key is theirs, and add it if you trust it")
}

// principals returns what ssh-keygen -Y find-principals prints: the principals of the first line that has the key at
// this time. If there is none, the error is why the first line that has the key does not count.
func (a *AllowedSigners) principals(key ssh.PublicKey, at uint64) ([]string, error) {
	var first error
	for i := range a.lines {
		principals, err := a.lines[i].principalsOf(key)
		if err == nil && principals != nil {
			err = a.lines[i].checkTime(key, at)
			if err == nil {
				return principals, nil
			}
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// lineFor returns the first line that ssh-keygen -Y verify -n git -I PRINCIPAL accepts. If there is none, the error is
// why the first line that has the key does not count.
func (a *AllowedSigners) lineFor(key ssh.PublicKey, principal string, at uint64) (*allowedLine, error) {
	var first error
	for i := range a.lines {
		line := &a.lines[i]
		if !sshconfig.MatchList(line.patterns, principal) || !line.has(key, principal) {
			continue
		}
		err := line.checkNamespace()
		if err == nil {
			err = line.checkTime(key, at)
		}
		if err == nil {
			return line, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}
