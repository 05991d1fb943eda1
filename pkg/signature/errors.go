package signature

import (
	"errors"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// A Reason is why a signature is not accepted. It is an error, so that errors.Is(err, signature.UnknownKey) works.
type Reason int

// The reasons.
const (
	NotSigned      Reason = iota + 1 // the object has no signature
	UnknownKey                       // the signature is by a key that the user does not trust
	Expired                          // the key, its certificate or the signature is expired, or not yet valid
	Revoked                          // the key is revoked
	BadSignature                     // the signature is not of this text, or cannot be read
	WrongNamespace                   // the SSH signature or the key is for another purpose than git
	WrongTag                         // the signed tag has another name, or names another object
	Unsupported                      // the format or the algorithm, and no program is configured for it
)

var reasonNames = [...]string{
	NotSigned: "not signed", UnknownKey: "unknown key", Expired: "expired", Revoked: "revoked",
	BadSignature: "bad signature", WrongNamespace: "wrong namespace", WrongTag: "wrong tag",
	Unsupported: "unsupported",
}

func (r Reason) Error() string { return reasonNames[r] }

// Error says why a signature is not accepted.
type Error struct {
	Reason Reason
	Signer Signer // the key that the signature names; the zero value if it names none
	err    *failure.Error
}

func errSignature(reason Reason, signer Signer, format string, args ...any) *Error {
	return &Error{Reason: reason, Signer: signer, err: failure.Errorf(failure.Integrity, format, args...)}
}

func (e *Error) withHint(format string, args ...any) *Error {
	e.err = e.err.WithHint(format, args...)
	return e
}

func (e *Error) Error() string { return e.err.Error() }

// Unwrap returns the reason and the error of kind failure.Integrity.
func (e *Error) Unwrap() []error { return []error{e.Reason, e.err} }

// askToSign is the hint for signatures that only the owner of the repository can replace.
const askToSign = "ask the owner of the repository to sign it with "

// errUnreadable is the error of a signature that cannot be decoded, or, if err says so, that is of a kind which ppm
// does not support.
func errUnreadable(err error) *Error {
	if errors.Is(err, Unsupported) {
		return errSignature(Unsupported, Signer{}, "the signature cannot be verified: %w", err).
			withHint(askToSign + "another key or algorithm")
	}
	return errSignature(BadSignature, Signer{}, "the signature cannot be read: %w", err).withHint(askToSign + "git")
}

// errBad is the error of a signature that the key did not make for this text.
func errBad(claimed Signer) *Error {
	return errSignature(BadSignature, claimed, "the signature by %s is of another text", claimed).
		withHint("do not use it: it was changed after it was signed; tell the owner of the repository")
}
