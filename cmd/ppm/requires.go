package main

import (
	"context"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func requiresCommand() *command {
	return &command{
		name:  "requires",
		usage: "print the packages that the installed components require, as one list",
		examples: []string{
			"ppm project requires > requirements.txt",
			"ppm project requires --language go | sh",
			"ppm project requires --test --json",
		},
		args: noArguments(),
		flags: []flag{
			{
				name: "language", aliases: []string{"l"}, kind: stringFlag,
				usage: "only print the packages of `LANGUAGE`",
			},
			{name: "test", kind: boolFlag, usage: "include the packages that the packs' tests require"},
		},
		search:   nearestProject,
		scope:    allMembers,
		plan:     notPlannable,
		complete: noWords,
		run:      runRequires,
	}
}

func runRequires(ctx context.Context, in *invocation) (any, error) {
	p, err := in.open(ctx)
	if err != nil {
		return nil, err
	}
	options := project.RequiresOptions{Language: in.flags.String("language"), Tests: in.flags.Bool("test")}
	result, err := p.Requires(ctx, options)
	if result == nil {
		return nil, err
	}
	printRequires(in, result)
	return result, finishFailed(in, result.Failed, err)
}

func printRequires(in *invocation, result *project.RequiresResult) {
	if len(result.Languages)+len(result.Failed) == 0 {
		in.noteUnlessMember("no installed component requires a package")
	}
	for _, l := range result.Languages {
		if len(result.Languages) > 1 {
			in.printf("# %s\n", l.Language)
		}
		in.printf("%s\n", strings.Join(l.Lines(), "\n"))
	}
}
