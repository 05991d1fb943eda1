package signers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/signature"
)

// IsVerified reports whether a recorded signer is a key that verified a signature.
func IsVerified(signer string) bool {
	return signer != "" && signer != lockfile.Unsigned && signer != lockfile.Builtin && !isUnverified(signer)
}

func isUnverified(signer string) bool {
	return signer == lockfile.Unverified || strings.HasPrefix(signer, lockfile.Unverified+":")
}

// A Record is what the lockfile has of the signer so far.
type Record struct {
	Signer    string   // of the version that is replaced or, for a new install, of another one of the repository
	Principal string   // the name of Signer in the trusted keys, if it is trusted; may be empty
	Accepted  []string // signers that the user accepts
}

// A ChangedError says that a version has another signer than the recorded one. Its kind is Integrity.
type ChangedError struct {
	Signer string // of the version
	err    error
}

func (e *ChangedError) Error() string { return e.err.Error() }

// Unwrap returns the error with the kind and the hint.
func (e *ChangedError) Unwrap() error { return e.err }

// CheckNext returns an error of kind Integrity unless a version may follow the recorded one. note says what changed,
// and is empty if nothing did.
func (r Record) CheckNext(next Result) (note string, err error) {
	switch {
	case r.Signer == "" || next.Signer == r.Signer || slices.Contains(r.Accepted, next.Signer):
		return "", nil
	}
	now := fmt.Sprintf("it is signed by %s", next.Describe())
	switch next.State {
	case Unsigned:
		now = "it is not signed"
	case Unverified, Invalid:
		now = "its signature cannot be verified: " + next.problem.Error()
	}
	so := "so far the signer was " + r.Signer
	if !IsVerified(r.Signer) {
		so = "so far the version was " + r.Signer
	}
	note = fmt.Sprintf("%s: %s; %s", next.Name, now, so)
	isRenewed := r.Principal != "" && r.Principal == next.Principal && next.State == Trusted
	switch {
	case !IsVerified(r.Signer) && IsVerified(next.Signer), // nobody loses by a better signature
		isRenewed,
		next.Rule.Verify == manifest.VerifyOff,
		!IsVerified(r.Signer) && !next.Rule.Explicit: // neither proves anything
		return note, nil
	}
	hint := fmt.Sprintf("find out why; to accept it, pass --accept-signer %s", next.Signer)
	if next.State == Unverified && failure.Hint(next.problem) != "" {
		hint = failure.Hint(next.problem) + "; " + hint
	}
	return "", &ChangedError{next.Signer, failure.Errorf(failure.Integrity, "checking the signer of %s: %s, and %s",
		next.Name, now, so).WithHint("%s", hint)}
}

// CheckLocked returns an error of kind Integrity if the lockfile records a signer that did not sign the locked
// version, or none although somebody did. What cannot be verified here proves nothing.
func CheckLocked(signer, path string, locked Result) error {
	claimed, isClaim := strings.CutPrefix(locked.Signer, lockfile.Unverified+":")
	recorded, wasClaim := strings.CutPrefix(signer, lockfile.Unverified+":")
	isCertificate := strings.HasPrefix(signer, string(signature.SSHAuthority)+":") && locked.State == Untrusted
	switch {
	case signer == locked.Signer:
		return nil
	case IsVerified(signer) && isUnverified(locked.Signer) && (!isClaim || isSameKey(claimed, signer)),
		isUnverified(signer) && IsVerified(locked.Signer) && (!wasClaim || isSameKey(recorded, locked.Signer)),
		isUnverified(signer) && isUnverified(locked.Signer) && (!isClaim || !wasClaim || isSameKey(claimed, recorded)),
		isCertificate: // the authority is not known here
		return nil
	}
	return failure.Errorf(failure.Integrity, "checking the signer of %q: the lockfile has %q, and %s is %q",
		path, signer, locked.object(), locked.Signer).
		WithHint("the lockfile or the pack was altered; restore ppm.lock from version control")
}

// ErrUnproven returns the error about a recorded signer that another version relies on and that cannot be verified
// here.
func ErrUnproven(signer, path string) error {
	return failure.Errorf(failure.Integrity, "checking the signer of %q: the signature by %s cannot be verified here",
		path, signer).
		WithHint("name its key in allowed_signers or openpgp_keys of its source in your own ppm.toml")
}

// isSameKey reports whether two names can be of the same key: an OpenPGP signature may name its key by the last digits
// of the fingerprint, or name a subkey.
func isSameKey(claimed, signer string) bool {
	const openPGP = string(signature.OpenPGPKey) + ":"
	return claimed == signer || strings.HasPrefix(claimed, openPGP) && strings.HasPrefix(signer, openPGP)
}

// ParseAccepted checks a signer that the user typed.
func ParseAccepted(text string) error {
	kind, claimed, isClaim := strings.Cut(text, ":")
	switch {
	case text == lockfile.Unsigned || text == lockfile.Unverified:
		return nil
	case kind == lockfile.Unverified && isClaim && claimed != "":
		return nil
	}
	if _, err := signature.ParseSigner(text); err != nil {
		return failure.Errorf(failure.Usage, "%w", err).
			WithHint("copy the signer from the error about it, or write unsigned")
	}
	return nil
}
