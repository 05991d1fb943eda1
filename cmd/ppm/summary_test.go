package main

import (
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

func TestCode(t *testing.T) {
	for text, want := range map[string]string{
		"a":          "`a`",
		"@me #1 <b>": "`@me #1 <b>`", // nothing that a host of repositories would act on
		"a`b":        "``a`b``",      // a longer fence
		"`a``":       "``` `a`` ```", // and a blank, which CommonMark takes off again
		"a|b":        "`a|b`",
	} {
		if got := code(text); got != want {
			t.Errorf("code(%q) = %s, want %s", text, got, want)
		}
	}
	if got := inCell("a|b"); got != "`a\\|b`" {
		t.Errorf("in a cell: %s", got)
	}
}

func TestSummaryTitle(t *testing.T) {
	one := project.Upgraded{Path: "app", To: "pack@v2//part"}
	for want, upgrades := range map[string][]project.Upgraded{
		"Nothing to upgrade":    nil,
		"Upgrade `app` to `v2`": {one},
		"Upgrade 2 components":  {one, one},
	} {
		if got := summary(&project.UpgradeResult{Upgrades: upgrades}); !strings.HasPrefix(got, "# "+want+"\n") {
			t.Errorf("%q, want the title %q", got, want)
		}
	}
}
