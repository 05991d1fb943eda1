package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/catalog"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

func cacheCommand() *command {
	return &command{
		name:     "cache",
		usage:    "manage the local pack cache",
		examples: []string{"ppm cache list", "ppm cache get tp_py_grpc@cp-0.0.1"},
		commands: []*command{cacheGetCommand(), cacheListCommand(), cacheInfoCommand(), cacheCleanCommand()},
	}
}

func cacheGetCommand() *command {
	return &command{
		name:     "get",
		usage:    "download a pack into the cache, for use without a network",
		examples: []string{"ppm cache get tp_py_grpc@cp-0.0.1", "ppm cache get git.example.com::team::pack@v1.2.0"},
		args:     &arguments{usage: "REFERENCE", least: 1, most: 1, missing: "a reference"},
		search:   noSearch,
		scope:    noProject,
		plan:     notPlannable,
		complete: noWords,
		run:      runCacheGet,
	}
}

func runCacheGet(ctx context.Context, in *invocation) (any, error) {
	r, err := in.reference()
	if err != nil {
		return nil, err
	}
	packs, err := in.openPacks()
	if err != nil {
		return nil, err
	}
	pin, err := catalog.Download(ctx, packs, r)
	if err != nil {
		return nil, err
	}
	in.printf("%s %s %s\n", pin.URL, pin.Ref, pin.Commit)
	return map[string]any{"url": pin.URL, "ref": pin.Ref, "commit": pin.Commit}, nil
}

func cacheListCommand() *command {
	return &command{
		name:     "list",
		usage:    "list the packs in the cache",
		examples: []string{"ppm cache list", "ppm cache list --json"},
		args:     noArguments(),
		search:   noSearch,
		scope:    noProject,
		plan:     notPlannable,
		complete: noWords,
		run:      runCacheList,
	}
}

func runCacheList(ctx context.Context, in *invocation) (any, error) {
	packs, err := in.openPacks()
	if err != nil {
		return nil, err
	}
	entries, err := packs.Client().List(ctx)
	if err != nil {
		return nil, err
	}
	in.printf("%s", table(func(w io.Writer) {
		for _, e := range entries {
			fmt.Fprintf(w, "%s\t%s\t%s\n", e.URL, formatSize(e.Size), strings.Join(refNames(e), ", "))
		}
	}))
	return map[string]any{"repositories": orEmpty(entries)}, nil
}

func cacheInfoCommand() *command {
	return &command{
		name:     "info",
		usage:    "show where the cache is, and which commits of a pack it has",
		examples: []string{"ppm cache info", "ppm cache info tp_py_grpc"},
		args:     &arguments{usage: "[NAME|URL]", most: 1},
		search:   noSearch,
		scope:    noProject,
		plan:     notPlannable,
		complete: noWords,
		run:      runCacheInfo,
	}
}

func runCacheInfo(ctx context.Context, in *invocation) (any, error) {
	packs, err := in.openPacks()
	if err != nil {
		return nil, err
	}
	entries, err := packs.Client().List(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := in.options.cacheDir()
	if err != nil {
		return nil, err
	}
	if len(in.args) > 0 && in.args[0] != "" {
		if entries, err = findCached(entries, in.args[0]); err != nil {
			return nil, err
		}
	}
	total := printCacheInfo(in, dir, entries)
	return map[string]any{"folder": dir, "bytes": total, "repositories": orEmpty(entries)}, nil
}

// printCacheInfo returns the size of the entries in bytes.
func printCacheInfo(in *invocation, dir string, entries []fetch.CacheEntry) int64 {
	var total int64
	for _, e := range entries {
		total += e.Size
		in.printf("%s\n%s", e.URL, table(func(w io.Writer) {
			for _, r := range e.Refs {
				fmt.Fprintf(w, "  %s\t%.12s\n", r.Name, r.Commit)
			}
		}))
	}
	in.printf("%s: packs: %d, %s\n", dir, len(entries), formatSize(total))
	return total
}

// findCached returns the entries with a name or URL.
func findCached(entries []fetch.CacheEntry, name string) ([]fetch.CacheEntry, error) {
	var out []fetch.CacheEntry
	var names []string
	for _, e := range entries {
		names = append(names, e.Repo)
		if e.Repo == name || e.URL == name {
			out = append(out, e)
		}
	}
	if len(out) == 0 {
		return nil, failure.Errorf(failure.Usage, "no pack %q in the cache", name).
			WithHint("%s", suggest.Hint("pack", name, names))
	}
	return out, nil
}

// cacheModes are the values of cache clean --mode.
var cacheModes = []string{"all", "only_hash", "except_latest"}

func cacheCleanCommand() *command {
	return &command{
		name:     "clean",
		usage:    "delete packs from the cache; they are downloaded again when needed",
		examples: []string{"ppm cache clean", "ppm cache clean -m except_latest -n tp_py_grpc"},
		args:     noArguments(),
		flags: []flag{
			{
				name: "mode", aliases: []string{"m"}, kind: choiceFlag, choices: cacheModes, value: "all",
				usage: "delete `MODE`: all, only_hash (untagged commits) or except_latest (all but the newest tags)",
			},
			{name: "host", kind: stringFlag, usage: "only delete packs of `HOST`"},
			{name: "namespace", aliases: []string{"s"}, kind: stringFlag, usage: "only delete packs of `NAMESPACE`"},
			{name: "repo", aliases: []string{"n"}, kind: stringFlag, usage: "only delete packs named `REPO`"},
			{name: "tag", aliases: []string{"t"}, kind: stringFlag, usage: "only delete the tag `TAG`"},
			{name: "dry-run", kind: boolFlag, usage: "print what would be deleted, and delete nothing"},
		},
		search:   noSearch,
		scope:    noProject,
		plan:     notPlannable,
		complete: noWords,
		run:      runCacheClean,
	}
}

func runCacheClean(ctx context.Context, in *invocation) (any, error) {
	mode, err := choose("mode", in.flags.String("mode"), cacheModes)
	if err != nil {
		return nil, err
	}
	packs, err := in.openPacks()
	if err != nil {
		return nil, err
	}
	deleted, err := packs.Client().Clean(ctx, fetch.CleanOptions{
		Mode: mode, Host: in.flags.String("host"), Namespace: in.flags.String("namespace"),
		Repo: in.flags.String("repo"), Tag: in.flags.String("tag"), DryRun: in.dryRun(),
	})
	if err != nil {
		return nil, err
	}
	printCacheClean(in, deleted)
	return map[string]any{"deleted": orEmpty(deleted), "dry_run": in.dryRun()}, nil
}

func printCacheClean(in *invocation, deleted []fetch.CacheEntry) {
	for _, e := range deleted {
		in.printf("%s %s: %s\n", verb(in.dryRun(), "would delete", "deleted"), e.URL, strings.Join(refNames(e), ", "))
	}
	if len(deleted) == 0 {
		in.note("nothing to delete")
	}
}

func refNames(e fetch.CacheEntry) []string {
	var names []string
	for _, r := range e.Refs {
		names = append(names, strings.TrimPrefix(strings.TrimPrefix(r.Name, ref.TagPrefix), ref.BranchPrefix))
	}
	return names
}

// formatSize formats a number of bytes.
func formatSize(n int64) string {
	switch {
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 10<<10:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}
