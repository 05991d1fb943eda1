package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
)

// What both sides did to a file that is merged.
const (
	bothChanged = "was edited here and changed upstream"
	bothAdded   = "was added here and upstream"
)

// merged settles a contested change, whose reason says what both sides did, of which ours is what the user has and to what the file
// would be but for its content. What it returns holds every edit of both sides, or marks the
// places where they meet; a merge that does not is a bug, and writes nothing.
func merged(c Change, ours, to State, texts Texts, theirs []byte) (Change, error) {
	r := merge.ThreeWay(texts.Base, texts.Ours, theirs, texts.Merge)
	if err := r.CheckLossless(texts.Base, texts.Ours, theirs); err != nil {
		return c, fmt.Errorf("merging %q: %w", c.Path, err)
	}
	c.contested, c.Conflicts, c.Sides = false, len(r.Conflicts), r.Binary
	c.New = Of(r.Text, to.Mode)
	c.Action, c.Data = Merge, nil
	switch {
	case r.Binary:
		c.New.Mode = ours.Mode
		c.Reason = "is no text, and " + c.Reason + "; the versions stand beside it"
	case c.Conflicts > 0:
		c.Reason += fmt.Sprintf(", with %d in conflict", c.Conflicts)
		c.Marker = r.MarkerSize
	case r.Resolved > 0:
		side := "yours"
		if texts.Merge.Favor == merge.FavorTheirs {
			side = "upstream's"
		}
		c.Reason += fmt.Sprintf("; where they meet, %s was taken", side)
	}
	if c.Old.Kind == Absent {
		c.Action = Create
	}
	switch {
	case c.New.Digest != c.Old.Digest:
		c.Data = r.Text
	case c.New.Same(c.Old):
		c.Action = Keep
		if c.Conflicts == 0 && r.Resolved == 0 { // upstream changed what the user has already
			c.Reason = "has upstream's changes already"
		}
	}
	return c, nil
}

// follow decides about a file that upstream renamed: the user's edits of it go along.
func (in Input) follow(path, from string) (Change, error) {
	c := in.cell(path)
	base, disk := in.Base[from], in.Disk[from]
	change := Change{Path: path, From: from, Action: Create, Reason: fmt.Sprintf("renamed from %q upstream", from), Old: in.Disk[path], New: *c.theirs}
	if change.Old.Kind == File { // where the user has moved it, too
		disk, change.Action = change.Old, Update
		change.Reason = fmt.Sprintf("renamed from %q here and upstream", from)
	}
	if c.above != "" {
		change.Action, change.Reason = Conflict, "cannot stand there: "+c.above
		return change, nil
	}
	if disk.Kind == Absent {
		change.Action, change.New = Keep, State{}
		change.Reason = fmt.Sprintf("deleted here as %q, which upstream renamed", from)
		return change, nil
	}
	file, _ := in.Theirs.Lookup(path)
	if !sameMode(disk.Mode, base.Mode) {
		change.New.Mode = disk.Mode
	}
	if disk.Digest == base.Digest {
		switch {
		case change.New.Same(change.Old):
			change.Action, change.Reason = Unchanged, "there already"
		case change.New.Digest != change.Old.Digest:
			change.Data = file.Data
		}
		return change, nil
	}
	texts, ok := in.Texts[path]
	if !ok {
		change.Action, change.contested = Conflict, true
		change.Reason = fmt.Sprintf("was edited here as %q, which upstream renamed", from)
		return change, nil
	}
	renamed := change.Reason
	change.Reason = bothChanged
	out, err := merged(change, disk, change.New, texts, file.Data)
	if out.Conflicts > 0 || strings.HasPrefix(out.Reason, bothChanged+";") { // or a side was taken
		out.Reason = renamed + ", and " + out.Reason
	} else {
		out.Reason = renamed + "; your edits went along"
	}
	return out, err
}

// renames returns those of the renames that are ones here: a file that stands where it was
// installed, or is gone, is to stand where there is nothing, or where the user has moved it already.
func (in Input) renames() map[string]string {
	out := map[string]string{}
	for to, from := range in.Renamed {
		_, installed := in.Base[from]
		_, stays := in.Theirs.Lookup(from)
		_, comes := in.Theirs.Lookup(to)
		_, before := in.Base[to]
		kind, there := in.Disk[from].Kind, in.Disk[to]
		free := there.Kind == Absent && (kind == File || kind == Absent)
		moved := kind == Absent && there.Kind == File && in.Owner[to] == ""
		if installed && !stays && comes && !before && (free || moved) && in.Own[from] == 0 {
			out[to] = from
		}
	}
	return out
}

// renamedTo returns where upstream renamed the file at path to, or "".
func (in Input) renamedTo(path string) string {
	for to, from := range in.Renamed {
		if from == path {
			return to
		}
	}
	return ""
}

// putBeside adds the versions of files that are no text and in conflict.
func (p *Plan) putBeside(in Input) error {
	for _, c := range slices.Clone(p.Changes) {
		if !c.Sides {
			continue
		}
		texts := in.Texts[c.Path]
		file, _ := in.Theirs.Lookup(c.Path)
		for i, data := range [][]byte{texts.Base, texts.Ours, file.Data} {
			if data == nil { // there is no base
				continue
			}
			side := Change{Path: c.Path + Sides[i], Action: Create, Old: in.Disk[c.Path+Sides[i]], New: Of(data, file.Mode&^0o111), Data: data}
			side.Reason = fmt.Sprintf("%s of %q, until its conflict is settled", [...]string{"the installed version", "your version", "upstream's version"}[i], c.Path)
			taken := slices.ContainsFunc(p.Changes, func(o Change) bool { return strings.EqualFold(o.Path, side.Path) })
			switch {
			case taken, side.Old.Kind != Absent && !side.Old.Same(side.New):
				side.Action, side.Reason, side.Data = Conflict, fmt.Sprintf("is in the way of %s", side.Reason), nil
			case side.Old.Kind != Absent:
				side.Action, side.Data = Unchanged, nil
			}
			if err := checkPath(side.Path); err != nil {
				return err
			}
			p.Changes = append(p.Changes, side)
		}
	}
	slices.SortStableFunc(p.Changes, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return nil
}
