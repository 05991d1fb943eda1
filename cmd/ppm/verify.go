package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

func verifyCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "verify",
		Usage:       "prove that the lockfile is what the packs give, and that no installed file is missing",
		Description: examples("ppm project verify", "ppm project verify --offline --json"),
		Action: func(c *cli.Context) error {
			if err := arguments(c, 0, 0, "nothing"); err != nil {
				return err
			}
			session, err := s.session(c)
			if err != nil {
				return err
			}
			result, err := session.Verify(c.Context)
			if result == nil {
				return err
			}
			s.printf("%s", table(func(w io.Writer) {
				for _, in := range result.Installs {
					proof := "proven"
					if in.Problem != "" {
						proof = "not proven"
					}
					var edited []string
					for _, f := range in.Files {
						if f.State != "clean" {
							edited = append(edited, f.State+" "+f.Path)
						}
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", proof, in.Path, in.Source, strings.Join(edited, ", "))
				}
			}))
			return s.answerWith(result, err)
		},
	}
}
