package main

import (
	"maps"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

func adoptCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:      "adopt",
		Usage:     "take over what pmfp installed, or a copy of a component, so that upgrades work; no file is touched",
		ArgsUsage: "[PATH]",
		Description: examples(
			"ppm project adopt",
			"ppm project adopt --ref tp_py_grpc//sync_serv_interceptor app/interceptor --dry-run",
			"ppm project adopt --ref 'tp_py_grpc@cp-*//aiowscli' tools/aiowscli.py --min-similarity 30"),
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "ref", Usage: "PATH is a copy of the component `REFERENCE`; with no version, the nearest is found; what pmfprc.json lists when not given"},
			&cli.StringSliceFlag{Name: "kv", Usage: "the value of a key that is known, as `KEY::VALUE`; repeatable"},
			&cli.IntFlag{Name: "min-similarity", Value: 50, Usage: "refuse what is less alike than this many `PERCENT`"},
			&cli.BoolFlag{Name: "dry-run", Usage: "show what would be done, and change nothing"},
			&cli.StringSliceFlag{Name: "accept-moved", Usage: "go on although `TAG` names another commit than the lockfile says; repeatable"},
		},
		Action: func(c *cli.Context) error { return runAdopt(c, s) },
	}
}

func runAdopt(c *cli.Context, s *streams) error {
	o, err := adoptOptions(c)
	if err != nil {
		return err
	}
	session, err := s.session(c)
	if err != nil {
		return err
	}
	result, err := session.Adopt(c.Context, o)
	if err != nil {
		return err
	}
	printChanges(s, result.Changes)
	for _, a := range result.Adopted {
		printAdopted(s, a, result.DryRun)
	}
	for _, sk := range result.Skipped {
		s.note(sk.Path + " is passed over: " + sk.Reason)
	}
	if len(result.Adopted) == 0 {
		s.note("there is nothing to adopt")
	}
	return s.answer(result)
}

func adoptOptions(c *cli.Context) (project.AdoptOptions, error) {
	o := project.AdoptOptions{MinSimilarity: c.Int("min-similarity"), DryRun: c.Bool("dry-run"), AcceptMoved: c.StringSlice("accept-moved")}
	paths, what := 0, "no path without --ref"
	if c.IsSet("ref") {
		paths, what = 1, "the path of the copy"
	}
	err := arguments(c, paths, paths, what)
	if err != nil {
		return o, err
	}
	if o.MinSimilarity < 0 || o.MinSimilarity > 100 {
		return o, failure.Errorf(failure.Usage, "--min-similarity %d is no share in percent", o.MinSimilarity).WithHint("give a number from 0 to 100")
	}
	if o.Keys, err = keyValues(c); err != nil {
		return o, err
	}
	if !c.IsSet("ref") {
		if len(o.Keys) > 0 {
			err = failure.Errorf(failure.Usage, "--kv without --ref could mean any of several components").WithHint("adopt one path at a time, with --ref")
		}
		return o, err
	}
	if o.Ref, err = ref.Parse(c.String("ref")); err == nil && o.Ref.Component == "" {
		err = failure.Errorf(failure.Usage, "reference %q names no component", o.Ref).WithHint("write it as %s//COMPONENT", o.Ref)
	}
	if o.Path = c.Args().First(); err == nil && o.Path == "" {
		err = failure.Errorf(failure.Usage, "the path of the copy is empty").WithHint("the project's folder itself is .")
	}
	return o, err
}

func printAdopted(s *streams, a project.Adopted, dryRun bool) {
	s.printf("%s %s as %s, %.1f %% alike\n", verb(dryRun, "would adopt", "adopted"), a.Path, a.Source, a.Similarity)
	for _, key := range slices.Sorted(maps.Keys(a.Keys)) {
		s.printf("key       %s = %v\n", key, a.Keys[key])
	}
	if slices.ContainsFunc(a.Files, func(f project.AdoptedFile) bool { return f.LineEnds }) {
		s.note(a.Path + ": line ends are not those of the component, so every line counts as edited when it is upgraded; convert them first")
	}
	if len(a.Alternatives) > 0 && !a.Exact {
		next := a.Alternatives[0]
		s.printf("next best  %s, %.1f %% alike\n", next.Source, next.Similarity)
	}
}
