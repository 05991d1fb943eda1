package wire

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"sync"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/sshconfig"
)

// sshSettings are what the user's and the system's ssh configuration set for a host.
type sshSettings struct {
	host, port, user string
	guessedUser      bool     // user is the name of the user on this machine
	identities       []string // key files
	certificates     []string // files with certificates of keys
	identitiesOnly   bool     // offer no other keys of the agent
	agent            string   // its socket; empty for none
	knownHosts       []string // files that exist
	revoked          string   // a file with keys that no host may have; empty for none
	keyAlias         string   // the name under which the host's key is known, when it is not that of the host
	acceptNew        bool     // accept a key when none of the host is known
	jumps            string   // hosts to connect through, as ProxyJump has them; empty for none
	proxyCommand     string   // a shell command that connects to the host; empty for none
}

// readSSHSettings reads the configuration for a host. Options that ppm has no use for are ignored.
func readSSHSettings(r remote, from *settings) (*sshSettings, error) {
	o := from.options
	localUser := localUserName(o.Env)
	c := sshconfig.Connection{
		Host: r.host, User: r.user, Port: r.port,
		Home: o.Home, LocalUser: localUser, Env: o.Env, Exec: from.sshCondition,
	}
	c.LocalHost, _ = os.Hostname()
	options, err := sshconfig.Read(c, sshconfig.Files(o.Home)...)
	if err != nil {
		return nil, err
	}
	s := &sshSettings{
		host: options.HostName(),
		port: cmp.Or(options.Get("port"), "22"),
		user: cmp.Or(options.Get("user"), localUser), guessedUser: options.Get("user") == "",
	}
	if _, err := strconv.ParseUint(s.port, 10, 16); err != nil {
		return nil, errSSHConfig(r.host, fmt.Errorf("the port %q is not a number", s.port))
	}
	if err := s.expand(options, o); err != nil {
		return nil, errSSHConfig(r.host, err)
	}
	return s, nil
}

func errSSHConfig(host string, err error) error {
	return failure.Errorf(failure.Usage, "reading the ssh configuration of %q: %w", host, err).
		WithHint("correct the file")
}

// expand sets the settings with tokens in their values.
func (s *sshSettings) expand(options *sshconfig.Options, o Options) (err error) {
	file := func(value string) string {
		expanded, e := options.ExpandEnv(value)
		err = cmp.Or(err, e)
		return configfile.ExpandHome(expanded, o.Home)
	}
	s.identitiesOnly = isYes(options.Get("identitiesonly"))
	s.keyAlias = strings.ToLower(options.Get("hostkeyalias"))
	switch strings.ToLower(options.Get("stricthostkeychecking")) {
	case "accept-new", "no", "off", "false":
		s.acceptNew = true
	}
	s.agent = cmp.Or(o.Env("SSH_AUTH_SOCK"), defaultAgent)
	switch value := options.Get("identityagent"); {
	case strings.EqualFold(value, "none"):
		s.agent = ""
	case value == "" || value == "SSH_AUTH_SOCK":
	case strings.HasPrefix(value, "$") && !strings.HasPrefix(value, "${"):
		s.agent = o.Env(value[1:])
	default:
		s.agent = file(value)
	}
	for _, f := range options.All("identityfile") {
		if !strings.EqualFold(f, "none") {
			s.identities = append(s.identities, file(f))
		}
	}
	if options.All("identityfile") == nil {
		for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
			s.identities = append(s.identities, configfile.InHome(o.Home, ".ssh", name))
		}
	}
	for _, f := range options.All("certificatefile") {
		s.certificates = append(s.certificates, file(f))
	}
	s.knownHosts = knownHostsFiles(options, file)
	if v := options.Get("revokedhostkeys"); v != "" && !strings.EqualFold(v, "none") {
		s.revoked = file(v)
	}
	if v := options.Get("proxyjump"); v != "" && !strings.EqualFold(v, "none") {
		s.jumps, err = options.Expand(v)
	}
	if v := options.Get("proxycommand"); v != "" && !strings.EqualFold(v, "none") {
		expanded, e := options.Expand(v)
		s.proxyCommand, err = expanded, cmp.Or(err, e)
	}
	return err
}

// knownHostsFiles returns the files with known hosts that exist.
func knownHostsFiles(options *sshconfig.Options, file func(string) string) (files []string) {
	user, system := options.All("userknownhostsfile"), options.All("globalknownhostsfile")
	if user == nil {
		user = []string{"~/.ssh/known_hosts", "~/.ssh/known_hosts2"}
	}
	if system == nil {
		system = []string{"/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"}
	}
	for _, f := range append(user[:len(user):len(user)], system...) {
		f = file(f)
		if info, err := os.Stat(f); err == nil && info.Mode().IsRegular() {
			files = append(files, f)
		}
	}
	return files
}

func isYes(value string) bool {
	return strings.EqualFold(value, "yes") || strings.EqualFold(value, "true")
}

// localUserName returns the name of the user on this machine.
func localUserName(env func(string) string) string {
	if name := cmp.Or(env("USER"), env("LOGNAME"), env("USERNAME")); name != "" {
		return name
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "git"
}

// newSSHConditions returns a function that reports whether a command of the user's configuration, in a Match exec,
// succeeds. It runs each command once.
func newSSHConditions() func(command string) bool {
	var mu sync.Mutex
	results := map[string]bool{}
	return func(command string) bool {
		mu.Lock()
		defer mu.Unlock()
		result, ok := results[command]
		if !ok {
			cmd := exec.Command("sh", "-c", command)
			cmd.Env = withoutGitState(cmd.Environ())
			result = cmd.Run() == nil
			results[command] = result
		}
		return result
	}
}
