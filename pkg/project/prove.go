package project

import (
	"context"
	"fmt"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// The lockfile is input, and can list a file of the user's as one of an install. What it says is therefore proven
// before a file is deleted or replaced because of it: the install is rendered again from its locked commit.

// dropUnproven removes from the base of a plan the files of installs that are removed, or replaced with force, and
// that cannot be proven: they stay. That the lockfile is wrong about an install that is removed is an error.
func (p *Project) dropUnproven(ctx context.Context, r request, in plan.Input) error {
	replaced := []lockfile.Component{}
	for _, next := range r.components {
		if old, ok := p.Lock.Component(next.Before()); ok && r.force {
			replaced = append(replaced, old)
		}
	}
	for _, c := range slices.Concat(r.removed, replaced) {
		isThere := func(f lockfile.File) bool { return in.Disk[f.Path].Kind == plan.File }
		if !slices.ContainsFunc(c.Files, isThere) || p.packs.IsProven(c) {
			continue
		}
		_, err := p.base(ctx, c)
		isReplaced := slices.ContainsFunc(replaced, func(o lockfile.Component) bool { return o.Path == c.Path })
		switch kind := failure.KindOf(err); {
		case err == nil:
			continue
		case kind == failure.Interrupted, kind == failure.Integrity && !isReplaced:
			return err
		case !isReplaced:
			p.setup.Notify(fmt.Sprintf("the files of %s stay, because it cannot be proven that ppm installed them: %v",
				c.Path, err))
		}
		for _, f := range c.Files {
			delete(in.Base, f.Path)
		}
	}
	return nil
}

// checkProven returns an error unless the installs are proven for which a plan does something.
func (p *Project) checkProven(ctx context.Context, r request, pl plan.Plan) error {
	if r.force || r.adopt {
		return nil
	}
	touched := map[string]bool{}
	for _, c := range pl.Changes {
		if c.Action != plan.Unchanged {
			touched[c.Path], touched[c.From] = true, true
		}
	}
	for _, next := range r.components {
		old, installed := p.Lock.Component(next.Before())
		isTouched := func(f lockfile.File) bool { return touched[f.Path] }
		if !installed || !slices.ContainsFunc(slices.Concat(old.Files, next.Locked.Files), isTouched) {
			continue
		}
		if _, err := p.base(ctx, old); err != nil {
			return err
		}
	}
	return nil
}

// checkNotWrong returns an error when the lockfile is wrong about the files of an install. That this cannot be found
// out is none, for commands that neither delete nor replace what is in a file.
func (p *Project) checkNotWrong(ctx context.Context, c lockfile.Component) error {
	if p.packs.IsProven(c) {
		return nil
	}
	_, err := p.base(ctx, c)
	if kind := failure.KindOf(err); kind == failure.Integrity || kind == failure.Interrupted {
		return err
	}
	return nil
}

// proveAll proves the installs in the lockfile that no command has proven on this machine. Without a connection, and
// for those whose pack cannot be read, there is a note. It returns those about which the lockfile is wrong.
func (p *Project) proveAll(ctx context.Context) (failures Failures, err error) {
	unreachable := map[string]bool{}
	for _, c := range p.Lock.Components {
		if p.packs.IsProven(c) || unreachable[c.URL] {
			continue
		}
		_, err := failures.of(c, c.Typed().String(), func() error {
			_, err := p.base(ctx, c)
			switch kind := failure.KindOf(err); {
			case err == nil, kind == failure.Integrity, kind == failure.Interrupted:
				return err
			case !p.setup.Offline:
				unreachable[c.URL] = kind == failure.Network
				p.setup.Notify(fmt.Sprintf("%s cannot be compared with its pack: %v", c.Path, err))
			}
			return nil
		})
		if err != nil {
			return failures, err
		}
	}
	return failures, nil
}
