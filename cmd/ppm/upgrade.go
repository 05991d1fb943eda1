package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// mergeFlags are those of the commands that merge.
func mergeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "conflict", Value: string(merge.Merge), Usage: "how conflicts are written: `STYLE` merge, diff3 or zdiff3"},
		&cli.BoolFlag{Name: "no-index", Usage: "mark no conflicts in git's index"},
		&cli.BoolFlag{Name: "dry-run", Usage: "show what would be done, and change nothing"},
		&cli.BoolFlag{Name: "allow-undefined", Usage: "render an undefined name as nothing"},
		&cli.StringSliceFlag{Name: "accept-moved", Usage: "go on although `TAG` names another commit than the lockfile says; repeatable"},
	}
}

// oneOf returns the known value that a flag names.
func oneOf[T ~string](what, value string, known []T) (T, error) {
	var names []string
	for _, k := range known {
		if string(k) == value {
			return k, nil
		}
		names = append(names, string(k))
	}
	return "", failure.Errorf(failure.Usage, "no %s %q", what, value).WithHint("%s", suggest.Hint(what, value, names))
}

func upgradeCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:      "upgrade",
		Usage:     "move installs to another version or other keys, and merge your edits into it",
		ArgsUsage: "[PATH|COMPONENT…]",
		Description: examples(
			"ppm project upgrade",
			"ppm project upgrade app/interceptor --to cp-0.0.2 --dry-run",
			"ppm project upgrade app/interceptor --to current --kv source::tracer"),
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "to", Usage: "the version `VERSION`; current keeps the version and changes keys; the newest when not given"},
			&cli.BoolFlag{Name: "all", Usage: "all installs; the same as naming none"},
			&cli.StringSliceFlag{Name: "kv", Usage: "set a key of the pack, as `KEY::VALUE`; repeatable"},
			&cli.StringFlag{Name: "strategy", Usage: "what settles conflicts from now on: `STRATEGY` merge, fast-forward, ours or theirs"},
			&cli.StringFlag{Name: "summary", Usage: "print the text of a change request, in the `FORMAT` md"},
			&cli.BoolFlag{Name: "step", Usage: "stop at the first version that brings a conflict, and name it"},
		}, mergeFlags()...),
		Action: func(c *cli.Context) error { return runUpgrade(c, s) },
	}
}

func runUpgrade(c *cli.Context, s *streams) error {
	keys, err := keyValues(c)
	if err != nil {
		return err
	}
	style, err := oneOf("conflict style", c.String("conflict"), merge.Styles)
	if err != nil {
		return err
	}
	strategy := manifest.Strategy(c.String("strategy"))
	if strategy != "" {
		if strategy, err = oneOf("strategy", c.String("strategy"), manifest.Strategies); err != nil {
			return err
		}
	}
	if format := c.String("summary"); format != "" {
		if _, err := oneOf("format", format, []string{"md"}); err != nil {
			return err
		}
	}
	if c.Bool("all") && c.Args().Present() {
		return failure.Errorf(failure.Usage, "both --all and %q were given", c.Args().First()).WithHint("leave out one of them")
	}
	session, err := s.session(c)
	if err != nil {
		return err
	}
	result, err := session.Upgrade(c.Context, project.UpgradeOptions{
		Names: c.Args().Slice(), To: c.String("to"), Keys: keys, Style: style, Strategy: strategy, Step: c.Bool("step"), Summary: c.String("summary") != "", DryRun: c.Bool("dry-run"),
		AllowUndefined: c.Bool("allow-undefined"), AcceptMoved: c.StringSlice("accept-moved"), NoIndex: c.Bool("no-index"),
	})
	if result == nil {
		return err
	}
	if result.Summary != "" {
		s.printf("%s", result.Summary)
		return s.answerWith(result, err)
	}
	printChanges(s, result.Changes)
	printUpgrades(s, result.Upgrades, result.DryRun)
	switch {
	case len(result.Upgrades) > 0:
	case c.IsSet("to"):
		s.aside("there is nothing to do: every install has this version and these keys")
	default:
		s.aside("every install is at its newest version")
	}
	return s.answerWith(result, err)
}

func printUpgrades(s *streams, upgrades []project.Upgraded, dryRun bool) {
	for _, u := range upgrades {
		same := ""
		if u.Same {
			same = " (the same files)"
		}
		s.printf("%s %s from %s to %s%s\n", verb(dryRun, "would upgrade", "upgraded"), u.Path, u.From, u.To, same)
		if u.Stops != "" {
			s.note(fmt.Sprintf("version %s brings the conflict in %s; run ppm project upgrade --step again when it is settled", u.Stops, u.Path))
		}
	}
}

func syncCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "sync",
		Usage:       "make the project equal to ppm.toml and ppm.lock; edited files stay",
		Description: examples("ppm project sync", "ppm project sync --check", "ppm project sync --frozen"),
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "check", Usage: "change nothing, and end with 9 when there is something to do"},
			&cli.BoolFlag{Name: "frozen", Usage: "never touch ppm.lock"},
		}, mergeFlags()...),
		Action: func(c *cli.Context) error { return runSync(c, s) },
	}
}

func runSync(c *cli.Context, s *streams) error {
	if err := arguments(c, 0, 0, "nothing"); err != nil {
		return err
	}
	style, err := oneOf("conflict style", c.String("conflict"), merge.Styles)
	if err != nil {
		return err
	}
	session, err := s.session(c)
	if err != nil {
		return err
	}
	result, err := session.Sync(c.Context, project.SyncOptions{
		Check: c.Bool("check"), Frozen: c.Bool("frozen"), Style: style, DryRun: c.Bool("dry-run"),
		AllowUndefined: c.Bool("allow-undefined"), AcceptMoved: c.StringSlice("accept-moved"), NoIndex: c.Bool("no-index"),
	})
	if result == nil {
		return err
	}
	printChanges(s, result.Changes)
	for _, in := range result.Added {
		s.printf("%s %s at %s\n", verb(result.DryRun, "would install", "installed"), in.Source, in.Path)
	}
	printUpgrades(s, result.Upgrades, result.DryRun)
	for _, in := range result.Removed {
		s.printf("%s %s from %s\n", verb(result.DryRun, "would remove", "removed"), in.Source, in.Path)
	}
	if err == nil && len(result.Changes)+len(result.Added)+len(result.Upgrades)+len(result.Removed) == 0 {
		s.aside("the project is what ppm.toml and ppm.lock say")
	}
	return s.answerWith(result, err)
}

func continueCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "continue",
		Usage:       "finish an upgrade whose conflicts are settled",
		Description: examples("ppm project continue"),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "take the files as they are, whatever their text"},
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
			result, err := session.Continue(c.Context, project.SettleOptions{Force: c.Bool("force"), DryRun: c.Bool("dry-run")})
			if err != nil {
				return err
			}
			for _, name := range result.Settled {
				s.printf("settled   %s\n", name)
			}
			return s.answer(result)
		},
	}
}

func abortCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "abort",
		Usage:       "take back an upgrade that left conflicts: every byte is as before it",
		Description: examples("ppm project abort"),
		Flags: []cli.Flag{
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
			result, err := session.Abort(c.Context, project.SettleOptions{DryRun: c.Bool("dry-run")})
			if err != nil {
				return err
			}
			printChanges(s, result.Changes)
			s.printf("%s ppm project %s\n", verb(result.DryRun, "would take back", "took back"), result.Undone)
			return s.answer(result)
		},
	}
}
