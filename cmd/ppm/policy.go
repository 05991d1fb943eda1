package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func policyCommand() *command {
	return &command{
		name:     "policy",
		usage:    "list the rules about which packs may be used, and the files that set them",
		examples: []string{"ppm policy", "ppm policy explain github.com::my-team::pack@v1.2.0//part"},
		args:     noArguments(),
		search:   nearestOrHere,
		scope:    thisFolder,
		plan:     notPlannable,
		complete: noWords,
		run:      runPolicy,
		commands: []*command{policyExplainCommand()},
	}
}

func runPolicy(ctx context.Context, in *invocation) (any, error) {
	p, err := in.openAnyOrigin(ctx, project.Read)
	if err != nil {
		return nil, err
	}
	result := p.Policy()
	if len(result.Rules) == 0 {
		in.note("there are no rules: no ppm.toml that applies here has [policy]")
	}
	in.printf("%s", table(func(w io.Writer) {
		for _, r := range result.Rules {
			fmt.Fprintf(w, "%s\t%s\t%s\n", r.List(), cmp.Or(r.Entry, "(nothing)"), r.Position())
		}
	}))
	return result, nil
}

func policyExplainCommand() *command {
	return &command{
		name:  "explain",
		usage: "say which rule allows or forbids a reference, and which file sets it",
		details: "The license and the signer are read from the cache or fetched, if the rules allow the pack.\n" +
			"With --offline they may not be known.",
		examples: []string{
			"ppm policy explain tp_py_grpc@cp-0.0.1//wscli",
			"ppm policy explain github.com::my-team::pack@v1.2.0//part --offline --exit-code",
		},
		args:     &arguments{usage: "REFERENCE", least: 1, most: 1, missing: "a reference"},
		flags:    []flag{exitCodeFlag("exit with 3 when the reference is forbidden")},
		search:   nearestOrHere,
		scope:    thisFolder,
		plan:     notPlannable,
		complete: noWords,
		run:      runPolicyExplain,
	}
}

func runPolicyExplain(ctx context.Context, in *invocation) (any, error) {
	r, err := in.reference()
	if err != nil {
		return nil, err
	}
	p, err := in.openAnyOrigin(ctx, project.Read)
	if err != nil {
		return nil, err
	}
	result, err := p.ExplainPolicy(ctx, r)
	if err != nil {
		return nil, err
	}
	printExplanation(in, result)
	if in.flags.Bool("exit-code") && !result.Allowed {
		return result, failure.Errorf(failure.Refused, "the policy forbids %q", result.Reference).
			WithHint("see the rules above, or \"packs\" in the output of --json")
	}
	return result, nil
}

func printExplanation(in *invocation, result *project.ExplainResult) {
	unread := func(p project.ExplainedPack) bool { return p.Unread != "" }
	known := ""
	if result.Allowed && slices.ContainsFunc(result.Packs, unread) {
		known = " as far as is known"
	}
	in.printf("%s is %s%s\n", result.Reference, verdict(result.Allowed), known)
	for _, pack := range result.Packs {
		in.printf("\n%s\n", strings.Join(pack.Places, ", known as "))
		in.printf("%s", table(func(w io.Writer) {
			for _, d := range pack.Decisions {
				for i, reason := range d.Reasons() {
					if i == 0 {
						fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", d.Subject, d.Value, verdict(d.Allowed), reason)
					} else {
						fmt.Fprintf(w, "  \t\t\t%s\n", reason)
					}
				}
			}
		}))
		if pack.Unread != "" {
			in.printf("  %s: %s\n", unknown(pack), oneLine(pack.Unread))
		}
	}
}

// unknown says what is not known about a pack that could not be read, or not with all that it leads to.
func unknown(pack project.ExplainedPack) string {
	what := "its license and signer are not known"
	for _, d := range pack.Decisions {
		switch d.Subject {
		case "license":
			what = "its signer is not known"
		case "signer":
			return "not all is known"
		}
	}
	return what
}

func verdict(allowed bool) string {
	if allowed {
		return "allowed"
	}
	return "forbidden"
}
