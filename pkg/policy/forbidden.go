package policy

import (
	"fmt"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// An Error is a decision that forbids something.
type Error struct{ Decision Decision }

func (e *Error) Error() string { return e.Decision.Reason() }

// Check returns nil when all decisions allow, else an error of kind Refused that wraps an *Error. It says what is
// forbidden, by which rule, and which line of which file sets the rule.
func Check(decisions ...Decision) error {
	for _, d := range decisions {
		if !d.Allowed {
			return failure.Errorf(failure.Refused, "%w", &Error{d}).WithHint("%s", d.hint())
		}
	}
	return nil
}

// hint returns what a user can do about a decision that forbids something.
func (d Decision) hint() string {
	switch {
	case len(d.Rules) > 0:
		return fmt.Sprintf("use another pack, or change %s in %s", d.Rules[0].Field, d.Rules[0].File)
	case d.Subject == Redirect:
		return "use the URL that it leads to, or add the host to [policy] allow_redirects in your own ppm.toml"
	}
	return "use https, or add the host to [policy] allow_http in your own ppm.toml"
}

// Reason says in one line what a decision is, and why.
func (d Decision) Reason() string {
	switch {
	case !d.Allowed && len(d.Rules) == 0 && d.Subject == PlainHTTP:
		return fmt.Sprintf("plain http to %q is neither encrypted nor authenticated", d.Value)
	case !d.Allowed && len(d.Rules) == 0:
		return fmt.Sprintf("a redirect to another host, %q, is not followed", d.Value)
	}
	what := fmt.Sprintf("the %s %q", d.Subject, d.Value)
	switch d.Subject {
	case PlainHTTP:
		what = fmt.Sprintf("plain http to %q", d.Value)
	case Redirect:
		what = fmt.Sprintf("a redirect to %q", d.Value)
	}
	verb := "forbidden"
	if d.Allowed {
		verb = "allowed"
	}
	return fmt.Sprintf("%s is %s: %s", what, verb, strings.Join(d.Reasons(), ", and "))
}

// Reasons says why a decision is as it is, in one line for each rule. It has at least one line.
func (d Decision) Reasons() []string {
	if len(d.Rules) == 0 {
		return []string{"no rule is about it"}
	}
	var out []string
	for _, r := range d.Rules {
		out = append(out, r.reason())
	}
	return out
}

// reason says how the rule decides.
func (r Rule) reason() string {
	if r.Entry == "" {
		return fmt.Sprintf("it is not in %s (%s)", r.List(), r.Position())
	}
	return fmt.Sprintf("%s has %q (%s)", r.List(), r.Entry, r.Position())
}

// List returns the name of the rule's list.
func (r Rule) List() string {
	if r.For != "" {
		return fmt.Sprintf("%s of %q", r.Field, r.For)
	}
	return r.Field
}

// Position returns the file and the line of the rule as FILE:LINE.
func (r Rule) Position() string {
	if r.Line == 0 {
		return r.File
	}
	return fmt.Sprintf("%s:%d", r.File, r.Line)
}
