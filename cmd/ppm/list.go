package main

import (
	"context"
	"fmt"
	"io"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
)

func listCommand() *command {
	return &command{
		name:     "list",
		aliases:  []string{"ls"},
		usage:    "list the installed components",
		examples: []string{"ppm project list", "ppm project list --signers", "ppm project list --json"},
		args:     noArguments(),
		flags:    []flag{{name: "signers", kind: boolFlag, usage: "show who signed each install"}},
		search:   nearestProject,
		scope:    allMembers,
		plan:     notPlannable,
		complete: noWords,
		run:      runList,
	}
}

func runList(ctx context.Context, in *invocation) (any, error) {
	p, err := in.openAnyOrigin(ctx, project.Read)
	if err != nil {
		return nil, err
	}
	installs := p.Listed()
	if len(installs) == 0 {
		in.noteUnlessMember(nothingInstalled)
	}
	in.printf("%s", installTable(installs, in.flags.Bool("signers")))
	return map[string]any{"installs": orEmpty(installs)}, nil
}

// nothingInstalled is the note about a project without installs.
const nothingInstalled = "nothing is installed in this project; install components with ppm project add or sync"

func installTable(installs []state.Install, withSigners bool) string {
	return table(func(w io.Writer) {
		for _, i := range installs {
			fmt.Fprintf(w, "%s\t%s\t%.12s", i.Path, i.Source, i.Commit)
			if withSigners {
				fmt.Fprintf(w, "\t%s", i.Signer)
			}
			fmt.Fprintln(w)
		}
	})
}
