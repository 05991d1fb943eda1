package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func infoCommand() *command {
	return &command{
		name:     "info",
		usage:    "show the values that templates can use, and the installed components",
		examples: []string{"ppm project info", "ppm project info --json"},
		args:     noArguments(),
		search:   nearestOrHere,
		scope:    allMembers,
		plan:     notPlannable,
		complete: noWords,
		run:      runInfo,
	}
}

func runInfo(ctx context.Context, in *invocation) (any, error) {
	p, err := in.openAnyOrigin(ctx, project.Read)
	if err != nil {
		return nil, err
	}
	result, err := p.Info()
	if err != nil {
		return nil, err
	}
	printInfo(in, result)
	result.Installs = orEmpty(result.Installs)
	return result, nil
}

func printInfo(in *invocation, result *project.InfoResult) {
	in.printf("%s", table(func(w io.Writer) {
		for _, name := range slices.Sorted(maps.Keys(result.Information)) {
			if value := fmt.Sprint(result.Information[name]); value != "" {
				fmt.Fprintf(w, "%s\t%s\n", name, value)
			}
		}
	}))
	if len(result.Installs) > 0 {
		in.printf("\n%s", installTable(result.Installs, false))
	}
}
