// Package audit finds hidden characters and secrets in texts, and writes findings about a project as SARIF. Pure.
//
// A finding belongs to a rule. Package project collects the findings of all rules: those about texts come from here,
// those about versions and signers from the packs.
package audit

import (
	"cmp"
	"slices"
)

// A Level says how bad a finding is, in the words of SARIF.
type Level string

// The levels.
const (
	Error   Level = "error"
	Warning Level = "warning"
)

// A Rule is one kind of finding.
type Rule struct {
	ID          string
	Description string // one sentence without a final full stop
	Hint        string // the next step, an imperative sentence without a final full stop
}

// The ids of the rules.
const (
	Retracted     = "retracted"
	Deprecated    = "deprecated"
	MovedTag      = "moved-tag"
	GoneRef       = "gone-ref"
	Signer        = "signer"
	ChangedSigner = "changed-signer"
	Unsigned      = "unsigned"
	Policy        = "policy"
	HiddenUnicode = "hidden-unicode"
	Secret        = "secret"
)

// Rules returns all rules.
func Rules() []Rule {
	return []Rule{
		{Retracted, "The authors of the pack advise against the installed version",
			"run ppm project upgrade, or choose another version with --to"},
		{Deprecated, "The authors of the pack advise against the installed component",
			"replace the component as its authors say, or remove it"},
		{MovedTag, "The installed tag names another commit now than the one in ppm.lock",
			"ask the authors of the pack why they moved it; the project still has what was locked"},
		{GoneRef, "The server no longer has the installed tag or branch",
			"choose another version with ppm project upgrade --to, because a fresh clone may not get the locked one"},
		{Signer, "The installed version is not signed by whom ppm.lock says, or not by a trusted key",
			"restore ppm.lock from version control, or ask the authors of the pack who signed the version"},
		{ChangedSigner, "The newest version of the pack has another signer than the installed one",
			"ask the authors of the pack before you accept the signer with --accept-signer"},
		{Unsigned, "The installed version is not signed, although the pack signs versions or a rule is set for it",
			"run ppm project upgrade to get a signed version"},
		{Policy, "The policy of the machine, the user or the project forbids what is installed",
			"see which rule it is with ppm policy explain, and replace or remove the install"},
		{HiddenUnicode, "An installed file has characters that are invisible or that reorder the text around them",
			"read the file in an editor that shows them, and remove them if they are not meant"},
		{Secret, "ppm.toml or ppm.lock has a value that looks like a token, a password or a private key",
			"revoke it, because it is in the history of the repository, and pass the new one as --kv KEY::@env:NAME"},
	}
}

// RuleOf returns the rule with an id. It panics if there is none.
func RuleOf(id string) Rule {
	rules := Rules()
	return rules[slices.IndexFunc(rules, func(r Rule) bool { return r.ID == id })]
}

// A Finding is one thing to look at.
type Finding struct {
	Rule    string `json:"rule"`
	Level   Level  `json:"level"`
	Install string `json:"install,omitempty"` // the path of the install; "" for one about ppm.toml or ppm.lock
	Source  string `json:"source,omitempty"`  // of the install
	Path    string `json:"path"`              // the file in the project
	Line    int    `json:"line,omitempty"`    // from 1; 0 if the finding is about the name of the file
	Column  int    `json:"column,omitempty"`  // from 1, in code points
	Message string `json:"message"`           // one printable line
}

// Sort sorts findings by file and position, then by rule.
func Sort(findings []Finding) {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message))
	})
}
