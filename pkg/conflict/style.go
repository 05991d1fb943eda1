package conflict

import (
	"os"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/config"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
)

// Style returns the style of conflicts that git uses in the work tree that dir is in: its merge.conflictStyle.
// Settings that cannot be read do not count.
func Style(dir, home string, env func(string) string) merge.Style {
	style := merge.Merge
	take := func(c *config.Config, err error) {
		if err != nil {
			return
		}
		if s := merge.Style(c.Get("merge", "conflictstyle")); slices.Contains(merge.Styles, s) {
			style = s
		}
	}
	take(config.ReadUser(config.Place{Home: home, Dir: dir, Env: withoutSettings(env)}))
	take(config.ReadRepository(config.Place{Home: home, Dir: dir, Env: env}))
	take(config.ReadUser(config.Place{Home: home, Env: onlySettings(env)}))
	return style
}

// withoutSettings returns an environment without settings of git, which override those of the repository.
func withoutSettings(env func(string) string) func(string) string {
	return func(name string) string {
		if isSetting(name) {
			return ""
		}
		return env(name)
	}
}

// onlySettings returns an environment with nothing but settings of git.
func onlySettings(env func(string) string) func(string) string {
	return func(name string) string {
		switch {
		case isSetting(name):
			return env(name)
		case name == "GIT_CONFIG_NOSYSTEM":
			return "1"
		case name == "GIT_CONFIG_GLOBAL":
			return os.DevNull
		}
		return ""
	}
}

func isSetting(name string) bool {
	return name == "GIT_CONFIG_COUNT" || name == "GIT_CONFIG_PARAMETERS" ||
		strings.HasPrefix(name, "GIT_CONFIG_KEY_") || strings.HasPrefix(name, "GIT_CONFIG_VALUE_")
}
