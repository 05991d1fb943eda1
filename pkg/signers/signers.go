// Package signers decides who signed a version of a pack, and whether that is enough.
//
// What counts is the signature of the tag object or, for a lightweight tag, a branch or a commit, that of the commit.
// The rules of all layers of the manifest are combined, and the strictest one wins. A Result is what was found out
// about one version; Record compares it with what a lockfile recorded before.
package signers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/signature"
)

// A State says how far a signature is trusted.
type State string

// The states.
const (
	Builtin    State = lockfile.Builtin    // the pack is part of ppm
	Trusted    State = "trusted"           // signed by a trusted key
	Untrusted  State = "untrusted"         // signed by a key that is not trusted
	Unverified State = lockfile.Unverified // signed, but the signature cannot be verified
	Unsigned   State = lockfile.Unsigned   // not signed
	Invalid    State = "invalid"           // the signature, or its use, is wrong
)

// A Version is a version of a pack.
type Version struct {
	Name string   // the reference, for messages
	URLs []string // of its repository and of the mirror that it is fetched from
	Pin  ref.Pin

	// Objects returns the tag object, nil if there is none, and the commit object.
	Objects func(context.Context) (tag, commit []byte, err error)
}

// A Result is who signed a version.
type Result struct {
	Version
	State     State
	Signer    string // as the lockfile records it
	Principal string // the name of the signer in the trusted keys; may be empty
	Rule      Rule

	problem error // why the state is not Trusted; nil for Trusted and Builtin
}

// A Checker checks versions. It is not safe for use by several goroutines.
type Checker struct {
	o     Options
	known map[string]Result // by URL, ref and objects
	git   func() (gitKeys, error)
	ssh   map[string]*signature.AllowedSigners // by file
	pgp   map[string]*signature.KeyRing        // by file
}

// Options say what a Checker trusts.
type Options struct {
	Rules []manifest.TrustRules // of all layers
	Home  string                // the user's home, for paths that start with "~/"
	Env   func(string) string   // the environment, for git's settings

	// ReadProject reads a file of the project; nil without a project.
	ReadProject func(name string) ([]byte, error)
	Now         func() time.Time
}

// New returns a Checker. It reads nothing.
func New(o Options) *Checker {
	return &Checker{
		o: o, known: map[string]Result{}, git: sync.OnceValues(o.readGitKeys),
		ssh: map[string]*signature.AllowedSigners{}, pgp: map[string]*signature.KeyRing{},
	}
}

// Check finds out who signed a version. An error says that something cannot be read; what is wrong with a signature is
// in the result.
func (c *Checker) Check(ctx context.Context, v Version) (Result, error) {
	key := strings.Join([]string{v.Pin.URL, v.Pin.Ref, v.Pin.Object, v.Pin.Commit}, " ")
	r, ok := c.known[key]
	if !ok {
		var err error
		if r, err = c.check(ctx, v); err != nil {
			return r, err
		}
		c.known[key] = r
	}
	r.Version = v
	return r, nil
}

func (c *Checker) check(ctx context.Context, v Version) (Result, error) {
	r := Result{Version: v, State: Builtin, Signer: lockfile.Builtin}
	if _, isBuiltin := ref.BuiltinName(v.Pin.URL); isBuiltin {
		return r, nil
	}
	var err error
	if r.Rule, err = c.rule(v.URLs); err != nil {
		return r, err
	}
	tag, commit, err := v.Objects(ctx)
	if err != nil {
		return r, err
	}
	object, err := parse(v.Pin, tag, commit)
	switch {
	case errors.Is(err, signature.WrongTag):
		r.set(Invalid, signature.Signer{}, err)
	case err != nil:
		r.set(Unverified, signature.Signer{}, err)
	case object.Format == "":
		r.State, r.Signer = Unsigned, lockfile.Unsigned
		r.problem = fmt.Errorf("%s is not signed", r.object())
	default:
		err = c.verify(ctx, &r, object)
	}
	return r, errors.Join(err, ctx.Err())
}

// parse returns the object that must be signed.
func parse(pin ref.Pin, tag, commit []byte) (*signature.Object, error) {
	if tag == nil {
		return signature.Parse(signature.Commit, commit)
	}
	o, err := signature.Parse(signature.Tag, tag)
	if err != nil {
		return nil, err
	}
	// The object that it names was found by its id, and leads to the commit of the pin.
	if name, isTag := strings.CutPrefix(pin.Ref, ref.TagPrefix); isTag && o.Format != "" {
		err = o.CheckTag(name, o.Target)
	}
	return o, err
}

// verify verifies the signature of an object. The keys of every layer that names keys must accept it.
func (c *Checker) verify(ctx context.Context, r *Result, o *signature.Object) error {
	keys := r.Rule.keys
	if len(keys) == 0 {
		keys = []signature.Keys{{}}
	}
	var accepted *signature.Signer
	var refused *signature.Error
	for _, k := range keys {
		signer, err := o.Verify(ctx, k, c.o.Now())
		var e *signature.Error
		switch {
		case err == nil && accepted == nil:
			accepted = &signer
		case err != nil && !errors.As(err, &e):
			return err
		case e != nil && (refused == nil || isInvalid(e)):
			refused = e
		}
	}
	switch {
	case refused == nil:
		r.set(Trusted, *accepted, nil)
	case accepted != nil && !isInvalid(refused):
		r.set(Untrusted, *accepted, refused)
	default:
		r.set(stateOf(refused), refused.Signer, refused)
	}
	return nil
}

// stateOf returns the state of a signature that is not accepted. SSH signatures have their key with them, so that a
// key that is not trusted has verified its signature, too.
func stateOf(e *signature.Error) State {
	isSSH := e.Signer.Kind == signature.SSHKey || e.Signer.Kind == signature.SSHAuthority
	switch {
	case isInvalid(e):
		return Invalid
	case e.Reason == signature.Expired, e.Reason == signature.UnknownKey && isSSH:
		return Untrusted
	}
	return Unverified
}

// isInvalid reports whether a signature is wrong whatever keys are trusted.
func isInvalid(e *signature.Error) bool {
	switch e.Reason {
	case signature.BadSignature, signature.WrongNamespace, signature.WrongTag, signature.Revoked:
		return true
	}
	return false
}

// set sets what was found out.
func (r *Result) set(state State, s signature.Signer, problem error) {
	name := s.String()
	if _, err := signature.ParseSigner(name); err != nil && (state == Trusted || state == Untrusted) {
		state, problem = Unverified, err // a program reported a name that cannot be recorded
	}
	r.State, r.Principal, r.problem = state, s.Principal, problem
	switch {
	case state == Trusted || state == Untrusted:
		r.Signer = name
	case s.Kind == "":
		r.Signer = lockfile.Unverified
	default:
		r.Signer = lockfile.Unverified + ":" + name
	}
}

// object describes what is or should be signed.
func (r Result) object() string {
	if r.Pin.Object != r.Pin.Commit {
		return "its tag object " + r.Pin.Object[:min(12, len(r.Pin.Object))]
	}
	return "its commit " + r.Pin.Commit[:min(12, len(r.Pin.Commit))]
}

// Describe says who signed the version, for messages: the signer, and in parentheses its name and what is wrong.
func (r Result) Describe() string {
	var more []string
	if r.Principal != "" {
		more = append(more, r.Principal)
	}
	if r.State == Untrusted || r.State == Invalid {
		more = append(more, string(r.State))
	}
	if len(more) == 0 {
		return r.Signer
	}
	return r.Signer + " (" + strings.Join(more, ", ") + ")"
}

// CheckRule returns an error of kind Integrity unless the rule allows the version, whoever signed other versions.
func (r Result) CheckRule() error {
	required := r.Rule.Verify == manifest.VerifySigned
	switch {
	case r.State == Builtin, r.State == Trusted, r.Rule.Verify == manifest.VerifyOff,
		!required && r.State != Invalid:
		return nil
	}
	hint := failure.Hint(r.problem)
	if required {
		rule := fmt.Sprintf("%s requires a trusted signature for %s", r.Rule.source, r.Pin.URL)
		if hint == "" {
			hint = "choose a version that a trusted key has signed"
		}
		hint += "; " + rule
	} else if hint == "" {
		hint = "ask the owner of the repository; to use it nevertheless, set verify = \"off\" for its source in " +
			"your own ppm.toml"
	}
	return failure.Errorf(failure.Integrity, "verifying the signature of %s: %w", r.Name, r.problem).
		WithHint("%s", hint)
}
