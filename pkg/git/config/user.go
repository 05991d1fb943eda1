package config

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// ReadUser reads the configuration of the system and of the user whose home folder is given, and then what
// GIT_CONFIG_COUNT sets in the environment. Errors are of kind Usage for a malformed file.
func ReadUser(home string, env func(string) string) (*Config, error) {
	c := &Config{}
	for _, f := range userFiles(home, env) {
		if err := c.readWithIncludes(f, home, 0); err != nil {
			return nil, failure.Errorf(failure.KindOf(err), "reading git's configuration: %w", err).
				WithHint("correct the file, or name another one in GIT_CONFIG_GLOBAL")
		}
	}
	for i := range countInEnv(env) {
		section, rest, ok := strings.Cut(env(keyVariable(i)), ".")
		if !ok {
			continue
		}
		dot := strings.LastIndexByte(rest, '.') // -1 without a subsection
		c.settings = append(c.settings, Setting{
			Section: strings.ToLower(section), Name: strings.ToLower(rest[dot+1:]),
			Subsection: rest[:max(dot, 0)],
			Value:      env(valueVariable(i)),
		})
	}
	return c, nil
}

// EnvNames returns the names of the environment variables that choose or change the configuration.
func EnvNames(env func(string) string) []string {
	names := []string{"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_COUNT"}
	for i := range countInEnv(env) {
		names = append(names, keyVariable(i), valueVariable(i))
	}
	return names
}

func keyVariable(i int) string   { return fmt.Sprintf("GIT_CONFIG_KEY_%d", i) }
func valueVariable(i int) string { return fmt.Sprintf("GIT_CONFIG_VALUE_%d", i) }

// countInEnv returns how many settings the environment holds.
func countInEnv(env func(string) string) int {
	const most = 1000
	n, err := strconv.Atoi(env("GIT_CONFIG_COUNT"))
	if err != nil {
		return 0
	}
	return max(0, min(n, most))
}

// userFiles lists the files that git reads, in its order.
func userFiles(home string, env func(string) string) []string {
	var files []string
	if !isTrue(env("GIT_CONFIG_NOSYSTEM")) {
		files = systemFiles(env)
	}
	if global := env("GIT_CONFIG_GLOBAL"); global != "" {
		return append(files, global)
	}
	xdg := configfile.InHome(home, ".config", "git", "config")
	if dir := env("XDG_CONFIG_HOME"); dir != "" {
		xdg = filepath.Join(dir, "git", "config")
	}
	return append(files, xdg, configfile.InHome(home, ".gitconfig"))
}

// systemFiles lists where the usual builds of git keep the configuration of the whole machine.
func systemFiles(env func(string) string) []string {
	if f := env("GIT_CONFIG_SYSTEM"); f != "" {
		return []string{f}
	}
	switch runtime.GOOS {
	case "darwin":
		return []string{
			"/Library/Developer/CommandLineTools/usr/share/git-core/gitconfig",
			"/Applications/Xcode.app/Contents/Developer/usr/share/git-core/gitconfig",
			"/opt/homebrew/etc/gitconfig", "/usr/local/etc/gitconfig", "/etc/gitconfig",
		}
	case "windows":
		return []string{
			filepath.Join(env("ProgramData"), "Git", "config"),
			filepath.Join(env("ProgramFiles"), "Git", "etc", "gitconfig"),
		}
	}
	return []string{"/etc/gitconfig"}
}
