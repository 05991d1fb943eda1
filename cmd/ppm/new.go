package main

import (
	"io"

	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/langenv"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

func newCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:  "new",
		Usage: "make a project of a template, or the bare project of a language",
		Description: examples(
			"ppm project new -t tp_py_grpc@sync-0.0.1 -n testpygrpc",
			"ppm project new -t tp_py_grpc@aio-0.0.1 -n testpygrpc --with_test --install",
			"ppm project new -l go -n example.com/tool"),
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "template", Aliases: []string{"t"}, Usage: "make the project of the pack `PACK`"},
			&cli.StringFlag{Name: "name", Aliases: []string{"n"}, Usage: "the project's `NAME`; the folder's when not given"},
			&cli.StringFlag{Name: "language", Aliases: []string{"l"}, Usage: "the project's `LANGUAGE`: py, cython, go, js, C, CXX or md"},
			&cli.StringFlag{Name: "env", Aliases: []string{"e"}, Usage: "the project's environment `ENV`, such as venv"},
			&cli.StringFlag{Name: "author", Aliases: []string{"a"}, Usage: "the `AUTHOR`'s name"},
			&cli.StringFlag{Name: "author-email", Aliases: []string{"m"}, Usage: "the author's `EMAIL` address"},
			&cli.StringFlag{Name: "version", Aliases: []string{"v"}, Usage: "the project's `VERSION`"},
			&cli.StringFlag{Name: "description", Aliases: []string{"d"}, Usage: "what the project is for, as `TEXT`"},
			&cli.StringSliceFlag{Name: "keywords", Aliases: []string{"k", "keyword"}, Usage: "a `WORD` to find the project by; repeatable"},
			&cli.StringSliceFlag{Name: "kv", Usage: "set a key of the pack, as `KEY::VALUE`; repeatable"},
			&cli.BoolFlag{Name: "with-test", Usage: "add the template's tests"},
			&cli.BoolFlag{Name: "install", Aliases: []string{"i"}, Usage: "make the language's environment and install what the project needs"},
			&cli.StringSliceFlag{Name: "install-env-args", Usage: "pass an argument to what makes the environment, as `KEY::VALUE`; repeatable"},
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "replace files that are in the way; ppm keeps what it replaces"},
			&cli.BoolFlag{Name: "dry-run", Usage: "show what would be done, and change nothing"},
			&cli.BoolFlag{Name: "allow-undefined", Usage: "render an undefined name as nothing"},
		},
		Action: func(c *cli.Context) error { return runNew(c, s) },
	}
}

func runNew(c *cli.Context, s *streams) error {
	if err := arguments(c, 0, 0, "nothing"); err != nil {
		return err
	}
	options := project.NewOptions{
		Information: manifest.Project{
			Name: c.String("name"), Version: c.String("version"), Description: c.String("description"),
			Author: c.String("author"), AuthorEmail: c.String("author-email"),
			Language: c.String("language"), Env: c.String("env"), Keywords: c.StringSlice("keywords"),
		},
		Tests: c.Bool("with-test"), Force: c.Bool("force"), DryRun: c.Bool("dry-run"), AllowUndefined: c.Bool("allow-undefined"),
	}
	var err error
	if c.IsSet("template") {
		if options.Template, err = ref.Parse(c.String("template")); err != nil {
			return err
		}
	}
	if options.Keys, err = keyValues(c); err != nil {
		return err
	}
	if c.Bool("install") {
		if options.Install, err = installRequest(c, s); err != nil {
			return err
		}
	}
	session, err := s.session(c)
	if err != nil {
		return err
	}
	result, err := session.New(c.Context, options)
	if err != nil {
		return err
	}
	printChanges(s, result.Changes)
	s.printf("%s %s from %s\n", verb(result.DryRun, "would make", "made"), result.Name, result.Template)
	if result.Setup != "" && !c.Bool("install") {
		s.printf("it needs: %s\n", result.Setup)
	}
	if result.Command != "" {
		s.printf("start it with: %s\n", result.Command)
	}
	return s.answer(result)
}

// installRequest says how --install makes the environment. What its tools print is talk.
func installRequest(c *cli.Context, s *streams) (*langenv.Request, error) {
	r := &langenv.Request{Output: s.err}
	if s.quiet || s.json {
		r.Output = io.Discard
	}
	for _, text := range c.StringSlice("install-env-args") {
		kv, err := ref.ParseKV(text)
		if err != nil {
			return nil, err
		}
		r.Args = append(r.Args, kv)
	}
	return r, nil
}
