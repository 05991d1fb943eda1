package main

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/status"
)

func statusCommand() *command {
	return &command{
		name:     "status",
		usage:    "show which installed files have changed",
		examples: []string{"ppm project status", "ppm project status app/interceptor --exit-code"},
		args:     &arguments{usage: "[PATH|COMPONENT…]", most: -1},
		flags:    []flag{exitCodeFlag("exit with 9 when a file has changed")},
		search:   nearestProject,
		scope:    namedMembers,
		plan:     notPlannable,
		complete: completeInstalls,
		run:      runStatus,
	}
}

func runStatus(ctx context.Context, in *invocation) (any, error) {
	p, err := in.open(ctx)
	if err != nil {
		return nil, err
	}
	result, err := p.Status(ctx, in.args)
	if err != nil {
		return nil, err
	}
	printStatus(in, result)
	p.WarnOfTracked()
	missing := p.HintMissing(result.Installs)
	if in.flags.Bool("exit-code") && result.Changed() {
		return result, failure.Errorf(failure.Differs, "installed files have changed").
			WithHint("%s", cmp.Or(missing, "see what changed with ppm project status"))
	}
	if missing != "" {
		in.noteUnlessMember(missing)
	}
	return result, nil
}

func printStatus(in *invocation, result *status.Result) {
	listed := false
	in.printf("%s", table(func(w io.Writer) {
		for _, i := range result.Installs {
			for _, f := range i.Files {
				if f.State == "clean" {
					continue
				}
				listed = true
				path := f.Path
				if f.To != "" {
					path += " → " + f.To
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.State, path, i.Source, f.Own)
			}
		}
	}))
	switch {
	case len(result.Installs) == 0:
		in.noteUnlessMember(nothingInstalled)
	case !listed:
		installs := count(len(result.Installs), "install", "installs")
		in.noteUnlessMember("all files of " + installs + " are unchanged")
	}
}
