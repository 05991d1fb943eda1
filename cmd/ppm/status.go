package main

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

func statusCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "status",
		Usage:       "show which files are not as they were installed",
		ArgsUsage:   "[PATH|COMPONENT…]",
		Description: examples("ppm project status", "ppm project status app/interceptor --exit-code"),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "exit-code", Usage: "end with 9 when a file is not as it was installed"},
		},
		Action: func(c *cli.Context) error {
			session, err := s.session(c)
			if err != nil {
				return err
			}
			result, err := session.Status(c.Context, c.Args().Slice())
			if err != nil {
				return err
			}
			listed := false
			s.printf("%s", table(func(w io.Writer) {
				for _, in := range result.Installs {
					for _, f := range in.Files {
						path := f.Path
						if f.To != "" {
							path += " → " + f.To
						}
						if f.State != "clean" {
							listed = true
							fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.State, path, in.Source, f.Own)
						}
					}
				}
			}))
			switch {
			case len(result.Installs) == 0:
				s.aside(nothingInstalled)
			case !listed:
				s.aside(fmt.Sprintf("all files of %s are as they were installed", count(len(result.Installs), "install", "installs")))
			}
			if c.Bool("exit-code") && result.Changed() {
				return s.answerWith(result, failure.Errorf(failure.Differs, "files are not as they were installed").
					WithHint("see what changed with ppm project status"))
			}
			return s.answer(result)
		},
	}
}
