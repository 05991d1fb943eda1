package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/difftool"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func diffCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "diff",
		Usage:       "show what you changed in installed files, or what another version changes",
		ArgsUsage:   "[FILE|PATH|COMPONENT…]",
		Description: examples("ppm project diff", "ppm project diff app/interceptor/timer.py", "ppm project diff app/interceptor --upstream cp-0.0.2 --combined", "ppm project diff --tool meld"),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "base", Usage: "compare what was installed with your files; so it is without a flag"},
			&cli.StringFlag{Name: "upstream", Usage: "compare what was installed with the version `VERSION`"},
			&cli.BoolFlag{Name: "combined", Usage: "with --upstream: compare your files with that version"},
			&cli.StringFlag{Name: "tool", Usage: "show the two sides in the tool `COMMAND`, which gets copies of them as two folders"},
			&cli.BoolFlag{Name: "exit-code", Usage: "end with 9 when something differs"},
		},
		Action: func(c *cli.Context) error { return runDiff(c, s) },
	}
}

func runDiff(c *cli.Context, s *streams) error {
	options := project.DiffOptions{Names: c.Args().Slice(), Upstream: c.String("upstream"), Combined: c.Bool("combined")}
	if c.Bool("base") && (options.Upstream != "" || options.Combined) {
		return failure.Errorf(failure.Usage, "--base and --upstream name different sides").WithHint("leave one of them out")
	}
	if c.IsSet("tool") {
		options.Tool = &difftool.Request{Command: c.String("tool"), In: s.in, Out: s.out, Err: s.err}
		if s.json {
			options.Tool.Out = s.err
		}
	}
	session, err := s.session(c)
	if err != nil {
		return err
	}
	result, err := session.Diff(c.Context, options)
	if err != nil {
		return err
	}
	for _, f := range result.Files {
		if options.Tool == nil {
			s.diff(f.Text())
		}
	}
	if len(result.Files) == 0 {
		s.aside("nothing differs")
	}
	if len(result.Files) > 0 && c.Bool("exit-code") {
		return s.answerWith(result, failure.Errorf(failure.Differs, "%s", count(len(result.Files), "file differs", "files differ")).WithHint("see ppm project diff"))
	}
	return s.answer(result)
}

// diff writes a unified diff, in colours when a person looks at it.
func (s *streams) diff(text string) {
	colours := map[byte]string{'-': "\x1b[31m", '+': "\x1b[32m", '@': "\x1b[36m"}
	for line := range strings.Lines(text) {
		colour, changed := colours[line[0]]
		if !s.outColour || !changed {
			s.printf("%s", line)
			continue
		}
		s.write(colour + printable(strings.TrimSuffix(line, "\n")) + "\x1b[0m\n")
	}
}
