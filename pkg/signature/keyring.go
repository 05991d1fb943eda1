package signature

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	openpgp "github.com/ProtonMail/go-crypto/openpgp/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// KeyRing holds OpenPGP keys that the user trusts. It is safe for concurrent use.
type KeyRing struct {
	file   string // for messages
	blocks []keyBlock
}

// keyBlock is a sequence of keys. It is decoded for each signature, because the library writes what it has verified
// into the decoded keys.
type keyBlock struct {
	data []byte
	ids  map[uint64]bool // of primary keys and subkeys
}

// ParseKeyRing reads a file of OpenPGP public keys, armored as gpg --armor --export writes it or binary. The file may
// have several armored blocks. name is its name for messages.
func ParseKeyRing(name string, data []byte) (*KeyRing, error) {
	ring := &KeyRing{file: name}
	blocks, err := unarmorKeys(data)
	for _, block := range blocks {
		if err == nil {
			err = ring.add(block)
		}
	}
	if err == nil && len(ring.blocks) == 0 {
		err = errors.New("it has no key")
	}
	if err != nil {
		return nil, failure.Errorf(failure.Usage, "reading the OpenPGP keys in %q: %w", name, err).
			WithHint("export the keys with gpg --armor --export FINGERPRINT")
	}
	return ring, nil
}

// armorBegin begins every armored block.
const armorBegin = "-----BEGIN PGP "

// unarmorKeys returns the content of each armored block, or data itself if it has none.
func unarmorKeys(data []byte) ([][]byte, error) {
	if !bytes.Contains(data, []byte(armorBegin)) {
		return [][]byte{data}, nil
	}
	var blocks [][]byte
	for _, text := range bytes.Split(data, []byte(armorBegin))[1:] {
		block, err := armor.Decode(io.MultiReader(strings.NewReader(armorBegin), bytes.NewReader(text)))
		if err != nil {
			return nil, errors.New("an armored block is damaged")
		}
		if block.Type != openpgp.PublicKeyType {
			return nil, fmt.Errorf("it has a block of the type %q, not %q", block.Type, openpgp.PublicKeyType)
		}
		body, err := io.ReadAll(block.Body)
		if err != nil {
			return nil, fmt.Errorf("an armored block is damaged: %w", err)
		}
		blocks = append(blocks, body)
	}
	return blocks, nil
}

func (r *KeyRing) add(data []byte) error {
	entities, err := openpgp.ReadKeyRing(bytes.NewReader(data))
	if err != nil {
		return err
	}
	block := keyBlock{data, map[uint64]bool{}}
	for _, entity := range entities {
		block.ids[entity.PrimaryKey.KeyId] = true
		for _, subkey := range entity.Subkeys {
			block.ids[subkey.PublicKey.KeyId] = true
		}
	}
	r.blocks = append(r.blocks, block)
	return nil
}

// entities returns the keys that have a primary key or a subkey of the id, decoded again.
func (r *KeyRing) entities(id uint64) (found []*openpgp.Entity) {
	for _, block := range r.blocks {
		if !block.ids[id] {
			continue
		}
		all, err := openpgp.ReadKeyRing(bytes.NewReader(block.data))
		if err != nil {
			continue // add read the same bytes
		}
		found = append(found, all.EntitiesById(id)...)
	}
	return found
}
