package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func verifyCommand() *command {
	return &command{
		name:     "verify",
		usage:    "check the lockfile against the packs, and that all installed files exist",
		examples: []string{"ppm project verify", "ppm project verify --offline --json", "ppm project verify --remote"},
		args:     noArguments(),
		flags: []flag{{
			name: "remote", kind: boolFlag,
			usage: "also ask the servers whether the tags still name the installed commits",
		}},
		search:   nearestProject,
		scope:    allMembers,
		plan:     notPlannable,
		complete: noWords,
		run:      runVerify,
	}
}

func runVerify(ctx context.Context, in *invocation) (any, error) {
	p, err := in.open(ctx)
	if err != nil {
		return nil, err
	}
	result, err := p.Verify(ctx, project.VerifyOptions{Remote: in.flags.Bool("remote")})
	if result == nil {
		return nil, err
	}
	printVerify(in, result)
	return result, finishFailed(in, result.Failed, err)
}

func printVerify(in *invocation, result *project.VerifyResult) {
	in.printf("%s", table(func(w io.Writer) {
		for _, i := range result.Installs {
			verdict := "verified"
			if i.Problem != "" {
				verdict = "not verified"
			}
			var found []string
			if i.Remote != nil {
				found = append(found, strings.TrimSpace(fmt.Sprintf("%s %.12s", i.Remote.State, i.Remote.Commit)))
			}
			if i.Unasked != "" {
				found = append(found, "the server was not asked for the ref")
			}
			if text := signatureText(i.Signature); text != "" {
				found = append(found, text)
			}
			for _, f := range i.Files {
				if f.State != "clean" {
					found = append(found, f.State+" "+f.Path)
				}
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", verdict, i.Path, i.Source, strings.Join(found, ", "))
		}
	}))
	if len(result.Installs) == 0 {
		in.noteUnlessMember(nothingInstalled)
	}
}

// signatureText says who signed an install; it is empty for one that is not signed.
func signatureText(s *project.Signature) string {
	if s == nil || s.State == s.Signer {
		return ""
	}
	text := "signed by " + s.Signer
	if s.Principal != "" {
		text += fmt.Sprintf(" (%s)", s.Principal)
	}
	if s.State != "trusted" {
		text += ", " + s.State
	}
	return text
}
