// Package failure owns the kinds of failure that a caller of ppm can tell apart.
//
// A failure has a kind, which decides the exit code; a message, which names the
// object that failed (a path, URL, commit or component); and a hint, which names
// the next step. Kinds are themselves errors, so that errors.Is(err, failure.Network)
// asks for the kind of any wrapped error.
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

// A Kind is one family of failures. Its number is the exit code of a command that ends with it.
type Kind int

// The kinds, one for each exit code that a command can end with.
const (
	Other       Kind = 1   // none of the below
	Usage       Kind = 2   // a wrong command line, name, key or manifest
	Refused     Kind = 3   // unsafe, in the way of something else, or over a limit
	Integrity   Kind = 4   // a moved tag, a wrong digest, an unrelated history
	Network     Kind = 5   // the network or the remote server
	LocalIO     Kind = 6   // the local disk or its permissions
	Locked      Kind = 7   // another process works in the same project
	Conflicts   Kind = 8   // done, with conflicts left for the user
	Differs     Kind = 9   // a check found differences
	Interrupted Kind = 130 // the user or the system asked to stop
)

var kindNames = map[Kind]string{
	Other: "failed", Usage: "usage", Refused: "refused", Integrity: "integrity", Network: "network",
	LocalIO: "local i/o", Locked: "locked", Conflicts: "conflicts", Differs: "differs", Interrupted: "interrupted",
}

func (k Kind) Error() string { return kindNames[k] }

// Error is a failure of a known kind with a hint for the user.
type Error struct {
	Kind Kind
	Err  error  // the message, with whatever it wraps
	Hint string // the next step, an imperative sentence without a final full stop; may be empty
}

// Errorf returns a failure of kind k. The format is that of fmt.Errorf, %w included.
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

// KindOf returns the kind of err: that of the outermost Error in its chain, else
// one derived from the standard errors it wraps, else Other.
func KindOf(err error) Kind {
	var (
		e    *Error
		op   *net.OpError
		dns  *net.DNSError
		path *fs.PathError
		link *os.LinkError
		sys  *os.SyscallError
		no   syscall.Errno
	)
	switch {
	case errors.As(err, &e):
		return e.Kind
	case errors.Is(err, context.Canceled):
		return Interrupted
	case errors.As(err, &op), errors.As(err, &dns), errors.Is(err, context.DeadlineExceeded):
		return Network
	case errors.As(err, &path), errors.As(err, &link), errors.As(err, &sys), errors.As(err, &no):
		return LocalIO
	}
	return Other
}

// Hint returns the first hint found in err and what it wraps, from the outside in, or "".
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
