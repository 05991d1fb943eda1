package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"golang.org/x/crypto/ssh"
)

// sshTransport carries upload-pack over ssh. It keeps one connection and runs git-upload-pack on it: once in version
// 2, and in version 0 once for each response with a pack.
type sshTransport struct {
	settings *settings
	remote   remote
	ssh      *sshSettings
	client   *ssh.Client
	ready    *command // has greeted and waits for a request
}

// A command is git-upload-pack on the server.
type command struct {
	session *ssh.Session
	in      io.WriteCloser
	out     io.Reader
	stderr  head
	stays   bool // it answers more than one request
}

// A head keeps the first bytes that are written to it.
type head struct{ text []byte }

func (h *head) Write(p []byte) (int, error) {
	const maxHead = 4096
	h.text = append(h.text, p[:min(len(p), maxHead-len(h.text))]...)
	return len(p), nil
}

func openSSH(s *settings, r remote) (*sshTransport, error) {
	ssh, err := readSSHSettings(r, s.options)
	if err != nil {
		return nil, err
	}
	if err := s.checkHost("ssh", ssh.host); err != nil {
		return nil, err
	}
	return &sshTransport{settings: s, remote: r, ssh: ssh}, nil
}

func (t *sshTransport) Close() error {
	if t.client == nil {
		return nil
	}
	return t.client.Close()
}

func (t *sshTransport) greet(ctx context.Context) (*greeting, error) {
	g := t.settings.guard(ctx)
	defer g.cancel(nil)
	c, hello, err := t.start(g)
	t.ready = c
	return hello, err
}

// retry calls do once: failures over ssh are seldom temporary.
func (t *sshTransport) retry(_ context.Context, do func() error) error { return do() }

func (t *sshTransport) ask(ctx context.Context, request []byte, limit int64) (_ *guardedReader, err error) {
	g := t.settings.guard(ctx)
	c := t.ready
	if t.ready = nil; c == nil {
		if c, _, err = t.start(g); err != nil {
			g.cancel(nil)
			return nil, err
		}
	}
	release := t.closeWith(g)
	if _, err := g.wait(func() (int, error) { return c.in.Write(request) }); err != nil {
		release()
		g.cancel(nil)
		return nil, err
	}
	r := &guardedReader{guard: g, limit: limit}
	r.r = &output{c, t, r, release}
	return r, nil
}

// output reads what a command writes. Closing it ends the command, unless that can answer the next request.
type output struct {
	*command
	t       *sshTransport
	guarded *guardedReader
	release func() bool
}

func (o *output) Read(p []byte) (int, error) { return o.out.Read(p) }

func (o *output) Close() error {
	o.release()
	if o.guarded.complete && o.stays {
		o.t.ready = o.command
		return nil
	}
	if err := o.session.Close(); err != nil && err != io.EOF {
		return err
	}
	return nil
}

// closeWith closes the connection when the guard ends the exchange: nothing else interrupts a read. The returned
// function cancels that.
func (t *sshTransport) closeWith(g *guard) (release func() bool) {
	client := t.client
	return context.AfterFunc(g.ctx, func() { client.Close() })
}

// start connects if there is no connection, runs the command and reads its greeting.
func (t *sshTransport) start(g *guard) (*command, *greeting, error) {
	if t.client == nil {
		if _, err := g.wait(func() (int, error) { return 0, t.connect(g) }); err != nil {
			return nil, nil, err
		}
	}
	release := t.closeWith(g)
	defer release()
	c := &command{}
	if _, err := g.wait(func() (int, error) { return 0, t.run(c) }); err != nil {
		return nil, nil, err
	}
	hello, err := decodeGreeting(&guardedReader{guard: g, r: io.NopCloser(c.out), limit: maxRefBytes})
	if errors.Is(err, errCut) {
		err = c.exitError(g)
	}
	c.stays = err == nil && hello.features != nil
	return c, hello, err
}

func (t *sshTransport) run(c *command) (err error) {
	if c.session, err = t.client.NewSession(); err != nil {
		return err
	}
	c.session.Stderr = &c.stderr
	if c.in, err = c.session.StdinPipe(); err != nil {
		return err
	}
	if c.out, err = c.session.StdoutPipe(); err != nil {
		return err
	}
	variable := ssh.Marshal(struct{ Name, Value string }{"GIT_PROTOCOL", askForVersion2})
	if _, err := c.session.SendRequest("env", false, variable); err != nil { // a server may ignore it
		return err
	}
	// Quoted as git does it: for a POSIX shell, or one that also expands "!".
	quoted := "'" + strings.NewReplacer("'", `'\''`, "!", `'\!'`).Replace(t.remote.path) + "'"
	return c.session.Start(service + " " + quoted)
}

// exitError returns the reason for which a command ended without a response.
func (c *command) exitError(g *guard) error {
	_, err := g.wait(func() (int, error) { return 0, c.session.Wait() })
	var exit *ssh.ExitError
	switch text := printable(string(c.stderr.text)); {
	case g.ctx.Err() != nil:
		return err
	case text != "":
		return errServerSays(text)
	case errors.As(err, &exit):
		status := exit.ExitStatus()
		return serverError{fmt.Sprintf("cannot serve the repository: %s ended with status %d", service, status)}
	}
	return errCut
}

// connect makes the connection and authenticates both ends.
func (t *sshTransport) connect(g *guard) error {
	address := net.JoinHostPort(t.ssh.host, t.ssh.port)
	known, err := newHostKeys(t.ssh, t.remote)
	if err != nil {
		return err
	}
	ctx, done := context.WithCancel(g.ctx)
	defer done()
	keys := &sshKeys{ctx: ctx, settings: t.ssh}
	config := &ssh.ClientConfig{
		User:              t.ssh.user,
		Auth:              []ssh.AuthMethod{ssh.PublicKeysCallback(keys.signers)},
		HostKeyCallback:   known.check,
		HostKeyAlgorithms: known.db.HostKeyAlgorithms(address),
		ClientVersion:     "SSH-2.0-ppm",
	}
	conn, err := t.settings.dialer().DialContext(g.ctx, "tcp", address)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(g.ctx, func() { conn.Close() })
	defer stop()
	c, channels, requests, err := ssh.NewClientConn(conn, address, config)
	if err != nil {
		conn.Close()
		switch {
		case known.err != nil:
			return known.err
		case strings.Contains(err.Error(), "unable to authenticate"):
			return keyError{t.ssh.user, t.ssh.host, keys.tried, keys.encrypted}
		}
		return err
	}
	t.client = ssh.NewClient(c, channels, requests)
	return nil
}
