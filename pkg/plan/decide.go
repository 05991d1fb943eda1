package plan

import (
	"fmt"
	"strings"
)

// A pathState is the state of one path in the base, on the disk and in theirs.
type pathState struct {
	disk         State
	base, theirs *State // nil when the side has no file
	owner        string // the path of another install that has the file
	own          Own
	blocked      string // why the parent folder cannot be created, as part of a sentence; empty when it can
	hasInstalled bool   // disk is a folder with installed files
	force        bool
}

// A decision is the change of one path, without contents.
type decision struct {
	action    Action
	reason    string
	to        State // of Create and Update; of a mergeable Conflict, only its mode applies
	mergeable bool  // a Conflict that becomes a Merge when the contents can be read
}

func (in Input) change(path string) (Change, error) {
	if from, ok := in.Renamed[path]; ok {
		return in.changeRenamed(path, from)
	}
	s := in.pathState(path)
	if s.base == nil && s.disk.Kind == Dir && in.emptiesDir(path) { // a file replaces the folder
		s.disk = State{}
	}
	d := s.decide()
	if to := in.renamedTo(path); to != "" && s.disk.Kind == File && d.action != Unchanged && s.owner == "" {
		d = decision{action: Delete, reason: fmt.Sprintf("renamed to %q upstream", to)}
	}
	change := Change{Path: path, Action: d.action, Reason: d.reason, Owner: s.owner, Old: in.Disk[path], New: s.disk}
	file, _ := in.Theirs.Lookup(path)
	switch d.action {
	case Create, Update:
		change.New = d.to
		if d.to.Digest != s.disk.Digest {
			change.Data = file.Data
		}
	case Delete:
		change.New = State{}
	case Conflict:
		if change.New = (State{}); s.theirs != nil {
			change.New = *s.theirs
		}
	}
	if !d.mergeable {
		return change, nil
	}
	return in.mergeContents(change, func(change Change, texts Texts) (Change, error) {
		if change.Reason = bothChanged; s.base == nil {
			change.Reason = bothAdded
		}
		return mergeChange(change, s.disk, d.to, texts, file)
	})
}

// pathState returns the state of a path on all sides.
func (in Input) pathState(path string) pathState {
	s := pathState{disk: in.Disk[path], owner: in.Owner[path], own: in.Own[path], force: in.Force}
	if base, ok := in.Base[path]; ok {
		s.base = &base
	}
	if file, ok := in.Theirs.Lookup(path); ok {
		theirs := FileState(file.Data, file.Mode)
		s.theirs = &theirs
	}
	if parent, kind := in.blocker(path); parent != "" {
		s.blocked = in.describeBlocker(parent, kind)
	}
	s.hasInstalled = s.disk.Kind == Dir && in.hasInstalled(path)
	return s
}

// describeBlocker says what is at a path that must become a folder, and why it is not replaced.
func (in Input) describeBlocker(path string, kind Kind) string {
	base, installed := in.Base[path]
	disk, owner := in.Disk[path], in.Owner[path]
	switch {
	case !installed || owner != "":
		return fmt.Sprintf("%q is %s, %s", path, kind.Describe(), describeOwner(owner))
	case kind != File:
		return fmt.Sprintf("%q is %s now", path, kind.Describe())
	case disk.Digest != base.Digest:
		return fmt.Sprintf("%q was edited locally", path)
	case !disk.Same(base):
		return fmt.Sprintf("the mode of %q was changed locally", path)
	}
	return fmt.Sprintf("you own %q", path)
}

// hasInstalled reports whether ppm installed files in dir.
func (in Input) hasInstalled(dir string) bool {
	for name := range in.Base {
		if strings.HasPrefix(name, dir+"/") {
			return true
		}
	}
	return false
}

func (s pathState) decide() decision {
	switch {
	case s.own == Mine:
		return decision{action: Keep, reason: "owned by you"}
	case s.own == Once && s.theirs != nil && (s.base != nil || s.disk.Kind == File):
		return decision{action: Keep, reason: "created once, owned by you"}
	case s.theirs == nil:
		return s.decideRemoved()
	case s.base == nil:
		return s.decideAdded()
	}
	return s.decideInstalled()
}

// decideRemoved decides about an installed file that is not in theirs.
func (s pathState) decideRemoved() decision {
	switch {
	case s.blocked != "":
		return decision{action: Keep, reason: "cannot be reached: " + s.blocked}
	case s.disk.Kind == Absent:
		return decision{action: Unchanged, reason: "already deleted"}
	case s.disk.Kind == Sparse:
		return s.conflict("is not checked out, and cannot be removed")
	case !s.disk.Same(*s.base):
		return decision{action: Keep, reason: "kept because " + s.userChange() + "; ppm no longer tracks it"}
	case s.owner != "":
		return decision{action: Keep, reason: fmt.Sprintf("also part of the install %q", s.owner)}
	}
	return decision{action: Delete, reason: "not edited locally"}
}

// decideAdded decides about a file of theirs that is not in the base.
func (s pathState) decideAdded() decision {
	switch {
	case s.blocked != "":
		return decision{action: Conflict, reason: "cannot be created: " + s.blocked}
	case s.disk.Kind == Absent:
		return decision{action: Create, reason: "new", to: *s.theirs}
	case s.hasInstalled:
		return decision{action: Conflict, reason: "is a folder with edited or added files"}
	case s.disk.Kind != File:
		return s.conflict("is " + s.disk.Kind.Describe())
	case s.disk.Same(*s.theirs):
		return decision{action: Unchanged, reason: "already there"}
	case s.disk.Digest == s.theirs.Digest && s.owner == "":
		return decision{action: Update, reason: "already there, with a different mode", to: *s.theirs}
	case s.force:
		return decision{action: Update, reason: "replaces an existing file, " + describeOwner(s.owner), to: *s.theirs}
	case s.disk.Digest == s.theirs.Digest:
		return s.conflict("exists with a different mode")
	}
	d := s.conflict("exists with different content")
	d.to, d.mergeable = *s.theirs, s.owner == "" && s.own == 0
	return d
}

// decideInstalled decides about a file of the base and theirs. It decides about content and mode separately, so that
// the file gets both a local chmod and an upstream edit.
func (s pathState) decideInstalled() decision {
	base, disk, theirs := *s.base, s.disk, *s.theirs
	switch {
	case base.Same(theirs) && s.blocked != "":
		return decision{action: Keep, reason: "cannot be reached: " + s.blocked}
	case base.Same(theirs) && disk.Same(base):
		return decision{action: Unchanged, reason: "up to date"}
	case base.Same(theirs):
		return decision{action: Keep, reason: s.localChange()}
	case s.blocked != "":
		return decision{action: Conflict, reason: "cannot be created: " + s.blocked}
	case disk.Kind == Absent && s.force:
		return decision{action: Create, reason: "replaces a local deletion", to: theirs}
	case disk.Kind == Absent:
		return decision{action: Keep, reason: "deleted locally, changed upstream"}
	case disk.Kind == Sparse:
		return s.conflict("is not checked out, but changed upstream")
	case disk.Kind != File:
		return s.conflict("is " + disk.Kind.Describe() + " now, but changed upstream")
	}
	to := theirs
	if !sameMode(disk.Mode, base.Mode) {
		to.Mode = disk.Mode
	}
	switch {
	case disk.Digest == theirs.Digest || disk.Digest == base.Digest:
	case base.Digest == theirs.Digest: // only the mode changed upstream
		to.Digest = disk.Digest
	case s.force:
		return decision{action: Update, reason: "replaces local edits", to: theirs}
	default:
		d := s.conflict(bothChanged)
		d.to, d.mergeable = to, true
		return d
	}
	switch {
	case disk.Mode == 0 && base.Mode != theirs.Mode && s.owner == "": // the disk gets the mode if it can keep it
	case disk.Same(to) && to.Same(theirs):
		return decision{action: Unchanged, reason: "up to date"}
	case disk.Same(to):
		return decision{action: Keep, reason: s.localChange()}
	case s.owner != "" && !s.force:
		return s.conflict("changed upstream")
	}
	if base.Digest == theirs.Digest {
		return decision{action: Update, reason: "mode changed upstream", to: to}
	}
	return decision{action: Update, reason: "changed upstream", to: to}
}

// userChange says what the user did to the file, as part of a sentence.
func (s pathState) userChange() string {
	switch {
	case s.disk.Kind != File:
		return "it is " + s.disk.Kind.Describe() + " now"
	case s.disk.Digest == s.base.Digest:
		return "you changed its mode"
	}
	return "you edited it"
}

// localChange says how the disk differs from the base.
func (s pathState) localChange() string {
	switch {
	case s.disk.Kind == Absent:
		return "deleted locally"
	case s.disk.Kind == Sparse:
		return "not checked out"
	case s.disk.Kind != File:
		return "is " + s.disk.Kind.Describe() + " now"
	case s.disk.Digest == s.base.Digest:
		return "mode changed locally"
	}
	return "edited locally"
}

// conflict returns a collision, and adds the owner to the reason when ppm did not install the file for this install.
func (s pathState) conflict(reason string) decision {
	if s.base == nil || s.owner != "" {
		reason += ", " + describeOwner(s.owner)
	}
	return decision{action: Conflict, reason: reason}
}

// describeOwner names the install that has a file, if any.
func describeOwner(owner string) string {
	if owner == "" {
		return "not installed by ppm"
	}
	return fmt.Sprintf("part of the install %q", owner)
}
