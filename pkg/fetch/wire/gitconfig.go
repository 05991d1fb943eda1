package wire

import (
	"net/url"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/config"
)

// gitConfig is the git configuration of the system and the user. Of the repository that the user works in only the
// headers that are for a URL apply: CI systems keep the job's token there, and they start no program and redirect
// no request.
type gitConfig struct {
	*config.Config
	repository *config.Config
}

func readGitConfig(o Options) (gitConfig, error) {
	place := config.Place{Home: o.Home, Dir: o.Dir, Env: o.Env}
	user, err := config.ReadUser(place)
	if err != nil {
		return gitConfig{}, err
	}
	repository, err := config.ReadRepository(place)
	if err != nil { // a broken repository is not an obstacle; git reports it
		repository = &config.Config{}
	}
	return gitConfig{user, repository}, nil
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
	for s := range c.ForURL("http", name, u) {
		value, ok = s.Value, true
	}
	return value, ok
}

// httpOnly is http without settings that are for every URL.
func (c gitConfig) httpOnly(name string, u *url.URL) (value string) {
	for s := range c.ForURL("http", name, u) {
		if s.Subsection != "" {
			value = s.Value
		}
	}
	return value
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
