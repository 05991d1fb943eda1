package install

import (
	"context"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/signers"
)

// Signer finds out who signed the version of a hop.
func (p *Packs) Signer(ctx context.Context, h Hop) (signers.Result, error) {
	name := h.Ref
	name.Component = ""
	return p.o.Signers.Check(ctx, signers.Version{
		Name: name.String(), URLs: []string{h.Pin.URL, p.registry.Mirror(h.Pin.URL)}, Pin: h.Pin,
		Objects: h.Snapshot.Objects,
	})
}

// SignerRule returns what is required of the versions of the repository at a clone URL.
func (p *Packs) SignerRule(url string) (signers.Rule, error) {
	return p.o.Signers.Rule(url, p.registry.Mirror(url))
}

// RequiresSigner reports whether the rules or the policy require a signature of the versions of the repository at a
// clone URL.
func (p *Packs) RequiresSigner(url string) (bool, error) {
	rule, err := p.SignerRule(url)
	if err != nil || rule.Verify == manifest.VerifySigned {
		return true, err
	}
	places, _, err := p.Decisions(url)
	return p.Policy().NeedsSigner(places...), err
}

// LockedSigner finds out who signed the locked version of an install. An error of kind Integrity says that it is not
// who the lockfile says.
func (p *Packs) LockedSigner(ctx context.Context, c lockfile.Component) (signers.Result, error) {
	if err := p.checkTagObject(ctx, c); err != nil {
		return signers.Result{}, err
	}
	h, err := p.OpenLocked(ctx, c)
	if err != nil {
		return signers.Result{}, err
	}
	r, err := p.Signer(ctx, h)
	if err != nil || r.Rule.Verify == manifest.VerifyOff {
		return r, err
	}
	return r, signers.CheckLocked(c.Signer, c.Path, r)
}

// checkTagObject returns an error if the tag of an install is known with another tag object for the same commit: the
// signature of a tag can be hidden by leaving its object out of the lockfile.
func (p *Packs) checkTagObject(ctx context.Context, c lockfile.Component) error {
	tag, isTag := strings.CutPrefix(c.Ref, ref.TagPrefix)
	if !isTag {
		return nil
	}
	repo, err := p.Repo(c.Source, c.URL)
	if err != nil {
		return err
	}
	known, ok := repo.KnownTag(ctx, tag)
	if !ok || known.Commit != c.Commit || known.Object == c.Object {
		return nil
	}
	return failure.Errorf(failure.Integrity, "checking tag %q of %s: the lockfile has object %s for it, and the tag "+
		"is object %s",
		tag, c.URL, c.Object, known.Object).
		WithHint("the lockfile was altered, or the tag was made again; restore ppm.lock from version control, or "+
			"accept the tag with --accept-moved %s", tag)
}

// signer returns what the lockfile records as the signer of a selection. The rules apply to every hop. The signer of
// the files may not differ from the one that is recorded, unless the user accepts it.
func (b *Builder) signer(ctx context.Context, s Selection) (string, error) {
	var next signers.Result
	for _, h := range s.Chain {
		var err error
		if next, err = b.Packs.Signer(ctx, h); err != nil {
			return "", err
		}
		if err := next.CheckRule(); err != nil {
			return "", s.Chain.wrap(err)
		}
	}
	if next.State == signers.Builtin {
		return next.Signer, nil
	}
	record, known, err := b.record(ctx, s, next)
	if err != nil || known != "" {
		return known, err
	}
	note, err := record.CheckNext(next)
	if note != "" {
		b.Packs.o.Notify(note)
	}
	return next.Signer, err
}

// record returns what the lockfile has of the signer of a selection so far. If it has this very version, or another
// one by the same signer, that is known: the signer to record.
func (b *Builder) record(
	ctx context.Context, s Selection, next signers.Result,
) (r signers.Record, known string, err error) {
	r.Accepted = b.AcceptSigners
	for _, c := range b.Lock.Components {
		if c.URL != next.Pin.URL {
			continue
		}
		if c.Object == next.Pin.Object && c.Commit == next.Pin.Commit {
			if next.Rule.Verify == manifest.VerifyOff {
				return r, next.Signer, nil
			}
			return r, c.Signer, signers.CheckLocked(c.Signer, c.Path, next)
		}
		isSame := c.Signer == next.Signer && signers.IsVerified(c.Signer)
		if err := b.Packs.proveSigner(ctx, c, isSame); err != nil || isSame {
			return r, c.Signer, err
		}
		if r.Signer == "" && signers.IsVerified(c.Signer) {
			r.Signer = c.Signer
		}
	}
	old := s.replaced
	if old.Path == "" || old.URL != next.Pin.URL && old.Typed().Origin != s.Typed.Origin {
		return r, "", nil
	}
	r.Signer = old.Signer
	proven, err := b.Packs.LockedSigner(ctx, old)
	if proven.State == signers.Trusted {
		r.Principal = proven.Principal
	}
	return r, "", err
}

// proveSigner returns an error if the lockfile does not say who signed another install of a repository. Unless its
// signer is relied on, it is proven only as far as no server needs to be asked.
func (p *Packs) proveSigner(ctx context.Context, c lockfile.Component, relied bool) error {
	repo, err := p.Repo(c.Source, c.URL)
	if err != nil {
		return err
	}
	if !relied && !repo.HasObjects(ref.Pin{Object: c.Object, Commit: c.Commit}) {
		return nil
	}
	r, err := p.LockedSigner(ctx, c)
	if err == nil && relied && !signers.IsVerified(r.Signer) {
		return signers.ErrUnproven(c.Signer, c.Path)
	}
	return err
}
