package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	ppm "github.com/Project-Manager-With-Git/ppm"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/jsondoc"
	"github.com/Project-Manager-With-Git/ppm/pkg/location"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/sbom"
)

// lockWait is how long a command waits for another ppm that works in the same project.
const lockWait = time.Minute

// An invocation is one run of a command in one folder. In a workspace each member has its own.
type invocation struct {
	terminal *terminal
	options  options
	report   report

	flags flagValues
	args  []string
	usage string // such as "ppm project add REFERENCE [FLAGS]"

	// ask is nil when nobody can answer.
	ask func(context.Context, install.Question) (string, error)

	location location.Location // of the current folder and the project
	search   search            // by which the project was found
	creates  bool              // the command creates a project

	joined    bool             // one text about all members of a workspace is printed in place of one for each
	member    string           // which member of a workspace; empty for a project alone
	runID     string           // the same for all members of a workspace
	signals   *signals         // of the process
	planned   *planned         // what a command that is planned would do; else nil
	project   *project.Project // that the command opened
	described *sbom.Project    // by ppm sbom, in a member of a workspace
	packs     *install.Packs   // that a command without a project opened
}

// A planned is what a command that is planned would do.
type planned struct {
	transaction *project.Transaction
	text        []byte // of the plan
}

// read reads the flags and arguments of the command line.
func (in *invocation) read(flags flagValues, args []string) {
	in.flags, in.args = flags, args
	in.options.read(flags)
	if in.terminal.questions != nil && !in.options.yes && !in.options.json {
		in.ask = in.terminal.ask
	}
}

// dryRun reports whether the command only prints what it would do.
func (in *invocation) dryRun() bool { return in.flags.Bool("dry-run") || in.planned != nil }

// printf writes a part of the result as text; with --json it writes nothing.
func (in *invocation) printf(format string, args ...any) {
	in.write(printable(fmt.Sprintf(format, args...)))
}

// write is printf for a text that is printable.
func (in *invocation) write(text string) {
	if !in.options.json {
		in.terminal.write(text)
	}
}

// note prints a message on standard error that is not part of the result.
func (in *invocation) note(text string) {
	in.report.notes = append(in.report.notes, printable(text))
	if !in.options.json && !in.options.quiet {
		in.terminal.message("note", text)
	}
}

// warn is note for what is printed even with --quiet.
func (in *invocation) warn(text string) {
	in.report.notes = append(in.report.notes, printable(text))
	if !in.options.json {
		in.terminal.message("note", text)
	}
}

// noteUnlessMember is note for what is not worth saying of each member of a workspace.
func (in *invocation) noteUnlessMember(text string) {
	if in.member == "" || in.options.json || in.options.verbose {
		in.note(text)
	}
}

// checkArguments checks the number of arguments. If most is -1, there is no limit.
func (in *invocation) checkArguments(least, most int, missing string) error {
	var err *failure.Error
	switch {
	case len(in.args) < least:
		err = failure.Errorf(failure.Usage, "ppm %s needs %s", in.report.command, missing)
	case most >= 0 && len(in.args) > most:
		err = failure.Errorf(failure.Usage, "ppm %s does not take %q", in.report.command, in.args[most])
	default:
		return nil
	}
	return err.WithHint("write it as %s", in.usage)
}

// reference parses the first argument.
func (in *invocation) reference() (ref.Ref, error) { return in.parseReference(in.args[0]) }

// parseReference parses a reference. In one to a local repository the path is relative to the current folder, and in
// the result to the project.
func (in *invocation) parseReference(text string) (ref.Ref, error) {
	r, err := ref.Parse(text)
	r.Origin.URL = in.location.LocalRepository(r.Origin.URL)
	return r, err
}

// keyValues parses the flags --kv.
func (in *invocation) keyValues() ([]ref.KV, error) { return parseKVs(in.flags.StringSlice("kv")) }

func parseKVs(texts []string) ([]ref.KV, error) {
	var out []ref.KV
	for _, text := range texts {
		kv, err := ref.ParseKV(text)
		if err != nil {
			return nil, err
		}
		out = append(out, kv)
	}
	return out, nil
}

// open opens the project for reading. close closes it.
func (in *invocation) open(ctx context.Context) (*project.Project, error) {
	return in.openFor(ctx, project.Read)
}

// openToChange opens the project for a command that changes it, unless the command only prints what it would do.
func (in *invocation) openToChange(ctx context.Context) (*project.Project, error) {
	return in.openFor(ctx, project.Access(!in.dryRun()))
}

func (in *invocation) openFor(ctx context.Context, access project.Access) (*project.Project, error) {
	setup, err := in.setup()
	if err != nil {
		return nil, err
	}
	return in.openProject(ctx, setup, access)
}

// openAnyOrigin opens the project for a command that itself checks where the installs in the lockfile come from.
func (in *invocation) openAnyOrigin(ctx context.Context, access project.Access) (*project.Project, error) {
	setup, err := in.setup()
	if err != nil {
		return nil, err
	}
	setup.AnyOrigin = true
	return in.openProject(ctx, setup, access)
}

func (in *invocation) openProject(
	ctx context.Context, setup project.Setup, access project.Access,
) (*project.Project, error) {
	p, err := project.Open(ctx, setup, access)
	if err != nil {
		return nil, err
	}
	in.project = p
	if in.dryRun() && p.Untrusted() != nil {
		return nil, p.Untrusted() // as without --dry-run
	}
	if in.search == nearestProject && p.ManifestText == nil && p.LockText == nil {
		return nil, in.errNoProject() // what a killed command left was rolled back
	}
	return p, nil
}

// openPacks opens the packs for a command without a project. close closes them.
func (in *invocation) openPacks() (*install.Packs, error) {
	setup, err := in.setup()
	if err != nil {
		return nil, err
	}
	in.packs, err = project.OpenPacks(setup)
	return in.packs, err
}

// close closes what the command opened.
func (in *invocation) close() error {
	var err error
	if in.packs != nil {
		err = in.packs.Close()
	}
	if in.project != nil {
		in.report.changed = in.report.changed || in.project.Changed()
		err = errors.Join(err, in.project.Close())
	}
	return err
}

// setup returns what a project is opened with.
func (in *invocation) setup() (project.Setup, error) {
	dir, current := in.location.Project, in.location.Current
	if dir == "" {
		return project.Setup{}, errors.New("the command has no folder")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = "" // a process without a home has no user layer and no credentials files
	}
	cache, err := in.options.cacheDir()
	if err != nil {
		return project.Setup{}, err
	}
	machine, user, err := in.options.layerFiles()
	if err != nil {
		return project.Setup{}, err
	}
	setup := project.Setup{
		Dir: dir, Current: current, Home: home, CacheDir: cache,
		MachineFile: machine, UserFile: user,
		Env: in.options.getenv, BuiltIn: ppm.Manifest, Packs: ppm.Packs(),
		Offline: in.options.offline, Refresh: in.options.refresh, LockWait: lockWait,
		RunID: in.runID, Ask: in.ask, Notify: in.note, Warn: in.warn, KeyDirs: in.options.keyDirs(home, cache),
		KnownTags: in.options.knownTags(home), AcceptMoved: in.flags.StringSlice("accept-moved"),
		AcceptSigners: in.flags.StringSlice("accept-signer"),
	}
	if in.options.verbose && !in.options.json {
		setup.Progress = func(text string) { in.terminal.message("", text) }
	}
	return setup, nil
}

// finish prints the document, or the error, of a command that ended with err. It returns the exit code.
func (in *invocation) finish(ctx context.Context, err error) int {
	if in.options.json {
		in.writeDocument(in.report.document(ctx, err))
	}
	unwritten := in.terminal.failed
	done := in.report.changed || err != nil && isDone(exitCode(ctx, err, false))
	switch {
	case unwritten == nil:
	case done: // an exit code of 6 would mean that nothing was changed, or that nothing was found
		text := fmt.Sprintf("ppm %s is done, but its result cannot be written: %v", in.report.command, unwritten)
		in.terminal.message("note", text)
	case err == nil:
		err = failure.Errorf(failure.LocalIO, "writing the result: %w", unwritten).
			WithHint("free space where standard output goes, and run the command again")
	}
	if err != nil && (!in.options.json || unwritten != nil) {
		in.printError(err)
	}
	return exitCode(ctx, err, in.report.changed)
}

func (in *invocation) writeDocument(d document) {
	text, err := jsondoc.Format(d)
	if err == nil {
		_, err = in.terminal.out.Write(text)
	}
	if err != nil && in.terminal.failed == nil {
		in.terminal.failed = err
	}
}

// printError prints an error with its hint. In a reference it marks what is wrong.
func (in *invocation) printError(err error) {
	in.terminal.message("error", errorLine(err))
	var syntax *ref.SyntaxError
	if errors.As(err, &syntax) {
		for line := range strings.SplitSeq(syntax.Caret(), "\n") {
			fmt.Fprintln(in.terminal.err, "       "+printable(line))
		}
	}
	if hint := failure.Hint(err); hint != "" {
		in.terminal.message("hint", hint)
	}
}
