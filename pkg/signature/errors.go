package signature

import (
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
