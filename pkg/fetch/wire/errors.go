package wire

import (
	"context"
	"errors"
	"io"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"unicode"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// secrets are the strings of one session that no message may show. A few letters
// are none: they occur in every text.
type secrets struct{ list []string }

func (s *secrets) add(secret string) {
	if len(secret) >= 4 && !slices.Contains(s.list, secret) {
		s.list = append(s.list, secret)
	}
}

// scrub takes the secrets out of a text that a server had a part in.
func (r remote) scrub(text string) string {
	for _, s := range r.secrets.list {
		text = strings.ReplaceAll(text, s, "***")
		text = strings.ReplaceAll(text, url.QueryEscape(s), "***")
	}
	return text
}

// printable makes one line of printable characters of what a server says.
func printable(s string) string {
	const longest = 500
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsPrint(r) && r != unicode.ReplacementChar:
			return r
		}
		return -1
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > longest {
		s = string(runes[:longest]) + "…"
	}
	return s
}

// explain turns what went wrong into a failure that names the remote, the cause
// in plain words and the next step. A failure passes as it is.
func (s *Session) explain(ctx context.Context, doing string, err error) error {
	var known *failure.Error
	if errors.As(err, &known) {
		return known
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.DeadlineExceeded) {
		return failure.Errorf(failure.Interrupted, "%s %q: %w", doing, s.at.public, cause)
	}
	kind, text, hint := s.cause(err)
	return failure.Errorf(kind, "%s %q: %s", doing, s.at.public, s.at.scrub(printable(text))).WithHint("%s", hint)
}

// cause names the kind of an error, its cause and the next step.
func (s *Session) cause(err error) (kind failure.Kind, text, hint string) {
	const again = "try again later"
	var (
		status   *statusError
		redirect badRedirect
		locked   noKey
		ended    interface{ Timeout() bool }
	)
	switch {
	case errors.As(err, &status):
		text, hint = statusCause(status)
	case errors.As(err, &redirect):
		text, hint = err.Error(), "check the URL; a private repository needs credentials: "+credentialHint(redirect.from)
	case errors.As(err, &locked):
		text, hint = err.Error(), locked.hint()
	case errors.As(err, new(tooMuch)):
		return failure.Refused, err.Error(), "check that this is the repository you mean"
	case errors.Is(err, errTooMany):
		return failure.Refused, err.Error(), "use a repository that publishes fewer"
	case errors.Is(err, errSHA256):
		text, hint = err.Error(), "use a copy of the repository with SHA-1 object ids"
	case errors.Is(err, errOld):
		text, hint = err.Error(), "ask the server's owner to update git"
	case errors.As(err, new(stalled)), errors.As(err, new(slow)):
		text, hint = err.Error(), "check the network and the proxy settings, or "+again
	case errors.Is(err, errCut), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.EPIPE):
		text, hint = errCut.Error(), again
	case errors.As(err, new(garbage)):
		text, hint = err.Error(), "check that the URL is that of a git repository"
	case errors.As(err, new(refused)):
		text, hint = err.Error(), "check the URL and whether you have access"
	default:
		if text, hint = tlsCause(err); text == "" {
			text, hint = networkCause(err)
		}
		if text == "" && errors.As(err, &ended) && ended.Timeout() {
			text, hint = "it took too long", "check the network and the proxy settings, or "+again
		}
		if text == "" {
			text, hint = err.Error(), again
		}
	}
	return failure.Network, text, hint
}
