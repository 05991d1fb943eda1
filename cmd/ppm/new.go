package main

import (
	"context"
	"io"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/langenv"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/shell"
)

func newCommand() *command {
	return &command{
		name:  "new",
		usage: "create a project from a template, or a bare project of a language",
		details: "It also writes the files that the project needs and does not get from the template:\n" +
			"README.md, CHANGELOG.md and the file of the language, such as go.mod. ppm does not track them.",
		examples: []string{
			"ppm project new -t tp_py_grpc@sync-0.0.1 -n testpygrpc",
			"ppm project new -t tp_py_grpc@aio-0.0.1 -n testpygrpc --with_test --install",
			"ppm project new -l go -n example.com/tool",
		},
		args: &arguments{most: -1, usage: "-t PACK|-l LANGUAGE"}, // newOptions refuses arguments
		flags: []flag{
			{
				name: "template", aliases: []string{"t"}, pmfp: "template-string", kind: stringFlag,
				usage: "create the project from the pack `PACK`",
			},
			{
				name: "name", aliases: []string{"n"}, pmfp: "project-name", kind: stringFlag,
				usage: "set the project's `NAME`; default: the name of the folder",
			},
			{
				name: "language", aliases: []string{"l"}, kind: stringFlag,
				usage: "set the project's `LANGUAGE`: py, cython, go, js, C, CXX or md",
			},
			{
				name: "env", aliases: []string{"e"}, kind: stringFlag,
				usage: "set the project's environment `ENV`, such as venv",
			},
			{name: "author", aliases: []string{"a"}, kind: textFlag, usage: "set the name of the `AUTHOR`"},
			{name: "author-email", aliases: []string{"m"}, kind: textFlag, usage: "set the author's `EMAIL` address"},
			{name: "version", aliases: []string{"v"}, kind: stringFlag, usage: "set the project's `VERSION`"},
			{name: "description", aliases: []string{"d"}, kind: textFlag, usage: "set the description to `TEXT`"},
			{
				name: "keywords", aliases: []string{"k", "keyword"}, kind: listFlag,
				usage: "add the keyword `WORD`; can be repeated",
			},
			keysFlag(), configFlag(),
			{name: "with-test", kind: boolFlag, usage: "add the template's tests"},
			{
				name: "install", aliases: []string{"i"}, kind: boolFlag,
				usage: "create the language's environment and install the dependencies",
			},
			{
				name: "install-env-args", kind: listFlag,
				usage: "pass `KEY::VALUE` to the tool that creates the environment; can be repeated",
			},
			forceFlag(), dryRunFlag(), allowUndefinedFlag(), acceptMovedFlag(), acceptSignerFlag(),
		},
		search:   noSearch,
		scope:    thisFolder,
		plan:     notPlannable,
		complete: noWords,
		run:      runNew,
	}
}

func runNew(ctx context.Context, in *invocation) (any, error) {
	options, err := newOptions(in)
	if err != nil {
		return nil, err
	}
	environment, err := environmentRequest(in)
	if err != nil {
		return nil, err
	}
	p, err := in.openToChange(ctx)
	if err != nil {
		return nil, err
	}
	result, t, err := p.New(ctx, options)
	if err != nil {
		return nil, err
	}
	result.DryRun = in.dryRun()
	if err := in.consume(ctx, t); err != nil {
		return nil, err
	}
	if in.flags.Bool("install") && !in.dryRun() {
		release := in.signals.hold() // a failure removes the project again
		err := p.MakeEnvironment(ctx, result, environment)
		release(err == nil, 0)
		if err != nil {
			return nil, err
		}
	}
	printNew(in, result)
	return result, nil
}

func newOptions(in *invocation) (project.NewOptions, error) {
	if len(in.args) > 0 {
		return project.NewOptions{}, failure.Errorf(failure.Usage, "ppm %s does not take %q",
			in.report.command, in.args[0]).
			WithHint("name a template with -t, as in ppm project new -t %s", shell.Quote(in.args[0]))
	}
	o := project.NewOptions{
		Project: manifest.Project{
			Name:        in.flags.String("name"),
			Version:     in.flags.String("version"),
			Description: in.flags.String("description"),
			Author:      in.flags.String("author"),
			AuthorEmail: in.flags.String("author-email"),
			Language:    in.flags.String("language"),
			Env:         in.flags.String("env"),
			Keywords:    in.flags.StringSlice("keywords"),
		},
		Tests: in.flags.Bool("with-test"), Force: in.flags.Bool("force"),
		AllowUndefined: in.flags.Bool("allow-undefined"),
	}
	var err error
	if in.flags.IsSet("template") {
		if o.Template, err = in.parseReference(in.flags.String("template")); err != nil {
			return o, err
		}
	}
	o.Keys, err = in.keyValues()
	return o, err
}

// environmentRequest returns what --install asks for.
func environmentRequest(in *invocation) (langenv.Request, error) {
	r := langenv.Request{Output: in.terminal.err}
	if in.options.quiet || in.options.json {
		r.Output = io.Discard
	}
	var err error
	r.Args, err = parseKVs(in.flags.StringSlice("install-env-args"))
	return r, err
}

func printNew(in *invocation, result *project.NewResult) {
	printChanges(in, result.Changes)
	in.printf("%s %s from %s\n", verb(result.DryRun, "would create", "created"), result.Name, result.Template)
	if result.Setup != "" && !in.flags.Bool("install") {
		in.printf("install its dependencies with: %s\n", result.Setup)
	}
	if result.Command != "" {
		in.printf("start it with: %s\n", result.Command)
	}
}
