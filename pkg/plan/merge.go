package plan

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
)

// Reasons of merges.
const (
	bothChanged = "changed locally and upstream"
	bothAdded   = "added locally and upstream"
)

// mergeContents reads the contents of a file that both sides changed and calls do with them. When they cannot be
// read, it returns c, which is a collision.
func (in Input) mergeContents(c Change, do func(Change, Texts) (Change, error)) (Change, error) {
	if in.Contents == nil {
		return c, nil
	}
	texts, ok, err := in.Contents.Texts(c)
	switch {
	case err != nil || !ok:
		return c, err
	case texts.TooLarge:
		c.Reason += "; too large to merge"
		return c, nil
	}
	out, err := do(c, texts)
	if err == nil && out.Conflicts > 0 {
		out.Versions = in.versions(out, texts)
	}
	return out, err
}

// versions returns the versions that a file was merged from. Those of the base and of theirs have the line endings of
// the user's file if the merged file does, so that tools do not show a conflict in each line.
func (in Input) versions(c Change, texts Texts) *Versions {
	theirs, _ := in.Theirs.Lookup(c.Path)
	base := texts.Base
	if merge.LineEndsOf(c.Data) == merge.LineEndsOf(texts.Ours) {
		theirs.Data = merge.WithLineEndsOf(theirs.Data, texts.Ours)
		base = merge.WithLineEndsOf(base, texts.Ours)
	}
	v := &Versions{Ours: fileset.File{Path: c.Path, Mode: in.Disk[c.Ours()].Mode, Data: texts.Ours}, Theirs: theirs}
	if was := in.Base[cmp.Or(c.From, c.Path)]; was.Digest == fileset.Digest(texts.Base) { // else the base is lost
		v.Base = &fileset.File{Path: c.Path, Mode: was.Mode, Data: base}
	}
	return v
}

// mergeChange returns c with the merged content. The user's file has the state ours, the merged file gets the mode
// of to, and the reason of c says what both sides did. The merged content has every edit of both sides, and conflict
// markers where they overlap. A merge that loses a line is a bug, and an error.
func mergeChange(c Change, ours, to State, texts Texts, theirs fileset.File) (Change, error) {
	r := merge.ThreeWay(texts.Base, texts.Ours, theirs.Data, texts.Merge)
	if err := r.CheckLossless(texts.Base, texts.Ours, theirs.Data); err != nil {
		return c, fmt.Errorf("merging %q: %w", c.Path, err)
	}
	c.Conflicts, c.Sides = len(r.Conflicts), r.Binary
	c.New = FileState(r.Text, to.Mode)
	c.Action, c.Data = Merge, nil
	switch {
	case r.Binary:
		c.New.Mode = ours.Mode
		c.Reason = "binary, " + c.Reason + "; each version is saved next to it"
	case c.Conflicts > 0:
		c.Reason += fmt.Sprintf(", %d conflict%s", c.Conflicts, plural(c.Conflicts))
		c.Marker = r.MarkerSize
	case r.Resolved > 0:
		version := "your version"
		if texts.Merge.Favor == merge.FavorTheirs {
			version = "upstream's version"
		}
		c.Reason += "; conflicts resolved with " + version
	}
	if c.Old.Kind == Absent {
		c.Action = Create
	}
	switch {
	case c.New.Digest != c.Old.Digest:
		c.Data = r.Text
	case c.New.Same(c.Old):
		c.Action = Keep
		if c.Conflicts == 0 && r.Resolved == 0 { // the user's file has all upstream changes
			c.Reason = "already has the upstream changes"
		}
	}
	return c, nil
}

// changeRenamed decides about a file that upstream renamed. The user's edits are merged into the file at its new
// path.
func (in Input) changeRenamed(path, from string) (Change, error) {
	s := in.pathState(path)
	base, disk := in.Base[from], in.Disk[from]
	change := Change{Path: path, From: from, Action: Create, Old: in.Disk[path], New: *s.theirs}
	change.Reason = fmt.Sprintf("renamed from %q upstream", from)
	if change.Old.Kind == File { // the user moved the file to the same path
		disk, change.Action = change.Old, Update
		change.Reason = fmt.Sprintf("renamed from %q locally and upstream", from)
	}
	if s.blocked != "" {
		change.Action, change.Reason = Conflict, "cannot be created: "+s.blocked
		return change, nil
	}
	if disk.Kind == Absent {
		change.Action, change.New = Keep, State{}
		change.Reason = fmt.Sprintf("deleted locally as %q, renamed upstream", from)
		return change, nil
	}
	file, _ := in.Theirs.Lookup(path)
	if !sameMode(disk.Mode, base.Mode) {
		change.New.Mode = disk.Mode
	}
	if disk.Digest == base.Digest {
		switch {
		case change.New.Same(change.Old):
			change.Action, change.Reason = Unchanged, "already there"
		case change.New.Digest != change.Old.Digest:
			change.Data = file.Data
		}
		return change, nil
	}
	renamed := change
	change.Action = Conflict
	change.Reason = fmt.Sprintf("edited locally as %q, renamed upstream", from)
	return in.mergeContents(change, func(_ Change, texts Texts) (Change, error) {
		change := renamed
		change.Reason = bothChanged
		out, err := mergeChange(change, disk, change.New, texts, file)
		if out.Conflicts > 0 || strings.HasPrefix(out.Reason, bothChanged+";") { // or they were resolved
			out.Reason = renamed.Reason + ", and " + out.Reason
		} else {
			out.Reason = renamed.Reason + "; your edits are kept"
		}
		return out, err
	})
}

// renames returns the entries of in.Renamed that apply to the disk. The new path must be free, and the old path must
// be a file or absent, not below something that replaced its folder; or the user has already moved the file to the new
// path.
func (in Input) renames() map[string]string {
	out := map[string]string{}
	for to, from := range in.Renamed {
		_, installed := in.Base[from]
		_, fromInTheirs := in.Theirs.Lookup(from)
		_, toInTheirs := in.Theirs.Lookup(to)
		_, toInBase := in.Base[to]
		renamed := installed && !fromInTheirs && toInTheirs && !toInBase
		fromKind, toKind := in.Disk[from].Kind, in.Disk[to].Kind
		blocker, _ := in.blocker(from)
		free := toKind == Absent && (fromKind == File || fromKind == Absent && blocker == "")
		moved := fromKind == Absent && toKind == File && in.Owner[to] == ""
		if renamed && (free || moved) && in.Own[from] == 0 {
			out[to] = from
		}
	}
	return out
}

// renamedTo returns the path to which upstream renamed a file, or "".
func (in Input) renamedTo(path string) string {
	for to, from := range in.Renamed {
		if from == path {
			return to
		}
	}
	return ""
}

// addSides adds the changes that write the versions of binary files with a conflict.
func (p *Plan) addSides(in Input) error {
	for _, c := range slices.Clone(p.Changes) {
		if !c.Sides {
			continue
		}
		disk, err := in.Contents.Scan([]string{c.Path + Sides[0], c.Path + Sides[1], c.Path + Sides[2]})
		if err != nil {
			return err
		}
		for i, file := range []*fileset.File{c.Versions.Base, &c.Versions.Ours, &c.Versions.Theirs} {
			if file == nil {
				continue
			}
			side, err := p.side(c.Path, i, file.Data, c.Versions.Theirs.Mode&^0o111, disk)
			if err != nil {
				return err
			}
			p.Changes = append(p.Changes, side)
		}
	}
	slices.SortStableFunc(p.Changes, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return nil
}

// side returns the change that writes a version of a binary file: the one with the suffix Sides[i].
func (p *Plan) side(path string, i int, data []byte, mode fs.FileMode, disk Disk) (Change, error) {
	name := path + Sides[i]
	c := Change{Path: name, Action: Create, Old: disk[name], New: FileState(data, mode), Data: data}
	version := [...]string{"the installed version", "your version", "upstream's version"}[i]
	c.Reason = fmt.Sprintf("%s of %q, until the conflict is resolved", version, path)
	taken := slices.ContainsFunc(p.Changes, func(o Change) bool { return strings.EqualFold(o.Path, c.Path) })
	switch {
	case taken, c.Old.Kind != Absent && !c.Old.Same(c.New):
		c.Action, c.Data = Conflict, nil
		c.Reason = fmt.Sprintf("exists, but is needed for %s of %q", version, path)
	case c.Old.Kind != Absent:
		c.Action, c.Data = Unchanged, nil
	}
	return c, checkPath(c.Path)
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
