package wire

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/kevinburke/ssh_config"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// sshSettings are what the user's and the system's ssh configuration say about a remote.
type sshSettings struct {
	host, port, user string
	identities       []string // key files
	identitiesOnly   bool     // offer no other keys of the agent
	agent            string   // its socket; empty for none
	knownHosts       []string // files that exist
}

const systemSSHConfig = "/etc/ssh/ssh_config"

// sshSettings reads the configuration. What is in no setting of sshSettings is
// without effect; a proxy program or jump host is refused, since the host cannot
// be reached as the user wants.
func (d *Dialer) sshSettings(at remote) (*sshSettings, error) {
	configs, err := readSSHConfigs(configfile.InHome(d.o.Home, ".ssh", "config"), systemSSHConfig)
	if err != nil {
		return nil, err
	}
	get := func(key string) string { return configs.get(at.host, key) }
	for _, key := range []string{"ProxyCommand", "ProxyJump"} {
		if v := get(key); v != "" && !strings.EqualFold(v, "none") {
			return nil, failure.Errorf(failure.Refused, "connecting to %q: the ssh configuration sets %s, and ppm starts no program to connect", at.host, key).
				WithHint("use an https URL, or a host that can be reached without a proxy")
		}
	}
	s := &sshSettings{
		host: strings.NewReplacer("%h", at.host, "%%", "%").Replace(cmp.Or(get("HostName"), at.host)),
		port: cmp.Or(at.port, get("Port"), "22"),
		user: cmp.Or(at.user, get("User"), d.o.Env("USER"), d.o.Env("LOGNAME"), d.o.Env("USERNAME"), "git"),
	}
	if _, err := strconv.ParseUint(s.port, 10, 16); err != nil {
		return nil, failure.Errorf(failure.Usage, "reading the ssh configuration of %q: the port %q is not a number", at.host, s.port).
			WithHint("correct the file")
	}
	s.identitiesOnly = strings.EqualFold(get("IdentitiesOnly"), "yes")
	expand := func(path string) string {
		path = configfile.ExpandHome(path, d.o.Home)
		return strings.NewReplacer("%d", d.o.Home, "%h", s.host, "%n", at.host, "%p", s.port, "%r", s.user, "%u", d.o.Env("USER"), "%%", "%").Replace(path)
	}
	s.agent = cmp.Or(d.o.Env("SSH_AUTH_SOCK"), defaultAgent)
	switch v := get("IdentityAgent"); {
	case strings.EqualFold(v, "none"):
		s.agent = ""
	case v != "" && v != "SSH_AUTH_SOCK":
		s.agent = expand(v)
	}
	for _, f := range configs.all(at.host, "IdentityFile") {
		s.identities = append(s.identities, expand(f))
	}
	if len(s.identities) == 0 {
		for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
			s.identities = append(s.identities, configfile.InHome(d.o.Home, ".ssh", name))
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

// sshConfigs are ssh configurations, of which the first that has a value wins.
type sshConfigs []*ssh_config.Config

func readSSHConfigs(files ...string) (sshConfigs, error) {
	var configs sshConfigs
	for _, file := range files {
		data, err := configfile.Read(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var c *ssh_config.Config
		if err == nil {
			c, err = ssh_config.Decode(strings.NewReader(withoutMatch(string(data))))
		}
		if err != nil {
			return nil, failure.Errorf(failure.Usage, "reading the ssh configuration %q: %w", file, err).
				WithHint("correct the file")
		}
		configs = append(configs, c)
	}
	return configs, nil
}

// An Include that cannot be read has no values.
func (configs sshConfigs) get(host, key string) string {
	for _, c := range configs {
		if v, err := c.Get(host, key); err == nil && v != "" {
			return v
		}
	}
	return ""
}

func (configs sshConfigs) all(host, key string) (values []string) {
	for _, c := range configs {
		v, _ := c.GetAll(host, key)
		values = append(values, v...)
	}
	return values
}

// withoutMatch writes the Match blocks that are about the host alone as Host
// blocks. All others become blocks that match no host: their conditions hold for
// commands that are run, or for a user or network that ppm does not look at.
func withoutMatch(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 || !strings.EqualFold(words[0], "match") {
			b.WriteString(line)
			continue
		}
		patterns := "!*"
		switch criterion := strings.ToLower(words[1]); {
		case criterion == "all" && len(words) == 2:
			patterns = "*"
		case (criterion == "host" || criterion == "originalhost") && len(words) == 3:
			patterns = strings.ReplaceAll(words[2], ",", " ")
		}
		fmt.Fprintf(&b, "Host %s\n", patterns)
	}
	return b.String()
}
