package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// maxHops limits the hosts on the way to a server: the configuration of jump hosts may form a circle.
const maxHops = 8

// A hop is a host that ssh connects to, and the hop that it is reached through.
type hop struct {
	ssh *sshSettings
	via *hop // nil for a direct connection
}

// newRoute returns the hop of a remote. Each host on the way has settings of its own. jumps, when not empty, are the
// hosts on the way in place of those that the configuration names.
func newRoute(r remote, from *settings, jumps string, depth int) (*hop, error) {
	settings, err := readSSHSettings(r, from)
	if err != nil {
		return nil, err
	}
	if depth > maxHops {
		return nil, errSSHConfig(r.host, fmt.Errorf("ProxyJump uses more than %d hosts", maxHops))
	}
	if jumps != "" {
		settings.jumps, settings.proxyCommand = jumps, ""
	}
	h := &hop{ssh: settings}
	if settings.jumps == "" {
		return h, nil
	}
	before, last := "", settings.jumps
	if i := strings.LastIndexByte(last, ','); i >= 0 {
		before, last = last[:i], last[i+1:]
	}
	jump, err := parseJump(last)
	if err != nil {
		return nil, errSSHConfig(r.host, fmt.Errorf("ProxyJump %q: %w", last, err))
	}
	jump.public, jump.secrets = r.public, r.secrets
	h.via, err = newRoute(jump, from, before, depth+1)
	return h, err
}

// parseJump reads a host of ProxyJump: [USER@]HOST[:PORT] or ssh://[USER@]HOST[:PORT].
func parseJump(text string) (remote, error) {
	rest, hasScheme := strings.CutPrefix(strings.TrimSpace(text), "ssh://")
	rest = strings.TrimSuffix(rest, "/")
	if !hasScheme && strings.Count(rest, ":") > 1 && !strings.Contains(rest, "[") {
		return remote{}, errors.New("it is not a host")
	}
	u, err := url.Parse("ssh://" + rest)
	if err != nil || u.Hostname() == "" || u.Path != "" {
		return remote{}, errors.New("it is not a host")
	}
	r := remote{scheme: "ssh", user: u.User.Username(), host: u.Hostname(), port: u.Port(), path: "/"}
	if err := r.checkSSHNames(); err != nil {
		return remote{}, err
	}
	return r, nil
}

// A jumpError says that a jump host cannot connect to the next host.
type jumpError struct {
	jump, to, reason string
}

func (e jumpError) Error() string {
	return fmt.Sprintf("the jump host %s cannot connect to %s: %s", e.jump, e.to, e.reason)
}

// A viaError says that a jump host itself cannot be reached.
type viaError struct {
	jump string
	err  error
}

func (e viaError) Error() string {
	return fmt.Sprintf("connecting to the jump host %s: %v", e.jump, e.err)
}
func (e viaError) Unwrap() error { return e.err }

// dial connects to the host of a hop: directly, with the user's command or through the hop before.
func (c *sshConnection) dial(g *guard, h *hop) (net.Conn, error) {
	address := net.JoinHostPort(h.ssh.host, h.ssh.port)
	switch {
	case h.via != nil:
		client, err := c.connect(g, h.via)
		if errors.As(err, new(*net.OpError)) {
			err = viaError{h.via.ssh.host, err}
		}
		if err != nil {
			return nil, err
		}
		conn, err := client.DialContext(g.ctx, "tcp", address)
		if err != nil {
			client.Close()
			var refused *ssh.OpenChannelError
			if errors.As(err, &refused) {
				return nil, jumpError{h.via.ssh.host, address, refused.Message}
			}
			return nil, err
		}
		return jumpConn{conn, client}, nil
	case h.ssh.proxyCommand != "":
		return startProxy(h.ssh.proxyCommand, address)
	}
	conn, err := c.settings.dialer().DialContext(g.ctx, "tcp", address)
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound && !strings.Contains(h.ssh.host, ".") {
		return nil, failure.Errorf(failure.Network, "connecting to %q: cannot resolve host %q, and the ssh "+
			"configuration has no Host for it", c.remote.public, h.ssh.host).
			WithHint("check the host; if it is a namespace, write NAMESPACE::REPO")
	}
	return conn, err
}

// A jumpConn is a connection through a jump host.
type jumpConn struct {
	net.Conn
	jump *ssh.Client
}

// Close closes the connection to the jump host, which ends all that goes through it.
func (c jumpConn) Close() error { return c.jump.Close() }

// connect connects to the host of a hop and authenticates both ends.
func (c *sshConnection) connect(g *guard, h *hop) (*ssh.Client, error) {
	known, err := newHostKeys(h.ssh, c.remote, c.settings.options.AcceptedHosts)
	if err != nil {
		return nil, err
	}
	ctx, done := context.WithCancel(g.ctx)
	defer done()
	keys := &sshKeys{ctx: ctx, settings: h.ssh}
	config := &ssh.ClientConfig{
		User:              h.ssh.user,
		Auth:              []ssh.AuthMethod{ssh.PublicKeysCallback(keys.signers)},
		HostKeyCallback:   known.check,
		HostKeyAlgorithms: known.algorithms(),
		ClientVersion:     "SSH-2.0-ppm",
	}
	conn, err := c.dial(g, h)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(g.ctx, func() { conn.Close() })
	defer stop()
	client, channels, requests, err := ssh.NewClientConn(conn, known.address, config)
	if err != nil {
		conn.Close()
		var program *proxyConn
		switch {
		case known.err != nil:
			return nil, known.err
		case strings.Contains(err.Error(), "unable to authenticate"):
			return nil, keyError{
				h.ssh.user, h.ssh.host, h.ssh.guessedUser, keys.tried, keys.encrypted, c.settings.ignoredSSHCommand(),
			}
		case asProxy(conn, &program) && program.said() != "":
			return nil, failure.Errorf(failure.Network, "connecting to %q: the ProxyCommand of %s says: %s",
				c.remote.public, h.ssh.host, program.said()).
				WithHint("check the command in the ssh configuration")
		}
		return nil, err
	}
	return ssh.NewClient(client, channels, requests), nil
}

func asProxy(conn net.Conn, into **proxyConn) (ok bool) {
	*into, ok = conn.(*proxyConn)
	return ok
}
