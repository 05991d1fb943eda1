// Package plan decides what happens to each file of a project before anything is written.
//
// It compares three states of each path: the base, which ppm installed; the disk, which the user may have changed;
// and theirs, which ppm would install now. A plan has one change for each path. If only one side changed a file, the
// plan takes the version of that side. If both sides changed it, the plan merges them. A path that ppm cannot write
// is a collision. The package is pure: it gets the state of the disk as a value, and pkg/apply applies the plan.
package plan

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
)

// Names of the project's records. A component cannot contain files with these names.
const (
	Manifest = "ppm.toml"
	Lock     = "ppm.lock"
)

// An Action says what happens at a path.
type Action string

// The actions. Keep and Unchanged leave the disk as it is; a plan with a Conflict cannot be applied.
const (
	Create    Action = "create"
	Update    Action = "update"
	Merge     Action = "merge" // the file gets the edits of the user and of upstream
	Delete    Action = "delete"
	Keep      Action = "keep"      // the disk differs from theirs and is not changed
	Unchanged Action = "unchanged" // the disk is equal to theirs
	Conflict  Action = "conflict"
)

// A Change is the planned change of one path.
type Change struct {
	Path   string `json:"path"` // relative to the project, slash-separated
	Action Action `json:"action"`
	Reason string `json:"reason"`           // one line for the user
	Owner  string `json:"owner,omitempty"`  // the path of another install that has this file
	Record bool   `json:"record,omitempty"` // one of the project's records, written after all other files
	Old    State  `json:"old"`              // before the plan is applied
	New    State  `json:"new"`              // after the plan is applied
	Data   []byte `json:"data,omitempty"`   // the content of New, if its digest differs from that of Old

	From      string `json:"from,omitempty"`      // the old path of a file moved by upstream or ppm project move
	Conflicts int    `json:"conflicts,omitempty"` // the number of conflicts in a merged file
	Marker    int    `json:"marker,omitempty"`    // the length of the conflict markers, in characters
	Sides     bool   `json:"sides,omitempty"`     // the file is binary, and its versions are written next to it

	// Versions are the versions of a merged file with conflicts; nil for all other changes. They are not saved.
	Versions *Versions `json:"-"`
}

// Versions are the three versions that a file was merged from.
type Versions struct {
	Base         *fileset.File // the installed version; nil when both sides added the file, or the version is lost
	Ours, Theirs fileset.File  // the versions of the user and of upstream
}

// Writes reports whether the change writes to the disk.
func (c Change) Writes() bool {
	switch c.Action {
	case Create, Update, Merge, Delete:
		return true
	}
	return false
}

// Ours returns the path of the user's file. It differs from Path when upstream renamed the file and the user did not.
func (c Change) Ours() string {
	if c.Old.Kind == File {
		return c.Path
	}
	return cmp.Or(c.From, c.Path)
}

// A Plan is a list of changes, sorted by path. The changes of the project's records come last, in the order in which
// they are written.
type Plan struct {
	Changes []Change `json:"changes"`
}

// Input is the input of Make. Its paths are relative to the project and slash-separated.
type Input struct {
	Base   map[string]State  // the installed files, from the lockfile; empty for a new install
	Disk   Disk              // the paths of Base and Theirs, their parent folders, and the files in folders among them
	Theirs fileset.Set       // the files to install; empty to remove the install
	Owner  map[string]string // for each file of another install, the path of that install
	Force  bool              // replace files that collide; links, folders and devices are never replaced
	Own    map[string]Own    // the files that the user owns

	// Converted describes files of Disk that are not as in Base and all of whose lines end in the same way.
	Converted map[string]Converted
	// Renamed maps each file of Theirs that upstream renamed to its path in Base. The user's edits follow the rename.
	Renamed map[string]string
	// Contents reads the files that both sides edited or added. If it is nil, these files are collisions.
	Contents Contents
}

// Contents reads the files that Make merges.
type Contents interface {
	// Texts returns the contents to merge with the new version of a file. It returns false for a file that must not
	// be merged. It may use the fields Path, From, Owner and Old of c, and the method Ours.
	Texts(c Change) (t Texts, ok bool, err error)
	// Scan returns the state of paths of the project.
	Scan(paths []string) (Disk, error)
}

// An Own says how the user owns a file.
type Own uint8

// The kinds of ownership. The zero value means that the edits of the user and of upstream are merged.
const (
	Once Own = iota + 1 // ppm creates the file, and does not change it afterwards
	Mine                // ppm does not write or remove the file
)

// Texts are the contents that a file of Theirs is merged with, and the options of the merge.
type Texts struct {
	Base, Ours []byte // Base is nil when both sides added the file
	TooLarge   bool   // the user's file is too large to merge, and is a collision
	Merge      merge.Options
}

// Sides are the suffixes of the files that hold the installed, the user's and the upstream version of a binary file
// until its conflict is resolved.
var Sides = []string{".base", ".ours", ".theirs"}

// Make returns the plan for in. It returns an error of kind Refused for a path that ppm must not write. A collision
// on the disk is not an error, but a change in the plan.
func Make(in Input) (Plan, error) {
	var theirs []string
	for _, f := range in.Theirs {
		theirs = append(theirs, f.Path)
	}
	paths := slices.Clone(theirs)
	for p := range in.Base {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	for _, p := range paths {
		if err := checkPath(p); err != nil {
			return Plan{}, err
		}
	}
	if err := fileset.CheckCollisions(theirs); err != nil {
		return Plan{}, err
	}
	in.Renamed = in.renames()
	if len(in.Converted) > 0 {
		in = in.withLineEndsOfDisk()
	}
	var p Plan
	for _, name := range paths {
		c, err := in.change(name)
		if err != nil {
			return Plan{}, err
		}
		p.Changes = append(p.Changes, c)
	}
	return p, p.addSides(in)
}

func checkPath(p string) error {
	if err := fileset.CheckPath(p); err != nil {
		return err
	}
	if lower := strings.ToLower(p); lower == Manifest || lower == Lock {
		return failure.Errorf(failure.Refused, "planning %q: the name is reserved for ppm", p).
			WithHint("install the component in a folder of its own")
	}
	return nil
}

// Write adds the change of one of the project's records from old to data after all other changes. Nil means that the
// file does not exist.
func (p *Plan) Write(path string, old, data []byte) {
	c := Change{Path: path, Record: true, Reason: "records what is installed"}
	if old != nil {
		c.Old = FileState(old, 0)
	}
	if data != nil {
		c.New = FileState(data, 0)
	}
	switch {
	case c.Old == c.New:
		c.Action, c.Reason = Unchanged, "up to date"
	case old == nil:
		c.Action, c.Data = Create, data
	case data == nil:
		c.Action, c.Reason = Delete, "nothing to record"
	default:
		c.Action, c.Data = Update, data
	}
	p.Changes = append(p.Changes, c)
}

// Empty reports whether the plan has no change that writes, and no collision.
func (p Plan) Empty() bool {
	return !slices.ContainsFunc(p.Changes, func(c Change) bool { return c.Writes() || c.Action == Conflict })
}

// Collisions returns the changes that prevent the plan from being applied.
func (p Plan) Collisions() []Change {
	var out []Change
	for _, c := range p.Changes {
		if c.Action == Conflict {
			out = append(out, c)
		}
	}
	return out
}

// Err returns nil, or one error of kind Refused that lists all collisions.
func (p Plan) Err() error {
	collisions := p.Collisions()
	if len(collisions) == 0 {
		return nil
	}
	list := make([]string, len(collisions))
	hint := "choose another path with --located-path, or move what is in the way"
	for i, c := range collisions {
		list[i] = fmt.Sprintf("%q %s", c.Path, c.Reason)
		if c.Old.Kind == File {
			hint = "choose another path with --located-path, move what is in the way, or replace files with --force"
		}
	}
	return failure.Errorf(failure.Refused, "writing files: %s", strings.Join(list, "; ")).WithHint("%s", hint)
}

// blocker returns the nearest parent path of p that is not a folder and that the plan does not delete.
func (in Input) blocker(p string) (string, Kind) {
	for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
		s := in.Disk[dir]
		if s.Kind == Absent || s.Kind == Dir || in.deletes(dir) {
			continue
		}
		return dir, s.Kind
	}
	return "", Absent
}

// emptiesDir reports whether the folder at p has only installed files, and the plan deletes all of them.
func (in Input) emptiesDir(p string) bool {
	var dirs, deleted []string
	for name, s := range in.Disk {
		switch {
		case !strings.HasPrefix(name, p+"/") || s.Kind == Absent:
		case s.Kind == Dir:
			dirs = append(dirs, name)
		case in.deletes(name):
			deleted = append(deleted, name)
		default:
			return false
		}
	}
	for _, dir := range dirs {
		if !slices.ContainsFunc(deleted, func(name string) bool { return strings.HasPrefix(name, dir+"/") }) {
			return false
		}
	}
	return len(deleted) > 0
}

// deletes reports whether the plan deletes the file at p.
func (in Input) deletes(p string) bool {
	base, installed := in.Base[p]
	if _, ok := in.Theirs.Lookup(p); ok || !installed || in.Owner[p] != "" {
		return false
	}
	return in.Disk[p].Same(base) && in.Own[p] != Mine || in.renamedTo(p) != ""
}
