package main

import (
	"context"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func continueCommand() *command {
	return &command{
		name:     "continue",
		usage:    "finish an upgrade whose conflicts you have resolved",
		examples: []string{"ppm project continue"},
		args:     noArguments(),
		flags: []flag{
			{
				name: "force", aliases: []string{"f"}, kind: boolFlag,
				usage: "accept the files as they are, even with conflict markers",
			},
			dryRunFlag(),
		},
		search:   nearestProject,
		scope:    conflictedMembers,
		plan:     notPlannable,
		complete: noWords,
		run:      runContinue,
	}
}

func runContinue(ctx context.Context, in *invocation) (any, error) {
	p, err := in.openToChange(ctx)
	if err != nil {
		return nil, err
	}
	result, t, err := p.Continue(ctx, in.flags.Bool("force"))
	if err != nil {
		return nil, err
	}
	result.DryRun = in.dryRun()
	return finishTransaction(ctx, in, t, result, printContinue)
}

func printContinue(in *invocation, result *project.ContinueResult) {
	for _, name := range result.Resolved {
		in.printf("resolved  %s\n", name)
	}
}

func abortCommand() *command {
	return &command{
		name:     "abort",
		usage:    "undo an upgrade that left conflicts, and restore every byte",
		examples: []string{"ppm project abort"},
		args:     noArguments(),
		flags:    []flag{dryRunFlag()},
		search:   nearestProject,
		scope:    conflictedMembers,
		plan:     notPlannable,
		complete: noWords,
		run:      runAbort,
	}
}

func runAbort(ctx context.Context, in *invocation) (any, error) {
	p, err := in.openToChange(ctx)
	if err != nil {
		return nil, err
	}
	result, t, err := p.Abort(ctx)
	if err != nil {
		return nil, err
	}
	result.DryRun = in.dryRun()
	return finishTransaction(ctx, in, t, result, printUndo)
}
