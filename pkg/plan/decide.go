package plan

import (
	"fmt"
	"strings"
)

// A cell is one path with its state on all sides.
type cell struct {
	disk         State
	base, theirs *State // nil when the side has no file
	owner        string // another install that has the file
	own          Own
	above        string // why the folders above cannot exist, as part of a sentence; empty when they can
	filled       bool   // disk is a folder with installed files
	force        bool
}

// A verdict is what happens to a cell.
type verdict struct {
	action    Action
	reason    string
	to        State // of Create and Update, and of a mergeable Conflict but for its digest
	mergeable bool  // a Conflict that becomes a Merge when the contents can be read
}

func (in Input) change(path string) (Change, error) {
	if from, ok := in.Renamed[path]; ok {
		return in.follow(path, from)
	}
	c := in.cell(path)
	if c.base == nil && c.disk.Kind == Folder && in.vacated(path) { // a folder becomes a file
		c.disk = State{}
	}
	v := c.decide()
	if to := in.renamedTo(path); to != "" && v.action != Unchanged && c.owner == "" {
		v = verdict{action: Delete, reason: fmt.Sprintf("renamed to %q upstream", to)}
	}
	change := Change{Path: path, Action: v.action, Reason: v.reason, Owner: c.owner, Old: in.Disk[path], New: c.disk}
	file, _ := in.Theirs.Lookup(path)
	switch v.action {
	case Create, Update:
		change.New = v.to
		if v.to.Digest != c.disk.Digest {
			change.Data = file.Data
		}
	case Delete:
		change.New = State{}
	case Conflict:
		change.New = *c.theirs
	}
	if !v.mergeable {
		return change, nil
	}
	return in.merge(change, func(change Change, texts Texts) (Change, error) {
		if change.Reason = bothChanged; c.base == nil {
			change.Reason = bothAdded
		}
		return merged(change, c.disk, v.to, texts, file)
	})
}

// cell returns a path with its state on all sides.
func (in Input) cell(path string) cell {
	c := cell{disk: in.Disk[path], owner: in.Owner[path], own: in.Own[path], force: in.Force}
	if base, ok := in.Base[path]; ok {
		c.base = &base
	}
	if file, ok := in.Theirs.Lookup(path); ok {
		theirs := Of(file.Data, file.Mode)
		c.theirs = &theirs
	}
	if folder, kind := in.blocker(path); folder != "" {
		c.above = in.above(folder, kind)
	}
	c.filled = c.disk.Kind == Folder && in.hasInstalled(path)
	return c
}

// above says what is at a path where a folder is needed, and why it is kept.
func (in Input) above(folder string, kind Kind) string {
	base, installed := in.Base[folder]
	disk, owner := in.Disk[folder], in.Owner[folder]
	switch {
	case !installed || owner != "":
		return fmt.Sprintf("%q is %s, %s", folder, kind.Describe(), cell{owner: owner}.whose())
	case kind != File:
		return fmt.Sprintf("%q is %s now", folder, kind.Describe())
	case disk.Digest != base.Digest:
		return fmt.Sprintf("%q was edited locally", folder)
	case !disk.Same(base):
		return fmt.Sprintf("the mode of %q was changed locally", folder)
	}
	return fmt.Sprintf("you own %q", folder)
}

// hasInstalled reports whether ppm installed files in a folder.
func (in Input) hasInstalled(folder string) bool {
	for name := range in.Base {
		if strings.HasPrefix(name, folder+"/") {
			return true
		}
	}
	return false
}

func (c cell) decide() verdict {
	switch {
	case c.own == Mine:
		return verdict{action: Keep, reason: "owned by you"}
	case c.own == Once && c.theirs != nil && (c.base != nil || c.disk.Kind == File):
		return verdict{action: Keep, reason: "created once, owned by you"}
	case c.theirs == nil:
		return c.remove()
	case c.base == nil:
		return c.place()
	}
	return c.update()
}

// remove decides about a file that was installed and is not to be any more.
func (c cell) remove() verdict {
	switch {
	case c.above != "":
		return verdict{action: Keep, reason: "cannot be reached: " + c.above}
	case c.disk.Kind == Absent:
		return verdict{action: Unchanged, reason: "already deleted"}
	case !c.disk.Same(*c.base):
		return verdict{action: Keep, reason: "kept because " + c.whyKept() + "; ppm no longer tracks it"}
	case c.owner != "":
		return verdict{action: Keep, reason: fmt.Sprintf("also part of the install %q", c.owner)}
	}
	return verdict{action: Delete, reason: "not edited since it was installed"}
}

// place decides about a file that is to be installed and was not before.
func (c cell) place() verdict {
	switch {
	case c.above != "":
		return verdict{action: Conflict, reason: "cannot be created: " + c.above}
	case c.disk.Kind == Absent:
		return verdict{action: Create, reason: "new", to: *c.theirs}
	case c.filled:
		return verdict{action: Conflict, reason: "is a folder with edited or added files"}
	case c.disk.Kind != File:
		return c.conflict("is " + c.disk.Kind.Describe())
	case c.disk.Same(*c.theirs):
		return verdict{action: Unchanged, reason: "already there"}
	case c.disk.Digest == c.theirs.Digest && c.owner == "":
		return verdict{action: Update, reason: "already there, with a different mode", to: *c.theirs}
	case c.force:
		return verdict{action: Update, reason: "replaces a file " + c.whose(), to: *c.theirs}
	case c.disk.Digest == c.theirs.Digest:
		return c.conflict("exists with a different mode")
	}
	v := c.conflict("exists with different content")
	v.to, v.mergeable = *c.theirs, c.owner == "" && c.own == 0
	return v
}

// update decides about a file that was installed and is to be now. Content and mode are decided separately, so that a
// local chmod and an upstream edit are both kept.
func (c cell) update() verdict {
	base, disk, theirs := *c.base, c.disk, *c.theirs
	switch {
	case base.Same(theirs) && c.above != "":
		return verdict{action: Keep, reason: "cannot be reached: " + c.above}
	case base.Same(theirs) && disk.Same(base):
		return verdict{action: Unchanged, reason: "up to date"}
	case base.Same(theirs):
		return verdict{action: Keep, reason: c.edit()}
	case c.above != "":
		return verdict{action: Conflict, reason: "cannot be created: " + c.above}
	case disk.Kind == Absent && c.force:
		return verdict{action: Create, reason: "replaces a local deletion", to: theirs}
	case disk.Kind == Absent:
		return verdict{action: Keep, reason: "deleted locally, changed upstream"}
	case disk.Kind != File:
		return c.conflict("is " + disk.Kind.Describe() + " now and changed upstream")
	}
	to := theirs
	if !sameMode(disk.Mode, base.Mode) {
		to.Mode = disk.Mode
	}
	switch {
	case disk.Digest == theirs.Digest || disk.Digest == base.Digest:
	case base.Digest == theirs.Digest: // only the mode changed upstream
		to.Digest = disk.Digest
	case c.force:
		return verdict{action: Update, reason: "replaces local edits", to: theirs}
	default:
		v := c.conflict(bothChanged)
		v.to, v.mergeable = to, true
		return v
	}
	switch {
	case disk.Same(to) && to.Same(theirs):
		return verdict{action: Unchanged, reason: "up to date"}
	case disk.Same(to):
		return verdict{action: Keep, reason: c.edit()}
	case c.owner != "" && !c.force:
		return c.conflict("changed upstream")
	}
	if base.Digest == theirs.Digest {
		return verdict{action: Update, reason: "mode changed upstream", to: to}
	}
	return verdict{action: Update, reason: "changed upstream", to: to}
}

// whyKept says what the user did to a file, in the middle of a sentence.
func (c cell) whyKept() string {
	switch {
	case c.disk.Kind != File:
		return "it is " + c.disk.Kind.Describe() + " now"
	case c.disk.Digest == c.base.Digest:
		return "you changed its mode"
	}
	return "you edited it"
}

// edit says how the disk differs from the base.
func (c cell) edit() string {
	switch {
	case c.disk.Kind == Absent:
		return "deleted locally"
	case c.disk.Kind != File:
		return "is " + c.disk.Kind.Describe() + " now"
	case c.disk.Digest == c.base.Digest:
		return "mode changed locally"
	}
	return "edited locally"
}

func (c cell) conflict(reason string) verdict {
	if c.base == nil || c.owner != "" {
		reason += ", " + c.whose()
	}
	return verdict{action: Conflict, reason: reason}
}

// whose says which install the file at the path belongs to.
func (c cell) whose() string {
	if c.owner == "" {
		return "not installed by ppm"
	}
	return fmt.Sprintf("part of the install %q", c.owner)
}
