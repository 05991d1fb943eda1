package wire

import (
	"encoding/hex"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
)

// addRef adds a line of the form "ID NAME" to a list of refs.
func addRef(refs *packp.AdvRefs, line string) error {
	if id, ok := strings.CutPrefix(line, "shallow "); ok {
		if !plumbing.IsHash(id) {
			return protocolError{"a malformed shallow line"}
		}
		refs.Shallows = append(refs.Shallows, plumbing.NewHash(id))
		return nil
	}
	id, name, ok := strings.Cut(line, " ")
	raw, err := hex.DecodeString(id)
	switch {
	case err == nil && len(raw) == 32:
		return errSHA256
	case !ok, err != nil, len(raw) != len(plumbing.ZeroHash):
		return protocolError{"a malformed line in the list of refs"}
	}
	hash := plumbing.Hash(raw)
	if name == "capabilities^{}" && hash.IsZero() {
		return nil // the placeholder of an empty repository
	}
	if name == "HEAD" {
		refs.Head = &hash
		return nil
	}
	into := refs.References
	if tag, ok := strings.CutSuffix(name, "^{}"); ok {
		name, into = tag, refs.Peeled
	}
	isControl := func(r rune) bool { return r <= ' ' || r == 0x7f } // git forbids these bytes in names
	if !strings.HasPrefix(name, "refs/") || strings.ContainsFunc(name, isControl) {
		return protocolError{"a malformed name in the list of refs"}
	}
	into[name] = hash
	return nil
}
