package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

// mergeFlags returns the flags of the commands that merge.
func mergeFlags() []flag {
	return []flag{
		{
			name: "conflict", kind: choiceFlag, choices: texts(merge.Styles), value: string(merge.Merge),
			usage: "write conflicts in the `STYLE` merge, diff3 or zdiff3",
		},
		{
			name: "ignore-space-change", kind: boolFlag,
			usage: "ignore changes in the amount of white space when merging",
		},
		noIndexFlag(), dryRunFlag(), allowUndefinedFlag(), acceptMovedFlag(), acceptSignerFlag(),
	}
}

// summaryFormats are the values of upgrade --summary.
var summaryFormats = []string{"md"}

func upgradeCommand() *command {
	return &command{
		name:  "upgrade",
		usage: "upgrade installs to another version or other keys, and merge your edits",
		details: "Without PATH, --kv only upgrades the installs that use the key and for which you have not\n" +
			"chosen another value; a note names those that keep theirs.",
		examples: []string{
			"ppm project upgrade",
			"ppm project upgrade app/interceptor --to cp-0.0.2 --dry-run",
			"ppm project upgrade app/interceptor --to current --kv source::tracer",
			"ppm project upgrade --from-url https://old.example.com/pack.git https://new.example.com/pack.git",
		},
		args: &arguments{usage: "[PATH|COMPONENT…]", most: -1},
		flags: append([]flag{
			{
				name: "to", kind: stringFlag,
				usage: "upgrade to `VERSION`; current keeps the version and changes keys; default: the newest",
			},
			{name: "all", kind: boolFlag, usage: "upgrade all installs; this is the default"},
			keysFlag(),
			{
				name: "strategy", kind: choiceFlag, choices: texts(manifest.Strategies),
				usage: "resolve conflicts from now on by the `STRATEGY` merge, fast-forward, ours or theirs",
			},
			{
				name: "summary", kind: choiceFlag, choices: summaryFormats,
				usage: "print the text of a change request, in the `FORMAT` md",
			},
			{
				name: "from-url", kind: stringFlag, scope: allMembers,
				usage: "change installs from the repository at `URL` to the new URL in the argument",
			},
			{name: "step", kind: boolFlag, usage: "stop at the first version that causes a conflict, and print it"},
		}, mergeFlags()...),
		search:   nearestProject,
		scope:    namedMembers,
		plan:     plannable,
		complete: completeInstalls,
		run:      runUpgrade,
	}
}

func runUpgrade(ctx context.Context, in *invocation) (any, error) {
	options, err := upgradeOptions(in)
	if err != nil {
		return nil, err
	}
	open := in.openFor
	if in.flags.IsSet("from-url") {
		open = in.openAnyOrigin
	}
	p, err := open(ctx, project.Access(!in.dryRun()))
	if err != nil {
		return nil, err
	}
	var result *project.UpgradeResult
	var t *project.Transaction
	if in.flags.IsSet("from-url") {
		result, t, err = p.Relocate(ctx, project.RelocateOptions{
			From: in.flags.String("from-url"), To: in.args[0], Optional: in.member != "",
		})
	} else {
		result, t, err = p.Upgrade(ctx, options)
	}
	if err != nil {
		return nil, err
	}
	result.DryRun = in.dryRun()
	if options.Commits {
		result.Summary = summary(result)
	}
	_, err = finishTransaction(ctx, in, t, result, printUpgrade)
	if err != nil && !errors.Is(err, failure.Conflicts) {
		return nil, err
	}
	return result, finishFailed(in, result.Failed, err)
}

func upgradeOptions(in *invocation) (project.UpgradeOptions, error) {
	o := project.UpgradeOptions{
		Names: in.args, To: in.flags.String("to"), Step: in.flags.Bool("step"), Commits: in.flags.IsSet("summary"),
		AllowUndefined:    in.flags.Bool("allow-undefined"),
		IgnoreSpaceChange: in.flags.Bool("ignore-space-change"),
	}
	var err error
	if o.Keys, err = in.keyValues(); err != nil {
		return o, err
	}
	if o.Style, err = choose("conflict style", in.flags.String("conflict"), merge.Styles); err != nil {
		return o, err
	}
	if in.flags.IsSet("strategy") {
		if o.Strategy, err = choose("strategy", in.flags.String("strategy"), manifest.Strategies); err != nil {
			return o, err
		}
	}
	if in.flags.IsSet("summary") {
		if _, err = choose("format", in.flags.String("summary"), summaryFormats); err != nil {
			return o, err
		}
	}
	if in.flags.IsSet("from-url") {
		return o, checkFromURL(in)
	}
	if in.flags.Bool("all") && len(in.args) > 0 {
		err = failure.Errorf(failure.Usage, "both --all and %q were given", in.args[0]).
			WithHint("leave out one of them")
	}
	return o, err
}

// checkFromURL checks the arguments and flags of an upgrade that only changes the URL of a repository.
func checkFromURL(in *invocation) error {
	if len(in.args) != 1 {
		return failure.Errorf(failure.Usage, "--from-url needs one argument, the new URL of the repository").
			WithHint("write it as ppm project upgrade --from-url OLD NEW")
	}
	for _, name := range []string{"to", "all", "kv", "strategy", "step", "conflict", "accept-moved", "accept-signer"} {
		if in.flags.IsSet(name) {
			return failure.Errorf(failure.Usage, "--from-url cannot be combined with --%s", name).
				WithHint("run ppm project upgrade again afterwards")
		}
	}
	return nil
}

func printUpgrade(in *invocation, result *project.UpgradeResult) {
	if result.Summary != "" {
		in.printf("%s", result.Summary)
		return
	}
	printChanges(in, result.Changes)
	printUpgrades(in, result.Upgrades, result.DryRun)
	switch {
	case len(result.Upgrades) > 0:
	case len(in.project.Lock.Components) == 0:
		in.noteUnlessMember(nothingInstalled)
	case len(result.Failed)+result.Held > 0:
	case in.flags.IsSet("to"):
		in.noteUnlessMember("nothing to do: every install has this version and these keys")
	case len(in.flags.StringSlice("kv")) > 0:
		in.noteUnlessMember("nothing to do: no install takes these keys")
	default:
		in.noteUnlessMember("every install is up to date")
	}
}

func printUpgrades(in *invocation, upgrades []project.Upgraded, dryRun bool) {
	for _, u := range upgrades {
		same := ""
		if u.Same {
			same = " (the same files)"
		}
		in.printf("%s %s from %s to %s%s\n", verb(dryRun, "would upgrade", "upgraded"), u.Path, u.From, u.To, same)
		if u.Became != "" {
			in.printf("%s became a %s upstream: it is at %s\n", u.Path, u.Became, u.NewPath)
		}
		for _, old := range slices.Sorted(maps.Keys(u.RenamedKeys)) {
			in.printf("%s key %s of %s to %s\n",
				verb(dryRun, "would rename", "renamed"), old, u.Path, u.RenamedKeys[old])
		}
		for _, key := range slices.Sorted(maps.Keys(u.DroppedKeys)) {
			in.printf("%s %s::%s of %s: the pack no longer declares the key\n",
				verb(dryRun, "would drop", "dropped"), key, fmt.Sprint(u.DroppedKeys[key]), u.Path)
		}
		for _, k := range u.ChangedKeys {
			in.printf("%s of %s changed%s %s\n", k.Name, u.Path, valuesText(k), k.Why)
		}
		printNewRequires(in, u)
		if u.Stops != "" {
			in.note(fmt.Sprintf("version %s causes the conflict in %s; ", u.Stops, u.Path) +
				"resolve it and run ppm project upgrade --step again")
		}
	}
}

// valuesText returns how a value changed, or "" for the value of a secret.
func valuesText(k install.KeyChange) string {
	if k.IsSecret() {
		return ""
	}
	return fmt.Sprintf(" from %s to %s", valueText(k.From), valueText(k.To))
}

// printNewRequires prints the packages that an upgraded install requires from now on, and those that it does not.
func printNewRequires(in *invocation, u project.Upgraded) {
	if u.Requires == nil {
		return
	}
	for _, line := range u.Requires.Removed {
		in.printf("%s no longer requires %s\n", u.Path, line)
	}
	if u.Requires.Setup == "" {
		for _, line := range u.Requires.Added {
			in.printf("%s now requires %s\n", u.Path, line)
		}
		return
	}
	in.printf("install the new dependencies of %s with: %s\n", u.Path, u.Requires.Setup)
}

// valueText formats the value of a key, which is nil if the name has none.
func valueText(value any) string {
	switch value := value.(type) {
	case nil:
		return "nothing"
	case bool:
		return fmt.Sprint(value)
	}
	return fmt.Sprintf("%q", value)
}
