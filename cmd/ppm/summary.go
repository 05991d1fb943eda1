package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// summary returns the text of a change request for an upgrade, in Markdown: a line that can be its
// title, then versions, upstream commits, files and conflicts. What comes from a pack is in
// code spans, in which no host of repositories finds links, names of people or numbers of issues.
func summary(r *project.UpgradeResult) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", summaryTitle(r.Upgrades))
	if len(r.Upgrades) == 0 {
		summarizeFailed(&b, r.Failed)
		return b.String()
	}
	b.WriteString("\n| install | from | to |\n|---|---|---|\n")
	for _, u := range r.Upgrades {
		from, to := u.From, u.To
		if from == to { // a range or a branch, which went on, or other values of keys
			from, to = shortID(u.FromCommit)+" of "+from, shortID(u.ToCommit)+" of "+to
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", inCell(u.Path), inCell(from), inCell(to))
	}
	for _, u := range r.Upgrades {
		switch {
		case u.Same:
			fmt.Fprintf(&b, "\nThe files of %s are the same in both versions.\n", code(u.Path))
		case len(u.Commits) > 0:
			fmt.Fprintf(&b, "\n## What changed upstream in %s\n\n", code(u.Path))
			for _, c := range u.Commits {
				fmt.Fprintf(&b, "- %s (%s, %.10s, %s)\n", code(c.Subject), code(c.Author), c.Date, code(shortID(c.ID)))
			}
		}
	}
	summarizeKeys(&b, r.Upgrades)
	summarizeRequires(&b, r.Upgrades)
	summarizeFiles(&b, r.Changes)
	summarizeFailed(&b, r.Failed)
	return b.String()
}

func summaryTitle(upgrades []project.Upgraded) string {
	switch len(upgrades) {
	case 0:
		return "Nothing to upgrade"
	case 1:
		to := upgrades[0].To
		if r, err := ref.Parse(to); err == nil && r.Version.String() != "" {
			to = r.Version.String()
		}
		return fmt.Sprintf("Upgrade %s to %s", code(upgrades[0].Path), code(to))
	}
	return fmt.Sprintf("Upgrade %d components", len(upgrades))
}

// summarizeFailed writes the installs that could not be upgraded.
func summarizeFailed(b *strings.Builder, failed []project.Failed) {
	if len(failed) == 0 {
		return
	}
	b.WriteString("\n## Not upgraded\n\n")
	for _, f := range failed {
		fmt.Fprintf(b, "- %s: %s\n", code(f.Path), code(oneLine(f.Error)))
	}
}

// summarizeKeys writes the keys that a pack renamed or dropped, and the values that changed.
func summarizeKeys(b *strings.Builder, upgrades []project.Upgraded) {
	for _, u := range upgrades {
		if len(u.RenamedKeys)+len(u.DroppedKeys)+len(u.ChangedKeys) == 0 {
			continue
		}
		fmt.Fprintf(b, "\n## Keys of %s\n\n", code(u.Path))
		for _, old := range slices.Sorted(maps.Keys(u.RenamedKeys)) {
			fmt.Fprintf(b, "- Key %s was renamed to %s.\n", code(old), code(u.RenamedKeys[old]))
		}
		for _, key := range slices.Sorted(maps.Keys(u.DroppedKeys)) {
			fmt.Fprintf(b, "- The value %s of key %s was dropped: the pack no longer declares it.\n",
				code(fmt.Sprint(u.DroppedKeys[key])), code(key))
		}
		for _, k := range u.ChangedKeys {
			if k.IsSecret() {
				fmt.Fprintf(b, "- %s changed %s.\n", code(k.Name), k.Why)
				continue
			}
			fmt.Fprintf(b, "- %s changed from %s to %s %s.\n",
				code(k.Name), code(valueText(k.From)), code(valueText(k.To)), k.Why)
		}
	}
}

// summarizeRequires writes the packages that the upgraded installs require from now on, and those that they do not.
func summarizeRequires(b *strings.Builder, upgrades []project.Upgraded) {
	for _, u := range upgrades {
		if u.Requires == nil {
			continue
		}
		fmt.Fprintf(b, "\n## Packages that %s requires\n\n", code(u.Path))
		for _, line := range u.Requires.Added {
			fmt.Fprintf(b, "- %s\n", code(line))
		}
		for _, line := range u.Requires.Removed {
			fmt.Fprintf(b, "- no longer %s\n", code(line))
		}
		if u.Requires.Setup != "" {
			fmt.Fprintf(b, "\nInstall them with %s.\n", code(u.Requires.Setup))
		}
	}
}

// summarizeFiles writes the files that an upgrade touches, and those in which it leaves conflicts.
func summarizeFiles(b *strings.Builder, changes []project.Change) {
	var rows, conflicts strings.Builder
	for _, c := range changes {
		if c.Conflicts > 0 {
			fmt.Fprintf(&conflicts, "- %s %s\n", code(c.Path), c.Reason)
		}
		if c.Record || c.Action == "unchanged" {
			continue
		}
		fmt.Fprintf(&rows, "| %s | %s | %s |\n", c.Action, inCell(c.Path), strings.ReplaceAll(c.Reason, "|", `\|`))
	}
	if rows.Len() > 0 {
		fmt.Fprintf(b, "\n## Files\n\n| action | file | why |\n|---|---|---|\n%s", rows.String())
	}
	if conflicts.Len() > 0 {
		fmt.Fprintf(b, "\n## Conflicts\n\n%s\nSettle them, then run `ppm project continue`.\n", conflicts.String())
	}
}

func shortID(id string) string { return id[:min(12, len(id))] }

// code returns text as a code span, by the rules of CommonMark.
func code(text string) string {
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return fence + text + fence
}

// inCell is code for a cell of a table, where a bar counts even in a code span.
func inCell(text string) string { return strings.ReplaceAll(code(text), "|", `\|`) }
