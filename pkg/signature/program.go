package signature

import (
	"context"
	"errors"
	"strings"
)

// A Program verifies a signature like git's gpg.program with --status-fd=1 --verify SIGNATURE -: payload is the signed
// text, sig the armored signature. It returns what the program writes to the status descriptor, and whether it exits
// with 0. An error says that the program cannot be run; a BadSignature that it fails and writes no status.
type Program func(ctx context.Context, payload, sig []byte) (status []byte, ok bool, err error)

// statusReasons holds the results that exclude each other, from doc/DETAILS of GnuPG, and what they mean here.
var statusReasons = [...]struct {
	word   string
	reason Reason // 0 for a good signature
}{
	{"GOODSIG", 0}, {"BADSIG", BadSignature}, {"ERRSIG", UnknownKey}, {"EXPSIG", Expired}, {"EXPKEYSIG", Expired},
	{"REVKEYSIG", Revoked},
}

// programStatus is what a program says about a signature.
type programStatus struct {
	results     int    // that exclude each other
	reason      Reason // 0 for a good signature
	key, user   string // of the result
	fingerprint string // of the primary key
	trusted     bool   // at least marginally
}

// parseStatus reads the lines of a program like parse_gpg_output of git. Other lines are ignored.
func parseStatus(text []byte) programStatus {
	var s programStatus
	for _, line := range strings.Split(string(text), "\n") {
		line, found := strings.CutPrefix(strings.TrimSuffix(line, "\r"), "[GNUPG:] ")
		if !found {
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		for _, result := range statusReasons {
			if word == result.word {
				s.results++
				s.reason = result.reason
				s.key, s.user, _ = strings.Cut(rest, " ")
			}
		}
		switch word {
		case "VALIDSIG":
			s.fingerprint, _, _ = strings.Cut(rest, " ")
			if fields := strings.Fields(rest); len(fields) > 9 { // with that of the primary key, which gpgsm omits
				s.fingerprint = fields[9]
			}
		case "TRUST_MARGINAL", "TRUST_FULLY", "TRUST_ULTIMATE":
			s.trusted = true
		case "TRUST_NEVER", "TRUST_UNDEFINED":
			s.trusted = false
		}
	}
	return s
}

// verifyWithProgram asks the program of the format. As git merge --verify-signatures, it demands that the program
// trusts the key at least marginally: gpg may download unknown keys.
func (o *Object) verifyWithProgram(ctx context.Context, program Program) (Signer, error) {
	if program == nil {
		return Signer{}, errSignature(Unsupported, Signer{}, "signatures of the format %q need a program", o.Format).
			withHint("set gpg.%s.program in your git configuration, such as to gitsign", o.Format)
	}
	text, ok, err := program(ctx, o.Payload, o.Signature)
	switch {
	case ctx.Err() != nil:
		return Signer{}, ctx.Err()
	case errors.Is(err, BadSignature):
		return Signer{}, errSignature(BadSignature, Signer{}, "verifying a signature of the format %q: %w",
			o.Format, err)
	case err != nil:
		return Signer{}, errSignature(Unsupported, Signer{}, "running the program for signatures of the format %q: %w",
			o.Format, err).withHint("correct gpg.%s.program in your git configuration", o.Format)
	}
	status := parseStatus(text)
	signer := Signer{Kind: OpenPGPKey, Fingerprint: status.fingerprint, Principal: status.user}
	if o.Format == X509 {
		signer.Kind = X509Key
	}
	if signer.Fingerprint == "" {
		signer.Fingerprint = status.key
	}
	if err := status.check(ok, signer); err != nil {
		return Signer{}, err
	}
	return signer, nil
}

// check returns an error unless the program accepts the signature. ok says that the program exited with 0.
func (s programStatus) check(ok bool, signer Signer) error {
	const hint = "run git verify-tag or git verify-commit in a clone of the repository for details"
	switch {
	case s.results != 1:
		return errSignature(BadSignature, Signer{}, "the program reports %d results for one signature", s.results).
			withHint(hint)
	case s.reason != 0:
		return errSignature(s.reason, signer, "the program does not accept the signature by %s: %w", signer, s.reason).
			withHint(hint)
	case !ok:
		return errSignature(BadSignature, signer, "the program reports a signature by %s, and fails", signer).
			withHint(hint)
	case !s.trusted:
		return errUnknown(signer, "the program does not trust it")
	}
	if _, err := ParseSigner(signer.String()); err != nil {
		return errSignature(BadSignature, signer, "the program reports no fingerprint of the key: %w", err).
			withHint(hint)
	}
	return nil
}
