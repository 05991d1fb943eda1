// Package plan decides what happens to each file of a project before anything is written.
//
// It compares three states of each path: the base, which ppm installed; the disk, which the user may have changed; and
// theirs, which ppm would install now. A plan has one change for each path. What only one side changed is taken from
// that side. What both sides changed is merged, or is a collision, like anything else in the way.
// The package is pure: the disk is a value here, and pkg/apply carries out the plan.
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

// Names of the project's records, which no component may bring.
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
	Merge     Action = "merge" // both the user's edits and upstream's go into the file
	Delete    Action = "delete"
	Keep      Action = "keep"      // the disk differs from what ppm would install, and stays
	Unchanged Action = "unchanged" // the disk is what ppm would install
	Conflict  Action = "conflict"
)

// A Change is what happens at one path, and why.
type Change struct {
	Path   string `json:"path"` // relative to the project, slash-separated
	Action Action `json:"action"`
	Reason string `json:"reason"`           // one line for the user
	Owner  string `json:"owner,omitempty"`  // the path of another install that has this file
	Record bool   `json:"record,omitempty"` // one of the project's records, written after all else
	Old    State  `json:"old"`              // when the plan was made
	New    State  `json:"new"`              // when the plan was carried out
	Data   []byte `json:"data,omitempty"`   // the content of New, where its digest differs from that of Old

	From      string `json:"from,omitempty"`      // the path of the file until it was moved, by upstream or by ppm project move
	Conflicts int    `json:"conflicts,omitempty"` // how many conflicts of a merged file are left for the user
	Marker    int    `json:"marker,omitempty"`    // how often the character of their markers is repeated
	Sides     bool   `json:"sides,omitempty"`     // the file is binary, and its versions are beside it

	// Versions are what a merged file with conflicts was merged from; nil for all other changes. A saved plan lacks them.
	Versions *Versions `json:"-"`
}

// Versions are the three versions of a file that both sides changed.
type Versions struct {
	Base         *fileset.File // as it was installed; nil when upstream and the user both added the file, or it is lost
	Ours, Theirs fileset.File  // the user's and upstream's
}

// Writes reports whether the change alters the disk.
func (c Change) Writes() bool {
	switch c.Action {
	case Create, Update, Merge, Delete:
		return true
	}
	return false
}

// Ours returns the path at which the user has the file: the old one when upstream renamed it, or the new one when the
// user has moved it there already.
func (c Change) Ours() string {
	if c.Old.Kind == File {
		return c.Path
	}
	return cmp.Or(c.From, c.Path)
}

// A Plan is a list of changes, sorted by path, followed by those of the project's
// records in the order in which they are written.
type Plan struct {
	Changes []Change `json:"changes"`
}

// Input is what a plan is made from. Its paths are relative to the project and slash-separated.
type Input struct {
	Base   map[string]State  // what ppm installed, as the lockfile says; empty for a new install
	Disk   Disk              // the paths of Base and Theirs, the folders above them, and what is in the folders among them
	Theirs fileset.Set       // what ppm would install; empty to remove
	Owner  map[string]string // for the files of all other installs: the path of the install
	Force  bool              // replace files that collide; links, folders and devices are never replaced
	Own    map[string]Own    // the files that are left to the user

	// Renamed names, for each file of Theirs that upstream renamed, its path in Base. The user's edits follow it.
	Renamed map[string]string
	// Contents reads the files that are merged: those that were edited or added on both sides. Nil makes them collisions.
	Contents Contents
}

// Contents reads what Make needs of a file to merge it.
type Contents interface {
	// Texts returns the contents that the new version of a file is merged with. ok is false for a file that is not to
	// be merged. Of c it may use Path, From, Owner, Old and Ours.
	Texts(c Change) (t Texts, ok bool, err error)
	// Scan returns what is at paths of the project.
	Scan(paths []string) (Disk, error)
}

// An Own says how the user owns a file.
type Own uint8

// The kinds of ownership. In a file that is not named, the edits of the user and of upstream are merged.
const (
	Once Own = iota + 1 // ppm creates the file when it is missing, and does not change it after that
	Mine                // ppm neither writes nor removes the file
)

// Texts are the two contents that a file of Theirs is merged with, and how.
type Texts struct {
	Base, Ours []byte // Base is nil when there is none
	TooLarge   bool   // the user's file is too large to be merged: it is a collision
	Merge      merge.Options
}

// Sides are the suffixes of the files that hold the versions of a binary file, beside it, until its conflict is resolved:
// the installed version, the user's and upstream's.
var Sides = []string{".base", ".ours", ".theirs"}

// Make returns the plan for in. It fails, with an error of kind Refused, when a path
// is not one that ppm may write; what collides on the disk is in the plan.
func Make(in Input) (Plan, error) {
	var theirs, paths []string
	for _, f := range in.Theirs {
		theirs = append(theirs, f.Path)
	}
	paths = append(paths, theirs...)
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
			WithHint("place the component in a folder of its own")
	}
	return nil
}

// Write adds the change that turns one of the project's records from old into data,
// to be carried out after all changes that are in the plan already. Nil means no file.
func (p *Plan) Write(path string, old, data []byte) {
	c := Change{Path: path, Record: true, Reason: "records what is installed"}
	if old != nil {
		c.Old = Of(old, 0)
	}
	if data != nil {
		c.New = Of(data, 0)
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

// Empty reports whether the plan leaves the disk as it is.
func (p Plan) Empty() bool {
	return !slices.ContainsFunc(p.Changes, func(c Change) bool { return c.Writes() || c.Action == Conflict })
}

// Collisions returns the changes that keep the plan from being applied.
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
	hint := "choose another place with --located-path, or move what is in the way"
	for i, c := range collisions {
		list[i] = fmt.Sprintf("%q %s", c.Path, c.Reason)
		if c.Old.Kind == File {
			hint = "choose another place with --located-path, move what is in the way, or replace files with --force"
		}
	}
	return failure.Errorf(failure.Refused, "writing files: %s", strings.Join(list, "; ")).WithHint("%s", hint)
}

// blocker returns the nearest path above p that is not a folder and stays.
func (in Input) blocker(p string) (string, Kind) {
	for folder := path.Dir(p); folder != "."; folder = path.Dir(folder) {
		s := in.Disk[folder]
		if s.Kind == Absent || s.Kind == Folder || in.goes(folder) { // or a file becomes a folder
			continue
		}
		return folder, s.Kind
	}
	return "", Absent
}

// vacated reports whether the folder at p has only installed files, and the plan deletes them all.
func (in Input) vacated(p string) bool {
	var folders []string
	var going []string
	for name, s := range in.Disk {
		switch {
		case !strings.HasPrefix(name, p+"/") || s.Kind == Absent:
		case s.Kind == Folder:
			folders = append(folders, name)
		case in.goes(name):
			going = append(going, name)
		default:
			return false
		}
	}
	for _, folder := range folders {
		if !slices.ContainsFunc(going, func(name string) bool { return strings.HasPrefix(name, folder+"/") }) {
			return false
		}
	}
	return len(going) > 0
}

// goes reports whether the plan deletes the file at p.
func (in Input) goes(p string) bool {
	base, ok := in.Base[p]
	_, stays := in.Theirs.Lookup(p)
	return ok && !stays && in.Owner[p] == "" && (in.Disk[p].Same(base) && in.Own[p] != Mine || in.renamedTo(p) != "")
}
