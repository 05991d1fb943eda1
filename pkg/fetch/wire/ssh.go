package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/Project-Manager-With-Git/ppm/pkg/policy"
)

// sshTransport carries upload-pack over ssh. It runs git-upload-pack on the server: once in version 2, and in version
// 0 once for each response with a pack.
type sshTransport struct {
	settings *settings
	runner   sshRunner
	ready    *command // has greeted and waits for a request
}

// An sshRunner runs git-upload-pack on a server.
type sshRunner interface {
	// start runs the command, and connects before if that is necessary.
	start(g *guard) (*command, error)
	// Close ends all commands and connections. It may be called at any time, also to interrupt start.
	io.Closer
}

// A command is git-upload-pack on the server.
type command struct {
	in     io.WriteCloser
	out    io.Reader
	stderr head
	end    func() error       // closes the command
	wait   func() error       // waits for its end
	failed func(string) error // the error with a text that it wrote to standard error
	stays  bool               // it answers more than one request
}

// A head keeps the first bytes that are written to it.
type head struct{ text []byte }

func (h *head) Write(p []byte) (int, error) {
	const maxHead = 4096
	h.text = append(h.text, p[:min(len(p), maxHead-len(h.text))]...)
	return len(p), nil
}

func (h *head) String() string { return string(h.text) }

func openSSH(s *settings, r remote) (*sshTransport, error) {
	ssh, err := readSSHSettings(r, s)
	if err != nil {
		return nil, err
	}
	if err := s.checkPlace(policy.NewPlace("ssh", ssh.host, r.path)); err != nil {
		return nil, err
	}
	program, err := newSSHProgram(s, r)
	if err != nil {
		return nil, err
	}
	if program != nil {
		return &sshTransport{settings: s, runner: program}, nil
	}
	route, err := newRoute(r, s, "", 0)
	if err != nil {
		return nil, err
	}
	return &sshTransport{settings: s, runner: &sshConnection{settings: s, remote: r, route: route}}, nil
}

func (t *sshTransport) Close() error { return t.runner.Close() }

func (t *sshTransport) greet(ctx context.Context) (*greeting, error) {
	g := t.settings.guard(ctx)
	defer g.cancel(nil)
	c, hello, err := t.start(g)
	t.ready = c
	return hello, err
}

func (t *sshTransport) movedTo() string { return "" }

// retry calls do once: failures over ssh are seldom temporary, and a new connection may ask the user for a key again.
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
	if err := o.end(); err != nil && err != io.EOF {
		return err
	}
	return nil
}

// closeWith closes everything when the guard ends the exchange: nothing else interrupts a read. The returned function
// cancels that.
func (t *sshTransport) closeWith(g *guard) (release func() bool) {
	return context.AfterFunc(g.ctx, func() { t.runner.Close() })
}

// start runs the command and reads its greeting.
func (t *sshTransport) start(g *guard) (c *command, hello *greeting, err error) {
	if _, err := g.wait(func() (int, error) {
		c, err = t.runner.start(g)
		return 0, err
	}); err != nil {
		return nil, nil, err
	}
	release := t.closeWith(g)
	defer release()
	hello, err = decodeGreeting(&guardedReader{guard: g, r: io.NopCloser(c.out), limit: maxRefBytes})
	if errors.Is(err, errCut) {
		err = c.exitError(g)
	}
	c.stays = err == nil && hello.features != nil
	return c, hello, err
}

// exitError returns the reason for which a command ended without a response.
func (c *command) exitError(g *guard) error {
	_, err := g.wait(func() (int, error) { return 0, c.wait() })
	var remote *ssh.ExitError
	var local *exec.ExitError
	switch text := printable(c.stderr.String()); {
	case g.ctx.Err() != nil:
		return err
	case text != "":
		return c.failed(text)
	case errors.As(err, &remote):
		status := remote.ExitStatus()
		return serverError{fmt.Sprintf("cannot serve the repository: %s ended with status %d", service, status)}
	case errors.As(err, &local):
		return c.failed(fmt.Sprintf("ended with status %d", local.ExitCode()))
	}
	return errCut
}

// quotedCommand returns the command for the server's shell, quoted as git does it: for a POSIX shell, or one that also
// expands "!".
func quotedCommand(path string) string {
	return service + " '" + strings.NewReplacer("'", `'\''`, "!", `'\!'`).Replace(path) + "'"
}
