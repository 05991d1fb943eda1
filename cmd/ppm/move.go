package main

import (
	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func moveCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:      "move",
		Usage:     "follow a file or folder that you moved, or move it; upgrades find it there",
		ArgsUsage: "OLD NEW",
		Description: examples(
			"ppm project move app/interceptor app/middleware",
			"git mv app/timer.py lib/timer.py && ppm project move app/timer.py lib/timer.py"),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Usage: "show what would be done, and change nothing"},
		},
		Action: func(c *cli.Context) error {
			if err := arguments(c, 2, 2, "the old path and the new one"); err != nil {
				return err
			}
			session, err := s.session(c)
			if err != nil {
				return err
			}
			result, err := session.Move(c.Context, project.MoveOptions{Old: c.Args().Get(0), New: c.Args().Get(1), DryRun: c.Bool("dry-run")})
			if err != nil {
				return err
			}
			printChanges(s, result.Changes)
			for _, f := range result.Moved {
				s.printf("%s %s to %s\n", verb(result.DryRun, "would move", "moved"), f.From, f.To)
			}
			return s.answer(result)
		},
	}
}
