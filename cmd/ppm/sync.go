package main

import (
	"context"
	"errors"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func syncCommand() *command {
	return &command{
		name:     "sync",
		usage:    "make the project match ppm.toml and ppm.lock; edited files stay",
		examples: []string{"ppm project sync", "ppm project sync --check", "ppm project sync --frozen"},
		args:     noArguments(),
		flags: append([]flag{
			{
				name: "check", kind: boolFlag, noPlan: true,
				usage: "change nothing, and exit with 9 when the project does not match",
			},
			{name: "frozen", kind: boolFlag, usage: "fail instead of changing ppm.lock"},
		}, mergeFlags()...),
		search:   nearestProject,
		scope:    allMembers,
		plan:     plannable,
		complete: noWords,
		run:      runSync,
	}
}

func runSync(ctx context.Context, in *invocation) (any, error) {
	style, err := choose("conflict style", in.flags.String("conflict"), merge.Styles)
	if err != nil {
		return nil, err
	}
	check := in.flags.Bool("check")
	p, err := in.openFor(ctx, project.Access(!check && !in.dryRun()))
	if err != nil {
		return nil, err
	}
	result, t, err := p.Sync(ctx, project.SyncOptions{
		Check: check, Frozen: in.flags.Bool("frozen"), Style: style,
		AllowUndefined:    in.flags.Bool("allow-undefined"),
		IgnoreSpaceChange: in.flags.Bool("ignore-space-change"),
	})
	if result == nil {
		return nil, err
	}
	result.DryRun = check || in.dryRun()
	if err != nil || check {
		printSync(in, result)
		return result, finishFailed(in, result.Failed, err)
	}
	_, err = finishTransaction(ctx, in, t, result, printSync)
	if err != nil && !errors.Is(err, failure.Conflicts) {
		return nil, err
	}
	return result, finishFailed(in, result.Failed, err)
}

func printSync(in *invocation, result *project.SyncResult) {
	printChanges(in, result.Changes)
	for _, i := range result.Added {
		in.printf("%s %s at %s\n", verb(result.DryRun, "would install", "installed"), i.Source, i.Path)
	}
	printUpgrades(in, result.Upgrades, result.DryRun)
	printRemoved(in, result.Removed, result.DryRun)
	if len(result.Failed)+len(result.Changes)+len(result.Added)+len(result.Upgrades)+len(result.Removed) == 0 {
		in.noteUnlessMember("the project is up to date with ppm.toml and ppm.lock")
	}
}
