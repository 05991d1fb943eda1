package main

import (
	"fmt"
	"io"
	"strings"

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
			s.printf("%s", table(func(w io.Writer) {
				for _, in := range result.Installs {
					for _, f := range in.Files {
						if f.State != "clean" {
							fmt.Fprintf(w, "%s\t%s\t%s\n", f.State, f.Path, in.Source)
						}
					}
				}
			}))
			if !result.Changed() {
				s.note(fmt.Sprintf("all files of %d installs are as they were installed", len(result.Installs)))
			} else if c.Bool("exit-code") {
				return s.answerWith(result, failure.Errorf(failure.Differs, "files are not as they were installed").
					WithHint("see what changed with ppm project status"))
			}
			return s.answer(result)
		},
	}
}

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

func outdatedCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "outdated",
		Usage:       "show which installs have a newer version",
		ArgsUsage:   "[PATH|COMPONENT…]",
		Description: examples("ppm project outdated", "ppm project outdated --exit-code --json"),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "exit-code", Usage: "end with 9 when there is something to do"},
		},
		Action: func(c *cli.Context) error {
			session, err := s.session(c)
			if err != nil {
				return err
			}
			result, err := session.Outdated(c.Context, c.Args().Slice())
			if err != nil {
				return err
			}
			todo := 0
			s.printf("%s", table(func(w io.Writer) {
				for _, o := range result.Installs {
					var words []string
					if o.Same {
						words = append(words, "the same files, nothing to do")
					} else {
						todo++
					}
					if o.Moved != "" {
						words = append(words, fmt.Sprintf("its tag moved to %.12s", o.Moved))
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", o.Path, o.Source, o.Newest, strings.Join(words, ", "))
				}
			}))
			if len(result.Installs) == 0 {
				s.note("every install is at its newest version")
			}
			if todo > 0 && c.Bool("exit-code") {
				return s.answerWith(result, failure.Errorf(failure.Differs, "%d installs have a newer version", todo).
					WithHint("run ppm project upgrade"))
			}
			return s.answer(result)
		},
	}
}
