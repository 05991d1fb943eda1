package project

import (
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
)

// placeAgain places a version of an install whose component was a file and is a folder now, or the other way round,
// where such a one belongs.
func (p *Project) placeAgain(next install.Component, old lockfile.Component) (install.Component, error) {
	if next.Locked.Dir == old.Dir {
		return next, nil
	}
	to := install.PlacementAs(old.Path, next.Locked.Dir, next.Base)
	if to == old.Path {
		return next, nil
	}
	_, installed := p.Lock.Component(to)
	if _, wanted := p.Entries[to]; installed || wanted {
		return next, failure.Errorf(failure.Refused, "placing %q at %q, because it became a %s upstream: "+
			"another install is there", old.Path, to, kindOf(next.Locked.Dir)).
			WithHint("move the other one away with ppm project move")
	}
	return next.PlacedAt(to)
}

// noteKind notes what became of a component that was a file or a folder.
func (u *Upgraded) noteKind(old, next lockfile.Component) {
	if next.Dir != old.Dir {
		u.Became, u.NewPath = kindOf(next.Dir), next.Path
	}
}

// kindOf names what a component is.
func kindOf(dir bool) string {
	if dir {
		return "folder"
	}
	return "file"
}
