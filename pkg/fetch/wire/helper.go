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

// fromHelper asks "git credential fill", which asks the helpers that the user
// configured and nobody else: no terminal, no askpass program.
func (d *Dialer) fromHelper(ctx context.Context, u *url.URL, user string) (credential, bool) {
	out, err := d.gitCredential(ctx, "fill", u, credential{user: user})
	if err != nil {
		return credential{}, false
	}
	c := credential{source: "git's credential helper", helper: true}
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

// tellHelper passes on whether a credential was good. What the helpers make of
// it does not change what is fetched.
func (d *Dialer) tellHelper(ctx context.Context, verb string, u *url.URL, c credential) {
	_, _ = d.gitCredential(ctx, verb, u, c)
}

// gitCredential runs git outside every repository, so that only the system's and
// the user's configuration say which helpers there are.
func (d *Dialer) gitCredential(ctx context.Context, verb string, u *url.URL, c credential) (string, error) {
	const patience = 2 * time.Minute // a helper may open a browser
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var in, out bytes.Buffer
	for _, kv := range [][2]string{
		{"protocol", u.Scheme}, {"host", u.Host}, {"path", strings.TrimPrefix(u.Path, "/")},
		{"username", c.user}, {"password", c.password},
	} {
		if kv[1] != "" {
			in.WriteString(kv[0] + "=" + kv[1] + "\n") // no value has a newline in it: no URL may
		}
	}
	in.WriteString("\n")
	cmd := exec.CommandContext(ctx, "git", "credential", verb)
	cmd.Dir = d.o.Home
	cmd.Stdin, cmd.Stdout = &in, &out
	cmd.WaitDelay = time.Second
	for _, kv := range cmd.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if upper := strings.ToUpper(name); !strings.HasPrefix(upper, "GIT_") && upper != "HOME" && upper != "PWD" {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, "HOME="+d.o.Home, "GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=", "GIT_DIR="+os.DevNull)
	for _, name := range config.EnvNames(d.o.Env) {
		if v := d.o.Env(name); v != "" {
			cmd.Env = append(cmd.Env, name+"="+v)
		}
	}
	err := cmd.Run()
	return out.String(), err
}
