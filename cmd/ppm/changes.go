package main

import "github.com/Project-Manager-With-Git/ppm/pkg/project"

// printChanges prints what happens to each file that changes.
func printChanges(in *invocation, changes []project.Change) {
	for _, c := range changes {
		switch {
		case c.Action == "unchanged":
		case c.Record, c.Reason == "new": // the reason would repeat the action
			in.printf("%-9s %s\n", c.Action, c.Path)
		default:
			in.printf("%-9s %s (%s)\n", c.Action, c.Path, c.Reason)
		}
	}
}

func verb(dryRun bool, would, did string) string {
	if dryRun {
		return would
	}
	return did
}
