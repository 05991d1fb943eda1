package main

import (
	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func removeCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "remove",
		Aliases:     []string{"rm"},
		Usage:       "take a component out of the project; edited files stay",
		ArgsUsage:   "PATH|COMPONENT…",
		Description: examples("ppm project remove aiowscli.py", "ppm project remove app/interceptor --dry-run"),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Usage: "show what would be done, and change nothing"},
		},
		Action: func(c *cli.Context) error {
			if err := arguments(c, 1, -1, "the path or the name of an install"); err != nil {
				return err
			}
			session, err := s.session(c)
			if err != nil {
				return err
			}
			result, err := session.Remove(c.Context, project.RemoveOptions{Names: c.Args().Slice(), DryRun: c.Bool("dry-run")})
			if err != nil {
				return err
			}
			printChanges(s, result.Changes)
			for _, in := range result.Removed {
				s.printf("%s %s from %s\n", verb(result.DryRun, "would remove", "removed"), in.Source, in.Path)
			}
			return s.answer(result)
		},
	}
}
