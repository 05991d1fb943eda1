package wire_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch/wire"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

// hostBlock returns a Host block for a server, with a key of its own below .ssh.
func hostBlock(name string, s *gittest.SSHServer, options ...string) string {
	host, port, _ := net.SplitHostPort(s.Addr())
	return "Host " + name + "\n  HostName " + host + "\n  Port " + port + "\n  User git\n" +
		"  IdentityFile ~/.ssh/" + name + "-key\n  " + strings.Join(options, "\n  ") + "\n"
}

// jumpHome returns a home folder that trusts servers and has their keys under these names.
func jumpHome(t *testing.T, config string, servers map[string]*gittest.SSHServer) string {
	home := t.TempDir()
	known := ""
	for name, s := range servers {
		write(t, home, ".ssh/"+name+"-key", string(s.Key))
		known += knownhosts.Line([]string{s.Addr()}, s.HostKey) + "\n"
	}
	write(t, home, ".ssh/known_hosts", known)
	write(t, home, ".ssh/config", config)
	return home
}

// A server is reached through jump hosts, each with settings of its own.
func TestProxyJump(t *testing.T) {
	root, _ := packs(t)
	target, one, two := gittest.ServeSSH(t, root), gittest.ServeSSH(t, root), gittest.ServeSSH(t, root)
	servers := map[string]*gittest.SSHServer{"work": target, "one": one, "two": two}
	_, onePort, _ := net.SplitHostPort(one.Addr())
	keyOfOne := "Match host 127.0.0.1\n  IdentityFile ~/.ssh/one-key"
	for _, c := range []struct {
		name, config           string
		throughOne, throughTwo []string
	}{
		{"an alias", hostBlock("work", target, "ProxyJump one") + hostBlock("one", one), []string{target.Addr()}, nil},
		{"user, host and port",
			hostBlock("work", target, "ProxyJump git@127.0.0.1:"+onePort) + keyOfOne,
			[]string{target.Addr()}, nil},
		{"a URL and tokens",
			hostBlock("work", target, "ProxyJump ssh://%r@%h:"+onePort) + keyOfOne,
			[]string{target.Addr()}, nil},
		{"two in a list",
			hostBlock("work", target, "ProxyJump one,two") + hostBlock("one", one) + hostBlock("two", two),
			[]string{two.Addr()}, []string{target.Addr()}},
		{"two by configuration",
			hostBlock("work", target, "ProxyJump two") + hostBlock("one", one) +
				hostBlock("two", two, "ProxyJump one"),
			[]string{two.Addr()}, []string{target.Addr()}},
		{"none", hostBlock("work", target, "ProxyJump none") + "Host *\n  ProxyJump one\n", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := jumpHome(t, c.config, servers)
			beforeOne, beforeTwo := len(one.Forwarded()), len(two.Forwarded())
			if _, _, err := get(t.Context(), newDialer(t, wire.Options{Home: home}), "work:pack"); err != nil {
				t.Fatal(err)
			}
			if got := one.Forwarded()[beforeOne:]; !slices.Equal(got, c.throughOne) {
				t.Errorf("connected through the first to %q, want %q", got, c.throughOne)
			}
			if got := two.Forwarded()[beforeTwo:]; !slices.Equal(got, c.throughTwo) {
				t.Errorf("connected through the second to %q, want %q", got, c.throughTwo)
			}
		})
	}
}

// Each host on the way must be known, and its key must be that of the user for it.
func TestProxyJumpFaults(t *testing.T) {
	root, _ := packs(t)
	target, one := gittest.ServeSSH(t, root), gittest.ServeSSH(t, root)
	config := hostBlock("work", target, "ProxyJump one") + hostBlock("one", one)
	for _, c := range []struct {
		name          string
		servers       map[string]*gittest.SSHServer
		config        string
		kind          failure.Kind
		message, hint string
	}{
		{"an unknown jump host", map[string]*gittest.SSHServer{"work": target}, config, failure.Refused,
			ssh.FingerprintSHA256(one.HostKey) + " of 127.0.0.1 is not known", "ssh-keyscan"},
		{"an unknown server", map[string]*gittest.SSHServer{"one": one}, config, failure.Refused,
			ssh.FingerprintSHA256(target.HostKey) + " of 127.0.0.1 is not known", "ssh-keyscan"},
		{"no key for the jump host", map[string]*gittest.SSHServer{"work": target, "one": one},
			strings.Replace(config, "one-key", "work-key", 1), failure.Network, "accepts none of the keys",
			"IdentityFile"},
		{"a jump host that cannot be reached", map[string]*gittest.SSHServer{"work": target},
			"Host one\n Port 1\n" + config, failure.Network, "the jump host 127.0.0.1 refuses the connection",
			"check the host"},
		{"a server that the jump host cannot reach", map[string]*gittest.SSHServer{"work": target, "one": one},
			"Host work\n HostName 127.0.0.1\n Port 1\n" + config, failure.Network,
			"the jump host 127.0.0.1 cannot connect to 127.0.0.1:1: Connection refused", "ssh configuration"},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := jumpHome(t, c.config, c.servers)
			_, _, err := get(t.Context(), newDialer(t, wire.Options{Home: home}), "work:pack")
			checkFailure(t, err, c.kind, c.message, c.hint)
		})
	}
	if got := target.Commands(); len(got) != 0 {
		t.Errorf("the server was asked for %q", got)
	}
}

// The command of ProxyCommand makes the connection.
func TestProxyCommand(t *testing.T) {
	gittest.NeedProgram(t, "python3")
	root, _ := packs(t)
	s := gittest.ServeSSH(t, root)
	home := jumpHome(t, hostBlock("work", s, `ProxyCommand python3 "$HOME/proxy.py" %h %p '%r of %n'`),
		map[string]*gittest.SSHServer{"work": s})
	t.Setenv("HOME", home)
	write(t, home, "proxy.py", `import socket, sys, os, threading
open(os.environ["HOME"] + "/args", "w").write(" ".join(sys.argv[3:]))
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def up():
    while d := os.read(0, 65536): s.sendall(d)
threading.Thread(target=up, daemon=True).start()
while d := s.recv(65536): os.write(1, d)
`)
	if _, _, err := get(t.Context(), newDialer(t, wire.Options{Home: home}), "work:pack"); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(filepath.Join(home, "args")); string(got) != "git of work" {
		t.Errorf("the command was called with %q", got)
	}
}

// Names with a meaning for a shell reach no command of the configuration.
func TestSSHNamesAreChecked(t *testing.T) {
	home := t.TempDir()
	t.Chdir(home)
	write(t, home, ".ssh/config", "Match exec \"echo %n %r\"\n ProxyCommand echo %n %r\n")
	for _, url := range []string{
		"ssh://git@a;touch$IFSsprung/p", "x`touch$IFSsprung`@h:p", "$(touch$IFSsprung)@h:p", "git@h|sh:p",
		"ssh://a%3Btouch%20sprung@h/p", "h{a,b}:p", "ssh://u%5C@h/p",
	} {
		_, err := newDialer(t, wire.Options{Home: home}).Place(secreturl.New(url))
		checkFailure(t, err, failure.Usage, "a character that is not allowed there", "write https://HOST/PATH")
	}
	if _, err := os.Stat("sprung"); err == nil {
		t.Error("a command ran")
	}
}

// A key that no known_hosts file has is accepted once, when the user wants that, and then expected.
func TestAcceptNewHosts(t *testing.T) {
	root, _ := packs(t)
	first, second := gittest.ServeSSH(t, root), gittest.ServeSSH(t, root)
	for value, ok := range map[string]bool{
		"accept-new": true, "no": true, "off": true, "yes": false, "ask": false, "": false,
	} {
		home := t.TempDir()
		if err := first.Trust(home); err != nil {
			t.Fatal(err)
		}
		config := hostBlock("work", first, "HostKeyAlias work.example.com", "UserKnownHostsFile /dev/null")
		if value != "" {
			config += "Host *\n  StrictHostKeyChecking " + value + "\n"
		}
		write(t, home, ".ssh/config", config)
		write(t, home, ".ssh/work-key", string(first.Key))
		before, err := os.ReadFile(filepath.Join(home, ".ssh", "known_hosts"))
		if err != nil {
			t.Fatal(err)
		}
		accepted := filepath.Join(home, "cache", "known_hosts")
		fetch := func() error {
			d := newDialer(t, wire.Options{Home: home, AcceptedHosts: accepted})
			_, _, err := get(t.Context(), d, "work:pack")
			return err
		}
		if err := fetch(); (err == nil) != ok {
			t.Errorf("%s: %v, want success %v", value, err, ok)
		}
		if err := fetch(); (err == nil) != ok {
			t.Errorf("%s again: %v, want success %v", value, err, ok)
		}
		lines, _ := os.ReadFile(accepted)
		if want := knownhosts.Line([]string{"work.example.com"}, first.HostKey) + "\n"; ok && string(lines) != want {
			t.Errorf("%s: remembered %q, want %q", value, lines, want)
		}
		// Another server answers under the same name.
		write(t, home, ".ssh/config", strings.Replace(config, portOf(first), portOf(second), 1))
		if err := fetch(); ok {
			checkFailure(t, err, failure.Integrity, "which is not the known one", "-f \""+accepted+"\"")
		}
		if after, _ := os.ReadFile(filepath.Join(home, ".ssh", "known_hosts")); string(after) != string(before) {
			t.Error("a file of ssh was changed")
		}
	}
}

func portOf(s *gittest.SSHServer) string {
	_, port, _ := net.SplitHostPort(s.Addr())
	return "Port " + port
}

// newSigner returns a new key of a certificate authority.
func newSigner(t *testing.T) ssh.Signer {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// certify returns the user certificate for a public key.
func certify(t *testing.T, ca ssh.Signer, public []byte) string {
	key, _, _, _, err := ssh.ParseAuthorizedKey(public)
	if err != nil {
		t.Fatal(err)
	}
	cert := &ssh.Certificate{
		Key: key, CertType: ssh.UserCert, ValidPrincipals: []string{"git"}, ValidBefore: ssh.CertTimeInfinity,
	}
	if err := cert.SignCert(rand.Reader, ca); err != nil {
		t.Fatal(err)
	}
	return string(ssh.MarshalAuthorizedKey(cert))
}

// Users authenticate with certificates of their keys, and servers with certificates of theirs.
func TestSSHCertificates(t *testing.T) {
	root, _ := packs(t)
	ca, hostCA := newSigner(t), newSigner(t)
	s := gittest.ServeSSH(t, root, gittest.UserCA(ca.PublicKey()), gittest.HostCA(hostCA, "127.0.0.1"))
	key, public := newKey(t, "")
	cert := certify(t, ca, public)
	held := serveAgent(t, key)
	_, port, _ := net.SplitHostPort(s.Addr())
	authority := func(host string) string {
		return "@cert-authority " + host + " " + string(ssh.MarshalAuthorizedKey(hostCA.PublicKey()))
	}
	for _, c := range []sshCase{
		{"beside the key", "", files("id_ed25519", string(key), "id_ed25519-cert.pub", cert), nil, true},
		{"named", "", files("k", string(key), "c", cert,
			"config", "IdentityFile ~/.ssh/k\nCertificateFile ~/.ssh/c"), nil, true},
		{"for a key in the agent", "", files("c", cert, "config", "CertificateFile ~/.ssh/c"),
			[]string{"SSH_AUTH_SOCK", held}, true},
		{"for a named key in the agent", "", files("k", string(public), "k-cert.pub", cert,
			"config", "IdentityFile ~/.ssh/k\nIdentitiesOnly yes"), []string{"SSH_AUTH_SOCK", held}, true},
		{"of another key", "", files("id_ed25519", string(s.Key), "id_ed25519-cert.pub", cert), nil, false},
		{"none", "", files("id_ed25519", string(key)), nil, false},
		{"a known authority of the host", "", files("id_ed25519", string(key), "id_ed25519-cert.pub", cert,
			"known_hosts", authority("[127.0.0.1]:"+port)), nil, true},
		{"an authority of another host", "", files("id_ed25519", string(key), "id_ed25519-cert.pub", cert,
			"known_hosts", authority("example.com")), nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := sshHome(t, s, c.files)
			d := newDialer(t, wire.Options{Home: home, Env: env(c.env...)})
			if _, _, err := get(t.Context(), d, s.URL+"/pack"); (err == nil) != c.ok {
				t.Errorf("%v, want success %v", err, c.ok)
			}
		})
	}
}
