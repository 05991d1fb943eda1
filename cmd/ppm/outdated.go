package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

func outdatedCommand() *command {
	return &command{
		name:     "outdated",
		usage:    "show pending upgrades",
		examples: []string{"ppm project outdated", "ppm project outdated --exit-code --json"},
		args:     &arguments{usage: "[PATH|COMPONENT…]", most: -1},
		flags:    []flag{exitCodeFlag("exit with 9 when an upgrade is pending")},
		search:   nearestProject,
		scope:    namedMembers,
		plan:     notPlannable,
		complete: completeInstalls,
		run:      runOutdated,
	}
}

func runOutdated(ctx context.Context, in *invocation) (any, error) {
	p, err := in.open(ctx)
	if err != nil {
		return nil, err
	}
	result, err := p.Outdated(ctx, in.args)
	if err != nil {
		return nil, err
	}
	in.printf("%s", outdatedText(result))
	switch {
	case len(p.Lock.Components) == 0:
		in.noteUnlessMember(nothingInstalled)
	case len(result.Installs)+len(result.Failed) == 0:
		in.noteUnlessMember("every install is up to date")
	}
	pending := 0
	for _, o := range result.Installs {
		if o.Pending && !o.Same || o.Moved != "" && !o.Same {
			pending++
		}
	}
	if pending > 0 && in.flags.Bool("exit-code") {
		text := count(pending, "install has a newer version", "installs have a newer version")
		err = failure.Errorf(failure.Differs, "%s", text).WithHint("run ppm project upgrade")
	}
	return result, finishFailed(in, result.Failed, err)
}

// maxCommits is how many commits of an install are printed.
const maxCommits = 10

// outdatedText formats a table with one line for each install, followed by the commits that it lacks.
func outdatedText(result *project.OutdatedResult) string {
	if len(result.Installs) == 0 {
		return ""
	}
	lines := strings.SplitAfter(table(func(w io.Writer) {
		fmt.Fprint(w, "INSTALL\tSOURCE\tCURRENT\tWANTED\tLATEST\n")
		for _, o := range result.Installs {
			var words []string
			if o.Same && (o.Pending || o.Moved != "") {
				words = append(words, "the same files")
			}
			if o.Moved != "" {
				words = append(words, fmt.Sprintf("its tag moved to %.12s", o.Moved))
			}
			if o.Retracted != "" {
				words = append(words, fmt.Sprintf("%s is retracted: %s", shortVersion(o.Current), o.Retracted))
			}
			if o.Deprecated != "" {
				words = append(words, "deprecated: "+o.Deprecated)
			}
			if o.Reason != "" {
				words = append(words, o.Reason)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", o.Path, o.Source,
				shortVersion(o.Current), shortVersion(o.Wanted), shortVersion(o.Latest), strings.Join(words, ", "))
		}
	}), "\n")
	var b strings.Builder
	b.WriteString(lines[0])
	for i, o := range result.Installs {
		b.WriteString(lines[i+1])
		for _, c := range o.Commits[:min(maxCommits, len(o.Commits))] {
			fmt.Fprintf(&b, "    %.12s %s\n", c.ID, c.Subject)
		}
		if more := len(o.Commits) - maxCommits; more > 0 {
			fmt.Fprintf(&b, "    … and %d more\n", more)
		}
	}
	return b.String()
}

// shortVersion shortens a version that is a commit.
func shortVersion(v string) string {
	if len(v) >= 40 && ref.MayBeCommit(v) {
		return v[:12]
	}
	return cmp.Or(v, "?")
}
