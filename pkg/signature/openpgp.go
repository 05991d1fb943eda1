package signature

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"
)

// pgpSignature is a decoded OpenPGP signature.
type pgpSignature struct {
	*packet.Signature
	issuer uint64 // the id of the key or subkey
}

// parseOpenPGP decodes an armored signature.
func parseOpenPGP(armored []byte) (pgpSignature, error) {
	const end = "-----END PGP SIGNATURE-----"
	none := pgpSignature{}
	if !bytes.HasPrefix(armored, []byte("-----BEGIN "+openpgp.SignatureType)) {
		return none, fmt.Errorf("it is not detached from the text: %w", Unsupported)
	}
	_, after, found := bytes.Cut(armored, []byte(end))
	if bytes.Count(armored, []byte("-----BEGIN ")) != 1 || !found || len(bytes.TrimSpace(after)) > 0 {
		return none, errors.New("it is not one armored signature")
	}
	block, err := armor.Decode(bytes.NewReader(armored))
	if err != nil {
		return none, errors.New("its armor is damaged")
	}
	packets := packet.NewReader(block.Body)
	first, err := packets.Next()
	if unsupported := pgperrors.UnsupportedError(""); errors.As(err, &unsupported) {
		return none, fmt.Errorf("it has a packet with %q: %w", string(unsupported), Unsupported)
	} else if err != nil {
		return none, errors.New("its packet is damaged")
	}
	sig, ok := first.(*packet.Signature)
	if !ok || sig.IssuerKeyId == nil {
		return none, errors.New("it does not begin with a signature that names its key")
	}
	if _, err := packets.Next(); err != io.EOF {
		return none, errors.New("it is more than one signature")
	}
	return pgpSignature{sig, *sig.IssuerKeyId}, nil
}

// claimed returns the key that the signature names.
func (s pgpSignature) claimed() Signer {
	if len(s.IssuerFingerprint) > 0 {
		return Signer{Kind: OpenPGPKey, Fingerprint: fmt.Sprintf("%X", s.IssuerFingerprint)}
	}
	return Signer{Kind: OpenPGPKey, Fingerprint: fmt.Sprintf("%016X", s.issuer)}
}

// checkAlgorithm returns an error for what no signature of today needs and a forger may use.
func (s pgpSignature) checkAlgorithm(config *packet.Config) error {
	if config.RejectHashAlgorithm(s.Hash) || config.RejectMessageHashAlgorithm(s.Hash) {
		return fmt.Errorf("it uses the hash algorithm %s: %w", s.Hash, Unsupported)
	}
	if s.SigType != packet.SigTypeBinary && s.SigType != packet.SigTypeText {
		return fmt.Errorf("it has the type %#x: %w", int(s.SigType), Unsupported)
	}
	for _, notation := range s.Notations {
		if notation.IsCritical {
			return fmt.Errorf("it has the critical notation %q: %w", notation.Name, Unsupported)
		}
	}
	return nil
}

// check returns an error unless the key made the signature for payload.
func (s pgpSignature) check(key *packet.PublicKey, payload []byte) error {
	digest, err := s.PrepareVerify()
	if err != nil {
		return err
	}
	text := digest
	if s.SigType == packet.SigTypeText {
		text = openpgp.NewCanonicalTextHash(digest)
	}
	text.Write(payload)
	return key.VerifySignature(digest, s.Signature)
}

// verifyOpenPGP verifies as gpg --verify does: the key must be valid now, and not only when it signed. Beyond gpg,
// weak algorithms are refused: SHA-1, DSA and RSA with less than 2047 bits.
func (o *Object) verifyOpenPGP(keys Keys, now time.Time) (Signer, error) {
	sig, err := parseOpenPGP(o.Signature)
	if err == nil {
		err = sig.checkAlgorithm(nil)
	}
	if err != nil {
		return Signer{}, errUnreadable(err)
	}
	if keys.Ring == nil {
		return Signer{}, errUnknown(sig.claimed(), "no file of OpenPGP keys is configured")
	}
	entities := keys.Ring.entities(sig.issuer)
	if len(entities) == 0 {
		return Signer{}, errUnknown(sig.claimed(), "it is not in %q", keys.Ring.file)
	}
	// A file may have older copies of a key. If one copy is revoked, the key is.
	var signer Signer
	var failed *Error
	for _, entity := range entities {
		found, err := sig.verify(entity, o.Payload, now)
		switch {
		case err == nil:
			signer = found
		case err.Reason == Revoked:
			return Signer{}, err
		case failed == nil:
			failed = err
		}
	}
	if signer.Kind == "" {
		return Signer{}, failed
	}
	return signer, nil
}

// verify returns the signer if the entity's primary key, or a subkey that it binds, made the signature.
func (s pgpSignature) verify(entity *openpgp.Entity, payload []byte, now time.Time) (Signer, *Error) {
	signer := Signer{Kind: OpenPGPKey, Fingerprint: fmt.Sprintf("%X", entity.PrimaryKey.Fingerprint)}
	config := &packet.Config{Time: func() time.Time { return now }}
	keys := openpgp.EntityList{entity}.KeysById(s.issuer)
	i := slices.IndexFunc(keys, func(k openpgp.Key) bool { return s.check(k.PublicKey, payload) == nil })
	if i < 0 {
		return Signer{}, errBad(signer)
	}
	made := keys[i].PublicKey
	if hasRevocation(entity, made) {
		return Signer{}, errSignature(Revoked, signer, "the key %s is revoked", signer).
			withHint(askToSign + "another key")
	}
	valid, ok := entity.SigningKeyById(now, s.issuer, config)
	if !ok || !bytes.Equal(valid.PublicKey.Fingerprint, made.Fingerprint) {
		return Signer{}, errNotValid(entity, made, signer, now, config)
	}
	if s.SigExpired(now) {
		return Signer{}, errSignature(Expired, signer, "the signature by %s of %s is not valid at %s", signer,
			s.CreationTime.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339)).
			withHint("check the clock of this machine, or " + askToSign + "a signature that does not expire")
	}
	if s.CreationTime.Before(made.CreationTime) {
		return Signer{}, errSignature(BadSignature, signer, "the signature by %s is older than the key", signer).
			withHint(askToSign + "a valid key")
	}
	signer.Principal = primaryUserID(entity, now, config)
	return signer, nil
}

// hasRevocation reports whether a key, or its primary key, has a revocation. It is not verified: it may be by another
// key, which the owner appointed to revoke this one, and which is not known here.
func hasRevocation(entity *openpgp.Entity, key *packet.PublicKey) bool {
	return len(entity.Revocations) > 0 || slices.ContainsFunc(entity.Subkeys, func(s openpgp.Subkey) bool {
		return bytes.Equal(s.PublicKey.Fingerprint, key.Fingerprint) && len(s.Revocations) > 0
	})
}

// errNotValid says why a key is not valid for signatures now.
func errNotValid(entity *openpgp.Entity, key *packet.PublicKey, signer Signer, now time.Time,
	config *packet.Config) *Error {
	_, err := entity.VerifyPrimaryKey(now, config)
	for i := range entity.Subkeys {
		if err == nil && bytes.Equal(entity.Subkeys[i].PublicKey.Fingerprint, key.Fingerprint) {
			_, err = entity.Subkeys[i].Verify(now, config)
		}
	}
	switch {
	case errors.Is(err, pgperrors.ErrKeyExpired):
		return errSignature(Expired, signer, "the key %s is expired", signer).
			withHint("if its owner has extended it, export it again to the file of OpenPGP keys")
	case err != nil:
		return errSignature(UnknownKey, signer, "the key %s is not valid: %w", signer, err).
			withHint("export it again to the file of OpenPGP keys, with a user id")
	}
	return errSignature(Unsupported, signer, "the key %s is not for signatures, or of a weak algorithm", signer).
		withHint(askToSign + "another key")
}

// primaryUserID returns the user id that is marked as the primary one, or else the newest.
func primaryUserID(entity *openpgp.Entity, now time.Time, config *packet.Config) string {
	var best *packet.Signature
	name := ""
	for _, id := range slices.Sorted(maps.Keys(entity.Identities)) {
		sig, err := entity.Identities[id].Verify(now, config)
		if err != nil {
			continue
		}
		if best == nil || isPrimary(sig) && !isPrimary(best) ||
			isPrimary(sig) == isPrimary(best) && sig.CreationTime.After(best.CreationTime) {
			best, name = sig, id
		}
	}
	return name
}

func isPrimary(sig *packet.Signature) bool { return sig.IsPrimaryId != nil && *sig.IsPrimaryId }
