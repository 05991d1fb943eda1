package wire

import (
	"net/url"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/config"
)

// gitConfig is the git configuration of the system and the user.
type gitConfig struct{ *config.Config }

func readGitConfig(home string, env func(string) string) (gitConfig, error) {
	c, err := config.ReadUser(home, env)
	return gitConfig{c}, err
}

// insteadOf rewrites raw with the longest url.BASE.insteadOf that it starts with.
func (c gitConfig) insteadOf(raw string) string {
	longest, base := "", ""
	for s := range c.All("url", "insteadof") {
		if len(s.Value) > len(longest) && strings.HasPrefix(raw, s.Value) {
			longest, base = s.Value, s.Subsection
		}
	}
	return base + raw[len(longest):]
}

// http returns the value of http.NAME, or of the http.URL.NAME that matches u best.
func (c gitConfig) http(name string, u *url.URL) (value string, ok bool) {
	best := -1
	for s := range c.All("http", name) {
		score := 0
		if s.Subsection != "" {
			score = matchScore(s.Subsection, u)
		}
		if score >= best {
			best, value, ok = score, s.Value, true
		}
	}
	return value, ok && best >= 0
}

// matchScore compares the URL of a configuration section with u. It is -1 when they do not match, else a positive
// number that grows with the number of host labels and the length of the path that match exactly.
func matchScore(section string, u *url.URL) int {
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

// hasHelper reports whether a credential helper is configured for any remote.
func (c gitConfig) hasHelper() bool {
	for s := range c.All("credential", "helper") {
		if s.Value != "" {
			return true
		}
	}
	return false
}
