package main

import (
	"context"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/extract"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func asTempCommand() *command {
	return &command{
		name:    "as_temp",
		aliases: []string{"as-temp"},
		usage:   "create a pack from the project",
		details: "TYPE is components, or for a template of projects: socket, GUI, task, watcher, module or doc.\n" +
			"Each file and folder at the top of the project becomes a component, except those that\n" +
			".gitignore excludes.",
		examples: []string{
			"ppm project as_temp components -t ../mypack",
			"ppm project as_temp module -p testpygrpc::project_name -p timer::source",
			"ppm project as_temp components -p 5000::port::8080 --dry-run",
		},
		args: &arguments{usage: "TYPE", least: 1, most: 1, missing: "the type of the pack"},
		flags: []flag{
			{
				name: "replace", aliases: []string{"p"}, pmfp: "parttens", kind: listFlag,
				usage: "replace a text by a key, as `TEXT::KEY[::DEFAULT]`; the default is the text; can be repeated",
			},
			{
				name: "target", aliases: []string{"t"}, pmfp: "to", kind: stringFlag,
				usage: "write the pack to `FOLDER`; default: a new folder beside the project",
			},
			configFlag(), dryRunFlag(),
		},
		search:   nearestOrHere,
		scope:    thisFolder,
		plan:     notPlannable,
		complete: noWords,
		run:      runAsTemp,
	}
}

func runAsTemp(ctx context.Context, in *invocation) (any, error) {
	options := project.ExtractOptions{Type: in.args[0], Dir: in.flags.String("target")}
	for _, text := range in.flags.StringSlice("replace") {
		r, err := extract.ParseReplacement(text)
		if err != nil {
			return nil, err
		}
		options.Replacements = append(options.Replacements, r)
	}
	p, err := in.open(ctx)
	if err != nil {
		return nil, err
	}
	result, t, err := p.Extract(ctx, options)
	if err != nil {
		return nil, err
	}
	result.DryRun = in.dryRun()
	return finishTransaction(ctx, in, t, result, printAsTemp)
}

func printAsTemp(in *invocation, result *project.ExtractResult) {
	printChanges(in, result.Changes)
	in.printf("%s a pack with %s in %s\n", verb(result.DryRun, "would create", "created"),
		count(len(result.Components), "component", "components"), result.Folder)
	in.printf("review it, publish it and use it:\n  %s\n", strings.Join(result.Next, "\n  "))
}
