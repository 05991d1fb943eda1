package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
)

// newApp turns the tree of commands into an app that parses a command line into in and runs it. The line is the one
// that was typed.
func newApp(root *command, in *invocation, line []string) *cli.App {
	app := &cli.App{
		Name:                      root.name,
		Usage:                     root.usage,
		UsageText:                 "ppm COMMAND [FLAGS] [ARGUMENTS]",
		Description:               root.description(),
		Flags:                     cliFlags(root.flags),
		HideVersion:               true,
		HideHelpCommand:           true,
		EnableBashCompletion:      true,
		DisableSliceFlagSeparator: true,
		CustomAppHelpTemplate:     appHelp,
		Reader:                    in.terminal.in,
		Writer:                    in.terminal,
		ErrWriter:                 in.terminal.err,
		ExitErrHandler:            func(*cli.Context, error) {}, // run alone decides how the process ends
		Action:                    func(c *cli.Context) error { return showHelp(c, in, cli.ShowAppHelp) },
	}
	if in.options.json {
		app.Writer = &in.report.help
	}
	for _, c := range root.commands {
		app.Commands = append(app.Commands, cliCommand(c, in, line))
	}
	return app
}

func cliCommand(c *command, in *invocation, line []string) *cli.Command {
	out := &cli.Command{
		Name:               c.name,
		Aliases:            c.aliases,
		Category:           c.heading,
		Usage:              c.usage,
		UsageText:          c.usageLine(),
		Description:        c.description(),
		Flags:              cliFlags(c.flags),
		Hidden:             c.planned != nil,
		HideHelpCommand:    true,
		CustomHelpTemplate: commandHelp,
		OnUsageError: func(_ *cli.Context, err error, _ bool) error {
			return failure.Errorf(failure.Usage, "%w", err).WithHint("run %s --help", c.fullName())
		},
	}
	out.Action = func(ctx *cli.Context) error {
		if c.run == nil {
			return showHelp(ctx, in, cli.ShowSubcommandHelp)
		}
		in.report.command, in.usage = c.path, c.usageLine()
		flags, err := in.withFlagFile(c.flags, ctx)
		if err != nil {
			return err
		}
		in.read(flags, ctx.Args().Slice())
		return c.dispatch(ctx.Context, in)
	}
	out.BashComplete = complete(c, out, in, line)
	for _, sub := range c.commands {
		out.Subcommands = append(out.Subcommands, cliCommand(sub, in, line))
	}
	return out
}

// complete returns the function that prints the words that can follow in the command line of a command. The line is
// the one that was typed, with the parser's own flag as its last word.
func complete(c *command, out *cli.Command, in *invocation, line []string) cli.BashCompleteFunc {
	standard := cli.DefaultCompleteWithFlags(out)
	return func(ctx *cli.Context) {
		var words []string
		last := line[len(line)-2]
		f, isFlag := findFlag(c.flags, strings.TrimLeft(last, "-"))
		switch {
		case isFlag && strings.HasPrefix(last, "-") && f.kind == choiceFlag:
			words = f.choices
		case strings.HasPrefix(last, "-") || c.complete == nil:
			standard(ctx)
		default:
			standard(ctx)
			words = c.complete(in.readInstalled(typedCwd(ctx)), ctx.Args().Slice())
		}
		for _, word := range words {
			fmt.Fprintln(ctx.App.Writer, word)
		}
	}
}

// typedCwd returns the folder of a line that is completed: the flag can follow any of its commands.
func typedCwd(c *cli.Context) string {
	for _, level := range c.Lineage() {
		if dir := level.String("cwd"); dir != "" {
			return dir
		}
	}
	return ""
}

func cliFlags(flags []flag) []cli.Flag {
	out := make([]cli.Flag, len(flags))
	for i, f := range flags {
		switch f.kind {
		case boolFlag:
			out[i] = &cli.BoolFlag{Name: f.name, Aliases: f.aliases, Usage: f.usage, DisableDefaultText: true}
		case intFlag:
			value, _ := strconv.Atoi(f.value) // a test checks it
			out[i] = &cli.IntFlag{Name: f.name, Aliases: f.aliases, Usage: f.usage, Value: value}
		case listFlag:
			out[i] = &cli.StringSliceFlag{Name: f.name, Aliases: f.aliases, Usage: f.usage}
		default:
			out[i] = &cli.StringFlag{Name: f.name, Aliases: f.aliases, Usage: f.usage, Value: f.value}
		}
	}
	return out
}

// showHelp shows the help of a command that does nothing by itself.
func showHelp(c *cli.Context, in *invocation, show func(*cli.Context) error) error {
	if in.options.json {
		return failure.Errorf(failure.Usage, "no command given").WithHint("run it without --json to list the commands")
	}
	return show(c)
}

// description returns the part of the help that follows the flags.
func (c *command) description() string {
	text := "Examples:\n  " + strings.Join(c.examples, "\n  ")
	if c.details != "" {
		text = c.details + "\n\n" + text
	}
	return text
}

// listDefault is what the library prints of a flag that can be repeated, whose usage says so in words.
var listDefault = lazyregexp.New(` \[ .* \]\t`)

func init() {
	standard := cli.FlagStringer
	cli.FlagStringer = func(f cli.Flag) string { return listDefault.Get().ReplaceAllLiteralString(standard(f), "\t") }
}

// The help templates.
var (
	appHelp = fmt.Sprintf(helpFrame, `
Commands:{{range .VisibleCommands}}
  {{printf "%-12s" .Name}} {{.Usage}}{{end}}
`)
	commandHelp = fmt.Sprintf(helpFrame, `{{if .VisibleCommands}}{{$group := ""}}{{range .VisibleCommands -}}
{{$heading := or .Category "Commands"}}
{{if ne $heading $group}}{{if $group}}
{{end}}{{$group = $heading}}{{$heading}}:
{{end}}  {{printf "%-12s" .Name}} {{.Usage}}{{end}}
{{end}}`)
)

const helpFrame = `{{.HelpName}}: {{.Usage}}

Usage:
  {{.UsageText}}
%s
Flags:{{range .VisibleFlags}}
  {{.}}{{end}}

{{.Description}}
`

// fishCompletion returns the completion script for fish.
func fishCompletion(root *command) (string, error) {
	app := newApp(root, &invocation{terminal: &terminal{}}, nil)
	app.Setup()
	return app.ToFishCompletion()
}
