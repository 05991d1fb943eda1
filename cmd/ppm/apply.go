package main

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func applyCommand() *command {
	return &command{
		name:  "apply",
		usage: "apply a plan that ppm project plan wrote, without a network",
		details: "Whatever the plan depends on must be unchanged, and no change may be missing. Review a plan from\n" +
			"elsewhere before you apply it: it can install other components. FILE - is standard input.",
		examples: []string{"ppm project apply plan.json", "ppm project apply plan.json --dry-run"},
		args:     &arguments{usage: "FILE", least: 1, most: 1, missing: "a file with a plan"},
		flags:    []flag{noIndexFlag(), dryRunFlag()},
		search:   nearestOrCreate,
		scope:    oneProject,
		plan:     notPlannable,
		complete: noWords,
		run:      runApply,
	}
}

func runApply(ctx context.Context, in *invocation) (any, error) {
	data, err := readPlan(in.options.path(in.args[0]), in.terminal.in)
	if err != nil {
		return nil, err
	}
	in.options.offline = true // all that is needed is in the plan
	p, err := in.openToChange(ctx)
	if err != nil {
		return nil, err
	}
	t, err := p.Load(ctx, data)
	if err != nil {
		return nil, err
	}
	result := &project.AppliedResult{Command: t.Command, Changes: t.Changes, DryRun: in.dryRun()}
	return finishTransaction(ctx, in, t, result, printApply)
}

func printApply(in *invocation, result *project.AppliedResult) {
	printChanges(in, result.Changes)
	in.printf("%s ppm project %s\n", verb(result.DryRun, "would apply", "applied"), result.Command)
}

// maxPlan is the largest plan that is read, in bytes.
const maxPlan = 1 << 30

// readPlan reads a plan from a file, or from in for "-".
func readPlan(name string, in io.Reader) ([]byte, error) {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, failure.Errorf(failure.LocalIO, "reading the plan: %w", err).
				WithHint("name a file that ppm project plan wrote")
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxPlan+1))
	if err == nil && len(data) > maxPlan {
		err = errors.New("it is larger than 1 GiB")
	}
	if err != nil {
		return nil, failure.Errorf(failure.LocalIO, "reading the plan %q: %w", name, err).
			WithHint("name a file that ppm project plan wrote")
	}
	return data, nil
}
