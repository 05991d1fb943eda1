package main

import (
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func undoCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "undo",
		Usage:       "take back the last command that changed the project; again goes further back",
		Description: examples("ppm project undo", "ppm project undo --list", "ppm project undo --dry-run"),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "list", Aliases: []string{"l"}, Usage: "list the commands that can be taken back"},
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "replace files that were edited since; ppm keeps what it replaces"},
			&cli.BoolFlag{Name: "dry-run", Usage: "show what would be done, and change nothing"},
		},
		Action: func(c *cli.Context) error {
			if err := arguments(c, 0, 0, "nothing"); err != nil {
				return err
			}
			session, err := s.session(c)
			if err != nil {
				return err
			}
			if c.Bool("list") {
				return listHistory(c, s, session)
			}
			result, err := session.Undo(c.Context, project.UndoOptions{Force: c.Bool("force"), DryRun: c.Bool("dry-run")})
			if err != nil {
				return err
			}
			printChanges(s, result.Changes)
			s.printf("%s ppm project %s\n", verb(result.DryRun, "would take back", "took back"), result.Undone)
			return s.answer(result)
		},
	}
}

func listHistory(c *cli.Context, s *streams, session *project.Session) error {
	past, err := session.History(c.Context)
	if err != nil {
		return err
	}
	s.printf("%s", table(func(w io.Writer) {
		for _, p := range past {
			state := ""
			if p.Undone {
				state = "taken back"
			}
			if p.Damaged != "" {
				fmt.Fprintf(w, "%s\ta command\t\tdamaged: %s\n", p.Time.Local().Format(time.DateTime), p.Damaged)
				continue
			}
			fmt.Fprintf(w, "%s\tppm project %s\t%s\t%s\n", p.Time.Local().Format(time.DateTime), p.Command, count(p.Files, "file", "files"), state)
		}
	}))
	if len(past) == 0 {
		s.aside("there is no command to take back")
	}
	return s.answer(map[string]any{"commands": orEmpty(past)})
}
