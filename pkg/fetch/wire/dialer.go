// Package wire opens authenticated upload-pack sessions to git servers.
//
// A session asks one remote repository for its refs and for packs, over http, https or ssh, in version 2 of git's
// protocol, or in version 0 where the server supports no other. The remote is a URL of those schemes or the scp form
// [user@]host:path.
//
// A session connects only to places that the policy allows: see package policy. A redirect is checked against the
// same policy; it must not lead from https to http, nor to another host or port than those of the remote, except to
// hosts to which the policy allows redirects.
//
// These settings of git apply: url.*.insteadOf, credential helpers, core.askPass and, of the section http, proxy,
// sslCAInfo, sslCAPath, sslCert, sslKey, extraHeader and a followRedirects that is false, from the system's and the
// user's git configuration, from GIT_CONFIG_COUNT and from GIT_CONFIG_PARAMETERS. Files that include and includeIf
// name are read. Of the configuration of the repository that the user works in, only http.URL.extraHeader applies:
// nothing else there may say where a request goes or which program runs. GIT_DIR and the other variables that git sets
// for hooks do not apply: they are not about this remote. http.sslVerify and StrictHostKeyChecking cannot turn
// verification off. The only program that a session over http may start is "git credential", and only when a
// credential helper or an askpass program is configured and the server asks for credentials.
//
// Over http, credentials come from the URL, from PPM_TOKEN_<HOST> (a token, or user:token; see tokenVariable), from
// http.extraHeader, from .netrc (without its default entry), from git's credential helpers, from the askpass program,
// and from the token of a CI job. They are sent only to the site that they were found for, which is a scheme, host and
// port (for .netrc the host), and, except for http.extraHeader, only when the server asks. They never appear in an
// error, a progress message or a process argument.
//
// Over ssh, keys come from the agent and from files, with their certificates; a server must be in the known_hosts
// files. These settings of the user's and the system's ssh_config apply: HostName, Port, User, IdentityFile,
// CertificateFile, IdentityAgent, IdentitiesOnly, UserKnownHostsFile, GlobalKnownHostsFile, HostKeyAlias,
// StrictHostKeyChecking (as far as it lets new keys be accepted), ProxyJump, ProxyCommand, Host, Match and Include.
// When GIT_SSH_COMMAND, core.sshCommand or GIT_SSH is set, that program makes the connection, and nothing of this
// applies. It, and the commands of ProxyCommand and Match exec, are the only programs that a session over ssh starts.
package wire

import (
	"context"

	"github.com/Project-Manager-With-Git/ppm/pkg/policy"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

// A Dialer opens sessions. It is safe for concurrent use, and reads nothing before it is first asked about a remote.
type Dialer struct{ settings *settings }

// New returns a Dialer.
func New(o Options) *Dialer { return &Dialer{newSettings(o)} }

// Rewrite applies git's url.*.insteadOf to url, the longest match as git does. It returns the URL to use. That may
// have credentials from the user's git configuration, and may be a local path or a file URL.
func (d *Dialer) Rewrite(url string) (secreturl.URL, error) {
	config, err := d.settings.config()
	if err != nil {
		return secreturl.URL{}, err
	}
	return secreturl.New(config.insteadOf(url)), nil
}

// Place returns the place that a session with the repository at url, which is not local, connects to. It fails with
// kind Usage for a malformed URL.
func (d *Dialer) Place(url secreturl.URL) (policy.Place, error) {
	r, err := parseRemote(url)
	if err != nil {
		return policy.Place{}, err
	}
	host := r.host
	if r.scheme == "ssh" {
		ssh, err := readSSHSettings(r, d.settings)
		if err != nil {
			return policy.Place{}, err
		}
		host = ssh.host
	}
	at := policy.NewPlace(r.scheme, host, r.path)
	return at, checkHost(at)
}

// Open prepares a session with the repository at url, which is used as it is: apply Rewrite before. It checks the
// policy and reads the user's settings, but connects only when the session is first used.
//
// Open fails with kind Usage for a URL that is not remote and Refused for a place that the policy forbids.
func (d *Dialer) Open(_ context.Context, url secreturl.URL) (*Session, error) {
	r, err := parseRemote(url)
	if err != nil {
		return nil, err
	}
	s := &Session{settings: d.settings, remote: r}
	if r.scheme == "ssh" {
		s.transport, err = openSSH(d.settings, r)
	} else {
		s.transport, err = openHTTP(d.settings, r)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}
