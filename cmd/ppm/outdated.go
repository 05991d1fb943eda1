package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

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
			for _, o := range result.Installs {
				if !o.Same {
					todo++
				}
			}
			s.printf("%s", outdatedText(result))
			if len(result.Installs) == 0 {
				s.aside("every install is at its newest version")
			}
			if todo > 0 && c.Bool("exit-code") {
				return s.answerWith(result, failure.Errorf(failure.Differs, "%s", count(todo, "install has a newer version", "installs have a newer version")).
					WithHint("run ppm project upgrade"))
			}
			return s.answer(result)
		},
	}
}

// outdatedText shows an install a line, and below it the commits that it lacks.
func outdatedText(result *project.OutdatedResult) string {
	lines := strings.SplitAfter(table(func(w io.Writer) {
		for _, o := range result.Installs {
			var words []string
			if o.Same {
				words = append(words, "the same files, nothing to do")
			}
			if o.Moved != "" {
				words = append(words, fmt.Sprintf("its tag moved to %.12s", o.Moved))
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", o.Path, o.Source, o.Newest, strings.Join(words, ", "))
		}
	}), "\n")
	const most = 10 // commits of one install
	var b strings.Builder
	for i, o := range result.Installs {
		b.WriteString(lines[i])
		for _, c := range o.Commits[:min(most, len(o.Commits))] {
			fmt.Fprintf(&b, "    %.12s %s\n", c.ID, c.Subject)
		}
		if more := len(o.Commits) - most; more > 0 {
			fmt.Fprintf(&b, "    … and %d more\n", more)
		}
	}
	return b.String()
}
