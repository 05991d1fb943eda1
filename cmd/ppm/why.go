package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/blame"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
)

func whyCommand() *command {
	return &command{
		name:  "why",
		usage: "show which install, template and key a file or a line comes from",
		examples: []string{
			"ppm project why app/interceptor/timer.py",
			"ppm project why app/interceptor/timer.py:12",
			"ppm project why app/interceptor/timer.py:1-20 --json",
		},
		args:     &arguments{usage: "PATH[:LINE|:FIRST-LAST]", least: 1, most: 1, missing: "a path"},
		search:   nearestProject,
		scope:    oneProject,
		plan:     notPlannable,
		complete: completeFiles,
		run:      runWhy,
	}
}

func runWhy(ctx context.Context, in *invocation) (any, error) {
	p, err := in.open(ctx)
	if err != nil {
		return nil, err
	}
	result, err := p.Why(ctx, in.args[0])
	if result == nil {
		return nil, err
	}
	printWhy(in, result)
	return result, err
}

func printWhy(in *invocation, result *blame.Result) {
	if len(result.Lines) == 0 {
		in.printf("%s", table(func(w io.Writer) { printFile(w, result) }))
		return
	}
	for _, i := range result.Installs {
		in.printf("%s of %s at %s (%.12s)\n", result.Path, i.Source, i.Path, i.Commit)
	}
	in.printf("%s", table(func(w io.Writer) { printLines(w, result) }))
}

// printFile prints the origin and the state of a file or folder, one property in each row.
func printFile(w io.Writer, r *blame.Result) {
	row := func(what, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", what, fmt.Sprintf(format, args...)) }
	switch r.Owner {
	case blame.ByUser:
		row(r.Path, "yours: not part of an install")
	case blame.ByPpm:
		row(r.Path, "written by ppm")
	}
	for _, in := range r.Installs {
		row("install", "%s at %s", in.Source, in.Path)
		row("commit", "%s", in.Commit)
		row("signer", "%s", in.Signer)
	}
	if r.State != "" {
		row("state", "%s", r.State)
	}
	if r.Own != "" {
		row("own", "%s", r.Own)
	}
	if r.Template != nil {
		row("template", "%s, %s", r.Template.File, how(r.Template.Rendered))
	}
	if r.Name != nil {
		if r.Name.Default != "" {
			row("placement", "%s, the pack's default %s", r.Name.Placement, r.Name.Default)
		} else {
			row("placement", "%s, from ppm.toml", r.Name.Placement)
		}
		if r.Name.Moved != "" {
			row("moved", "from %s, by you", r.Name.Moved)
		}
		if len(r.Name.Keys) > 0 {
			row("name", "%s with %s", r.Name.File, keysText(r.Name.Keys))
		}
	}
	for _, k := range r.Keys {
		row("key", "%s", keysText([]blame.Key{k}))
	}
	if n := r.Count; n != nil {
		text := fmt.Sprintf("%d as installed, %d edited, %d added, %d deleted by you",
			n.Installed, n.Edited, n.Added, n.Deleted)
		if n.Conflict > 0 {
			text += fmt.Sprintf(", %d in conflicts", n.Conflict)
		}
		row("lines", "%s", text)
	}
}

func how(rendered bool) string {
	if rendered {
		return "rendered"
	}
	return "copied"
}

// printLines prints who wrote lines, one line in each row.
func printLines(w io.Writer, r *blame.Result) {
	verb := "copied from "
	if r.Template != nil && r.Template.Rendered {
		verb = "written by "
	}
	for _, l := range r.Lines {
		var from []string
		for _, p := range l.From {
			from = append(from, fmt.Sprintf("%s:%d", p.File, p.Line))
		}
		var words []string
		switch {
		case l.Owner == blame.ByUser && l.Was != nil:
			words = append(words, "edited by you", fmt.Sprintf("was %q", *l.Was), "from "+strings.Join(from, " and "))
		case l.Owner == blame.ByUser:
			words = append(words, "yours")
		case l.Owner == blame.ByPpm:
			words = append(words, "written by ppm")
		case l.Owner == blame.InConflict:
			words = append(words, "in a conflict: "+sideNames[l.Side])
			if len(from) > 0 {
				words = append(words, verb+strings.Join(from, " and "))
			}
		default:
			words = append(words, verb+strings.Join(from, " and "))
		}
		if l.LineEnd {
			words = append(words, "with a different line ending")
		}
		if len(l.Keys) > 0 {
			words = append(words, keysText(l.Keys))
		}
		if len(l.Because) > 0 {
			words = append(words, "because of "+keysText(l.Because))
		}
		fmt.Fprintf(w, "%d\t%s\n", l.Line, strings.Join(words, "; "))
	}
}

var sideNames = map[string]string{
	"ours": "yours", "theirs": "upstream's", "base": "as it was installed before", "marker": "a marker",
}

var keyOrigins = map[lockfile.Origin]string{
	lockfile.Typed: "ppm.toml", lockfile.Asked: "your answer", lockfile.Configured: "[keys] of ppm.toml",
	lockfile.User: "the user's settings", lockfile.Project: "[project] of ppm.toml",
	lockfile.Detected: "the project's information", lockfile.Default: "the pack's default",
}

// keysText formats keys with their values and the origins of these.
func keysText(keys []blame.Key) string {
	var words []string
	for _, k := range keys {
		words = append(words, fmt.Sprintf("%s = %s from %s", k.Name, valueText(k.Value), keyOrigins[k.From]))
	}
	return strings.Join(words, ", ")
}
