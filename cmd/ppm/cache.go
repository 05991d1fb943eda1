package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

func cacheCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "cache",
		Usage:       "work on the packs that ppm keeps at hand",
		Description: examples("ppm cache list", "ppm cache get tp_py_grpc@cp-0.0.1"),
		Subcommands: []*cli.Command{cacheGetCommand(s), cacheListCommand(s), cacheInfoCommand(s), cacheCleanCommand(s)},
	}
}

func cacheGetCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "get",
		Usage:       "bring a pack into the cache, for later use without a network",
		ArgsUsage:   "REFERENCE",
		Description: examples("ppm cache get tp_py_grpc@cp-0.0.1", "ppm cache get git.example.com::team::pack@v1.2.0"),
		Action: func(c *cli.Context) error {
			r, err := reference(c)
			if err != nil {
				return err
			}
			session, err := s.session(c)
			if err != nil {
				return err
			}
			pin, err := session.CacheGet(c.Context, r)
			if err != nil {
				return err
			}
			s.printf("%s %s %s\n", pin.URL, pin.Ref, pin.Commit)
			return s.answer(map[string]any{"url": pin.URL, "ref": pin.Ref, "commit": pin.Commit})
		},
	}
}

func cacheListCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "list",
		Usage:       "list the packs in the cache",
		Description: examples("ppm cache list", "ppm cache list --json"),
		Action: func(c *cli.Context) error {
			entries, err := cached(c, s, 0)
			if err != nil {
				return err
			}
			s.printf("%s", table(func(w io.Writer) {
				for _, e := range entries {
					fmt.Fprintf(w, "%s\t%s\t%s\n", e.URL, size(e.Size), strings.Join(refNames(e), ", "))
				}
			}))
			return s.answer(map[string]any{"repositories": orEmpty(entries)})
		},
	}
}

func cacheInfoCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "info",
		Usage:       "show where the cache is and what it holds of a pack",
		ArgsUsage:   "[NAME|URL]",
		Description: examples("ppm cache info", "ppm cache info tp_py_grpc"),
		Action: func(c *cli.Context) error {
			entries, err := cached(c, s, 1)
			if err != nil {
				return err
			}
			dir, err := s.cacheDir()
			if err != nil {
				return err
			}
			if name := c.Args().First(); name != "" {
				if entries, err = matching(entries, name); err != nil {
					return err
				}
			}
			var total int64
			for _, e := range entries {
				total += e.Size
				s.printf("%s\n%s", e.URL, table(func(w io.Writer) {
					for _, r := range e.Refs {
						fmt.Fprintf(w, "  %s\t%.12s\n", r.Name, r.Commit)
					}
				}))
			}
			s.printf("%s: packs: %d, %s\n", dir, len(entries), size(total))
			return s.answer(map[string]any{"folder": dir, "bytes": total, "repositories": orEmpty(entries)})
		},
	}
}

// cached lists the cache for a command with at most that many arguments.
func cached(c *cli.Context, s *streams, most int) ([]fetch.CacheEntry, error) {
	if err := arguments(c, 0, most, "nothing"); err != nil {
		return nil, err
	}
	session, err := s.session(c)
	if err != nil {
		return nil, err
	}
	return session.CacheList(c.Context)
}

func matching(entries []fetch.CacheEntry, name string) ([]fetch.CacheEntry, error) {
	var out []fetch.CacheEntry
	var names []string
	for _, e := range entries {
		names = append(names, e.Repo)
		if e.Repo == name || e.URL == name {
			out = append(out, e)
		}
	}
	if len(out) == 0 {
		return nil, failure.Errorf(failure.Usage, "no pack %q in the cache", name).WithHint("%s", suggest.Hint("pack", name, names))
	}
	return out, nil
}

// cacheModes say how much of the cache is deleted.
var cacheModes = []string{"all", "only_hash", "except_latest"}

func cacheCleanCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "clean",
		Usage:       "delete packs from the cache; they are fetched again when needed",
		Description: examples("ppm cache clean", "ppm cache clean -m except_latest -n tp_py_grpc"),
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "mode", Aliases: []string{"m"}, Value: "all", Usage: "what to delete, `MODE` all, only_hash (commits without a tag) or except_latest (all but the newest tags)"},
			&cli.StringFlag{Name: "host", Usage: "packs of `HOST` alone"},
			&cli.StringFlag{Name: "namespace", Aliases: []string{"s"}, Usage: "packs of `NAMESPACE` alone"},
			&cli.StringFlag{Name: "repo", Aliases: []string{"n"}, Usage: "packs named `REPO` alone"},
			&cli.StringFlag{Name: "tag", Aliases: []string{"t"}, Usage: "the tag `TAG` alone"},
			&cli.BoolFlag{Name: "dry-run", Usage: "show what would be deleted, and delete nothing"},
		},
		Action: func(c *cli.Context) error {
			if err := arguments(c, 0, 0, "nothing"); err != nil {
				return err
			}
			mode := c.String("mode")
			if !slices.Contains(cacheModes, mode) {
				return failure.Errorf(failure.Usage, "no mode %q", mode).WithHint("%s", suggest.Hint("mode", mode, cacheModes))
			}
			session, err := s.session(c)
			if err != nil {
				return err
			}
			gone, err := session.CacheClean(c.Context, fetch.CleanOptions{
				Mode: mode, Host: c.String("host"), Namespace: c.String("namespace"), Repo: c.String("repo"), Tag: c.String("tag"),
				DryRun: c.Bool("dry-run"),
			})
			if err != nil {
				return err
			}
			for _, e := range gone {
				s.printf("%s %s: %s\n", verb(c.Bool("dry-run"), "would delete", "deleted"), e.URL, strings.Join(refNames(e), ", "))
			}
			if len(gone) == 0 {
				s.note("nothing in the cache is to be deleted")
			}
			return s.answer(map[string]any{"deleted": orEmpty(gone), "dry_run": c.Bool("dry-run")})
		},
	}
}

func refNames(e fetch.CacheEntry) []string {
	var names []string
	for _, r := range e.Refs {
		names = append(names, strings.TrimPrefix(strings.TrimPrefix(r.Name, "refs/tags/"), "refs/heads/"))
	}
	return names
}

// size writes a number of bytes for people.
func size(n int64) string {
	switch {
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 10<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}
