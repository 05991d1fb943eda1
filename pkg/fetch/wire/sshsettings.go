package wire

import (
	"cmp"
	"os"
	"strconv"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// sshSettings are what the user's and the system's ssh configuration set for a remote.
type sshSettings struct {
	host, port, user string
	identities       []string // key files
	identitiesOnly   bool     // offer no other keys of the agent
	agent            string   // its socket; empty for none
	knownHosts       []string // files that exist
}

const systemSSHConfig = "/etc/ssh/ssh_config"

// readSSHSettings reads the configuration. Other settings are ignored, except that a proxy program or jump host is
// refused: ppm cannot reach the host in the way that the user wants.
func readSSHSettings(r remote, o Options) (*sshSettings, error) {
	configs, err := readSSHConfigs(configfile.InHome(o.Home, ".ssh", "config"), systemSSHConfig)
	if err != nil {
		return nil, err
	}
	get := func(key string) string { return configs.get(r.host, key) }
	for _, key := range []string{"ProxyCommand", "ProxyJump"} {
		if v := get(key); v != "" && !strings.EqualFold(v, "none") {
			return nil, failure.Errorf(failure.Refused,
				"connecting to %q: the ssh configuration sets %s, and ppm does not start programs to connect",
				r.host, key).
				WithHint("use an https URL, or a host that can be reached without a proxy")
		}
	}
	s := &sshSettings{
		host: strings.NewReplacer("%h", r.host, "%%", "%").Replace(cmp.Or(get("HostName"), r.host)),
		port: cmp.Or(r.port, get("Port"), "22"),
		user: cmp.Or(r.user, get("User"), o.Env("USER"), o.Env("LOGNAME"), o.Env("USERNAME"), "git"),
	}
	if _, err := strconv.ParseUint(s.port, 10, 16); err != nil {
		return nil, failure.Errorf(failure.Usage, "reading the ssh configuration of %q: the port %q is not a number",
			r.host, s.port).WithHint("correct the file")
	}
	s.identitiesOnly = strings.EqualFold(get("IdentitiesOnly"), "yes")
	expand := func(path string) string {
		path = configfile.ExpandHome(path, o.Home)
		return strings.NewReplacer(
			"%d", o.Home, "%h", s.host, "%n", r.host, "%p", s.port, "%r", s.user, "%u", o.Env("USER"), "%%", "%",
		).Replace(path)
	}
	s.agent = cmp.Or(o.Env("SSH_AUTH_SOCK"), defaultAgent)
	switch v := get("IdentityAgent"); {
	case strings.EqualFold(v, "none"):
		s.agent = ""
	case v != "" && v != "SSH_AUTH_SOCK":
		s.agent = expand(v)
	}
	for _, f := range configs.all(r.host, "IdentityFile") {
		s.identities = append(s.identities, expand(f))
	}
	if len(s.identities) == 0 {
		for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
			s.identities = append(s.identities, configfile.InHome(o.Home, ".ssh", name))
		}
	}
	s.findKnownHosts(get, expand)
	return s, nil
}

func (s *sshSettings) findKnownHosts(get func(string) string, expand func(string) string) {
	user := cmp.Or(get("UserKnownHostsFile"), "~/.ssh/known_hosts ~/.ssh/known_hosts2")
	system := cmp.Or(get("GlobalKnownHostsFile"), "/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2")
	for _, f := range strings.Fields(user + " " + system) {
		f = expand(strings.Trim(f, `"`))
		if info, err := os.Stat(f); err == nil && info.Mode().IsRegular() {
			s.knownHosts = append(s.knownHosts, f)
		}
	}
}
