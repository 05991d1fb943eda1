package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/location"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
	"github.com/Project-Manager-With-Git/ppm/pkg/workspace"
)

// A memberRun is the run of a command in one member of a workspace.
type memberRun struct {
	path       string // as in workspace.Workspace
	args       []string
	last       project.PastCommand // for lastMembers
	invocation *invocation
	out, err   bytes.Buffer
	failed     error
}

// dispatch runs a command: once, or in a workspace once in each member in its scope.
func (c *command) dispatch(ctx context.Context, in *invocation) error {
	if err := in.find(c.search); err != nil {
		return err
	}
	scope, dir := c.scopeOf(in), in.location.Project
	if scope != noProject {
		in.report.project = dir
	}
	if scope == noProject || scope == thisFolder {
		return c.call(ctx, in)
	}
	w, err := workspace.Find(dir)
	if err != nil {
		return err
	}
	if w == nil || scope == oneProject && slices.Contains(w.Members, ".") {
		return c.call(ctx, in)
	}
	if scope == oneProject {
		return failure.Errorf(failure.Usage, "ppm %s works on one project, and %q is a workspace", c.path, dir).
			WithHint("name the project with --cwd, as in --cwd %s",
				in.options.typedFolder(filepath.Join(dir, append(w.Members, "FOLDER")[0])))
	}
	if err := in.checkCreatesNoMember(w); err != nil {
		return err
	}
	for _, pattern := range w.Unmatched {
		in.note(fmt.Sprintf("no folder with a %s matches %q, a pattern of the workspace",
			state.ManifestName, pattern))
	}
	runs, err := in.memberRuns(ctx, scope, dir, w.Members)
	if err != nil {
		return err
	}
	runID := strconv.FormatInt(time.Now().UnixNano(), 36)
	for _, r := range runs {
		r.invocation = in.forMember(r, dir, runID)
	}
	errs := workspace.Run(ctx, runs, func(ctx context.Context, r *memberRun) error {
		return c.call(ctx, r.invocation)
	})
	for i, r := range runs {
		r.failed = errs[i]
	}
	in.joined = c.join != nil && c.joins(in)
	err = in.printRuns(ctx, runs)
	if in.joined && (err == nil || isDone(exitCode(ctx, err, false))) {
		err = cmp.Or(c.join(in, runs), err)
	}
	return err
}

// checkCreatesNoMember returns an error about a command that would create a project if the current folder is below the
// workspace and in no member: the user may want to create a new member there, and not to change all members.
func (in *invocation) checkCreatesNoMember(w *workspace.Workspace) error {
	if in.search != nearestOrCreate || !in.location.IsElsewhere() || slices.Contains(w.Members, ".") {
		return nil
	}
	return failure.Errorf(failure.Usage, "%q is not in any project of the workspace %q",
		in.location.Current, in.location.Project).
		WithHint("create a project here with ppm init, or run ppm %s in %s for all projects of the workspace",
			in.report.command, in.options.typedFolder(in.location.Project))
}

// scopeOf returns the scope of a command with the flags that it was given.
func (c *command) scopeOf(in *invocation) scope {
	for _, f := range c.flags {
		if c.planned == nil && f.scope != 0 && f.given(in.flags) {
			return f.scope
		}
	}
	return c.scope
}

// forMember returns the invocation of a member's run. It does not prompt.
func (in *invocation) forMember(r *memberRun, dir, runID string) *invocation {
	out := &invocation{
		terminal: &terminal{
			in: strings.NewReader(""), out: &r.out, err: &r.err,
			colour: in.terminal.colour, outColour: in.terminal.outColour, outScreen: in.terminal.outScreen,
			prefix: printable(r.path) + ": ",
		},
		options: in.options, report: report{command: in.report.command}, signals: in.signals,
		flags: in.flags, args: r.args, usage: in.usage, member: r.path, runID: runID, search: in.search,
	}
	out.location = location.Location{
		Current: in.location.Current, Project: filepath.Join(dir, filepath.FromSlash(r.path)),
	}
	if in.ask != nil {
		out.ask = out.answerDefault
	}
	return out
}

// answerDefault answers a question with an empty line, which means the default.
func (in *invocation) answerDefault(_ context.Context, q install.Question) (string, error) {
	if q.Required {
		return "", nil // ppm reports that there is no value
	}
	in.note(fmt.Sprintf("key %q takes its default %q: ppm does not prompt in a workspace", q.Key, q.Default))
	return "", nil
}

// memberRuns returns the runs of the members in a scope.
func (in *invocation) memberRuns(ctx context.Context, s scope, dir string, members []string) ([]*memberRun, error) {
	setup, err := in.setup()
	if err != nil {
		return nil, err
	}
	var runs []*memberRun
	for _, path := range members {
		r := &memberRun{path: path, args: slices.Clone(in.args)}
		setup.Dir = filepath.Join(dir, filepath.FromSlash(path))
		setup.Notify = func(text string) { in.note(path + ": " + text) }
		setup.Warn = func(text string) { in.warn(path + ": " + text) }
		inScope, err := r.inScope(ctx, s, setup)
		if err != nil || inScope { // the run itself reports what is wrong with the member
			runs = append(runs, r)
		}
	}
	switch s {
	case lastMembers:
		runs = lastRuns(runs)
	case namedMembers:
		for _, name := range in.args {
			if !slices.ContainsFunc(runs, func(r *memberRun) bool { return slices.Contains(r.args, name) }) {
				return nil, failure.Errorf(failure.Usage, "no install %q in any project of the workspace", name).
					WithHint("see ppm project list")
			}
		}
	}
	if len(runs) == 0 && (s == conflictedMembers || s == lastMembers || len(in.args) > 0) {
		return nil, failure.Errorf(failure.Usage, "ppm %s has nothing to do in any project of the workspace",
			in.report.command).
			WithHint("see ppm project status; members of [workspace] in %s names the projects", state.ManifestName)
	}
	return runs, nil
}

// lastRuns returns the runs of the members that the newest of their last commands changed.
func lastRuns(runs []*memberRun) []*memberRun {
	if len(runs) == 0 {
		return nil
	}
	newest := slices.MaxFunc(runs, func(a, b *memberRun) int { return a.last.Time.Compare(b.last.Time) })
	return slices.DeleteFunc(runs, func(r *memberRun) bool {
		return r != newest && (newest.last.Run == "" || r.last.Run != newest.last.Run)
	})
}

// inScope reports whether the member is in a scope, and removes the arguments that do not belong to it.
func (r *memberRun) inScope(ctx context.Context, s scope, setup project.Setup) (is bool, err error) {
	if s == allMembers || s == namedMembers && len(r.args) == 0 {
		return true, nil
	}
	p, err := project.Open(ctx, setup, project.Read)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	switch s {
	case conflictedMembers:
		return p.HasConflicts(), nil
	case lastMembers:
		r.last, err = p.LastCommand()
		return !r.last.Time.IsZero(), err
	}
	r.args = p.MatchingNames(r.args)
	return len(r.args) > 0, nil
}

// A memberDocument is the part of a document about one member.
type memberDocument struct {
	Path   string   `json:"path"`
	OK     bool     `json:"ok"`
	Code   int      `json:"code"`
	Result any      `json:"result,omitempty"`
	Error  *problem `json:"error,omitempty"`
	Notes  []string `json:"notes,omitempty"`
}

// printRuns prints the outputs of the runs in their order, and returns the error of the whole command.
func (in *invocation) printRuns(ctx context.Context, runs []*memberRun) error {
	failed := in.joinFailures(runs)
	documents, empty := []memberDocument{}, true
	for _, r := range runs {
		in.report.changed = in.report.changed || r.invocation.report.changed
		if in.options.json {
			d := r.invocation.report.document(ctx, r.failed)
			documents = append(documents, memberDocument{
				Path: r.path, OK: d.OK, Code: exitCode(ctx, r.failed, r.invocation.report.changed),
				Result: d.Result, Error: d.Error, Notes: d.Notes,
			})
			continue
		}
		if !errors.Is(r.failed, context.Canceled) && !sameFailure(runs) {
			r.invocation.finish(ctx, r.failed)
		}
		empty = empty && r.out.Len()+r.err.Len() == 0
		if !in.joined && (r.out.Len() > 0 || in.options.verbose) {
			in.terminal.write("# " + printable(r.path) + "\n" + r.out.String())
		}
		_, _ = io.Copy(in.terminal.err, &r.err) // there is nowhere to report a failure
	}
	if empty && failed == nil && !in.options.json && !in.joined {
		in.note("nothing to report in " + count(len(runs), "project", "projects"))
	}
	in.report.result = map[string]any{"members": documents}
	return failed
}

// joinFailures returns the error of a whole command, or nil when no run failed. Its exit code is the smallest one.
func (in *invocation) joinFailures(runs []*memberRun) error {
	var first error
	kind := failure.Interrupted
	for _, r := range runs {
		if r.failed != nil {
			first = cmp.Or(first, r.failed)
			kind = min(kind, failure.KindOf(r.failed))
		}
	}
	if first == nil {
		return nil
	}
	interrupted := slices.ContainsFunc(runs, func(r *memberRun) bool { return errors.Is(r.failed, context.Canceled) })
	var paths []string
	for _, r := range runs {
		if r.failed != nil && (!interrupted || errors.Is(r.failed, context.Canceled)) {
			paths = append(paths, r.path)
		}
	}
	list, all := strings.Join(paths, ", "), count(len(runs), "project", "projects")
	switch {
	case interrupted:
		return failure.Errorf(failure.Interrupted, "interrupted; nothing was changed in %s", list)
	case sameFailure(runs):
		return fmt.Errorf("%w (in all %d projects)", first, len(runs))
	case kind == failure.Conflicts:
		return failure.Errorf(kind, "unresolved conflicts in %d of %s: %s", len(paths), all, list).
			WithHint("resolve them and run ppm project continue, or undo the upgrade with ppm project abort")
	case kind == failure.Differs:
		return failure.Errorf(kind, "differences in %d of %s: %s", len(paths), all, list).
			WithHint("see the messages above")
	}
	return failure.Errorf(kind, "failed in %d of %s: %s", len(paths), all, list).
		WithHint("see the messages above; run the command in one project with --cwd %s",
			in.options.typedFolder(filepath.Join(in.location.Project, filepath.FromSlash(paths[0]))))
}

// sameFailure reports whether all of several runs failed with the same message, which is then printed once.
func sameFailure(runs []*memberRun) bool {
	return len(runs) > 1 && !slices.ContainsFunc(runs, func(r *memberRun) bool {
		return r.failed == nil || runs[0].failed == nil || r.failed.Error() != runs[0].failed.Error()
	})
}
