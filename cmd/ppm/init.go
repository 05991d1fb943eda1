package main

import (
	"context"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func initCommand() *command {
	return &command{
		name:  "init",
		usage: "make the current folder a project",
		details: "init writes a ppm.toml with the project's name. From then on, commands in the folders below\n" +
			"it work on this project.",
		examples: []string{"ppm init", "ppm init --name demo"},
		args:     noArguments(),
		flags: []flag{
			{
				name: "name", aliases: []string{"n"}, kind: stringFlag,
				usage: "set the project's `NAME`; default: the name in files such as go.mod, or the folder's name",
			},
			dryRunFlag(),
		},
		search:   noSearch,
		scope:    thisFolder,
		plan:     plannable,
		complete: noWords,
		run:      runInit,
	}
}

func runInit(ctx context.Context, in *invocation) (any, error) {
	outer, inside, err := in.projectOf(in.location.Current)
	if err != nil {
		return nil, err
	}
	p, err := in.openToChange(ctx)
	if err != nil {
		return nil, err
	}
	result, t, err := p.Init(ctx, in.flags.String("name"))
	if err != nil {
		return nil, err
	}
	if inside {
		in.note("the folder is inside the project " + outer.Project + "; it becomes a project of its own")
	}
	result.DryRun = in.dryRun()
	return finishTransaction(ctx, in, t, result, printInit)
}

func printInit(in *invocation, result *project.InitResult) {
	printChanges(in, result.Changes)
	language := ""
	if result.Language != "" {
		language = ", language " + result.Language
	}
	in.printf("%s project %s in %s%s\n", verb(result.DryRun, "would initialize", "initialized"),
		result.Name, result.Folder, language)
	if !result.DryRun {
		in.note("next: install components with ppm project add REFERENCE; ppm registry list shows the built-in packs")
	}
}
