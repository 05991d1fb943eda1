package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"path"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/jsondoc"
)

// SARIF returns findings as a document of SARIF 2.1.0, which code scanners of forges read. version is that of ppm, and
// folder the path of the project in its repository, which the paths of the findings are relative to. Equal findings
// give equal bytes.
func SARIF(findings []Finding, version, folder string) ([]byte, error) {
	driver := sarifDriver{
		Name: "ppm", SemanticVersion: version, InformationURI: "https://github.com/Project-Manager-With-Git/ppm",
	}
	index := map[string]int{}
	for i, r := range Rules() {
		index[r.ID] = i
		driver.Rules = append(driver.Rules, sarifRule{
			ID: r.ID, ShortDescription: sarifText{r.Description + "."}, Help: sarifText{sentence(r.Hint)},
		})
	}
	results := []sarifResult{}
	for _, f := range findings {
		f.Path = path.Join(folder, f.Path)
		location := sarifLocation{sarifPhysical{ArtifactLocation: sarifArtifact{fileURI(f.Path)}}}
		if f.Line > 0 {
			location.Physical.Region = &sarifRegion{f.Line, f.Column}
		}
		results = append(results, sarifResult{
			RuleID: f.Rule, RuleIndex: index[f.Rule], Level: f.Level, Message: sarifText{sarifMessage(f)},
			Locations: []sarifLocation{location}, Fingerprints: map[string]string{"ppmFinding/v1": f.fingerprint()},
		})
	}
	return jsondoc.Format(sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0",
		Runs: []sarifRun{{Tool: sarifTool{driver}, ColumnKind: "unicodeCodePoints", Results: results}},
	})
}

// sarifMessage returns the message of a finding, with its install: a scanner shows only the message.
func sarifMessage(f Finding) string {
	if f.Source == "" {
		return f.Message
	}
	return f.Source + ": " + f.Message
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }

// fileURI returns a path as a relative URI.
func fileURI(name string) string { return (&url.URL{Path: name}).EscapedPath() }

// fingerprint identifies the finding, also after it moved to another line.
func (f Finding) fingerprint() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{f.Rule, f.Install, f.Path, f.Message}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool       sarifTool     `json:"tool"`
	ColumnKind string        `json:"columnKind"`
	Results    []sarifResult `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name            string      `json:"name"`
	SemanticVersion string      `json:"semanticVersion,omitempty"`
	InformationURI  string      `json:"informationUri"`
	Rules           []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID               string    `json:"id"`
	ShortDescription sarifText `json:"shortDescription"`
	Help             sarifText `json:"help"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifResult struct {
	RuleID       string            `json:"ruleId"`
	RuleIndex    int               `json:"ruleIndex"`
	Level        Level             `json:"level"`
	Message      sarifText         `json:"message"`
	Locations    []sarifLocation   `json:"locations"`
	Fingerprints map[string]string `json:"partialFingerprints"`
}

type sarifLocation struct {
	Physical sarifPhysical `json:"physicalLocation"`
}

type sarifPhysical struct {
	ArtifactLocation sarifArtifact `json:"artifactLocation"`
	Region           *sarifRegion  `json:"region,omitempty"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitempty"`
}
