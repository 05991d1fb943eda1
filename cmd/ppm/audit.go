package main

import (
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/audit"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

// The formats of ppm audit.
const (
	formatText  = "text"
	formatJSON  = "json"
	formatSARIF = "sarif"
)

var auditFormats = []string{formatText, formatJSON, formatSARIF}

func auditCommand() *command {
	return &command{
		name:  "audit",
		usage: "find retracted versions, moved tags, hidden characters and secrets",
		details: "Exit code 9 means that there are findings. docs/audit.md describes the rules, " +
			"and what to do about each.",
		examples: []string{"ppm audit", "ppm audit --offline", "ppm audit --format sarif > ppm.sarif"},
		args:     noArguments(),
		flags: []flag{{
			name: "format", kind: choiceFlag, value: formatText, choices: auditFormats,
			usage: "print the report as `FORMAT`",
		}},
		search:   nearestProject,
		scope:    allMembers,
		plan:     notPlannable,
		complete: noWords,
		run:      runAudit,
		join:     joinAudits,
		joins: func(in *invocation) bool {
			return in.flags.String("format") == formatSARIF && !in.options.json
		},
	}
}

func runAudit(ctx context.Context, in *invocation) (any, error) {
	format, err := choose("format", in.flags.String("format"), auditFormats)
	if err != nil {
		return nil, err
	}
	if in.options.json && format == formatSARIF {
		return nil, failure.Errorf(failure.Usage, "cannot print JSON and SARIF at once").
			WithHint("omit --json or --format sarif")
	}
	p, err := in.open(ctx)
	if err != nil {
		return nil, err
	}
	result, err := p.Audit(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case format != formatSARIF:
		printAudit(in, result)
	case in.member == "" && len(result.Failed) == 0: // a scanner would close the findings that are missing
		err = in.writeSARIF(result.Findings, result.Folder)
	}
	if err != nil {
		return nil, err
	}
	in.noteUnchecked(result.Unchecked)
	if n := len(result.Findings); n > 0 {
		err = failure.Errorf(failure.Differs, "%s", count(n, "finding", "findings")).
			WithHint("%s", auditHint(result.Findings))
	}
	return result, finishFailed(in, result.Failed, err)
}

// auditHint returns what to do about findings.
func auditHint(findings []audit.Finding) string {
	first := findings[0].Rule
	if slices.ContainsFunc(findings, func(f audit.Finding) bool { return f.Rule != first }) {
		return "docs/audit.md says what to do about each rule"
	}
	return audit.RuleOf(first).Hint
}

func printAudit(in *invocation, result *project.AuditResult) {
	if len(result.Findings)+len(result.Failed) == 0 {
		in.noteUnlessMember("nothing was found")
	}
	in.printf("%s", table(func(w io.Writer) {
		for _, f := range result.Findings {
			at := f.Path
			switch {
			case f.Column > 0:
				at = fmt.Sprintf("%s:%d:%d", f.Path, f.Line, f.Column)
			case f.Line > 0 && f.Install != "":
				at = f.Install
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.Level, f.Rule, at, f.Message)
		}
	}))
}

// noteUnchecked prints a note for each rule and reason, with the installs and files that it is about.
func (in *invocation) noteUnchecked(unchecked []project.Unchecked) {
	type key struct{ rule, reason string }
	var order []key
	paths := map[key][]string{}
	for _, u := range unchecked {
		k := key{u.Rule, u.Reason}
		if paths[k] == nil {
			order = append(order, k)
		}
		paths[k] = append(paths[k], u.Path)
	}
	for _, k := range order {
		in.note(fmt.Sprintf("%s was not checked for %s: %s", k.rule, strings.Join(paths[k], ", "), k.reason))
	}
}

// writeSARIF writes findings as SARIF. folder is the path of the project in its repository.
func (in *invocation) writeSARIF(findings []audit.Finding, folder string) error {
	text, err := audit.SARIF(findings, version(), folder)
	if err == nil {
		in.write(string(text))
	}
	return err
}

// joinAudits prints the findings in all members of a workspace as one document of SARIF.
func joinAudits(in *invocation, runs []*memberRun) error {
	findings, folder := []audit.Finding{}, "."
	for _, r := range runs {
		result, ok := r.invocation.report.result.(*project.AuditResult)
		if !ok {
			return nil // the run says why, and the report would lack the project
		}
		for _, f := range result.Findings {
			f.Path = path.Join(result.Folder, f.Path)
			findings = append(findings, f)
		}
	}
	audit.Sort(findings)
	return in.writeSARIF(findings, folder)
}
