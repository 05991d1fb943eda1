package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/catalog"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/shell"
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
		flags:    []flag{acceptMovedFlag()},
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
	in.report.changed = true
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
		examples: []string{"ppm cache info", "ppm cache info tp_py_grpc", "ppm cache info tp_py_grpc@cp-0.0.1"},
		args:     &arguments{usage: "[PACK[@TAG]|URL]", most: 1},
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
		if entries, err = in.findCached(packs, entries); err != nil {
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

// findCached returns the entries that the argument names: by URL, by name or by a reference. With a version they only
// have the refs of that name.
func (in *invocation) findCached(packs *install.Packs, entries []fetch.CacheEntry) ([]fetch.CacheEntry, error) {
	name, version := in.args[0], ""
	url := name
	if r, err := in.reference(); err == nil {
		if r.Component != "" {
			return nil, failure.Errorf(failure.Usage, "%q names a component, but the cache contains packs", name).
				WithHint("leave //%s out", r.Component)
		}
		if r.Origin.IsLocal() {
			return nil, failure.Errorf(failure.Usage, "%q is a local pack, but the cache contains only remote packs",
				name).
				WithHint("see ppm registry list %s", shell.Quote(name))
		}
		version, url = r.Version.String(), packs.Registry().Mirror(packs.URL(r.Origin))
		name = cmp.Or(r.Origin.Repo, name)
	}
	var out []fetch.CacheEntry
	var names []string
	for _, e := range entries {
		names = append(names, e.Repo)
		if e.URL == url || e.URL == in.args[0] || e.Repo == name && !strings.Contains(in.args[0], "::") {
			out = append(out, e)
		}
	}
	if len(out) == 0 {
		err := failure.Errorf(failure.Usage, "no pack %q in the cache", in.args[0])
		if similar := suggest.Words(in.args[0], sortedWords(names)); len(similar) > 0 {
			return nil, err.WithHint("%s", suggest.DidYouMean(similar))
		}
		return nil, err.WithHint("download it with ppm cache get %s; ppm cache list shows what is there",
			shell.Quote(in.args[0]))
	}
	if version == "" {
		return out, nil
	}
	return withVersion(out, name, version)
}

// withVersion returns the entries that have a tag or a branch, with that ref only.
func withVersion(entries []fetch.CacheEntry, name, version string) ([]fetch.CacheEntry, error) {
	var out []fetch.CacheEntry
	var known []string
	for _, e := range entries {
		names := refNames(e)
		known = append(known, slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "HEAD" })...)
		var refs []fetch.CachedRef
		for i, r := range e.Refs {
			if names[i] == version || version == "latest" && r.Name == "HEAD" {
				refs = append(refs, r)
			}
		}
		if len(refs) > 0 {
			e.Refs, e.Commits = refs, nil
			out = append(out, e)
		}
	}
	if len(out) == 0 {
		return nil, failure.Errorf(failure.Usage, "the cache does not have %q of pack %q", version, name).
			WithHint("%s", suggest.Hint("version", version, sortedWords(known)))
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
			{
				name: "namespace", aliases: []string{"s"}, pmfp: "repo-namespace", kind: stringFlag,
				usage: "only delete packs of `NAMESPACE`",
			},
			{
				name: "repo", aliases: []string{"n"}, pmfp: "repo-name", kind: stringFlag,
				usage: "only delete packs named `REPO`",
			},
			{
				name: "tag", aliases: []string{"t"}, pmfp: "tags", kind: listFlag,
				usage: "only delete the tag `TAG`; can be repeated",
			},
			configFlag(),
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
		Repo: in.flags.String("repo"), Tags: in.flags.StringSlice("tag"), DryRun: in.dryRun(),
	})
	if err != nil {
		return nil, err
	}
	in.report.changed = len(deleted) > 0 && !in.dryRun()
	printCacheClean(in, deleted)
	if len(deleted) == 0 {
		if err := noteNothingDeleted(ctx, in, packs.Client()); err != nil {
			return nil, err
		}
	}
	return map[string]any{"deleted": orEmpty(deleted), "dry_run": in.dryRun()}, nil
}

func printCacheClean(in *invocation, deleted []fetch.CacheEntry) {
	for _, e := range deleted {
		what := cmp.Or(e.URL, e.Dir)
		if names := refNames(e); len(names) > 0 {
			what += ": " + strings.Join(names, ", ")
		}
		in.printf("%s %s\n", verb(in.dryRun(), "would delete", "deleted"), what)
	}
}

// noteNothingDeleted says why cache clean has deleted nothing.
func noteNothingDeleted(ctx context.Context, in *invocation, client *fetch.Client) error {
	entries, err := client.List(ctx)
	if err != nil {
		return err
	}
	reason := ""
	if len(entries) > 0 {
		reason = whyNothingSelected(in, &entries)
	}
	isRemote := func(e fetch.CacheEntry) bool { _, builtIn := ref.BuiltinName(e.URL); return !builtIn }
	switch {
	case reason != "":
	case len(entries) == 0:
		reason = "the cache is empty"
	case !slices.ContainsFunc(entries, isRemote):
		reason = "built-in packs are deleted as a whole, with --mode all and without --tag"
	case len(in.flags.StringSlice("tag")) > 0:
		reason = "no pack has the tag " + strings.Join(in.flags.StringSlice("tag"), " or ") + ", or --mode keeps it"
	default:
		reason = "--mode keeps what is there"
	}
	in.note("nothing to delete: " + reason)
	return nil
}

func isEmpty(s string) bool { return s == "" }

// whyNothingSelected says which flag selects no entry. Otherwise it returns "" and leaves those that are selected.
func whyNothingSelected(in *invocation, entries *[]fetch.CacheEntry) string {
	for _, f := range []struct {
		flag  string
		value func(fetch.CacheEntry) string
	}{
		{"host", func(e fetch.CacheEntry) string { return e.Host }},
		{"namespace", func(e fetch.CacheEntry) string { return e.Namespace }},
		{"repo", func(e fetch.CacheEntry) string { return e.Repo }},
	} {
		wanted := in.flags.String(f.flag)
		if wanted == "" {
			continue
		}
		var known []string
		for _, e := range *entries {
			known = append(known, f.value(e))
		}
		isOther := func(e fetch.CacheEntry) bool { return f.value(e) != wanted }
		if *entries = slices.DeleteFunc(*entries, isOther); len(*entries) == 0 {
			reason := fmt.Sprintf("the cache has no pack of %s %q", f.flag, wanted)
			if known = slices.DeleteFunc(sortedWords(known), isEmpty); len(known) > 0 {
				reason += "; " + suggest.Hint(f.flag, wanted, known)
			}
			return reason
		}
	}
	return ""
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
