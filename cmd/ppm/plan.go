package main

import (
	"context"
	"io"
	"os"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

// planCommand returns the command plan of those commands that can be planned. Each of them is a hidden command below
// it with the same flags. Upgrade is planned when none is named.
func planCommand(commands []*command) *command {
	c := &command{
		name:  "plan",
		usage: "write a plan of what a command would change, for review",
		examples: []string{
			"ppm project plan -o plan.json",
			"ppm project plan -o plan.json app/interceptor --to cp-0.0.2",
			"ppm project plan -o plan.json add tp_py_grpc@cp-0.0.1//wscli --located-path=wscli.py",
			"ppm project plan -o - remove wscli.py",
		},
		args: &arguments{usage: "-o FILE [COMMAND] [FLAGS OF THE COMMAND] [ARGUMENTS]", most: -1},
		flags: []flag{{
			name: "output", aliases: []string{"o"}, kind: stringFlag,
			usage: "write the plan to `FILE`; - is standard output",
		}},
		search: nearestProject,
		scope:  oneProject,
		plan:   notPlannable,
	}
	var names []string
	for _, planned := range commands {
		if planned.plan == plannable {
			names = append(names, planned.name)
			c.commands = append(c.commands, plannedCommand(c, planned))
		}
	}
	c.fallback = c.find("upgrade")
	last := len(names) - 1
	c.details = "COMMAND is " + strings.Join(names[:last], ", ") + " or " + names[last] + "; the default is upgrade." +
		"\nThe plan has the new content of each file and a diff of it. Apply it with ppm project apply."
	c.complete = func(l installed, typed []string) []string {
		return sortedWords(append(completeInstalls(l, typed), names...))
	}
	return c
}

// plannedCommand returns the command below plan that plans a command.
func plannedCommand(plan, planned *command) *command {
	return &command{
		name: planned.name, aliases: planned.aliases, usage: planned.usage, examples: planned.examples,
		args: plan.args, flags: planned.flags, search: planned.search, scope: plan.scope, plan: plan.plan,
		complete: planned.complete,
		planned:  planned,
		run:      func(ctx context.Context, in *invocation) (any, error) { return runPlan(ctx, in, planned) },
	}
}

func runPlan(ctx context.Context, in *invocation, planned *command) (any, error) {
	output := in.options.path(in.flags.String("output"))
	switch {
	case output == "":
		return nil, failure.Errorf(failure.Usage, "ppm %s needs a file to write the plan to", in.report.command).
			WithHint("name it with -o FILE; - is standard output")
	case output == "-" && in.options.json:
		return nil, failure.Errorf(failure.Usage, "the plan and the document of --json cannot share standard output").
			WithHint("name a file with -o, or leave --json out")
	}
	if err := checkPlannable(in, planned); err != nil {
		return nil, err
	}
	if err := checkReplaceable(output); err != nil {
		return nil, err
	}
	plan, failed := runPlanned(ctx, in, planned)
	if failed != nil && len(plan.text) == 0 {
		return nil, failed
	}
	if plan.transaction.Empty() {
		in.note("nothing to do; the plan has no changes")
	}
	if output == "-" {
		in.terminal.write(string(plan.text))
		return nil, failed
	}
	// Only the user can read it: it has the contents of the project's files.
	if err := writeOutput(output, "the plan", plan.text, 0o600); err != nil {
		return nil, err
	}
	in.report.changed = true
	in.printf("wrote %s\n", output)
	return project.PlannedResult{
		File: output, Command: plan.transaction.Command, Changes: orEmpty(plan.transaction.Changes),
	}, failed
}

// checkPlannable checks that no flag keeps a command from changing anything.
func checkPlannable(in *invocation, planned *command) error {
	for _, f := range planned.flags {
		if f.noPlan && f.given(in.flags) {
			return failure.Errorf(failure.Usage, "ppm %s --%s changes nothing and cannot be planned",
				planned.path, f.name).WithHint("leave --%s out", f.name)
		}
	}
	return nil
}

// runPlanned runs a command up to its transaction. When it fails for some installs, the plan has the others, and comes
// with the error. What it prints goes to standard output unless the plan does.
func runPlanned(ctx context.Context, in *invocation, command *command) (*planned, error) {
	terminal := *in.terminal
	if in.flags.String("output") == "-" {
		terminal.out = io.Discard
	}
	run := &invocation{
		terminal: &terminal, options: in.options, report: report{command: command.path},
		signals: in.signals,
		flags:   in.flags, args: in.args, usage: command.usageLine(), ask: in.ask,
		location: in.location, search: in.search, creates: in.creates,
		planned: &planned{},
	}
	err := command.call(ctx, run)
	in.report.notes = append(in.report.notes, run.report.notes...)
	in.terminal.failed = terminal.failed
	return run.planned, err
}

// checkReplaceable checks that a file does not exist or is a plan.
func checkReplaceable(name string) error {
	info, err := os.Stat(name)
	if name == "-" || err != nil || !info.Mode().IsRegular() {
		return nil // writing it says what is wrong
	}
	data, err := readPlan(name, nil)
	if err == nil && !project.IsPlan(data) {
		err = failure.Errorf(failure.Refused, "writing %q: the file exists and is not a plan", name).
			WithHint("choose another name, or remove it")
	}
	return err
}
