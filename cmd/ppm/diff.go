package main

import (
	"context"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/difftool"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func diffCommand() *command {
	return &command{
		name:  "diff",
		usage: "show your changes to installed files, or the changes of another version",
		examples: []string{
			"ppm project diff", "ppm project diff app/interceptor/timer.py",
			"ppm project diff app/interceptor --upstream cp-0.0.2 --combined", "ppm project diff --tool meld",
		},
		args: &arguments{usage: "[FILE|PATH|COMPONENT…]", most: -1},
		flags: []flag{
			{
				name: "base", kind: boolFlag,
				usage: "compare the installed version with your files; this is the default",
			},
			{name: "upstream", kind: stringFlag, usage: "compare the installed version with the version `VERSION`"},
			{name: "combined", kind: boolFlag, usage: "with --upstream: compare your files with that version"},
			{
				name: "tool", kind: stringFlag,
				usage: "run the diff tool `COMMAND` on two folders with copies of the files", scope: oneProject,
			},
			exitCodeFlag("exit with 9 when something differs"),
		},
		search:   nearestProject,
		scope:    namedMembers,
		plan:     notPlannable,
		complete: completeInstallsAndFiles,
		run:      runDiff,
	}
}

func runDiff(ctx context.Context, in *invocation) (any, error) {
	options := project.DiffOptions{
		Names: in.args, Upstream: in.flags.String("upstream"), Combined: in.flags.Bool("combined"),
	}
	if in.flags.Bool("base") && (options.Upstream != "" || options.Combined) {
		return nil, failure.Errorf(failure.Usage, "--base excludes --upstream and --combined").
			WithHint("leave one of them out")
	}
	if in.flags.IsSet("tool") {
		options.Tool = &difftool.Request{
			Command: in.flags.String("tool"), In: in.terminal.in, Out: in.terminal.out, Err: in.terminal.err,
		}
		if in.options.json {
			options.Tool.Out = in.terminal.err
		}
	}
	p, err := in.open(ctx)
	if err != nil {
		return nil, err
	}
	result, err := p.Diff(ctx, options)
	if err != nil {
		return nil, err
	}
	if options.Tool == nil {
		printDiff(in, result)
	}
	if len(result.Files)+len(result.Failed) == 0 {
		in.noteUnlessMember("no differences")
	}
	if len(result.Files) > 0 && in.flags.Bool("exit-code") {
		err = failure.Errorf(failure.Differs, "%s", count(len(result.Files), "file differs", "files differ")).
			WithHint("see ppm project diff")
	}
	return result, finishFailed(in, result.Failed, err)
}

// printDiff prints diffs. In a file or a pipe they are patches, so their bytes stay as they are, as in git diff.
func printDiff(in *invocation, result *project.DiffResult) {
	for _, f := range result.Files {
		if !in.terminal.outScreen {
			in.write(f.Text())
			continue
		}
		for line := range strings.Lines(f.Text()) {
			in.write(diffLine(line, in.terminal.outColour))
		}
	}
}

var diffColours = map[byte]string{'-': "\x1b[31m", '+': "\x1b[32m", '@': "\x1b[36m"}

// diffLine makes a line of a unified diff printable, in colours if these are shown. Without colours, a carriage return
// at its end stays.
func diffLine(line string, colours bool) string {
	colour, changed := diffColours[line[0]]
	if text, ok := strings.CutSuffix(line, "\r\n"); ok && !colours {
		return printable(text) + "\r\n"
	}
	if !colours || !changed {
		return printable(line)
	}
	return colour + printable(strings.TrimSuffix(line, "\n")) + "\x1b[0m\n"
}
