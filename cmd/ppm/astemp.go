package main

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func asTempCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:      "as_temp",
		Aliases:   []string{"as-temp"},
		Usage:     "make a pack of the project, to add from or to make projects of",
		ArgsUsage: "TYPE",
		Description: "TYPE is components, or for a template of projects: socket, GUI, task, watcher, module or doc.\n" +
			"Each file and folder at the top of the project becomes a component, but for what .gitignore names.\n\n" +
			examples(
				"ppm project as_temp components -t ../mypack",
				"ppm project as_temp module -p testpygrpc::project_name -p timer::source",
				"ppm project as_temp components -p 5000::port::8080 --dry-run"),
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "replace", Aliases: []string{"p"}, Usage: "make a key of a text, as `TEXT::KEY::DEFAULT`; without ::DEFAULT the text is the default; repeatable"},
			&cli.StringFlag{Name: "target", Aliases: []string{"t"}, Usage: "write the pack to `FOLDER`, from the project's; a new one beside the project when not given"},
			&cli.BoolFlag{Name: "dry-run", Usage: "show what would be done, and change nothing"},
		},
		Action: func(c *cli.Context) error { return runAsTemp(c, s) },
	}
}

func runAsTemp(c *cli.Context, s *streams) error {
	if err := arguments(c, 1, 1, "the type of the pack"); err != nil {
		return err
	}
	options := project.AsTemplateOptions{Type: c.Args().First(), Dir: c.String("target"), DryRun: c.Bool("dry-run")}
	for _, text := range c.StringSlice("replace") {
		r, err := project.ParseReplacement(text)
		if err != nil {
			return err
		}
		options.Replacements = append(options.Replacements, r)
	}
	session, err := s.session(c)
	if err != nil {
		return err
	}
	result, err := session.AsTemplate(c.Context, options)
	if err != nil {
		return err
	}
	printChanges(s, result.Changes)
	s.printf("%s a pack with %s in %s\n", verb(result.DryRun, "would make", "made"), count(len(result.Components), "component", "components"), result.Folder)
	s.printf("look it through, publish it and use it:\n  %s\n", strings.Join(result.Next, "\n  "))
	return s.answer(result)
}
