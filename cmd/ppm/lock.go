package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/records"
	"github.com/Project-Manager-With-Git/ppm/pkg/shell"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
)

const driverExample = "git config merge.ppm.driver 'ppm lock merge %O %A %B %P %L %S %X %Y'"

func lockCommand() *command {
	return &command{
		name:     "lock",
		usage:    "merge ppm.lock and ppm.toml",
		examples: []string{driverExample},
		commands: []*command{lockMergeCommand(), lockResolveCommand()},
	}
}

func lockResolveCommand() *command {
	return &command{
		name:     "resolve",
		usage:    "merge ppm.toml and ppm.lock after git left conflicts in them",
		examples: []string{"ppm lock resolve"},
		args:     noArguments(),
		search:   noSearch,
		scope:    noProject,
		plan:     notPlannable,
		complete: noWords,
		run:      runLockResolve,
	}
}

func runLockResolve(ctx context.Context, in *invocation) (any, error) {
	setup, err := in.setup()
	if err != nil {
		return nil, err
	}
	result, err := project.ResolveRecords(ctx, setup)
	if result == nil {
		return nil, err
	}
	var names []string
	for _, f := range result.Files {
		in.report.changed = in.report.changed || f.Action == "merge"
		in.printf("%-9s %s", f.Action, f.Path)
		if f.Action == "keep" {
			in.printf(" (you have resolved it)")
		}
		in.printf("\n")
		names = append(names, shell.Quote(f.Path))
	}
	if err == nil {
		in.note("next: run ppm project sync, then git add " + strings.Join(names, " "))
	}
	return result, err
}

func lockMergeCommand() *command {
	return &command{
		name:  "merge",
		usage: "merge two versions of ppm.lock or ppm.toml, as a merge driver of git",
		examples: []string{
			driverExample,
			"printf '%s merge=ppm\\n' ppm.lock ppm.toml >> .gitattributes",
			"ppm lock merge base.lock ours.lock theirs.lock",
		},
		args: &arguments{
			usage: "BASE OURS THEIRS [NAME [MARKER_SIZE [BASE_LABEL [OUR_LABEL [THEIR_LABEL]]]]]",
			least: 3, most: 8, missing: "three files",
		},
		search:   noSearch,
		scope:    noProject,
		plan:     notPlannable,
		complete: noWords,
		run:      runLockMerge,
	}
}

// A mergedRecord is the result of ppm lock merge.
type mergedRecord struct {
	File      string   `json:"file"`
	Conflicts []string `json:"conflicts"`
}

func runLockMerge(_ context.Context, in *invocation) (any, error) {
	var texts [3][]byte
	for i := range texts {
		var err error
		if texts[i], err = os.ReadFile(in.options.path(in.args[i])); err != nil {
			return nil, failure.Errorf(failure.LocalIO, "merging locks: %w", err).
				WithHint("name three files that exist; an empty file means that there is no version, as in git")
		}
	}
	o, err := in.driverOptions()
	if err != nil {
		return nil, err
	}
	name := in.driverArgument(3)
	if name == "" {
		name = state.LockName
	}
	r := records.Merge(filepath.ToSlash(name), texts[0], texts[1], texts[2], o)
	// The file is a temporary one of git, which reads the result from it.
	if err := os.WriteFile(in.options.path(in.args[1]), r.Text, 0o666); err != nil {
		return nil, failure.Errorf(failure.LocalIO, "writing the merged file: %w", err).
			WithHint("check the permissions and the space on the disk")
	}
	in.report.changed = true
	return mergedRecord{in.args[1], append([]string{}, r.Conflicts...)}, r.Check(name)
}

// driverOptions returns how conflicts are written: as git asks in the arguments, and as its configuration says.
func (in *invocation) driverOptions() (o records.Options, err error) {
	o.Labels = merge.Labels{Base: in.driverArgument(5), Ours: in.driverArgument(6), Theirs: in.driverArgument(7)}
	if size := in.driverArgument(4); size != "" {
		if o.MarkerSize, err = strconv.Atoi(size); err != nil || o.MarkerSize < 1 {
			return o, failure.Errorf(failure.Usage, "%q is not the length of a conflict marker", size).
				WithHint("write it as %s", in.usage)
		}
	}
	setup, err := in.setup()
	if err != nil {
		return o, err
	}
	o.Style = project.ConflictStyle(setup)
	return o, nil
}

// driverArgument returns an argument, or "" if it is missing. A git that does not know a placeholder leaves it as it
// is: %S, %X and %Y are new in git 2.44.
func (in *invocation) driverArgument(i int) string {
	if i >= len(in.args) || len(in.args[i]) == 2 && strings.HasPrefix(in.args[i], "%") {
		return ""
	}
	return in.args[i]
}
