// Package failure defines the kinds of errors that ppm distinguishes.
//
// An Error has a kind, which decides the exit code; a message, which names the object
// concerned (a path, URL, commit or component); and a hint, which names the next step.
// A Kind is itself an error, so that errors.Is(err, failure.Network) reports whether
// err or an error that it wraps is of that kind.
package failure

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
)

// A Kind is a class of errors. Its value is the exit code of a command that fails with it.
type Kind int

// The kinds, one for each exit code of a command that does not succeed.
const (
	Other       Kind = 1   // none of the kinds below
	Usage       Kind = 2   // an invalid command line, name, key or manifest
	Refused     Kind = 3   // unsafe, would overwrite something, or over a limit
	Integrity   Kind = 4   // a moved tag, a digest mismatch, an unrelated history
	Network     Kind = 5   // the network or the remote server
	LocalIO     Kind = 6   // the local disk or its permissions
	Locked      Kind = 7   // another process holds the project's lock
	Conflicts   Kind = 8   // done, with conflicts left for the user
	Differs     Kind = 9   // a check found differences
	Interrupted Kind = 130 // by the user or the system
)

var kindNames = map[Kind]string{
	Other: "failed", Usage: "usage", Refused: "refused", Integrity: "integrity", Network: "network",
	LocalIO: "local i/o", Locked: "locked", Conflicts: "conflicts", Differs: "differs", Interrupted: "interrupted",
}

func (k Kind) Error() string { return kindNames[k] }

// Error is an error of a known kind with a hint for the user.
type Error struct {
	Kind Kind
	Err  error  // the message, and the errors it wraps
	Hint string // the next step, an imperative sentence without a final full stop; may be empty
}

// Errorf returns an error of kind k. The format is that of fmt.Errorf, including %w.
func Errorf(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Err: fmt.Errorf(format, args...)}
}

// WithHint returns e with the next step set.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the kind of e.
func (e *Error) Is(target error) bool {
	k, ok := target.(Kind)
	return ok && k == e.Kind
}

// KindOf returns the kind of the outermost Error in err's chain. If there is none, it derives
// the kind from the standard errors in the chain. The default is Other.
func KindOf(err error) Kind {
	var (
		e    *Error
		op   *net.OpError
		dns  *net.DNSError
		path *fs.PathError
		link *os.LinkError
		sys  *os.SyscallError
		code syscall.Errno
	)
	switch {
	case errors.As(err, &e):
		return e.Kind
	case errors.Is(err, context.Canceled):
		return Interrupted
	case errors.As(err, &op), errors.As(err, &dns), errors.Is(err, context.DeadlineExceeded):
		return Network
	case errors.As(err, &path), errors.As(err, &link), errors.As(err, &sys), errors.As(err, &code):
		return LocalIO
	}
	return Other
}

// Hint returns the hint of the outermost error in err's tree that has one, or "".
func Hint(err error) string {
	if e, ok := err.(*Error); ok && e.Hint != "" {
		return e.Hint
	}
	switch w := err.(type) {
	case interface{ Unwrap() error }:
		return Hint(w.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range w.Unwrap() {
			if hint := Hint(inner); hint != "" {
				return hint
			}
		}
	}
	return ""
}
