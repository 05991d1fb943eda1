package langdeps

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/shell"
)

// CheckConflicts returns nil if there are no conflicts, else an error of kind Differs that names the packages, their
// requirements and the installs.
func CheckConflicts(unions ...Union) error {
	var list []string
	for _, u := range unions {
		for _, c := range u.Conflicts {
			var texts []string
			for _, r := range c.Requirements {
				texts = append(texts, fmt.Sprintf("%s (%s)", r.Text, strings.Join(r.By, ", ")))
			}
			list = append(list, fmt.Sprintf("no version of %q satisfies both %s", c.Package,
				strings.Join(texts, " and ")))
		}
	}
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	return failure.Errorf(failure.Differs, "merging requirements: %s", strings.Join(list, "; ")).
		WithHint("use compatible versions of these components, or remove one of them")
}

// InstallCommand returns the command line that installs packages of a language, or "".
func InstallCommand(language string, lines []string) string {
	command := ecosystemOf(language).installer
	if command == "" || len(lines) == 0 {
		return ""
	}
	for _, line := range lines {
		command += " " + shell.Quote(line)
	}
	return command
}
