package project

import (
	"cmp"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
)

// CheckOrigins returns an error of kind Integrity unless each install of a lock comes from what its source means. The
// lockfile is input: it may come with a change that somebody else proposed. Only installs at the paths in except may
// come from elsewhere.
func (p *Project) CheckOrigins(lock *lockfile.Lock, except ...string) error {
	for _, c := range lock.Components {
		if err := p.packs.CheckOrigin(c); err != nil && !slices.Contains(except, c.Path) {
			return err
		}
	}
	return nil
}

// Listed describes all installs, sorted by path. An install that does not come from what its source means, or that the
// policy forbids, has a problem, which is also reported.
func (p *Project) Listed() []state.Install {
	installs := p.Installs()
	for i, c := range p.Lock.Components {
		if err := cmp.Or(p.packs.CheckOrigin(c), p.packs.CheckInstall(c)); err != nil {
			installs[i].Problem = err.Error()
			p.setup.Notify(err.Error() + "; " + failure.Hint(err))
		}
	}
	return installs
}
