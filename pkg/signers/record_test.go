package signers_test

import (
	"errors"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/signers"
)

const (
	ann   = "ssh:SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
	bob   = "ssh:SHA256:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0"
	pgp   = "openpgp:0123456789ABCDEF0123456789ABCDEF01234567"
	cert  = "ssh-ca:SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU:ann"
	keyID = "unverified:openpgp:0123456789ABCDEF"
)

var id = "1111111111111111111111111111111111111111"

func result(state signers.State, signer string) signers.Result {
	return signers.Result{
		Version: signers.Version{Name: "p@v2", Pin: ref.Pin{Object: id, Commit: id}},
		State:   state, Signer: signer,
	}
}

// TestCheckNext has a row for each kind of change of the signer.
func TestCheckNext(t *testing.T) {
	const refused, noted, silent = "refused", "noted", "silent"
	for _, c := range []struct {
		was      string
		state    signers.State
		now      string
		explicit bool // some ppm.toml says tofu
		want     string
	}{
		{"", signers.Untrusted, ann, false, silent},
		{"", signers.Unsigned, "unsigned", false, silent},
		{ann, signers.Untrusted, ann, false, silent},
		{ann, signers.Untrusted, bob, false, refused},
		{ann, signers.Trusted, bob, false, refused},
		{ann, signers.Trusted, pgp, false, refused},
		{ann, signers.Unsigned, "unsigned", false, refused},
		{ann, signers.Unverified, "unverified", false, refused},
		{pgp, signers.Unverified, keyID, false, refused},
		{cert, signers.Untrusted, ann, false, refused},
		{"unsigned", signers.Unsigned, "unsigned", true, silent},
		{"unsigned", signers.Untrusted, ann, true, noted},
		{"unsigned", signers.Unverified, keyID, false, noted},
		{"unsigned", signers.Unverified, keyID, true, refused},
		{keyID, signers.Unsigned, "unsigned", false, noted},
		{keyID, signers.Unsigned, "unsigned", true, refused},
		{keyID, signers.Unverified, "unverified", true, refused},
		{keyID, signers.Trusted, pgp, true, noted},
		{"builtin", signers.Untrusted, ann, true, noted},
	} {
		next := signers.WithProblem(result(c.state, c.now), errors.New("the key is not known"))
		next.Rule = signers.Rule{Verify: manifest.VerifyTOFU, Explicit: c.explicit}
		note, err := signers.Record{Signer: c.was}.CheckNext(next)
		got := silent
		var changed *signers.ChangedError
		switch {
		case errors.As(err, &changed):
			got = refused
			if failure.KindOf(err) != failure.Integrity || failure.Hint(err) == "" || changed.Signer != c.now {
				t.Errorf("%q → %q: %v (hint %q)", c.was, c.now, err, failure.Hint(err))
			}
		case err != nil:
			t.Errorf("%q → %q: %v", c.was, c.now, err)
		case note != "":
			got = noted
		}
		if got != c.want {
			t.Errorf("%q → %q (explicit %v) is %s, want %s", c.was, c.now, c.explicit, got, c.want)
		}
		if _, err := (signers.Record{Signer: c.was, Accepted: []string{c.now}}).CheckNext(next); err != nil {
			t.Errorf("%q → %q is refused although it is accepted: %v", c.was, c.now, err)
		}
		next.Rule.Verify = manifest.VerifyOff
		if _, err := (signers.Record{Signer: c.was}).CheckNext(next); err != nil {
			t.Errorf("%q → %q is refused although verify is off: %v", c.was, c.now, err)
		}
	}
}

// A new key of the same principal is accepted when both are trusted, and only then.
func TestCheckNextRenewedKey(t *testing.T) {
	next := result(signers.Trusted, bob)
	next.Principal = "ann@example.com"
	next.Rule.Explicit = true
	renewed := signers.Record{Signer: ann, Principal: "ann@example.com"}
	if note, err := renewed.CheckNext(next); err != nil || note == "" {
		t.Errorf("note %q, %v", note, err)
	}
	for _, r := range []signers.Record{{Signer: ann}, {Signer: ann, Principal: "eve@example.com"}} {
		if _, err := r.CheckNext(next); err == nil {
			t.Errorf("%+v: the key of another principal is accepted", r)
		}
	}
	next.State = signers.Untrusted
	if _, err := renewed.CheckNext(next); err == nil {
		t.Error("a key that is not trusted is accepted")
	}
}

// TestCheckLocked has a row for each way in which a lockfile and a signature can differ.
func TestCheckLocked(t *testing.T) {
	for _, c := range []struct {
		recorded string
		state    signers.State
		actual   string
		ok       bool
	}{
		{ann, signers.Untrusted, ann, true},
		{ann, signers.Untrusted, bob, false},
		{ann, signers.Unsigned, "unsigned", false},
		{ann, signers.Unverified, "unverified", true}, // proves nothing
		{ann, signers.Unverified, keyID, false},
		{"unsigned", signers.Untrusted, ann, false},
		{"unsigned", signers.Unverified, "unverified", false},
		{"unsigned", signers.Unverified, keyID, false},
		{"unsigned", signers.Unsigned, "unsigned", true},
		{pgp, signers.Unverified, keyID, true},
		{pgp, signers.Untrusted, ann, false},
		{keyID, signers.Trusted, pgp, true},
		{keyID, signers.Untrusted, ann, false},
		{keyID, signers.Unsigned, "unsigned", false},
		{"unverified", signers.Untrusted, ann, true},
		{"unverified", signers.Unsigned, "unsigned", false},
		{cert, signers.Untrusted, bob, true}, // the authority is not known here
		{cert, signers.Trusted, bob, false},
		{"builtin", signers.Unsigned, "unsigned", false},
	} {
		err := signers.CheckLocked(c.recorded, "a.py", result(c.state, c.actual))
		isClear := failure.KindOf(err) == failure.Integrity && failure.Hint(err) != ""
		if (err == nil) != c.ok || err != nil && !isClear {
			t.Errorf("%q and %q: %v (hint %q), want ok %v", c.recorded, c.actual, err, failure.Hint(err), c.ok)
		}
	}
}

func TestParseAccepted(t *testing.T) {
	for text, ok := range map[string]bool{
		ann: true, pgp: true, cert: true, "unsigned": true, "unverified": true, keyID: true,
		"": false, "ann@example.com": false, "unsigned:x": false, "unverified:": false, "builtin": false,
		"ssh:SHA256:short": false,
	} {
		err := signers.ParseAccepted(text)
		if (err == nil) != ok || err != nil && (failure.KindOf(err) != failure.Usage || failure.Hint(err) == "") {
			t.Errorf("ParseAccepted(%q) = %v", text, err)
		}
	}
}
