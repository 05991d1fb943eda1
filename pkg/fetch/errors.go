package fetch

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
)

// A missingError says that the content of files is not on this machine.
type missingError struct{ ids []objects.ID }

func (e *missingError) Error() string { return fmt.Sprintf("%d files are not here", len(e.ids)) }

// checkContent returns a *missingError when a store lacks the content of files.
func checkContent(s *objects.Store, ids []objects.ID) error {
	if missing := s.Missing(ids); len(missing) > 0 {
		return &missingError{missing}
	}
	return nil
}

// checkContext returns the error of an ended context as one of kind Interrupted, or nil.
func checkContext(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return failure.Errorf(failure.Interrupted, "fetching: %w", context.Cause(ctx))
	}
	return nil
}

// errMalformed returns err as one of kind Refused: an object has the id that it should have, but makes no sense where
// it is. Errors with a kind and those that can be repaired are returned as they are.
func errMalformed(err error, repo string) error {
	var known *failure.Error
	var damage *objects.DamagedError
	var missing *missingError
	if err == nil || errors.As(err, &known) || errors.As(err, &damage) || errors.As(err, &missing) {
		return err
	}
	return failure.Errorf(failure.Refused, "reading %s: %w", repo, err).
		WithHint("report it to the author of the pack: the repository is malformed")
}

func errAmbiguous(url, prefix string, ids []string) error {
	return failure.Errorf(failure.Usage, "looking up commit %q of %s: it is the start of %s",
		prefix, quote(url), strings.Join(ids, " and of ")).
		WithHint("give more digits of the commit id")
}

// ErrNoCommit is wrapped by the errors about commits that a repository does not have.
var ErrNoCommit = errors.New("the repository has no such commit")

func errNoCommit(url, id string) *failure.Error {
	return failure.Errorf(failure.Usage, "looking up commit %q of %s: %w", id, quote(url), ErrNoCommit).
		WithHint("check the commit id and the URL")
}

func quote(s string) string { return strconv.Quote(s) }
