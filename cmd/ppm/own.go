package main

import (
	"context"

	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func ownCommand() *command {
	return &command{
		name:  "own",
		usage: "set how upgrades treat a file: merge, once or mine",
		details: "Upgrades merge upstream's changes into a file that is set to merge, which is the default.\n" +
			"They never change one that is set to once or mine. If it is missing, once creates it and mine does not.",
		examples: []string{
			"ppm project own app/settings.py once",
			"ppm project own app/settings.py mine",
			"ppm project own app/settings.py merge",
		},
		args: &arguments{
			usage: "PATH merge|once|mine", least: 2, most: 2, missing: "a file and one of merge, once and mine",
		},
		flags:  []flag{dryRunFlag()},
		search: nearestProject,
		scope:  oneProject,
		plan:   plannable,
		complete: func(l installed, typed []string) []string {
			if len(typed) > 0 {
				return texts(manifest.Ownerships)
			}
			return completeFiles(l, typed)
		},
		run: runOwn,
	}
}

func runOwn(ctx context.Context, in *invocation) (any, error) {
	own, err := choose("ownership", in.args[1], manifest.Ownerships)
	if err != nil {
		return nil, err
	}
	p, err := in.openToChange(ctx)
	if err != nil {
		return nil, err
	}
	result, t, err := p.Own(ctx, in.args[0], own)
	if err != nil {
		return nil, err
	}
	result.DryRun = in.dryRun()
	return finishTransaction(ctx, in, t, result, printOwn)
}

func printOwn(in *invocation, result *project.OwnResult) {
	for _, f := range result.Files {
		in.printf("%s%-9s %s\n", verb(result.DryRun, "would be ", ""), f.Own, f.Path)
	}
}
