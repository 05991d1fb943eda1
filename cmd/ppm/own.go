package main

import (
	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func ownCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:      "own",
		Usage:     "say whose a file is: merged with upstream's, written once, or yours for good",
		ArgsUsage: "PATH merge|once|mine",
		Description: examples(
			"ppm project own app/settings.py once",
			"ppm project own app/settings.py mine",
			"ppm project own app/settings.py merge"),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Usage: "show what would be done, and change nothing"},
		},
		Action: func(c *cli.Context) error {
			if err := arguments(c, 2, 2, "a file and one of merge, once and mine"); err != nil {
				return err
			}
			own, err := oneOf("ownership", c.Args().Get(1), manifest.Owns)
			if err != nil {
				return err
			}
			session, err := s.session(c)
			if err != nil {
				return err
			}
			result, err := session.Own(c.Context, project.OwnOptions{Path: c.Args().Get(0), Own: own, DryRun: c.Bool("dry-run")})
			if err != nil {
				return err
			}
			for _, f := range result.Files {
				s.printf("%s%-9s %s\n", verb(result.DryRun, "would be ", ""), f.Own, f.Path)
			}
			return s.answer(result)
		},
	}
}
