package project

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/secret"
)

// reveal returns the plan of a transaction with the secrets in place of their placeholders, and with the states of the
// files as they are on disk.
func (p *Project) reveal(ctx context.Context, t *Transaction) (plan.Plan, error) {
	out := plan.Plan{Changes: slices.Clone(t.plan.Changes)}
	if t.meta.Undoes() != 0 { // its contents are those of the history
		return out, nil
	}
	for i, c := range out.Changes {
		after, _, _ := t.lock.Owner(c.Path)
		if c.Record || !c.Writes() || !p.secrets.Covers(c.Path) && !p.secrets.Covers(c.From) && !hasSecrets(after) {
			continue
		}
		var err error
		if out.Changes[i], err = p.revealChange(ctx, c, after, t.saved); err != nil {
			return out, err
		}
	}
	return out, nil
}

// revealChange returns a change as reveal does. In a saved plan, a secret must still be what it was when the plan was
// made: the plan has its fingerprint.
func (p *Project) revealChange(
	ctx context.Context, c plan.Change, after lockfile.Component, saved bool,
) (plan.Change, error) {
	shown := c.Old
	if p.secrets.Covers(c.Path) && c.Old.Kind == plan.File {
		disk, err := p.tree.Scan(ctx, []string{c.Path})
		if err != nil {
			return c, err
		}
		raw, err := p.tree.Project.Scan(ctx, []string{c.Path})
		if err != nil {
			return c, err
		}
		if !disk[c.Path].Same(c.Old) {
			return c, errOutdatedPlan(c.Path)
		}
		c.Old = raw[c.Path]
	}
	if c.New.Kind != plan.File {
		return c, nil
	}
	if c.New.Digest == shown.Digest { // only the mode changes
		c.New.Digest = c.Old.Digest
		return c, nil
	}
	values, missing, err := p.secrets.valuesFor(c, after)
	if err != nil {
		return c, err
	}
	planned := string(c.Data)
	c.Data = secret.Reveal(c.Data, values)
	for _, m := range missing {
		if m.changed {
			if saved && strings.Contains(planned, m.placeholder) {
				return c, errOutdatedPlan(m.reference.String())
			}
			continue
		}
		if strings.Contains(string(c.Data), m.placeholder) {
			return c, errNoSecret(m.reference, m.key, c.Path, m.allowed)
		}
	}
	if c.New.Digest = fileset.Digest(c.Data); c.New == c.Old {
		c.Action, c.Data = plan.Unchanged, nil
	}
	return c, nil
}

// A missingSecret is a placeholder for which there is no value, or none with the fingerprint of the install.
type missingSecret struct {
	placeholder, key string
	reference        secret.Reference
	allowed          bool
	changed          bool // there is a value, with another fingerprint
}

// valuesFor returns the values for the placeholders of a file that a plan writes. after is the install that has the
// file then.
func (s *secrets) valuesFor(
	c plan.Change, after lockfile.Component,
) (values []secret.Value, missing []missingSecret, err error) {
	known := map[string]string{} // the values on disk, by reference
	for _, before := range slices.Concat(s.owners[c.From], s.owners[c.Path], s.installs(after)) {
		found, err := s.installed(before)
		if err != nil {
			return nil, nil, err
		}
		for _, v := range found.values {
			for name, key := range before.Keys {
				if r, isSecret := key.Secret(); isSecret && v.Placeholder == secret.Placeholder(name) {
					known[r.String()] = v.Value
				}
			}
		}
		values = append(values, found.values...)
	}
	for name, key := range after.Keys {
		r, isSecret := key.Secret()
		if !isSecret {
			continue
		}
		use := useOf(after, name, r)
		now, allowed, atHand, err := s.read(use, key.Fingerprint, false)
		if err != nil {
			return nil, nil, err
		}
		kept, isKnown := known[r.String()]
		if atHand && !isKnown {
			kept = now
		}
		for _, v := range []secret.Value{
			{Placeholder: secret.Placeholder(name), Value: kept}, {Placeholder: secret.Replacement(name), Value: now},
		} {
			m := missingSecret{v.Placeholder, name, r, allowed, v.Value != ""}
			if v.Value != "" {
				values = append(values, v)
			}
			if v.Value == "" || v.Value == now && secret.Compare(s.keys, key.Fingerprint, use, now) == secret.Differs {
				missing = append(missing, m)
			}
		}
	}
	return values, missing, nil
}

// installs returns the installs of the same component with secrets, one of which may become the given one.
func (s *secrets) installs(after lockfile.Component) []lockfile.Component {
	var out []lockfile.Component
	if c, ok := s.project.Lock.Component(after.Path); ok && hasSecrets(c) {
		out = append(out, c)
	}
	return out
}

// withoutReplacements returns a change as if it did not replace the values of secrets, and whether it does. The
// lockfile has the digest of such a file.
func withoutReplacements(c plan.Change, next lockfile.Component) (_ plan.Change, replaces bool) {
	for name, key := range next.Keys {
		replacement := []byte(secret.Replacement(name))
		if _, isSecret := key.Secret(); isSecret && bytes.Contains(c.Data, replacement) {
			c.Data = bytes.ReplaceAll(c.Data, replacement, []byte(secret.Placeholder(name)))
			c.New.Digest, replaces = fileset.Digest(c.Data), true
		}
	}
	return c, replaces
}

// checkSecretFiles returns an error if a saved plan would have secrets: an undo restores old contents.
func (p *Project) checkSecretFiles(t *Transaction) error {
	for _, c := range t.plan.Changes {
		after, _, _ := t.lock.Owner(c.Path)
		if t.meta.Undoes() != 0 && c.Writes() && !c.Record && (p.secrets.Covers(c.Path) || hasSecrets(after)) {
			return failure.Errorf(failure.Refused,
				"saving the plan: %q has secrets, and undo restores its old content", c.Path).
				WithHint("run ppm project undo itself")
		}
	}
	return nil
}
