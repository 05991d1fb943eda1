package wire

import (
	"errors"
	"fmt"
)

// Limits of a list of refs.
const (
	maxRefs     = 1_000_000
	maxRefBytes = 256 << 20
)

// A protocolError says that an answer does not follow git's protocol.
type protocolError struct{ problem string }

func (e protocolError) Error() string { return "the response is not git's protocol: " + e.problem }

// A serverError says what a server does instead of answering.
type serverError struct{ text string }

func (e serverError) Error() string { return "the server " + e.text }

// errServerSays returns the error with which a server answers.
func errServerSays(text string) error { return serverError{"says: " + text} }

var (
	errSHA256  = errors.New("the repository uses SHA-256 object ids, which are not supported")
	errTooMany = fmt.Errorf("the repository has more than %d refs", maxRefs)
	errOld     = errors.New("the server does not support side-band-64k")
)
