package signature

// KeyRing are OpenPGP keys that the user trusts.
type KeyRing struct{}

// ParseKeyRing reads a file of OpenPGP public keys, armored as gpg --armor --export writes it or binary. The file may
// have several armored blocks. name is its name for messages.
func ParseKeyRing(name string, data []byte) (*KeyRing, error) {
	return &KeyRing{}, nil
}
