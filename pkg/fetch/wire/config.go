package wire

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/go-git/gcfg"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// gitConfig holds the settings of the system's and the user's git
// configuration, in the order in which git reads them: the last one wins.
type gitConfig struct {
	settings []setting
}

type setting struct {
	section, name string // lower case
	subsection    string
	value         string
}

const maxIncludes = 10 // git's own bound on nested include.path

// readGitConfig reads the configuration. An includeIf is left out: its
// conditions are about the repository git runs in, and ppm runs in none.
func readGitConfig(home string, env func(string) string) (*gitConfig, error) {
	c := &gitConfig{}
	var files []string
	if !isTrue(env("GIT_CONFIG_NOSYSTEM")) {
		files = systemFiles(env)
	}
	if global := env("GIT_CONFIG_GLOBAL"); global != "" {
		files = append(files, global)
	} else {
		xdg := inHome(home, ".config", "git", "config")
		if dir := env("XDG_CONFIG_HOME"); dir != "" {
			xdg = filepath.Join(dir, "git", "config")
		}
		files = append(files, xdg, inHome(home, ".gitconfig"))
	}
	for _, f := range files {
		if err := c.read(f, home, 0); err != nil {
			return nil, failure.Errorf(failure.KindOf(err), "reading git's configuration: %w", err).
				WithHint("correct the file, or name another one in GIT_CONFIG_GLOBAL")
		}
	}
	for i := range countedSettings(env) {
		key, value := env(fmt.Sprintf("GIT_CONFIG_KEY_%d", i)), env(fmt.Sprintf("GIT_CONFIG_VALUE_%d", i))
		first, last := strings.IndexByte(key, '.'), strings.LastIndexByte(key, '.')
		if first < 0 {
			continue
		}
		subsection := ""
		if first < last {
			subsection = key[first+1 : last]
		}
		c.add(key[:first], subsection, key[last+1:], value)
	}
	return c, nil
}

// countedSettings is how many settings GIT_CONFIG_KEY_<N> and GIT_CONFIG_VALUE_<N> hold.
func countedSettings(env func(string) string) int {
	const most = 1000
	n, err := strconv.Atoi(env("GIT_CONFIG_COUNT"))
	if err != nil {
		return 0
	}
	return max(0, min(n, most))
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

func isTrue(s string) bool {
	switch strings.ToLower(s) {
	case "", "0", "false", "no", "off":
		return false
	}
	return true
}

func (c *gitConfig) add(section, subsection, name, value string) {
	c.settings = append(c.settings, setting{strings.ToLower(section), strings.ToLower(name), subsection, value})
}

// read adds the settings of a file and, where they stand, of those it includes.
// A file that does not exist has none.
func (c *gitConfig) read(file, home string, depth int) error {
	data, err := configfile.Read(file)
	if errors.Is(err, fs.ErrNotExist) || file == os.DevNull {
		return nil
	}
	if err != nil {
		return err
	}
	err = c.parse(file, home, string(data), depth)
	var inner *failure.Error // of an included file
	if err != nil && !errors.As(err, &inner) {
		return failure.Errorf(failure.Usage, "%q: %w", file, err)
	}
	return err
}

func (c *gitConfig) parse(file, home, data string, depth int) (err error) {
	defer func() { // the parser panics on some malformed escapes
		if r := recover(); r != nil {
			err = fmt.Errorf("malformed: %v", r)
		}
	}()
	data = strings.TrimPrefix(data, "\ufeff")
	return gcfg.ReadWithCallback(strings.NewReader(data), func(section, subsection, name, value string, blank bool) error {
		if name == "" {
			return nil
		}
		if blank {
			value = "true"
		}
		c.add(section, subsection, name, value)
		if last := c.settings[len(c.settings)-1]; last.section == "include" && subsection == "" && last.name == "path" {
			if depth == maxIncludes {
				return errors.New("includes are nested too deeply")
			}
			path := expandHome(value, home)
			if path != "" && !filepath.IsAbs(path) {
				path = filepath.Join(filepath.Dir(file), path)
			}
			return c.read(path, home, depth+1)
		}
		return nil
	})
}

// inHome returns a path in the home folder, or "", which no file has, when there
// is none: the folder that ppm happens to run in must not stand in for it.
func inHome(home string, path ...string) string {
	if !filepath.IsAbs(home) {
		return ""
	}
	return filepath.Join(home, filepath.Join(path...))
}

func expandHome(path, home string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		return inHome(home, rest)
	}
	return path
}

// insteadOf rewrites raw with the longest url.BASE.insteadOf that it starts with.
func (c *gitConfig) insteadOf(raw string) string {
	longest, base := "", ""
	for _, s := range c.settings {
		if s.section == "url" && s.name == "insteadof" && len(s.value) > len(longest) && strings.HasPrefix(raw, s.value) {
			longest, base = s.value, s.subsection
		}
	}
	return base + raw[len(longest):]
}

// http returns the value of http.NAME, or of the http.URL.NAME that fits u best.
func (c *gitConfig) http(name string, u *url.URL) (value string, ok bool) {
	best := -1
	for _, s := range c.settings {
		if s.section != "http" || s.name != name {
			continue
		}
		score := 0
		if s.subsection != "" {
			score = fit(s.subsection, u)
		}
		if score >= best {
			best, value, ok = score, s.value, true
		}
	}
	return value, ok && best >= 0
}

// fit tells how well the URL of a configuration section fits u: -1 for not at
// all, else a positive number that grows with the exact parts of it.
func fit(section string, u *url.URL) int {
	p, err := url.Parse(section)
	if err != nil || p.Scheme != u.Scheme || portOf(p) != portOf(u) {
		return -1
	}
	host, want := strings.Split(canonicalHost(u.Hostname()), "."), strings.Split(strings.ToLower(p.Hostname()), ".")
	if len(host) != len(want) {
		return -1
	}
	exact := 1
	for i := range want {
		switch want[i] {
		case host[i]:
			exact++
		case "*":
		default:
			return -1
		}
	}
	path := strings.TrimSuffix(p.Path, "/") + "/"
	if !strings.HasPrefix(u.Path+"/", path) {
		return -1
	}
	return exact<<16 + len(path)
}

// hasHelper reports whether the user configured a credential helper for any remote.
func (c *gitConfig) hasHelper() bool {
	for _, s := range c.settings {
		if s.section == "credential" && s.name == "helper" && s.value != "" {
			return true
		}
	}
	return false
}
