package main

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/urfave/cli/v2"
)

func infoCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "info",
		Usage:       "show what templates can name in this project, and what is installed",
		Description: examples("ppm project info", "ppm project info --json"),
		Action: func(c *cli.Context) error {
			if err := arguments(c, 0, 0, "nothing"); err != nil {
				return err
			}
			session, err := s.session(c)
			if err != nil {
				return err
			}
			result, err := session.Info(c.Context)
			if err != nil {
				return err
			}
			s.printf("%s", table(func(w io.Writer) {
				for _, name := range slices.Sorted(maps.Keys(result.Information)) {
					if value := fmt.Sprint(result.Information[name]); value != "" {
						fmt.Fprintf(w, "%s\t%s\n", name, value)
					}
				}
			}))
			if len(result.Installs) > 0 {
				s.printf("\n%s", installTable(result.Installs))
			}
			result.Installs = orEmpty(result.Installs)
			return s.answer(result)
		},
	}
}
