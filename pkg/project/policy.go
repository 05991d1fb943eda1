package project

import (
	"context"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
)

// checkPolicy returns an error of kind Refused when the policy forbids the repository of an install of a lock that
// differs from the project's.
func (p *Project) checkPolicy(lock *lockfile.Lock) error {
	for _, c := range lock.Components {
		if old, installed := p.Lock.Component(c.Path); installed && isSameInstall(old, c) {
			continue
		}
		if err := p.packs.CheckInstall(c); err != nil {
			return err
		}
	}
	return nil
}

// forbidden records the installs that the policy forbids in failures, except those that are removed.
func (p *Project) forbidden(failures *Failures, removed []lockfile.Component) {
	for _, c := range p.Lock.Components {
		isRemoved := slices.ContainsFunc(removed, func(r lockfile.Component) bool { return r.Path == c.Path })
		if err := p.packs.CheckInstall(c); err != nil && !isRemoved {
			failures.add(c.Path, c.Typed().String(), err)
		}
	}
}

// restorable returns the base of an install from which files may be written.
func (p *Project) restorable(ctx context.Context, c lockfile.Component) (install.Base, error) {
	base, err := p.base(ctx, c)
	if err != nil {
		return base, err
	}
	return base, p.packs.CheckHop(ctx, base.Hop)
}
