package gittest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// An SSHServer publishes repositories over ssh to users with the key that it accepts.
type SSHServer struct {
	URL     string // ssh://git@host:port; a repository at root/a/b has URL + "/a/b"
	HostKey ssh.PublicKey
	Key     []byte // the accepted private key, in PEM

	root     string
	command  func(command string, c ssh.Channel) (status uint32) // nil for git's own
	old      bool
	listener net.Listener
	host     ssh.Signer
	config   *ssh.ServerConfig

	mu        sync.Mutex
	conns     []net.Conn
	seen      []string
	forwarded []string
}

// An SSHOption changes how an SSHServer is set up.
type SSHOption func(*SSHServer)

// Command replaces the function that runs the commands of clients.
func Command(f func(command string, c ssh.Channel) (status uint32)) SSHOption {
	return func(s *SSHServer) { s.command = f }
}

// SSHVersion0 makes the server use version 0 of git's protocol, which is the default of sshd.
func SSHVersion0() SSHOption { return func(s *SSHServer) { s.old = true } }

// UserCA makes the server accept certificates of the authority, in place of its key.
func UserCA(ca ssh.PublicKey) SSHOption {
	return func(s *SSHServer) {
		checker := &ssh.CertChecker{IsUserAuthority: func(key ssh.PublicKey) bool {
			return bytes.Equal(key.Marshal(), ca.Marshal())
		}}
		s.config.PublicKeyCallback = checker.Authenticate
	}
}

// HostCA makes the server prove its identity with a certificate of the authority for the host name.
func HostCA(ca ssh.Signer, name string) SSHOption {
	return func(s *SSHServer) {
		cert := &ssh.Certificate{
			Key: s.HostKey, CertType: ssh.HostCert, ValidPrincipals: []string{name}, ValidBefore: ssh.CertTimeInfinity,
		}
		if err := cert.SignCert(rand.Reader, ca); err != nil {
			panic("gittest: signing a certificate: " + err.Error()) // no input can cause it
		}
		signer, err := ssh.NewCertSigner(cert, s.host)
		if err != nil {
			panic("gittest: using a certificate: " + err.Error()) // no input can cause it
		}
		s.config.AddHostKey(signer)
	}
}

// ServeSSH starts a server for the test and stops it when the test ends.
func ServeSSH(t testing.TB, root string, opts ...SSHOption) *SSHServer {
	t.Helper()
	s, err := StartSSH(root, opts...)
	if err != nil {
		t.Fatalf("gittest: starting an ssh server: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// StartSSH starts a server of the repositories below root on a port of the loopback address.
func StartSSH(root string, opts ...SSHOption) (*SSHServer, error) {
	_, hostKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	host, err := ssh.NewSignerFromKey(hostKey)
	if err != nil {
		return nil, err
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	accepted, err := ssh.NewPublicKey(public)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &SSHServer{
		URL: "ssh://git@" + l.Addr().String(), HostKey: host.PublicKey(), Key: pem.EncodeToMemory(block),
		root: root, listener: l, host: host,
	}
	checkKey := func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if !bytes.Equal(key.Marshal(), accepted.Marshal()) {
			return nil, errors.New("unknown key")
		}
		return nil, nil
	}
	s.config = &ssh.ServerConfig{PublicKeyCallback: checkKey}
	s.config.AddHostKey(host)
	for _, o := range opts {
		o(s)
	}
	go s.serve()
	return s, nil
}

// Addr returns the host and port that the server listens on.
func (s *SSHServer) Addr() string { return s.listener.Addr().String() }

// Trust prepares a home folder for the server: .ssh/known_hosts gets its host key, .ssh/id_ed25519 the accepted key.
func (s *SSHServer) Trust(home string) error {
	dir := filepath.Join(home, ".ssh")
	line := knownhosts.Line([]string{s.Addr()}, s.HostKey) + "\n"
	return errors.Join(
		os.MkdirAll(dir, 0o700),
		os.WriteFile(filepath.Join(dir, "known_hosts"), []byte(line), 0o600),
		os.WriteFile(filepath.Join(dir, "id_ed25519"), s.Key, 0o600),
	)
}

// Commands returns the commands that clients asked for, in order.
func (s *SSHServer) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.seen...)
}

// Forwarded returns the addresses that clients connected to through the server, in order.
func (s *SSHServer) Forwarded() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.forwarded...)
}

// Close stops the server and closes its connections.
func (s *SSHServer) Close() {
	s.listener.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.Close()
	}
}

func (s *SSHServer) serve() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns = append(s.conns, conn)
		s.mu.Unlock()
		go s.handle(conn)
	}
}

func (s *SSHServer) handle(conn net.Conn) {
	defer conn.Close()
	_, channels, requests, err := ssh.NewServerConn(conn, s.config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		if c.ChannelType() == "direct-tcpip" {
			go s.forward(c)
			continue
		}
		if c.ChannelType() != "session" {
			c.Reject(ssh.UnknownChannelType, "only sessions")
			continue
		}
		channel, requests, err := c.Accept()
		if err != nil {
			return
		}
		go s.session(channel, requests)
	}
}

// forward connects a client to another address, as a jump host does.
func (s *SSHServer) forward(c ssh.NewChannel) {
	var to struct {
		Host       string
		Port       uint32
		Origin     string
		OriginPort uint32
	}
	if err := ssh.Unmarshal(c.ExtraData(), &to); err != nil {
		c.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	address := net.JoinHostPort(to.Host, fmt.Sprint(to.Port))
	s.mu.Lock()
	s.forwarded = append(s.forwarded, address)
	s.mu.Unlock()
	far, err := net.Dial("tcp", address)
	if err != nil {
		c.Reject(ssh.ConnectionFailed, "Connection refused")
		return
	}
	defer far.Close()
	near, requests, err := c.Accept()
	if err != nil {
		return
	}
	defer near.Close()
	go ssh.DiscardRequests(requests)
	go func() {
		io.Copy(far, near)
		far.Close()
	}()
	io.Copy(near, far)
}

func (s *SSHServer) session(c ssh.Channel, requests <-chan *ssh.Request) {
	defer c.Close()
	protocol := "" // of git, as the client asks for it
	for r := range requests {
		var variable struct{ Name, Value string }
		if r.Type == "env" && ssh.Unmarshal(r.Payload, &variable) == nil && variable.Name == "GIT_PROTOCOL" && !s.old {
			protocol = variable.Value
		}
		var exec struct{ Command string }
		if r.Type != "exec" || ssh.Unmarshal(r.Payload, &exec) != nil {
			r.Reply(false, nil)
			continue
		}
		r.Reply(true, nil)
		s.mu.Lock()
		s.seen = append(s.seen, exec.Command)
		s.mu.Unlock()
		var status uint32
		if s.command != nil {
			status = s.command(exec.Command, c)
		} else {
			status = s.uploadPack(exec.Command, protocol, c)
		}
		c.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
		return
	}
}

func (s *SSHServer) uploadPack(command, protocol string, c ssh.Channel) uint32 {
	path, ok := strings.CutPrefix(command, "git-upload-pack '")
	path, end := strings.CutSuffix(path, "'")
	if !ok || !end {
		fmt.Fprintf(c.Stderr(), "unknown command %q\n", command)
		return 1
	}
	path = strings.NewReplacer(`'\''`, `'`, `'\!'`, `!`).Replace(path)
	cmd := exec.Command("git", "upload-pack", filepath.Join(s.root, filepath.FromSlash(filepath.Clean("/"+path))))
	cmd.Env = append(cleanEnv(), "GIT_PROTOCOL="+protocol)
	cmd.Stdout, cmd.Stderr = c, c.Stderr()
	stdin, err := cmd.StdinPipe() // with cmd.Stdin = c, Wait would wait for the client to close its side
	if err != nil || cmd.Start() != nil {
		return 1
	}
	go func() {
		defer stdin.Close()
		buf := make([]byte, 4096)
		for {
			n, err := c.Read(buf)
			if _, werr := stdin.Write(buf[:n]); err != nil || werr != nil {
				return
			}
		}
	}()
	if cmd.Wait() != nil {
		return 128
	}
	return 0
}
