package project

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// Current means the installed version: only keys change.
const Current = "current"

// UpgradeOptions say what to upgrade, and to what.
type UpgradeOptions struct {
	Names          []string // each a placement, a component's name or a whole reference; none means all installs
	To             string   // a version, or Current; empty takes the newest of the same prefix or range
	Keys           []ref.KV // new values for keys
	Style          merge.Style
	Strategy       manifest.Strategy // from now on; empty leaves it
	Step           bool              // stop at the first version that causes a conflict
	Commits        bool              // list the upstream commits of each upgrade
	AllowUndefined bool

	IgnoreSpaceChange bool // in all files, not only in those that the manifest names

	silent    bool          // take the defaults of keys instead of asking; errAsks if there is none
	selection *keySelection // set by Upgrade
}

// UpgradeResult is what Upgrade did, or with DryRun would do.
type UpgradeResult struct {
	Upgrades []Upgraded `json:"upgrades"` // the installs that have something to do
	Changes  []Change   `json:"changes"`
	Summary  string     `json:"summary,omitempty"` // Markdown; the caller fills it in
	Failed   []Failed   `json:"failed"`            // the installs that stay as they are; see FailedError
	Held     int        `json:"-"`                 // how many stay although a newer version may exist; each has a note
	DryRun   bool       `json:"dry_run"`
}

// An Upgraded is an install at its old and its new version.
type Upgraded struct {
	Path       string `json:"path"`
	From       string `json:"from"` // references, as the manifest has them
	To         string `json:"to"`
	FromCommit string `json:"from_commit"`
	ToCommit   string `json:"to_commit"`
	Same       bool   `json:"same"` // the component's files are the same in both versions

	// What became of the component when it was a file and is a folder now, or the other way round, and the new path.
	Became  string `json:"became,omitempty"` // file or folder
	NewPath string `json:"new_path,omitempty"`

	// Keys for which the user chose a value and that the new version names otherwise, by the name so far, or drops.
	RenamedKeys map[string]string `json:"renamed_keys,omitempty"`
	DroppedKeys map[string]any    `json:"dropped_keys,omitempty"` // with their values
	Requires    *NewRequires      `json:"requires,omitempty"`     // nil when the required packages stay

	// Values that the install is rendered with and that differ from those so far.
	ChangedKeys []install.KeyChange `json:"changed_keys,omitempty"`

	held bool // it stays, although a newer version may exist

	// The version that brings a conflict and that an upgrade in steps stops at.
	Stops string `json:"stops,omitempty"`

	// That changed the component on the way, newest first; only for a summary.
	Commits []UpstreamCommit `json:"commits,omitempty"`
}

// Upgrade moves installs to another version, or to new values of their keys. The user's edits are merged with what
// changed upstream. A file in which both changed the same lines gets conflict markers: Continue finishes the upgrade
// when they are resolved, Abort takes it back. Of several installs, those that cannot be upgraded are in the result,
// and the others are upgraded.
func (p *Project) Upgrade(ctx context.Context, o UpgradeOptions) (*UpgradeResult, *Transaction, error) {
	if err := checkUnresolved(p.Lock); err != nil {
		return nil, nil, err
	}
	installs, err := p.FindAll(o.Names)
	if err != nil {
		return nil, nil, err
	}
	if o.Keys, err = p.typedKeys(o.Keys); err != nil {
		return nil, nil, err
	}
	o.Names = p.recordedNames(o.Names, installs)
	result := &UpgradeResult{Upgrades: []Upgraded{}, Changes: []Change{}}
	var failures Failures
	var groups [][]install.Component
	var upgrades []Upgraded
	o.selection = &keySelection{}
	for _, old := range installs {
		_, err := failures.of(old, p.Wanted(old).Source.String(), func() error {
			next, up, err := p.upgradeOne(ctx, old, o)
			if up.held {
				result.Held++
			}
			if err == nil && next != nil {
				groups, upgrades = append(groups, next), append(upgrades, up)
			}
			return err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	t := newTransaction(plan.Plan{}, apply.Meta{Command: o.command()}, p.Lock)
	if len(groups) > 0 {
		var errs []error
		if t, errs, err = p.proposeEach(ctx, o.request(nil), groups); err != nil {
			return nil, nil, err
		}
		for i, up := range upgrades {
			if errs[i] != nil {
				failures.add(up.Path, up.From, errs[i])
				continue
			}
			result.Upgrades = append(result.Upgrades, up)
		}
		result.Changes = t.Changes
	}
	if err := failures.only(len(installs)); err != nil {
		return nil, nil, err
	}
	if o.setsKeysOfAll() && len(failures.list) == 0 {
		if err := o.selection.check(p, o.Keys); err != nil {
			return nil, nil, err
		}
	}
	result.Failed = failures.all()
	return result, t, nil
}

func (o UpgradeOptions) command() string {
	return strings.TrimSpace("upgrade " + strings.Join(o.Names, " "))
}

func (o UpgradeOptions) request(components []install.Component) request {
	return request{
		command: o.command(), components: components, upgrade: true,
		style: o.Style, ignoreSpaceChange: o.IgnoreSpaceChange,
	}
}

// upgradeOne returns what an install becomes, itself first, or nil when there is nothing to do. In steps that is the
// first version that causes a conflict, or else the last.
func (p *Project) upgradeOne(
	ctx context.Context, old lockfile.Component, o UpgradeOptions,
) ([]install.Component, Upgraded, error) {
	versions, held, err := p.steps(ctx, old, o)
	if err != nil || len(versions) == 0 {
		return nil, Upgraded{held: held}, err
	}
	if o.setsKeysOfAll() {
		o.Keys, err = p.keysOf(ctx, old, versions[len(versions)-1], o, o.selection)
		if err != nil || len(o.Keys) == 0 {
			return nil, Upgraded{}, err
		}
	}
	var installs []install.Component
	stops := ""
	for i, version := range versions {
		if installs, err = p.successor(ctx, old, version, o); err != nil {
			return nil, Upgraded{}, err
		}
		if i == len(versions)-1 && !o.Step {
			break
		}
		t, err := p.propose(ctx, o.request(installs))
		if err != nil {
			return nil, Upgraded{}, err
		}
		if t.checkConflicts() != nil {
			stops = version.String()
			break
		}
	}
	next, want := installs[0], p.Wanted(old)
	if isSameInstall(old, next.Locked) && next.Want.Strategy == want.Strategy {
		return nil, Upgraded{held: held}, nil
	}
	up := Upgraded{
		Path: old.Path, From: want.Source.String(), To: next.Want.Source.String(),
		FromCommit: old.Commit, ToCommit: next.Locked.Commit, Stops: stops,
		Same:        hasSameFiles(old, next.Locked),
		RenamedKeys: next.Keys.Renamed, DroppedKeys: next.Keys.Dropped, ChangedKeys: next.Keys.Changed,
	}
	up.noteKind(old, next.Locked)
	if up.Requires, err = p.newRequires(ctx, old, installs); err != nil {
		return nil, up, err
	}
	if o.Commits && !up.Same {
		up.Commits, err = p.commitsIfKnown(ctx, old, ref.Pin{URL: next.Locked.URL, Commit: next.Locked.Commit})
	}
	return installs, up, err
}

// steps returns the versions that an upgrade tries, oldest first; the last is its target. It returns none when the
// install stays as it is. held is set when a newer version may exist that cannot be found.
func (p *Project) steps(
	ctx context.Context, old lockfile.Component, o UpgradeOptions,
) (versions []ref.Version, held bool, err error) {
	r := p.Wanted(old).Source
	switch o.To {
	case Current:
		return []ref.Version{r.Version}, false, nil
	case "":
	default:
		to, err := ref.ParseVersion(o.To)
		if err != nil || !o.Step || r.Version.Kind() != ref.Exact {
			return []ref.Version{to}, false, err
		}
		versions, err = p.between(ctx, old, r, to)
		return versions, false, err
	}
	t, err := p.target(ctx, old)
	if err != nil {
		return nil, false, err
	}
	if t.held != "" {
		p.setup.Notify(old.Path + ": " + t.held)
	}
	switch {
	case t.older && len(o.Keys)+len(o.Strategy) == 0:
		return nil, true, nil
	case t.older:
		return nil, true, failure.Errorf(failure.Usage, "changing keys of %q: %s", old.Path, t.held).
			WithHint("name the version with --to")
	case o.Step && len(t.newer) > 0:
		versions, err = p.between(ctx, old, r, t.version)
		return versions, false, err
	}
	return []ref.Version{t.version}, t.held != "", nil
}

// between returns the versions of a series from the one that r names up to another one, oldest first. It leaves out
// what is retracted, and what is older than the install in spite of its tag.
func (p *Project) between(
	ctx context.Context, old lockfile.Component, r ref.Ref, to ref.Version,
) ([]ref.Version, error) {
	list, err := p.packs.List(ctx, r)
	if err != nil {
		return nil, err
	}
	var out []ref.Version
	all, _ := list.Newer(r.Version.String())
	newer, _, err := p.packs.Newer(ctx, list, r, r.Version.String())
	if err != nil {
		return nil, err
	}
	for _, tag := range all[:slices.Index(all, to.String())+1] {
		if !slices.Contains(newer, tag) {
			continue
		}
		commit, _ := list.Find(ref.TagPrefix + tag)
		older, err := p.isOlder(ctx, old, list, commit)
		if err != nil {
			return nil, err
		}
		v, err := ref.ParseVersion(tag)
		if err != nil {
			return nil, err
		}
		if !older && v != to {
			out = append(out, v)
		}
	}
	return append(out, to), nil
}

// successor returns what an install becomes: itself at the wanted version with the wanted keys, and then what that
// depends on and the project lacks.
func (p *Project) successor(
	ctx context.Context, old lockfile.Component, version ref.Version, o UpgradeOptions,
) ([]install.Component, error) {
	want := p.Wanted(old)
	entry := want
	entry.Source.Version = version
	b, err := p.newBuilder(o.Keys, p.Manifest.Project)
	if err != nil {
		return nil, err
	}
	b.Keys.AllowUndefined = o.AllowUndefined
	if o.silent {
		b.Keys.Ask = answerDefault
	}
	if err := p.replace(ctx, b, entry, old, o.To == Current); err != nil {
		return nil, hintRenamed(entry.Source, err)
	}
	installs, err := b.Build(ctx)
	if err != nil {
		return nil, err
	}
	if installs[0], err = p.placeAgain(installs[0], old); err != nil {
		return nil, err
	}
	installs[0].Want.Strategy = cmp.Or(o.Strategy, want.Strategy)
	return p.inherit(installs)
}

// errAsks is the error about a question that has no default.
var errAsks = errors.New("the user has to answer a question")

func answerDefault(_ context.Context, q install.Question) (string, error) {
	if q.Required {
		return "", fmt.Errorf("key %q: %w", q.Key, errAsks)
	}
	return "", nil
}

// hintRenamed adds a hint to the error about a component that is gone in the version to which it is upgraded.
func hintRenamed(r ref.Ref, err error) error {
	var missing *pack.NoComponentError
	if !errors.As(err, &missing) || missing.Name != r.Component {
		return err
	}
	r.Component = "NEWNAME"
	if similar := suggest.Words(missing.Name, missing.Components); len(similar) > 0 {
		r.Component = similar[0]
	}
	return failure.Errorf(failure.KindOf(err), "%w", err).
		WithHint("it stays as it is; if it has another name there, write source = %q in ppm.toml and run "+
			"ppm project sync; the pack has %s", r, strings.Join(missing.Components, ", "))
}

// isSameInstall reports whether an upgrade leaves an install as the lockfile has it.
func isSameInstall(a, b lockfile.Component) bool {
	a.Files, b.Files = slices.Clone(a.Files), slices.Clone(b.Files)
	if slices.Equal(a.Via, b.Via) {
		a.ViaCommits = b.ViaCommits // a pack on the way may have other commits, and lead to the same
	}
	for _, files := range [][]lockfile.File{a.Files, b.Files} {
		for i := range files {
			files[i].Found = false // only the project decides that
		}
	}
	before := lockfile.Lock{Components: []lockfile.Component{a}}
	after := lockfile.Lock{Components: []lockfile.Component{b}}
	return bytes.Equal(before.Format(), after.Format())
}
