package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

// plannable are the commands that can be planned. The first one is meant when none is named.
var plannable = []string{"upgrade", "add", "remove", "sync", "undo", "move", "own", "adopt"}

func planCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:      "plan",
		Usage:     "write down what a command would change, for review, and change nothing",
		ArgsUsage: "-o FILE [COMMAND] [FLAGS OF THE COMMAND] [ARGUMENTS]",
		Description: "COMMAND is " + strings.Join(plannable[:len(plannable)-1], ", ") + " or " + plannable[len(plannable)-1] + "; upgrade when none is named.\n" +
			"The plan has every new content and a diff of it. ppm project apply carries it out.\n\n" +
			examples(
				"ppm project plan -o plan.json",
				"ppm project plan -o plan.json app/interceptor --to cp-0.0.2",
				"ppm project plan -o plan.json add tp_py_grpc@cp-0.0.1//wscli --located-path=wscli.py",
				"ppm project plan -o - remove wscli.py"),
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write the plan to `FILE`; - is standard output"},
		},
		Action: func(c *cli.Context) error { return runPlan(c, s) },
	}
}

// planPath is the command whose arguments are a command line.
var planPath = []string{"project", "plan"}

// plan arranges what follows "project plan": the flags that are its own, and after "--" the
// line of the command that is planned, arranged as well.
func (a *arrangement) plan(siblings []*cli.Command, rest []string) ([]string, error) {
	inner := arrangement{commands: siblings, path: planPath[:1:1]}
	if err := inner.word(plannable[0]); err != nil {
		return nil, err
	}
	named := false
	for len(rest) > 0 {
		word := rest[0]
		rest = rest[1:]
		name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
		var err error
		switch {
		case word == "--":
			inner.positionals, rest = append(inner.positionals, rest...), nil
		case strings.HasPrefix(word, "-") && word != "-" && (name == "help" || name == "h" || find(a.flags, name) != nil):
			rest, err = a.flag(word, rest)
		case strings.HasPrefix(word, "-") && word != "-":
			rest, err = inner.flag(word, rest)
		case !named && len(inner.positionals) == 0 && canPlan(siblings, word):
			named = true
			inner.commands, inner.path = siblings, inner.path[:1]
			err = inner.word(word)
		default:
			inner.positionals = append(inner.positionals, word)
		}
		if err != nil {
			return nil, err
		}
	}
	if slices.Contains(a.given, "--help") {
		return slices.Concat(a.path, a.given), nil
	}
	return slices.Concat(a.path, a.given, []string{"--"}, inner.path, inner.given, []string{"--"}, inner.positionals), nil
}

func canPlan(commands []*cli.Command, word string) bool {
	return slices.ContainsFunc(commands, func(c *cli.Command) bool { return c.HasName(word) && slices.Contains(plannable, c.Name) })
}

func runPlan(c *cli.Context, s *streams) error {
	output := c.String("output")
	switch {
	case output == "":
		return failure.Errorf(failure.Usage, "%s needs a file to write the plan to", c.Command.HelpName).WithHint("name it with -o FILE; - is standard output")
	case output == "-" && s.json:
		return failure.Errorf(failure.Usage, "the plan and the document of --json cannot both go to standard output").WithHint("name a file with -o, or leave --json out")
	}
	if err := replaceablePlan(output); err != nil {
		return err
	}
	if err := s.propose(c); err != nil {
		return err
	}
	plan, err := s.proposal.Format()
	if err != nil {
		return err
	}
	if s.proposal.Empty() {
		s.note("there is nothing to do; the plan has no changes")
	}
	if output == "-" {
		_, s.broken = s.out.Write(plan)
		return nil
	}
	if err := writePlan(output, plan); err != nil {
		return err
	}
	s.printf("wrote %s\n", output)
	return s.answer(project.PlannedResult{File: output, Command: s.proposal.Command, Changes: orEmpty(s.proposal.Changes)})
}

// propose runs the command that is planned, with its own talk, up to its plan.
func (s *streams) propose(c *cli.Context) error {
	line := append([]string{"ppm"}, c.Args().Slice()...)
	words := slices.DeleteFunc(slices.Clone(line[2:]), func(word string) bool { return strings.HasPrefix(word, "-") })
	s.proposal = &project.Proposal{Command: strings.Join(words, " ")}
	given := []string{"--dry-run"}
	for _, f := range sharedFlags() {
		if name := f.Names()[0]; name != "json" && c.IsSet(name) {
			given = append(given, "--"+name+"="+fmt.Sprint(c.Value(name)))
		}
	}
	inner := *s
	inner.json = false
	if s.json || c.String("output") == "-" {
		inner.out = io.Discard
	}
	if s.json {
		inner.err = io.Discard
	}
	err := newApp(&inner).RunContext(c.Context, slices.Insert(line, 3, given...))
	s.notes, s.close, s.broken = inner.notes, inner.close, inner.broken
	return err
}

// replaceablePlan refuses a file that is there and is no plan.
func replaceablePlan(name string) error {
	info, err := os.Stat(name)
	if name == "-" || err != nil || !info.Mode().IsRegular() {
		return nil // writing it says what is wrong
	}
	data, err := readPlan(name, nil)
	if err == nil && !project.IsPlan(data) {
		err = failure.Errorf(failure.Refused, "writing %q: it is there already, and is no plan", name).WithHint("choose another name, or remove it")
	}
	return err
}

// writePlan writes a plan, so that there is never a half of it under its name. Only the
// user can read it: it has what the project's files hold.
func writePlan(name string, plan []byte) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(name, plan, 0o600)
	}
	draft, err := os.CreateTemp(filepath.Dir(name), ".ppm-plan-*")
	if err != nil {
		return failure.Errorf(failure.LocalIO, "writing the plan: %w", err).WithHint("choose a file that can be written with -o")
	}
	_, err = draft.Write(plan)
	err = cmp.Or(err, draft.Sync())
	err = cmp.Or(err, draft.Close())
	if err == nil {
		err = os.Rename(draft.Name(), name)
	}
	if err != nil {
		return errors.Join(failure.Errorf(failure.LocalIO, "writing the plan: %w", err).WithHint("choose a file that can be written with -o"), os.Remove(draft.Name()))
	}
	return nil
}

func applyCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:      "apply",
		Usage:     "carry out a plan that ppm project plan wrote; no server is asked",
		ArgsUsage: "FILE",
		Description: "What the plan has looked at must still be as it was then. Trust a plan from elsewhere as far as you have read it:\n" +
			"it can change installed files, ppm.toml and ppm.lock in every way. FILE - is standard input.\n\n" +
			examples("ppm project apply plan.json", "ppm project apply plan.json --dry-run"),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "no-index", Usage: "mark no conflicts in git's index"},
			&cli.BoolFlag{Name: "dry-run", Usage: "show what would be done, and change nothing"},
		},
		Action: func(c *cli.Context) error { return runApply(c, s) },
	}
}

func runApply(c *cli.Context, s *streams) error {
	if err := arguments(c, 1, 1, "a file with a plan"); err != nil {
		return err
	}
	data, err := readPlan(c.Args().First(), s.in)
	if err != nil {
		return err
	}
	session, err := s.session(c)
	if err != nil {
		return err
	}
	result, err := session.ApplyPlan(c.Context, data, project.ApplyPlanOptions{DryRun: c.Bool("dry-run"), NoIndex: c.Bool("no-index")})
	if result == nil {
		return err
	}
	printChanges(s, result.Changes)
	s.printf("%s ppm project %s\n", verb(result.DryRun, "would carry out", "carried out"), result.Command)
	return s.answerWith(result, err)
}

// maxPlan is far above what the contents of a plan can take up.
const maxPlan = 1 << 30 // bytes

// readPlan reads a plan from a file, or from in for "-".
func readPlan(name string, in io.Reader) ([]byte, error) {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, failure.Errorf(failure.LocalIO, "reading the plan: %w", err).WithHint("name a file that ppm project plan wrote")
		}
		defer f.Close()
		in = f
	}
	var b bytes.Buffer
	if n, err := io.Copy(&b, io.LimitReader(in, maxPlan+1)); err != nil || n > maxPlan {
		return nil, failure.Errorf(failure.LocalIO, "reading the plan %q: %w", name, cmp.Or(err, errors.New("it is larger than 1 GiB"))).
			WithHint("name a file that ppm project plan wrote")
	}
	return b.Bytes(), nil
}
