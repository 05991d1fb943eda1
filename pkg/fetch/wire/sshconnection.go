package wire

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/crypto/ssh"
)

// An sshConnection runs commands over one connection that ppm itself makes.
type sshConnection struct {
	settings *settings
	remote   remote
	route    *hop

	mu     sync.Mutex
	client *ssh.Client // nil before the first command
}

func (c *sshConnection) current() *ssh.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.client
}

func (c *sshConnection) Close() error {
	if client := c.current(); client != nil {
		return client.Close()
	}
	return nil
}

func (c *sshConnection) start(g *guard) (*command, error) {
	client := c.current()
	if client == nil {
		var err error
		if client, err = c.connect(g, c.route); err != nil {
			return nil, err
		}
		c.mu.Lock()
		c.client = client
		c.mu.Unlock()
	}
	stop := context.AfterFunc(g.ctx, func() { client.Close() })
	defer stop()
	session, err := client.NewSession()
	if err != nil {
		return nil, err
	}
	out := &command{end: session.Close, wait: session.Wait, failed: errServerSays}
	session.Stderr = &out.stderr
	var inErr, outErr error
	out.in, inErr = session.StdinPipe()
	out.out, outErr = session.StdoutPipe()
	if err := errors.Join(inErr, outErr); err != nil {
		return nil, err
	}
	variable := ssh.Marshal(struct{ Name, Value string }{"GIT_PROTOCOL", askForVersion2})
	if _, err := session.SendRequest("env", false, variable); err != nil { // a server may ignore it
		return nil, err
	}
	return out, session.Start(quotedCommand(c.remote.path))
}
