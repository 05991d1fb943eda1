package main

import (
	"context"
	"maps"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/adopt"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/shell"
)

func adoptCommand() *command {
	return &command{
		name:  "adopt",
		usage: "track existing files as installs, and change none of them",
		details: "Without --ref, adopt tracks the components that pmfprc.json lists: those that pmfp installed.\n" +
			"With --ref, PATH is a copy of a component. Both can be upgraded afterwards.",
		examples: []string{
			"ppm project adopt",
			"ppm project adopt --ref tp_py_grpc//sync_serv_interceptor app/interceptor --dry-run",
			"ppm project adopt --ref 'tp_py_grpc@cp-*//aiowscli' tools/aiowscli.py --min-similarity 30",
		},
		args: &arguments{usage: "[--ref REFERENCE PATH]", most: 1},
		flags: []flag{
			{
				name: "ref", kind: stringFlag,
				usage: "adopt PATH as a copy of `REFERENCE`, by default of its most similar version",
			},
			{name: "kv", kind: listFlag, usage: "set the known value of a key, as `KEY::VALUE`; can be repeated"},
			{
				name: "min-similarity", kind: intFlag, value: "50",
				usage: "reject components that are less similar than this `PERCENT`",
			},
			dryRunFlag(), acceptMovedFlag(), acceptSignerFlag(),
		},
		search:   nearestOrPmfp,
		scope:    oneProject,
		plan:     plannable,
		complete: noWords,
		run:      runAdopt,
	}
}

func runAdopt(ctx context.Context, in *invocation) (any, error) {
	options, err := adoptOptions(in)
	if err != nil {
		return nil, err
	}
	p, err := in.openToChange(ctx)
	if err != nil {
		return nil, err
	}
	result, t, err := p.Adopt(ctx, options)
	if err != nil {
		return nil, err
	}
	result.DryRun = in.dryRun()
	return finishTransaction(ctx, in, t, result, printAdopt)
}

func adoptOptions(in *invocation) (project.AdoptOptions, error) {
	o := project.AdoptOptions{
		MinSimilarity: in.flags.Int("min-similarity"),
	}
	paths, missing := 0, ""
	if in.flags.IsSet("ref") {
		paths, missing = 1, "the path of the copy"
	} else if len(in.args) > 0 {
		return o, failure.Errorf(failure.Usage, "adopting %q: --ref is missing", in.args[0]).
			WithHint("name the component, as in ppm project adopt --ref PACK//COMPONENT %s; "+
				"ppm registry list shows the built-in packs", shell.Quote(in.args[0]))
	}
	err := in.checkArguments(paths, paths, missing)
	if err != nil {
		return o, err
	}
	if o.MinSimilarity < 0 || o.MinSimilarity > 100 {
		return o, failure.Errorf(failure.Usage, "--min-similarity %d is not a percentage", o.MinSimilarity).
			WithHint("give a number from 0 to 100")
	}
	if o.Keys, err = in.keyValues(); err != nil {
		return o, err
	}
	if !in.flags.IsSet("ref") {
		if len(o.Keys) > 0 {
			err = failure.Errorf(failure.Usage, "--kv without --ref could mean any of several components").
				WithHint("adopt one path at a time, with --ref")
		}
		return o, err
	}
	if o.Ref, err = in.parseReference(in.flags.String("ref")); err == nil && o.Ref.Component == "" {
		err = failure.Errorf(failure.Usage, "reference %q names no component", o.Ref).
			WithHint("write it as %s//COMPONENT", o.Ref)
	}
	if o.Path = in.args[0]; err == nil && o.Path == "" {
		err = failure.Errorf(failure.Usage, "the path of the copy is empty").
			WithHint("the project's folder itself is .")
	}
	return o, err
}

func printAdopt(in *invocation, result *project.AdoptResult) {
	printChanges(in, result.Changes)
	for _, a := range result.Adopted {
		printAdopted(in, a, result.DryRun)
	}
	for _, s := range result.Skipped {
		in.note(s.Path + " is skipped: " + s.Reason)
	}
	if len(result.Adopted) == 0 {
		in.note("nothing to adopt")
	}
}

func printAdopted(in *invocation, a adopt.Adopted, dryRun bool) {
	in.printf("%s %s as %s, %.1f %% similar\n", verb(dryRun, "would adopt", "adopted"), a.Path, a.Source, a.Similarity)
	for _, key := range slices.Sorted(maps.Keys(a.Keys)) {
		in.printf("key       %s = %v\n", key, a.Keys[key])
	}
	if len(a.Alternatives) > 0 && !a.Exact {
		next := a.Alternatives[0]
		in.printf("next best  %s, %.1f %% similar\n", next.Source, next.Similarity)
	}
}
