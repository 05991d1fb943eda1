package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func requiresCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:  "requires",
		Usage: "print what the installed components need of their language's packages, as one list",
		Description: examples(
			"ppm project requires > requirements.txt",
			"ppm project requires --language go | sh",
			"ppm project requires --test --json"),
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "language", Aliases: []string{"l"}, Usage: "print the packages of `LANGUAGE` alone"},
			&cli.BoolFlag{Name: "test", Usage: "add what the tests of the packs need"},
		},
		Action: func(c *cli.Context) error { return runRequires(c, s) },
	}
}

func runRequires(c *cli.Context, s *streams) error {
	if err := arguments(c, 0, 0, "nothing"); err != nil {
		return err
	}
	session, err := s.session(c)
	if err != nil {
		return err
	}
	result, err := session.Requires(c.Context, project.RequiresOptions{Language: c.String("language"), Tests: c.Bool("test")})
	if result == nil {
		return err
	}
	if len(result.Languages) == 0 {
		s.aside("nothing that is installed in this project needs a package")
	}
	for _, l := range result.Languages {
		if len(result.Languages) > 1 {
			s.printf("# %s\n", l.Language)
		}
		s.printf("%s\n", strings.Join(l.Lines(), "\n"))
	}
	return s.answerWith(result, err)
}
