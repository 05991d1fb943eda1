package main

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func listCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "list",
		Aliases:     []string{"ls"},
		Usage:       "list the components that are installed in the project",
		Description: examples("ppm project list", "ppm project list --json"),
		Action: func(c *cli.Context) error {
			if err := arguments(c, 0, 0, "nothing"); err != nil {
				return err
			}
			session, err := s.session(c)
			if err != nil {
				return err
			}
			installs, err := session.List(c.Context)
			if err != nil {
				return err
			}
			if len(installs) == 0 {
				s.aside(nothingInstalled)
			}
			s.printf("%s", installTable(installs))
			return s.answer(map[string]any{"installs": orEmpty(installs)})
		},
	}
}

// nothingInstalled is said of a project without installs.
const nothingInstalled = "nothing is installed in this project; ppm project add and sync install"

func installTable(installs []project.Install) string {
	return table(func(w io.Writer) {
		for _, in := range installs {
			fmt.Fprintf(w, "%s\t%s\t%.12s\n", in.Path, in.Source, in.Commit)
		}
	})
}
