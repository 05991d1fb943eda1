package langdeps

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/shell"
)

// CheckConflicts returns nil, or an error of kind Differs that names the packages with conflicts and who requires what.
func CheckConflicts(unions ...Union) error {
	var list []string
	for _, u := range unions {
		for _, c := range u.Conflicts {
			var sides []string
			for _, n := range c.Requirements {
				sides = append(sides, fmt.Sprintf("%s (%s)", n.Text, strings.Join(n.By, ", ")))
			}
			list = append(list, fmt.Sprintf("no version of %q is both %s", c.Package, strings.Join(sides, " and ")))
		}
	}
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	return failure.Errorf(failure.Differs, "merging what is required: %s", strings.Join(list, "; ")).
		WithHint("take versions of these components that agree, or remove one of them")
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
