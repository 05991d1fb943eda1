package main

import (
	"context"
	"fmt"
	"io"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func trustCommand() *command {
	return &command{
		name:  "trust",
		usage: "trust the history and the interrupted command that others have left in .ppm",
		details: "ppm uses nothing in .ppm that you did not write in this folder on this machine, because .ppm can\n" +
			"come with a clone or an archive. If ppm has run here as another user or in a container, or if you\n" +
			"have copied the folder, trust completes or rolls back an interrupted command, and undo can undo\n" +
			"the others.",
		examples: []string{"ppm project trust --dry-run", "ppm project trust"},
		args:     noArguments(),
		flags:    []flag{dryRunFlag()},
		search:   nearestHistory,
		scope:    oneProject,
		plan:     notPlannable,
		complete: noWords,
		run:      runTrust,
	}
}

func runTrust(ctx context.Context, in *invocation) (any, error) {
	setup, err := in.setup()
	if err != nil {
		return nil, err
	}
	release := in.signals.hold()
	result, changed, err := project.Trust(ctx, setup, in.dryRun())
	release(err == nil && changed, 0)
	if err != nil {
		return nil, err
	}
	in.report.changed = in.report.changed || changed
	printTrust(in, result)
	return result, nil
}

func printTrust(in *invocation, result *project.TrustResult) {
	in.printf("%s", table(func(w io.Writer) {
		for _, f := range result.Files {
			what := ""
			if f.Command != "" {
				what = fmt.Sprintf("ppm project %s (%s)", f.Command, count(f.Changes, "file", "files"))
			}
			if f.Interrupted {
				what += ", interrupted"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", verb(result.DryRun, "would trust", "trusted"), f.File, what, f.Reason)
		}
	}))
	if result.Recovered != "" {
		in.printf("%s\n", result.Recovered)
	}
	if len(result.Files) == 0 {
		in.note("nothing to trust: everything in .ppm is yours")
	}
}
