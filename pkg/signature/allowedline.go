package signature

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/Project-Manager-With-Git/ppm/pkg/sshconfig"
	"github.com/Project-Manager-With-Git/ppm/pkg/sshkeys"
)

// allowedLine is a line of an allowed_signers file: PRINCIPALS [OPTIONS] KEY [COMMENT].
type allowedLine struct {
	number      int
	patterns    string // of principals, with commas in between
	authority   bool   // the key signs certificates
	namespaces  *string
	validAfter  uint64 // seconds since 1970; 0 for any time
	validBefore uint64 // seconds since 1970; 0 for any time
	key         ssh.PublicKey
}

// refusal is why a line that has a key does not allow it.
type refusal struct {
	line    int
	reason  Reason
	message string
	hint    string
}

func (r *refusal) Error() string { return r.message }

// principalsOf returns the principals that the line gives to the key: its patterns, or for a certificate of the
// line's authority the principals of the certificate that match them. It returns nil when the line does not have the
// key.
func (l *allowedLine) principalsOf(key ssh.PublicKey) ([]string, error) {
	patterns := strings.Split(l.patterns, ",")
	if i := slices.Index(patterns, ""); i >= 0 { // where ssh-keygen stops
		patterns = patterns[:i]
	}
	if !l.authority {
		if !equalKeys(l.key, key) {
			return nil, nil
		}
		return patterns, nil
	}
	certificate, ok := key.(*ssh.Certificate)
	if !ok || !equalKeys(l.key, certificate.SignatureKey) {
		return nil, nil
	}
	var principals []string
	for _, pattern := range patterns {
		for _, principal := range certificate.ValidPrincipals {
			// ssh-keygen separates principals with commas and lines.
			if sshconfig.MatchPattern(pattern, principal) && !strings.ContainsAny(principal, ",\n") {
				principals = append(principals, principal)
			}
		}
	}
	if principals == nil {
		return nil, &refusal{l.number, UnknownKey,
			fmt.Sprintf("its certificate is for the principals %q", certificate.ValidPrincipals),
			"add a principal of the certificate to the line if you trust it"}
	}
	return principals, nil
}

// has reports whether the line has the key for a principal that matches the line's patterns.
func (l *allowedLine) has(key ssh.PublicKey, principal string) bool {
	if !l.authority {
		return equalKeys(l.key, key)
	}
	certificate, ok := key.(*ssh.Certificate)
	return ok && equalKeys(l.key, certificate.SignatureKey) && slices.Contains(certificate.ValidPrincipals, principal)
}

// checkTime returns a refusal unless the line, and the certificate for an authority, are valid at the time.
func (l *allowedLine) checkTime(key ssh.PublicKey, at uint64) error {
	if certificate, ok := key.(*ssh.Certificate); ok && l.authority {
		switch {
		case certificate.CertType != ssh.UserCert:
			return &refusal{l.number, Unsupported, "its certificate is not for users", askToSign + "another key"}
		case at < certificate.ValidAfter:
			return l.errTime("its certificate is valid after", certificate.ValidAfter, at)
		case at >= certificate.ValidBefore:
			return l.errTime("its certificate is valid before", certificate.ValidBefore, at)
		}
	}
	switch {
	case l.validAfter != 0 && at < l.validAfter:
		return l.errTime("it is valid after", l.validAfter, at)
	case l.validBefore != 0 && at > l.validBefore:
		return l.errTime("it is valid before", l.validBefore, at)
	}
	return nil
}

func (l *allowedLine) errTime(valid string, limit, at uint64) error {
	return &refusal{l.number, Expired, fmt.Sprintf("%s %s, and the signature is of %s", valid, formatTime(limit),
		formatTime(at)), askToSign + "a key that is valid"}
}

func formatTime(seconds uint64) string {
	return time.Unix(int64(seconds), 0).UTC().Format(time.RFC3339)
}

func (l *allowedLine) checkNamespace() error {
	if l.namespaces == nil || sshconfig.MatchList(*l.namespaces, sshNamespace) {
		return nil
	}
	return &refusal{l.number, WrongNamespace, fmt.Sprintf("it is for the namespaces %q, and git's is %q",
		*l.namespaces, sshNamespace), "add the namespace of git to the line if you trust the key for it"}
}

// signer returns the signer for a key that the line allows to the principal.
func (l *allowedLine) signer(claimed Signer, principal string) (Signer, error) {
	if !l.authority {
		claimed.Principal = principal
		return claimed, nil
	}
	if !isWord(principal) {
		return Signer{}, errSignature(Unsupported, claimed, "the certificate of %s is for %q, which is not one word",
			claimed, principal).withHint(askToSign + "a certificate for another principal")
	}
	return Signer{Kind: SSHAuthority, Fingerprint: ssh.FingerprintSHA256(l.key), Principal: principal}, nil
}

func equalKeys(a, b ssh.PublicKey) bool { return bytes.Equal(a.Marshal(), b.Marshal()) }

// whitespace is what ssh-keygen skips between the fields of a line.
const whitespace = " \t\r\n"

// parseAllowedLine reads a line, like parse_principals_key_and_options in sshsig.c of OpenSSH. It returns nil for an
// empty line and a comment.
func parseAllowedLine(text string, zone *time.Location) (*allowedLine, error) {
	text, _, _ = strings.Cut(text, "\x00") // as in C
	text = strings.TrimLeft(text, whitespace)
	if text == "" || text[0] == '#' {
		return nil, nil
	}
	principals, rest, err := cutPrincipals(text)
	if err != nil {
		return nil, err
	}
	line := &allowedLine{patterns: principals}
	if line.key, err = sshkeys.Parse(rest); err == nil {
		return line, nil
	}
	options, rest, found := cutOptions(rest)
	if !found {
		return nil, err
	}
	if err := line.setOptions(options, zone); err != nil {
		return nil, err
	}
	line.key, err = sshkeys.Parse(strings.TrimLeft(rest, " \t"))
	return line, err
}

// cutPrincipals cuts the first field, in which a part may be quoted, like strdelimw of OpenSSH.
func cutPrincipals(text string) (principals, rest string, err error) {
	end := strings.IndexAny(text, whitespace+`"`)
	if end < 0 {
		return "", "", errors.New("it has no key")
	}
	principals, rest = text[:end], text[end+1:]
	if text[end] == '"' {
		quoted, after, closed := strings.Cut(rest, `"`)
		if !closed {
			return "", "", errors.New("a quote is not closed")
		}
		principals, rest = principals+quoted, after
	}
	return principals, strings.TrimLeft(rest, whitespace), nil
}
