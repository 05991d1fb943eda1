package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func verifyCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "verify",
		Usage:       "prove that the lockfile is what the packs give, and that no installed file is missing",
		Description: examples("ppm project verify", "ppm project verify --offline --json", "ppm project verify --remote"),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "remote", Usage: "ask the servers, too, whether the tags still name what was installed"},
		},
		Action: func(c *cli.Context) error {
			if err := arguments(c, 0, 0, "nothing"); err != nil {
				return err
			}
			session, err := s.session(c)
			if err != nil {
				return err
			}
			result, err := session.Verify(c.Context, project.VerifyOptions{Remote: c.Bool("remote")})
			if result == nil {
				return err
			}
			s.printf("%s", table(func(w io.Writer) {
				for _, in := range result.Installs {
					proof := "proven"
					if in.Problem != "" {
						proof = "not proven"
					}
					var found []string
					if in.Remote != nil {
						found = append(found, strings.TrimSpace(fmt.Sprintf("%s %.12s", in.Remote.State, in.Remote.Commit)))
					}
					for _, f := range in.Files {
						if f.State != "clean" {
							found = append(found, f.State+" "+f.Path)
						}
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", proof, in.Path, in.Source, strings.Join(found, ", "))
				}
			}))
			if len(result.Installs) == 0 {
				s.aside(nothingInstalled)
			}
			return s.answerWith(result, err)
		},
	}
}
