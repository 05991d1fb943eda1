package policy

import (
	"slices"
	"strings"
	"unicode"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/signature"
)

// Unsigned is the signer of a version without a valid signature.
const Unsigned = "unsigned"

// checkSigner checks a pattern of signers: "unsigned"; the text of a signature.Signer; a fingerprint "SHA256:…"; or a
// principal. "*" in it is any text.
func checkSigner(text string) error {
	if text != "" && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return nil
	}
	return failure.Errorf(failure.Usage, "%q is not a signer", text).
		WithHint("write a key such as \"ssh:SHA256:…\" or \"openpgp:0123…\", a principal such as \"*@example.com\", " +
			"or \"unsigned\"")
}

// matchesSigner reports whether a pattern means a signer, by its principal only if that counts. Who makes a key
// chooses its principal, but not its fingerprint: a pattern of the one never means the other.
func matchesSigner(pattern string, s signature.Signer, principalCounts bool) bool {
	if pattern == Unsigned || s == (signature.Signer{}) {
		return pattern == Unsigned && s == signature.Signer{}
	}
	var names []string
	if principalCounts {
		names = principals(s)
	}
	switch kind, _, _ := strings.Cut(pattern, ":"); signature.SignerKind(kind) {
	case signature.SSHKey, signature.SSHAuthority, signature.OpenPGPKey, signature.X509Key:
		names = []string{s.String()}
	case "SHA256":
		names = []string{s.Fingerprint}
	}
	return slices.ContainsFunc(names, func(name string) bool { return matchesText(pattern, name) })
}

// principals returns the names that a principal is known by: the whole text, and for "Name <mail>" the mail address.
func principals(s signature.Signer) []string {
	if s.Principal == "" {
		return nil
	}
	names := []string{s.Principal}
	if _, mail, ok := strings.Cut(s.Principal, "<"); ok && strings.HasSuffix(mail, ">") {
		names = append(names, strings.TrimSuffix(mail, ">"))
	}
	return names
}

// SignerText returns a signer as messages name it.
func SignerText(s signature.Signer) string {
	switch {
	case s == signature.Signer{}:
		return Unsigned
	case s.Principal == "" || s.Kind == signature.SSHAuthority:
		return s.String()
	}
	return s.Principal + " (" + s.String() + ")"
}
