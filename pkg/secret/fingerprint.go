package secret

import (
	"errors"
	"fmt"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/authcode"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
)

// A Use is what a secret is used for: the value of a key of a component. The user allows a use by typing it.
type Use struct {
	Reference Reference
	URL       string // of the component's pack
	Component string
	Key       string
}

// text returns the use and a value as one text, from which both can be told.
func (u Use) text(value string) []byte {
	var b strings.Builder
	for _, text := range []string{u.Reference.String(), u.URL, u.Component, u.Key, value} {
		fmt.Fprintf(&b, "%d:%s", len(text), text)
	}
	return []byte(b.String())
}

// The purposes of the codes in a fingerprint.
const (
	forUse   = "use of a secret"
	forValue = "value of a secret"
)

// FingerprintPattern matches fingerprints: the version of the form, the id of the key, a proof that the user of the
// key has typed the use, and the authentication code of the value, all but the first in hex.
var FingerprintPattern = lazyregexp.New(`^v1:[0-9a-f]{16}:[0-9a-f]{32}:[0-9a-f]{32}$`)

// Fingerprint returns the fingerprint of a value. Without the user's key, it cannot be made, and not be compared with
// guessed values.
func Fingerprint(keys *authcode.Keys, u Use, value string) (string, error) {
	id, use, err := keys.Sign(forUse, u.text(""))
	if err == nil {
		var code string
		_, code, err = keys.Sign(forValue, u.text(value))
		if err == nil {
			return strings.Join([]string{"v1", id, use[:32], code[:32]}, ":"), nil
		}
	}
	if errors.Is(err, authcode.ErrNoKey) {
		return "", failure.Errorf(failure.LocalIO, "making the fingerprint of the secret %s: %w", u.Reference, err).
			WithHint("set PPM_STATE_DIR to a folder that you can write to")
	}
	return "", err
}

// A Match is the result of comparing a value with a fingerprint.
type Match int

// The results. A fingerprint of another key, and none, is Unknown.
const (
	Unknown Match = iota
	Same
	Differs
)

// Compare compares a value with a fingerprint.
func Compare(keys *authcode.Keys, fingerprint string, u Use, value string) Match {
	if !Allows(keys, fingerprint, u) {
		return Unknown
	}
	parts := strings.Split(fingerprint, ":")
	if keys.Verify(parts[1], parts[3], forValue, u.text(value)) {
		return Same
	}
	return Differs
}

// Allows reports whether this user has made the fingerprint for the use, and so has allowed the use.
func Allows(keys *authcode.Keys, fingerprint string, u Use) bool {
	if !FingerprintPattern.MatchString(fingerprint) {
		return false
	}
	parts := strings.Split(fingerprint, ":")
	return keys.Verify(parts[1], parts[2], forUse, u.text(""))
}
