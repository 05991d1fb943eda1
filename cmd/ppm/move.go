package main

import (
	"context"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func moveCommand() *command {
	return &command{
		name:  "move",
		usage: "move an installed file or folder, or record that you moved it; upgrades find it there",
		examples: []string{
			"ppm project move app/interceptor app/middleware",
			"git mv app/timer.py lib/timer.py && ppm project move app/timer.py lib/timer.py",
		},
		args:     &arguments{usage: "OLD NEW", least: 2, most: 2, missing: "the old path and the new one"},
		flags:    []flag{dryRunFlag()},
		search:   nearestProject,
		scope:    oneProject,
		plan:     plannable,
		complete: completeFiles,
		run:      runMove,
	}
}

func runMove(ctx context.Context, in *invocation) (any, error) {
	p, err := in.openToChange(ctx)
	if err != nil {
		return nil, err
	}
	result, t, err := p.Move(ctx, in.args[0], in.args[1])
	if err != nil {
		return nil, err
	}
	result.DryRun = in.dryRun()
	return finishTransaction(ctx, in, t, result, printMove)
}

func printMove(in *invocation, result *project.MoveResult) {
	printChanges(in, result.Changes)
	for _, f := range result.Moved {
		in.printf("%s %s to %s\n", verb(result.DryRun, "would move", "moved"), f.From, f.To)
	}
}
