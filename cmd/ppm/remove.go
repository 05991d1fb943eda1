package main

import (
	"context"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
)

func removeCommand() *command {
	return &command{
		name:     "remove",
		aliases:  []string{"rm"},
		usage:    "remove components from the project; edited files stay",
		examples: []string{"ppm project remove aiowscli.py", "ppm project remove app/interceptor --dry-run"},
		args:     &arguments{usage: "PATH|COMPONENT…", least: 1, most: -1, missing: "the path or name of an install"},
		flags:    []flag{dryRunFlag()},
		search:   nearestProject,
		scope:    namedMembers,
		plan:     plannable,
		complete: completeInstalls,
		run:      runRemove,
	}
}

func runRemove(ctx context.Context, in *invocation) (any, error) {
	p, err := in.openToChange(ctx)
	if err != nil {
		return nil, err
	}
	result, t, err := p.Remove(ctx, in.args)
	if err != nil {
		return nil, err
	}
	result.DryRun = in.dryRun()
	return finishTransaction(ctx, in, t, result, printRemove)
}

func printRemove(in *invocation, result *project.RemoveResult) {
	printChanges(in, result.Changes)
	printRemoved(in, result.Removed, result.DryRun)
}

func printRemoved(in *invocation, removed []state.Install, dryRun bool) {
	for _, i := range removed {
		in.printf("%s %s from %s\n", verb(dryRun, "would remove", "removed"), i.Source, i.Path)
	}
}
