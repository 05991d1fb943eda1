package main

import (
	"context"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func addCommand() *command {
	return &command{
		name:  "add",
		usage: "install a component of a pack",
		examples: []string{
			"ppm project add tp_py_grpc@cp-0.0.1//aiowscli --located-path=aiowscli.py",
			"ppm project add tp_py_grpc@cp-0.0.1//sync_serv_interceptor -p app/interceptor --kv=source::timer",
			"ppm project add 'git.example.com::team::pack@v^1.2//logging' --dry-run",
			"ppm project add https://git.example.com/team/pack.git@v1.2.0//logging",
		},
		args: &arguments{usage: "REFERENCE", least: 1, most: 1, missing: "a reference"},
		flags: []flag{
			{
				name: "located-path", aliases: []string{"p"}, kind: stringFlag,
				usage: "install the component at `PATH`, relative to the current folder",
			},
			keysFlag(), configFlag(), forceFlag(), dryRunFlag(), allowUndefinedFlag(), acceptMovedFlag(),
			acceptSignerFlag(),
		},
		search:   nearestOrCreate,
		scope:    allMembers,
		plan:     plannable,
		complete: noWords,
		run:      runAdd,
	}
}

func runAdd(ctx context.Context, in *invocation) (any, error) {
	r, err := in.reference()
	if err != nil {
		return nil, err
	}
	keys, err := in.keyValues()
	if err != nil {
		return nil, err
	}
	p, err := in.openAnyOrigin(ctx, project.Access(!in.dryRun()))
	if err != nil {
		return nil, err
	}
	result, t, err := p.Add(ctx, project.AddOptions{
		Ref: r, Path: in.flags.String("located-path"), Keys: keys, Force: in.flags.Bool("force"),
		AllowUndefined: in.flags.Bool("allow-undefined"),
	})
	if err != nil {
		return nil, err
	}
	result.DryRun = in.dryRun()
	return finishTransaction(ctx, in, t, result, printAdd)
}

func printAdd(in *invocation, result *project.AddResult) {
	printChanges(in, result.Changes)
	installed := verb(result.DryRun, "would install", "installed")
	for _, i := range result.Installs {
		in.printf("%s %s at %s (%.12s)\n", installed, i.Source, i.Path, i.Commit)
	}
	if result.Setup != "" {
		in.printf("install its dependencies with: %s\n", result.Setup)
	}
	if !result.DryRun && slices.ContainsFunc(result.Changes, changesRecord) {
		in.noteUnlessMember("next: commit the files together with ppm.toml and ppm.lock; " +
			"to undo the command, run ppm project undo")
	}
}

// changesRecord reports whether a change writes ppm.toml or ppm.lock.
func changesRecord(c project.Change) bool { return c.Record && c.Action != "unchanged" }
