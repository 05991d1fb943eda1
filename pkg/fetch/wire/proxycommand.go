package wire

import (
	"io"
	"net"
	"os/exec"
	"sync"
	"time"
)

// A proxyConn is a connection over the standard input and output of a program.
type proxyConn struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    io.ReadCloser
	stderr head
	to     proxyAddr
	end    sync.Once
}

// proxyAddr is the host and port that a program connects to.
type proxyAddr string

func (proxyAddr) Network() string  { return "tcp" }
func (a proxyAddr) String() string { return string(a) }

// startProxy runs the shell command of a ProxyCommand, which the user has set up, and which connects to an address.
func startProxy(command, address string) (net.Conn, error) {
	cmd := exec.Command("sh", "-c", "exec "+command)
	cmd.Env = withoutGitState(cmd.Environ())
	c := &proxyConn{cmd: cmd, to: proxyAddr(address)}
	cmd.Stderr = &c.stderr
	cmd.WaitDelay = time.Second
	var err error
	if c.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if c.out, err = cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *proxyConn) Read(p []byte) (int, error)  { return c.out.Read(p) }
func (c *proxyConn) Write(p []byte) (int, error) { return c.in.Write(p) }

// Close ends the program. It may have no more to read, but still write to standard error why it fails.
func (c *proxyConn) Close() error {
	const patience = time.Second
	c.end.Do(func() {
		c.in.Close()
		kill := time.AfterFunc(patience, func() { _ = c.cmd.Process.Kill() })
		_ = c.cmd.Wait() // its exit status adds nothing to what it says
		kill.Stop()
	})
	return nil
}

// said returns what the program has written to standard error. The connection must be closed.
func (c *proxyConn) said() string { return printable(c.stderr.String()) }

func (c *proxyConn) LocalAddr() net.Addr  { return c.to }
func (c *proxyConn) RemoteAddr() net.Addr { return c.to }

// Deadlines are not supported: a guard closes the connection.
func (c *proxyConn) SetDeadline(time.Time) error      { return nil }
func (c *proxyConn) SetReadDeadline(time.Time) error  { return nil }
func (c *proxyConn) SetWriteDeadline(time.Time) error { return nil }
