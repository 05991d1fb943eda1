package wire

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
)

// A helper runs "git credential" for one URL, outside every repository: only the system's and the user's configuration
// and environment decide which credential helpers and which askpass program there are.
type helper struct {
	options Options
	config  gitConfig
	url     *url.URL
}

// askpass returns the program that asks the user for credentials, and the setting that names it, in git's order.
func (h helper) askpass() (program, setting string) {
	env := h.options.Env
	for _, from := range []struct{ setting, program string }{
		{"GIT_ASKPASS", env("GIT_ASKPASS")},
		{"core.askPass", configfile.ExpandHome(h.config.Get("core", "askpass"), h.options.Home)},
		{"SSH_ASKPASS", env("SSH_ASKPASS")},
	} {
		if from.program == "" {
			continue
		}
		if strings.ContainsRune(filepath.ToSlash(from.program), '/') {
			if path, err := filepath.Abs(from.program); err == nil { // git runs in another folder
				from.program = path
			}
		}
		return from.program, from.setting
	}
	return "", ""
}

// source says where a credential comes from, for messages. It is "" when neither a helper nor an askpass program is
// set up.
func (h helper) source() string {
	_, askpass := h.askpass()
	if !h.config.hasHelper() {
		return askpass
	}
	if askpass != "" {
		return "git's credential helper or " + askpass
	}
	return "git's credential helper"
}

// fill asks the configured helpers for a credential, and then the askpass program. It does not use a terminal.
func (h helper) fill(ctx context.Context, user string) (credential, bool) {
	out, err := h.run(ctx, "fill", credential{user: user})
	if err != nil {
		return credential{}, false
	}
	c := credential{source: h.source(), fromHelper: true}
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
		if strings.ContainsAny(kv[1], "\r\n\x00") {
			return "", errors.New("the " + kv[0] + " has a control character in it") // it would be another attribute
		}
		if kv[1] != "" {
			in.WriteString(kv[0] + "=" + kv[1] + "\n")
		}
	}
	in.WriteString("\n")
	cmd := exec.CommandContext(ctx, "git", "credential", action)
	cmd.Dir = h.options.Home
	cmd.Stdin, cmd.Stdout = &in, &out
	cmd.WaitDelay = time.Second
	askpass, _ := h.askpass()
	cmd.Env = append(withoutGitState(cmd.Environ()), "HOME="+h.options.Home, "GIT_DIR="+os.DevNull,
		"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS="+askpass)
	cmd.Env = append(cmd.Env, h.config.GitEnv(h.options.Env)...)
	err := cmd.Run()
	return out.String(), err
}

// gitState are the variables that git sets for the programs that it runs, such as hooks. They are about another
// repository than that of this process.
var gitState = []string{
	"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_ASKPASS", "GIT_COMMON_DIR", "GIT_DIR", "GIT_EXEC_PATH", "GIT_GRAFT_FILE",
	"GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE",
	"GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE",
	"GIT_TERMINAL_PROMPT", "GIT_WORK_TREE",
}

// withoutGitState returns an environment without the state and the configuration of git. Other variables named GIT_…
// stay: askpass programs of CI systems read the credentials from them.
func withoutGitState(env []string) []string {
	return slices.DeleteFunc(env, func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		name = strings.ToUpper(name)
		return slices.Contains(gitState, name) || strings.HasPrefix(name, "GIT_CONFIG") ||
			strings.HasPrefix(name, "GIT_TRACE")
	})
}
