package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sync/errgroup"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

// A reach says which projects a command works on in a folder that is a workspace.
type reach int

const (
	here       reach = iota // the folder itself, as if it were no workspace
	alone                   // the folder itself when it is a member, else none: its arguments belong to one project
	everywhere              // all members
	named                   // those that have an install which an argument names; all when there is none
	unsettled               // those in which an upgrade left conflicts
	latest                  // those that the last command changed which has not been taken back
)

// reaches holds the commands that work on projects.
var reaches = map[string]reach{
	"new": here, "as_temp": here, // a workspace's folder can be made, and made a pack of
	"add": everywhere, "list": everywhere, "info": everywhere, "sync": everywhere, "verify": everywhere, "requires": everywhere,
	"remove": named, "status": named, "diff": named, "outdated": named, "upgrade": named,
	"continue": unsettled, "abort": unsettled,
	"undo": latest,
	"move": alone, "own": alone, "why": alone, "adopt": alone, "plan": alone, "apply": alone,
}

// A member is which project of a workspace a command works on.
type member struct {
	path   string // as in project.Workspace
	run    string // the same for all members
	silent bool   // someone sits at the terminal, and is not asked
}

// A share is what one member has to do of a command, and what came of it.
type share struct {
	path     string
	args     []string
	last     project.PastCommand
	streams  *streams
	out, err bytes.Buffer
	failed   error
}

// spread runs a command's action, in a workspace once for each member that it concerns.
func (s *streams) spread(c *cli.Context, action func(*cli.Context) error) error {
	if s.member.path != "" {
		s.held = func() error { return action(c) }
		return nil
	}
	r := reaches[strings.TrimPrefix(s.command, "project ")]
	if r == latest && c.Bool("list") {
		r = everywhere
	}
	if c.String("tool") != "" {
		r = alone // one tool at a time
	}
	dir, err := filepath.Abs(c.String("cwd"))
	if r == here || err != nil || s.proposal != nil {
		return action(c)
	}
	w, err := project.FindWorkspace(dir)
	if err != nil {
		return err
	}
	if w == nil || r == alone && slices.Contains(w.Members, ".") {
		return action(c)
	}
	if r == alone {
		return failure.Errorf(failure.Usage, "ppm %s works on one project, and %q is a workspace", s.command, dir).
			WithHint("name the project with --cwd, as in --cwd %s", cmp.Or(slices.Concat(w.Members, []string{"FOLDER"})...))
	}
	for _, pattern := range w.Unmatched {
		s.note(fmt.Sprintf("no folder with a %s matches %q, a pattern of the workspace", project.ManifestName, pattern))
	}
	shares, err := s.concerned(c, r, dir, w.Members)
	if err != nil {
		return err
	}
	if err := s.share(c.Context, dir, shares); err != nil {
		return err
	}
	return s.report(c.Context, shares)
}

// concerned returns the shares of the members that a command concerns.
func (s *streams) concerned(c *cli.Context, r reach, dir string, members []string) ([]*share, error) {
	setup, err := s.setup(c)
	if err != nil {
		return nil, err
	}
	var shares []*share
	for _, path := range members {
		sh := &share{path: path, args: c.Args().Slice()}
		setup.Dir = filepath.Join(dir, filepath.FromSlash(path))
		setup.Notify = func(text string) { s.note(path + ": " + text) }
		concerns, err := sh.ask(c.Context, r, setup)
		if err != nil || concerns { // what is wrong with a member it says itself, when it runs
			shares = append(shares, sh)
		}
	}
	if r == latest && len(shares) > 0 {
		newest := slices.MaxFunc(shares, func(a, b *share) int { return a.last.Time.Compare(b.last.Time) })
		shares = slices.DeleteFunc(shares, func(sh *share) bool {
			return sh != newest && (newest.last.Run == "" || sh.last.Run != newest.last.Run)
		})
	}
	if r == named {
		for _, name := range c.Args().Slice() {
			if !slices.ContainsFunc(shares, func(sh *share) bool { return slices.Contains(sh.args, name) }) {
				return nil, failure.Errorf(failure.Usage, "no install %q in any project of the workspace", name).WithHint("see ppm project list")
			}
		}
	}
	if len(shares) == 0 && (r == unsettled || r == latest || c.Args().Present()) {
		return nil, failure.Errorf(failure.Usage, "ppm %s has nothing to do in any project of the workspace", s.command).
			WithHint("see ppm project status; members of [workspace] in %s says which folders are projects", project.ManifestName)
	}
	return shares, nil
}

// ask reports whether a command concerns the project of setup, and leaves of its
// arguments those that do.
func (sh *share) ask(ctx context.Context, r reach, setup project.Setup) (concerns bool, err error) {
	if r == everywhere || r == named && len(sh.args) == 0 {
		return true, nil
	}
	session, err := project.New(setup)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	switch r {
	case unsettled:
		return session.Unsettled(ctx)
	case latest:
		sh.last, err = session.Last(ctx)
		return !sh.last.Time.IsZero(), err
	}
	held, err := session.Holds(ctx, sh.args)
	if err == nil {
		sh.args = held
	}
	return len(held) > 0, err
}

// atOnce is how many members are worked on at once. Much of the time goes into waiting, for the disk or a server.
const atOnce = 8

// share runs the command line of s once for each share, with its own arguments, in the
// member's folder. All lines are read before the first of them does anything.
func (s *streams) share(ctx context.Context, dir string, shares []*share) error {
	run := strconv.FormatInt(time.Now().UnixNano(), 36)
	flags := s.line
	if i := slices.Index(flags, "--"); i >= 0 {
		flags = flags[:i]
	}
	flags = slices.DeleteFunc(slices.Clone(flags), func(word string) bool { return strings.HasPrefix(word, "--cwd=") })
	for _, sh := range shares {
		sh.streams = &streams{
			in: strings.NewReader(""), out: &sh.out, err: &sh.err, getenv: s.getenv, colour: s.colour, outColour: s.outColour,
			json: s.json, member: member{path: sh.path, run: run, silent: s.prompt != nil},
		}
		line := slices.Concat(flags, []string{"--cwd=" + filepath.Join(dir, filepath.FromSlash(sh.path)), "--"}, sh.args)
		if err := newApp(sh.streams).RunContext(ctx, line); err != nil {
			return err
		}
	}
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, sh := range shares {
		group.Go(func() error {
			if sh.failed = ctx.Err(); sh.failed == nil {
				sh.failed = sh.streams.held()
			}
			if end := sh.streams.close; end != nil {
				sh.streams.close, sh.failed = nil, errors.Join(sh.failed, end())
			}
			return nil // one member's failure does not stop the others
		})
	}
	return group.Wait()
}

// A memberDocument is what --json prints of one member: the envelope of its own run.
type memberDocument struct {
	Path   string          `json:"path"`
	OK     bool            `json:"ok"`
	Code   int             `json:"code"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  *problem        `json:"error,omitempty"`
	Notes  []string        `json:"notes,omitempty"`
}

// report prints what came of all shares, in the order of their paths.
func (s *streams) report(ctx context.Context, shares []*share) error {
	failed := verdict(shares)
	said, documents := false, []memberDocument{}
	for _, sh := range shares {
		d := memberDocument{Path: sh.path}
		if s.json || !errors.Is(sh.failed, context.Canceled) && !alike(shares) {
			d.Code = sh.streams.finish(ctx, sh.failed)
		}
		said = said || sh.out.Len()+sh.err.Len() > 0
		if s.json {
			if err := json.Unmarshal(sh.out.Bytes(), &d); err != nil {
				return fmt.Errorf("reading what ppm says of %q: %w", sh.path, err)
			}
			documents = append(documents, d)
			continue
		}
		if sh.out.Len() > 0 || s.verbose {
			s.write("# " + printable(sh.path) + "\n" + sh.out.String())
		}
		if _, err := io.Copy(s.err, &sh.err); err != nil {
			return err
		}
	}
	if !said && failed == nil {
		s.note("nothing to report in " + count(len(shares), "project", "projects"))
	}
	s.changed = func() bool {
		return slices.ContainsFunc(shares, func(sh *share) bool { return sh.streams.changed != nil && sh.streams.changed() })
	}
	if s.json && failed != nil {
		s.send(document{Result: map[string]any{"members": documents}, Error: problemOf(failed, exitCode(ctx, failed))})
		return failed
	}
	return cmp.Or(failed, s.answer(map[string]any{"members": documents}))
}

// verdict returns the error of a whole command, or nil when no member failed. Its kind
// is that of the smallest exit code.
func verdict(shares []*share) error {
	var paths []string
	var first error
	kind := failure.Interrupted
	for _, sh := range shares {
		if sh.failed != nil {
			first = cmp.Or(first, sh.failed)
			kind = min(kind, failure.KindOf(sh.failed))
		}
	}
	if first == nil {
		return nil
	}
	interrupted := slices.ContainsFunc(shares, func(sh *share) bool { return errors.Is(sh.failed, context.Canceled) })
	for _, sh := range shares {
		if sh.failed != nil && (!interrupted || errors.Is(sh.failed, context.Canceled)) {
			paths = append(paths, sh.path)
		}
	}
	list, all := strings.Join(paths, ", "), count(len(shares), "project", "projects")
	switch {
	case interrupted:
		return failure.Errorf(failure.Interrupted, "interrupted; nothing was changed in %s", list)
	case alike(shares):
		return fmt.Errorf("%w (in all %d projects)", first, len(shares))
	case kind == failure.Conflicts:
		return failure.Errorf(kind, "conflicts are left in %d of %s: %s", len(paths), all, list).
			WithHint("settle them and run ppm project continue, or take the upgrade back with ppm project abort")
	case kind == failure.Differs:
		return failure.Errorf(kind, "differences in %d of %s: %s", len(paths), all, list).WithHint("see above what to do in each")
	}
	return failure.Errorf(kind, "failed in %d of %s: %s", len(paths), all, list).
		WithHint("see above what to do in each, and look at one alone with --cwd %s", paths[0])
}

// alike reports whether several members all failed with the same words, which are then said once.
func alike(shares []*share) bool {
	return len(shares) > 1 && !slices.ContainsFunc(shares, func(sh *share) bool {
		return sh.failed == nil || shares[0].failed == nil || sh.failed.Error() != shares[0].failed.Error()
	})
}

// takeDefault answers a question with nothing, which means the default.
func (s *streams) takeDefault(_ context.Context, q project.Question) (string, error) {
	s.note(fmt.Sprintf("key %q takes its default %q: in a workspace nothing is asked", q.Key, q.Default))
	return "", nil
}
