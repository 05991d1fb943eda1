package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

func addCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:      "add",
		Usage:     "install a component of a pack",
		ArgsUsage: "REFERENCE",
		Description: examples(
			"ppm project add tp_py_grpc@cp-0.0.1//aiowscli --located-path=aiowscli.py",
			"ppm project add tp_py_grpc@cp-0.0.1//sync_serv_interceptor --located-path=app/interceptor --kv=source::timer",
			"ppm project add 'git.example.com::team::pack@v^1.2//logging' --dry-run",
			"ppm project add https://git.example.com/team/pack.git@v1.2.0//logging"),
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "located-path", Aliases: []string{"p"}, Usage: "place the component at `PATH`, relative to the project"},
			&cli.StringSliceFlag{Name: "kv", Usage: "set a key of the pack, as `KEY::VALUE`; repeatable"},
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "replace files that are in the way; ppm keeps what it replaces"},
			&cli.BoolFlag{Name: "dry-run", Usage: "show what would be done, and change nothing"},
			&cli.BoolFlag{Name: "allow-undefined", Usage: "render an undefined name as nothing"},
			&cli.StringSliceFlag{Name: "accept-moved", Usage: "go on although `TAG` names another commit than the lockfile says; repeatable"},
		},
		Action: func(c *cli.Context) error { return runAdd(c, s) },
	}
}

func runAdd(c *cli.Context, s *streams) error {
	r, err := reference(c)
	if err != nil {
		return err
	}
	keys, err := keyValues(c)
	if err != nil {
		return err
	}
	session, err := s.session(c)
	if err != nil {
		return err
	}
	result, err := session.Add(c.Context, project.AddOptions{
		Ref: r, Path: c.String("located-path"), Keys: keys,
		Force: c.Bool("force"), DryRun: c.Bool("dry-run"),
		AllowUndefined: c.Bool("allow-undefined"), AcceptMoved: c.StringSlice("accept-moved"),
	})
	if err != nil {
		return err
	}
	printChanges(s, result.Changes)
	for _, in := range result.Installs {
		s.printf("%s %s at %s (%.12s)\n", verb(result.DryRun, "would install", "installed"), in.Source, in.Path, in.Commit)
	}
	if result.Setup != "" {
		s.printf("it needs: %s\n", result.Setup)
	}
	if !result.DryRun && slices.ContainsFunc(result.Changes, func(c project.Change) bool { return c.Record && c.Action != "unchanged" }) {
		s.aside("next: commit the files together with ppm.toml and ppm.lock; ppm project undo takes all of it back")
	}
	return s.answer(result)
}

// keyValues reads the --kv flags.
func keyValues(c *cli.Context) ([]ref.KV, error) {
	var out []ref.KV
	for _, text := range c.StringSlice("kv") {
		kv, err := ref.ParseKV(text)
		if err != nil {
			return nil, err
		}
		out = append(out, kv)
	}
	return out, nil
}

// printChanges lists what happens to each file; what stays as it is is not worth a line.
func printChanges(s *streams, changes []project.Change) {
	for _, ch := range changes {
		switch {
		case ch.Action == "unchanged":
		case ch.Record, ch.Reason == "new": // which says nothing more than the action
			s.printf("%-9s %s\n", ch.Action, ch.Path)
		default:
			s.printf("%-9s %s (%s)\n", ch.Action, ch.Path, ch.Reason)
		}
	}
}

func verb(dry bool, would, did string) string {
	if dry {
		return would
	}
	return did
}
