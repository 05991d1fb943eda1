package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func undoCommand() *command {
	return &command{
		name:     "undo",
		usage:    "undo the last command that changed the project; repeat it to go further back",
		examples: []string{"ppm project undo", "ppm project undo --list", "ppm project undo --dry-run"},
		args:     noArguments(),
		flags: []flag{
			{
				name: "list", aliases: []string{"l"}, kind: boolFlag,
				usage: "list the commands that can be undone", scope: allMembers, noPlan: true,
			},
			{
				name: "force", aliases: []string{"f"}, kind: boolFlag,
				usage: "replace files that were edited since; ppm keeps what it replaces",
			},
			dryRunFlag(),
		},
		search:   newestHistory,
		scope:    lastMembers,
		plan:     plannable,
		complete: noWords,
		run:      runUndo,
	}
}

func runUndo(ctx context.Context, in *invocation) (any, error) {
	if in.flags.Bool("list") {
		return runUndoList(ctx, in)
	}
	p, err := in.openToChange(ctx)
	if err != nil {
		return nil, err
	}
	result, t, err := p.Undo(ctx, in.flags.Bool("force"))
	if err != nil {
		return nil, err
	}
	result.DryRun = in.dryRun()
	return finishTransaction(ctx, in, t, result, printUndo)
}

func runUndoList(ctx context.Context, in *invocation) (any, error) {
	p, err := in.open(ctx)
	if err != nil {
		return nil, err
	}
	past, err := p.History()
	if err != nil {
		return nil, err
	}
	printHistory(in, past)
	return map[string]any{"commands": orEmpty(past)}, nil
}

// printUndo prints what undo or abort has done.
func printUndo(in *invocation, result *project.UndoResult) {
	printChanges(in, result.Changes)
	if result.Reverted {
		in.printf("nothing to restore: ppm project %s was already reverted, for example with git checkout\n",
			result.Undone)
		in.noteUnlessMember("to undo the command before it, run ppm project undo again")
		return
	}
	in.printf("%s ppm project %s\n", verb(result.DryRun, "would undo", "undid"), result.Undone)
}

func printHistory(in *invocation, past []project.PastCommand) {
	in.printf("%s", table(func(w io.Writer) {
		for _, p := range past {
			at := p.Time.Local().Format(time.DateTime)
			if p.Damaged != "" {
				fmt.Fprintf(w, "%s\ta command\t\tdamaged: %s\n", at, p.Damaged)
				continue
			}
			state := ""
			if p.Undone {
				state = "undone"
			}
			fmt.Fprintf(w, "%s\tppm project %s\t%s\t%s\n", at, p.Command, count(p.Files, "file", "files"), state)
		}
	}))
	if len(past) == 0 {
		in.noteUnlessMember("no command to undo")
	}
}
