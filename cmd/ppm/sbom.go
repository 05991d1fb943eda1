package main

import (
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/sbom"
)

// sbomFormats are the formats of ppm sbom, each with the function that writes it.
var sbomFormats = []string{"spdx", "cyclonedx"}

func writeSBOM(format string, i sbom.Inventory) ([]byte, error) {
	if format == "cyclonedx" {
		return sbom.CycloneDX(i)
	}
	return sbom.SPDX(i)
}

func sbomCommand() *command {
	return &command{
		name:  "sbom",
		usage: "print a software bill of materials of the installed components",
		details: "Equal states give equal bytes. The time in the document is SOURCE_DATE_EPOCH, or that of\n" +
			"the newest installed commit.",
		examples: []string{"ppm sbom", "ppm sbom --format cyclonedx -o ppm.cdx.json"},
		args:     noArguments(),
		flags: []flag{
			{
				name: "format", kind: choiceFlag, value: sbomFormats[0], choices: sbomFormats,
				usage: "print SPDX 2.3 or CycloneDX 1.5, as `FORMAT`",
			},
			{name: "output", aliases: []string{"o"}, kind: stringFlag, usage: "write the document to `FILE`"},
		},
		search:   nearestProject,
		scope:    allMembers,
		plan:     notPlannable,
		complete: noWords,
		run:      runSBOM,
		join:     joinSBOM,
		joins:    func(*invocation) bool { return true },
	}
}

// An sbomResult is the result of ppm sbom.
type sbomResult struct {
	Format   string          `json:"format"`
	File     string          `json:"file,omitempty"`     // to which the document was written
	Document json.RawMessage `json:"document,omitempty"` // else the document
}

func runSBOM(ctx context.Context, in *invocation) (any, error) {
	format, err := choose("format", in.flags.String("format"), sbomFormats)
	if err != nil {
		return nil, err
	}
	p, err := in.open(ctx)
	if err != nil {
		return nil, err
	}
	described, err := p.Inventory(ctx, cmp.Or(in.member, "."))
	if err != nil {
		return nil, err
	}
	if in.member != "" { // joinSBOM prints one document for all
		in.described = &described
		return nil, nil
	}
	return in.finishSBOM(format, sbom.Inventory{
		Name: described.Name, Version: described.Version, Projects: []sbom.Project{described},
	})
}

// joinSBOM prints one document about all members of a workspace.
func joinSBOM(in *invocation, runs []*memberRun) error {
	all := sbom.Inventory{Name: filepath.Base(in.location.Project)}
	for _, r := range runs {
		all.Projects = append(all.Projects, *r.invocation.described)
	}
	result, err := in.finishSBOM(in.flags.String("format"), all)
	in.report.result = result
	return err
}

// finishSBOM prints or writes the document of an inventory.
func (in *invocation) finishSBOM(format string, i sbom.Inventory) (any, error) {
	created, err := in.created(i.Projects)
	if err != nil {
		return nil, err
	}
	i.Tool, i.Created = version(), created
	text, err := writeSBOM(format, i)
	if err != nil {
		return nil, err
	}
	output := in.flags.String("output")
	if output == "" || output == "-" {
		in.write(string(text))
		return sbomResult{Format: format, Document: text}, nil
	}
	name := in.options.path(output)
	err = checkEarlierSBOM(name)
	if err == nil {
		err = writeOutput(name, "the document", text, 0o666)
	}
	if err != nil {
		return nil, err
	}
	in.report.changed = true
	in.printf("wrote %s\n", output)
	return sbomResult{Format: format, File: output}, nil
}

// checkEarlierSBOM checks that a file does not exist, is empty or is a software bill of materials.
func checkEarlierSBOM(name string) error {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return nil // writing it says what is wrong
	}
	text, err := os.ReadFile(name)
	var document struct {
		SPDX      string `json:"spdxVersion"`
		CycloneDX string `json:"bomFormat"`
	}
	if err == nil && json.Unmarshal(text, &document) == nil && document.SPDX+document.CycloneDX != "" {
		return nil
	}
	return failure.Errorf(failure.Refused, "writing %q: the file exists and is not a bill of materials",
		name).
		WithHint("choose another name, or remove it")
}

// created returns the time in the document, which does not depend on the clock: SOURCE_DATE_EPOCH, or when the newest
// commit was made of which something is installed. If that is not known, it is 1970, with a note.
func (in *invocation) created(projects []sbom.Project) (time.Time, error) {
	if text := in.options.getenv("SOURCE_DATE_EPOCH"); text != "" {
		seconds, err := strconv.ParseInt(text, 10, 64)
		created := time.Unix(seconds, 0)
		if err != nil || seconds < 0 || created.UTC().Year() > 9999 { // both formats write four digits
			return time.Time{}, failure.Errorf(failure.Usage, "SOURCE_DATE_EPOCH is %q, not a number of seconds",
				text).
				WithHint("set it to the seconds since 1970, as in SOURCE_DATE_EPOCH=$(git log -1 --format=%%ct)")
		}
		return created, nil
	}
	newest, ok := sbom.Committed(projects)
	if !ok {
		in.note("the document has the date 1970-01-01: the dates of the installed commits are not known; " +
			"set SOURCE_DATE_EPOCH")
		return time.Unix(0, 0), nil
	}
	return newest, nil
}
