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

// errOtherSource returns the error about an install that is not from the repository or not of the version that the
// manifest names, as after an edit of one of the two files. That the lockfile is proven is not enough: servers share
// the objects of forks, so that a commit id can be anybody's commit, and an older version can have known flaws.
func (p *Project) errOtherSource(c lockfile.Component) error {
	entry, listed := p.Entries[c.Path]
	want, is := entry.Source, c.Typed()
	isOrigin := want.Origin == is.Origin || p.packs.URL(want.Origin) == p.packs.URL(is.Origin)
	if !listed || isOrigin && want.Version == is.Version {
		return nil
	}
	return failure.Errorf(failure.Differs, "%q is from %s in %s, and from %s in %s",
		c.Path, is, state.LockName, want, state.ManifestName).
		WithHint("run ppm project sync to install what %s names", state.ManifestName)
}

// noteOtherSources reports the installs that are not from the repositories, or not of the versions, that the manifest
// names.
func (p *Project) noteOtherSources() {
	for _, c := range p.Lock.Components {
		if err := p.errOtherSource(c); err != nil {
			p.setup.Notify(err.Error() + "; " + failure.Hint(err))
		}
	}
}
