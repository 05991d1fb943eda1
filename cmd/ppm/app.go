package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	ppm "github.com/Project-Manager-With-Git/ppm"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// lockWait is how long a command waits for another ppm that works in the same project.
const lockWait = time.Minute

// newApp returns the tree of commands.
func newApp(s *streams) *cli.App {
	app := &cli.App{
		Name:                      "ppm",
		Usage:                     "add components of git repositories to projects, and keep them up to date",
		UsageText:                 "ppm COMMAND [FLAGS] [ARGUMENTS]",
		Description:               examples("ppm project add tp_py_grpc@cp-0.0.1//aiowscli --located-path=aiowscli.py", "ppm registry list"),
		Flags:                     sharedFlags(),
		HideVersion:               true,
		HideHelpCommand:           true,
		EnableBashCompletion:      true,
		DisableSliceFlagSeparator: true,
		CustomAppHelpTemplate:     appHelp,
		Reader:                    s.in,
		Writer:                    s.out,
		ErrWriter:                 s.err,
		ExitErrHandler:            func(*cli.Context, error) {}, // run alone decides how the process ends
		Before: func(c *cli.Context) error {
			s.configure(c)
			return nil
		},
		Action: func(c *cli.Context) error { return s.help(c, cli.ShowAppHelp) },
		Commands: []*cli.Command{
			projectCommand(s), addCommand(s), removeCommand(s), listCommand(s),
			cacheCommand(s), registryCommand(s), lockCommand(s), versionCommand(s), completionCommand(s),
		},
	}
	if s.json {
		app.Writer = &s.helpText
	}
	plainSwitches(app.Flags)
	for _, c := range app.Commands {
		finishCommand(s, c, "ppm")
	}
	return app
}

// plainSwitches keeps help from saying of every switch that it is off until it is named.
func plainSwitches(flags []cli.Flag) {
	for _, f := range flags {
		if b, ok := f.(*cli.BoolFlag); ok {
			b.DisableDefaultText = true
		}
	}
}

func projectCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "project",
		Usage:       "work on the components of a project",
		Description: examples("ppm project add tp_py_grpc@cp-0.0.1//wscli --located-path=wscli.py", "ppm project list"),
		Subcommands: slices.Concat(
			group("Install", newCommand(s), addCommand(s), removeCommand(s), adoptCommand(s)),
			group("Look", listCommand(s), infoCommand(s), statusCommand(s), diffCommand(s), whyCommand(s), outdatedCommand(s), verifyCommand(s), requiresCommand(s)),
			group("Upgrade", upgradeCommand(s), continueCommand(s), abortCommand(s), undoCommand(s), syncCommand(s)),
			group("Arrange", moveCommand(s), ownCommand(s)),
			group("Review", planCommand(s), applyCommand(s)),
			group("Share", asTempCommand(s)),
		),
	}
}

// group gives commands the heading that help shows above the first of them.
func group(heading string, commands ...*cli.Command) []*cli.Command {
	for _, c := range commands {
		c.Category = heading
	}
	return commands
}

// finishCommand gives a command and those below it what all have in common.
func finishCommand(s *streams, c *cli.Command, parent string) {
	full := parent + " " + c.Name
	c.HideHelpCommand = true
	c.CustomHelpTemplate = commandHelp
	if c.ArgsUsage != "" || len(c.Subcommands) > 0 {
		c.UsageText = strings.TrimSpace(full + " " + cmp.Or(c.ArgsUsage, "COMMAND") + " [FLAGS]")
	} else {
		c.UsageText = full + " [FLAGS]"
	}
	for _, f := range sharedFlags() {
		if !slices.ContainsFunc(f.Names(), func(n string) bool { return find(c.Flags, n) != nil }) {
			c.Flags = append(c.Flags, f)
		}
	}
	plainSwitches(c.Flags)
	if c.BashComplete == nil {
		c.BashComplete = s.complete(c)
	}
	if c.Action == nil {
		c.Action = func(ctx *cli.Context) error { return s.help(ctx, cli.ShowSubcommandHelp) }
	}
	action := c.Action
	c.Action = func(ctx *cli.Context) error {
		s.configure(ctx)
		s.command = strings.TrimPrefix(full, "ppm ")
		return s.spread(ctx, action)
	}
	c.OnUsageError = func(_ *cli.Context, err error, _ bool) error {
		return failure.Errorf(failure.Usage, "%w", err).WithHint("run %s --help", full)
	}
	for _, sub := range c.Subcommands {
		finishCommand(s, sub, full)
	}
}

// help shows what can be typed after a command that does nothing by itself.
func (s *streams) help(c *cli.Context, show func(*cli.Context) error) error {
	if s.json {
		return failure.Errorf(failure.Usage, "no command given").WithHint("run it without --json for the commands there are")
	}
	return show(c)
}

// sharedFlags are the flags of every command.
func sharedFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "cwd", Usage: "work in the project at `FOLDER`"},
		&cli.BoolFlag{Name: "json", Usage: "print one JSON document"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print results and errors alone"},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "say what is being done"},
		&cli.BoolFlag{Name: "offline", Usage: "use no network"},
		&cli.BoolFlag{Name: "refresh", Usage: "ask the server again for what the cache knows"},
		&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "ask nothing, take the defaults"},
	}
}

// configure reads the shared flags that change how a command prints.
func (s *streams) configure(c *cli.Context) {
	s.json = s.json || c.Bool("json")
	s.quiet = s.quiet || c.Bool("quiet")
	s.verbose = s.verbose || c.Bool("verbose")
	if c.Bool("yes") || s.json {
		s.prompt = nil
	}
}

// session returns the session of one command.
func (s *streams) session(c *cli.Context) (*project.Session, error) {
	setup, err := s.setup(c)
	if err != nil {
		return nil, err
	}
	session, err := project.New(setup)
	if err != nil {
		return nil, err
	}
	s.close, s.changed = session.Close, session.Changed
	return session, nil
}

// setup returns what a session needs to know.
func (s *streams) setup(c *cli.Context) (project.Setup, error) {
	dir, err := filepath.Abs(c.String("cwd"))
	if err != nil {
		return project.Setup{}, failure.Errorf(failure.LocalIO, "finding the current folder: %w", err).WithHint("change to a folder that exists")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = "" // a process without a home has no user layer and no credentials files
	}
	cache, err := s.cacheDir()
	if err != nil {
		return project.Setup{}, err
	}
	setup := project.Setup{
		Dir: dir, Home: home, UserFile: s.userFile(), CacheDir: cache, Env: s.getenv,
		BuiltIn: ppm.Manifest, Packs: ppm.Packs(),
		Offline: c.Bool("offline"), Refresh: c.Bool("refresh"), LockWait: lockWait, Run: s.member.run, Proposal: s.proposal,
		Notify: s.note,
	}
	if s.verbose && !s.json {
		setup.Progress = s.progress
	}
	switch {
	case s.prompt != nil:
		setup.Ask = s.ask
	case s.member.silent:
		setup.Ask = s.takeDefault
	}
	return setup, nil
}

// cacheDir returns the folder of ppm's cache: $PPM_CACHE_DIR, else "ppm" in the user's cache folder.
func (s *streams) cacheDir() (string, error) {
	if dir := s.getenv("PPM_CACHE_DIR"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", failure.Errorf(failure.LocalIO, "finding the cache folder: %w", err).WithHint("set HOME, or PPM_CACHE_DIR to a folder of ppm's own")
	}
	return filepath.Join(dir, "ppm"), nil
}

// userFile returns the user's layer of the manifest: $PPM_CONFIG, else ppm/ppm.toml in the user's configuration folder.
func (s *streams) userFile() string {
	if file := s.getenv("PPM_CONFIG"); file != "" {
		return file
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "ppm", "ppm.toml")
}

// reference reads the one reference that a command takes.
func reference(c *cli.Context) (ref.Ref, error) {
	if err := arguments(c, 1, 1, "a reference"); err != nil {
		return ref.Ref{}, err
	}
	return ref.Parse(c.Args().First())
}

// arguments checks how many positionals a command got. A max of -1 is no limit.
func arguments(c *cli.Context, least, most int, what string) error {
	n := c.Args().Len()
	switch {
	case n < least:
		return failure.Errorf(failure.Usage, "%s needs %s", c.Command.HelpName, what).
			WithHint("write it as %s", c.Command.UsageText)
	case most >= 0 && n > most:
		return failure.Errorf(failure.Usage, "%s does not take %q", c.Command.HelpName, c.Args().Get(most)).
			WithHint("write it as %s", c.Command.UsageText)
	}
	return nil
}

// examples formats the example command lines that every help text ends with.
func examples(lines ...string) string {
	return "Examples:\n  " + strings.Join(lines, "\n  ")
}

// twice is what the library writes of a flag that may be repeated, whose usage says so in words.
var twice = regexp.MustCompile(` \[ .* \]\t`)

func init() {
	stock := cli.FlagStringer
	cli.FlagStringer = func(f cli.Flag) string { return twice.ReplaceAllLiteralString(stock(f), "\t") }
}

// The help texts leave out the flags that no user needs to read about twice.
var (
	appHelp = fmt.Sprintf(helpFrame, `
Commands:{{range .VisibleCommands}}
  {{printf "%-12s" .Name}} {{.Usage}}{{end}}
`)
	commandHelp = fmt.Sprintf(helpFrame, `{{if .VisibleCommands}}{{$group := ""}}{{range .VisibleCommands}}{{$heading := or .Category "Commands"}}
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
