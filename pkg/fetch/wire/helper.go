package wire

import (
	"bytes"
	"context"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/config"
)

// A helper runs "git credential" for one URL, outside every repository: only the system's and the user's configuration
// decide which helpers there are.
type helper struct {
	options Options
	url     *url.URL
}

// fill asks the configured helpers for a credential. It does not use a terminal or an askpass program.
func (h helper) fill(ctx context.Context, user string) (credential, bool) {
	out, err := h.run(ctx, "fill", credential{user: user})
	if err != nil {
		return credential{}, false
	}
	c := credential{source: "git's credential helper", fromHelper: true}
	for line := range strings.Lines(out) {
		switch key, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), "="); key {
		case "username":
			c.user = value
		case "password":
			c.password = value
		}
	}
	return c, c.password != ""
}

// run runs an action of git credential. Errors of "approve" and "reject" can be ignored: they do not change what is
// fetched.
func (h helper) run(ctx context.Context, action string, c credential) (string, error) {
	const timeout = 2 * time.Minute // a helper may open a browser
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var in, out bytes.Buffer
	for _, kv := range [][2]string{
		{"protocol", h.url.Scheme}, {"host", h.url.Host}, {"path", strings.TrimPrefix(h.url.Path, "/")},
		{"username", c.user}, {"password", c.password},
	} {
		if kv[1] != "" {
			in.WriteString(kv[0] + "=" + kv[1] + "\n") // no value has a newline: no URL may have one
		}
	}
	in.WriteString("\n")
	cmd := exec.CommandContext(ctx, "git", "credential", action)
	cmd.Dir = h.options.Home
	cmd.Stdin, cmd.Stdout = &in, &out
	cmd.WaitDelay = time.Second
	for _, kv := range cmd.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if upper := strings.ToUpper(name); !strings.HasPrefix(upper, "GIT_") && upper != "HOME" && upper != "PWD" {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, "HOME="+h.options.Home, "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "GIT_DIR="+os.DevNull)
	for _, name := range config.EnvNames(h.options.Env) {
		if v := h.options.Env(name); v != "" {
			cmd.Env = append(cmd.Env, name+"="+v)
		}
	}
	err := cmd.Run()
	return out.String(), err
}
