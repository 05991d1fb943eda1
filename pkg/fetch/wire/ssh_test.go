package wire_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch/wire"
	"github.com/Project-Manager-With-Git/ppm/pkg/policy"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

// serveAgent runs an ssh agent that holds the keys, and returns its socket.
func serveAgent(t *testing.T, keys ...[]byte) string {
	t.Helper()
	ring := agent.NewKeyring()
	for _, k := range keys {
		private, err := ssh.ParseRawPrivateKey(k)
		if err != nil {
			t.Fatal(err)
		}
		if err := ring.Add(agent.AddedKey{PrivateKey: private}); err != nil {
			t.Fatal(err)
		}
	}
	dir, err := os.MkdirTemp("", "agent") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go agent.ServeAgent(ring, c)
		}
	}()
	return l.Addr().String()
}

// newKey makes a private key, encrypted when there is a passphrase.
func newKey(t *testing.T, passphrase string) (private, public []byte) {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	sshPub, err := ssh.NewPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(block), ssh.MarshalAuthorizedKey(sshPub)
}

// trustOnly writes the server's host key into a home folder, but no key of the user.
func trustOnly(t *testing.T, s *gittest.SSHServer) (home string) {
	t.Helper()
	home = t.TempDir()
	if err := s.Trust(home); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(home, ".ssh", "id_ed25519")); err != nil {
		t.Fatal(err)
	}
	return home
}

// sshHome returns a home folder that trusts the server and has these files below .ssh.
func sshHome(t *testing.T, s *gittest.SSHServer, files map[string]string) string {
	t.Helper()
	home := trustOnly(t, s)
	for name, text := range files {
		write(t, home, ".ssh/"+name, strings.ReplaceAll(text, "HOME", home))
	}
	return home
}

// files returns a map of pairs of name and text.
func files(pairs ...string) map[string]string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

// An sshCase is a setup for ssh, and whether it can fetch.
type sshCase struct {
	name  string
	url   string
	files map[string]string // below .ssh
	env   []string
	ok    bool
}

func TestSSHKeysAndSettings(t *testing.T) {
	root, _ := packs(t)
	s := gittest.ServeSSH(t, root)
	url, key := s.URL+"/pack", string(s.Key)
	signer, err := ssh.ParsePrivateKey(s.Key)
	if err != nil {
		t.Fatal(err)
	}
	public := string(ssh.MarshalAuthorizedKey(signer.PublicKey()))
	otherKey, _ := newKey(t, "")
	withGood, withBoth := serveAgent(t, s.Key), serveAgent(t, otherKey, s.Key)
	host, port, _ := net.SplitHostPort(s.Addr())
	alias := "Host pack-server\n  HostName " + host + "\n  Port " + port + "\n  User git\n"
	for _, c := range []sshCase{
		{"a default key", url, files("id_ed25519", key), nil, true},
		{"another default key", url, files("id_rsa", key), nil, true},
		{"the agent", url, nil, []string{"SSH_AUTH_SOCK", withGood}, true},
		{"an agent with many keys", url, nil, []string{"SSH_AUTH_SOCK", withBoth}, true},
		{"an agent that is gone", url, files("id_ed25519", key), []string{"SSH_AUTH_SOCK", "/nowhere/s"}, true},
		{"a named key", url, files("config", "IdentityFile ~/.ssh/%r-key", "git-key", key), nil, true},
		{"the public key of a key in the agent", url,
			files("config", "IdentityFile ~/.ssh/k\nIdentitiesOnly yes", "k", public),
			[]string{"SSH_AUTH_SOCK", withBoth}, true},
		{"only a named key, which is not in the agent", url,
			files("config", "IdentityFile ~/.ssh/k\nIdentitiesOnly yes", "k", string(otherKey)),
			[]string{"SSH_AUTH_SOCK", withBoth}, false},
		{"an agent named by the configuration", url, files("config", "IdentityAgent "+withGood), nil, true},
		{"no agent by the configuration", url, files("config", "IdentityAgent none"),
			[]string{"SSH_AUTH_SOCK", withGood}, false},
		{"an alias", "pack-server:pack", files("config", alias, "id_ed25519", key), nil, true},
		{"an alias in a URL", "ssh://pack-server/pack", files("config", alias, "id_ed25519", key), nil, true},
		{"a Match block about the host", "git@h:/pack",
			files("config", "Match host h,i\n  HostName "+host+"\n  Port "+port+"\n", "id_ed25519",
				key), nil, true},
		{"Match blocks", url, files("k", key, "config", "Match exec false\n  HostName h\nMatch user x\n"+
			"  HostName i\nMatch user git exec \"test %h:%r = 127.0.0.1:git\"\n  IdentityFile ~/.ssh/k\n"), nil, true},
		{"a key alias", url, files("id_ed25519", key, "config", "HostKeyAlias MyGit\n", "known_hosts",
			knownhosts.Line([]string{"mygit"}, s.HostKey)), nil, true},
		{"a key alias that is not known", url, files("id_ed25519", key, "config", "HostKeyAlias mygit\n"), nil, false},
		{"a host known without its port", url, files("id_ed25519", key, "known_hosts",
			knownhosts.Line([]string{host}, s.HostKey)), nil, true},
		{"a hashed host", url, files("id_ed25519", key, "known_hosts", knownhosts.HashHostname(
			knownhosts.Normalize(s.Addr()))+" "+string(ssh.MarshalAuthorizedKey(s.HostKey))), nil, true},
		{"known hosts elsewhere", url, files("config", "UserKnownHostsFile ~/.ssh/a ~/.ssh/b\n", "known_hosts", "",
			"b", knownhosts.Line([]string{s.Addr()}, s.HostKey), "id_ed25519", key), nil, true},
		{"an included file", url, files("config", "Include HOME/.ssh/more\n", "more", "IdentityFile ~/.ssh/k\n", "k",
			key), nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := sshHome(t, s, c.files)
			d := newDialer(t, wire.Options{Home: home, Env: env(c.env...)})
			if _, _, err := get(t.Context(), d, c.url, depth(1)); (err == nil) != c.ok {
				t.Errorf("%v, want success %v", err, c.ok)
			}
		})
	}
}

// An sshFault is a failure over ssh, with parts of its message and hint.
type sshFault struct {
	name, url     string
	files         map[string]string // below .ssh
	kind          failure.Kind
	message, hint string
}

func TestSSHFaults(t *testing.T) {
	root, _ := packs(t)
	s := gittest.ServeSSH(t, root)
	url := s.URL + "/pack"
	other := gittest.ServeSSH(t, root)
	locked, lockedPublic := newKey(t, "passphrase")
	plain, _ := newKey(t, "")
	cert := "@revoked " + knownhosts.Line([]string{s.Addr()}, s.HostKey) + "\n"
	own := files("id_ed25519", string(s.Key))
	for _, c := range []sshFault{
		{"an unknown host", other.URL + "/pack", own, failure.Refused,
			"the host key " + ssh.FingerprintSHA256(other.HostKey) + " of 127.0.0.1 is not known", "ssh-keyscan -p "},
		{"no known hosts at all", url,
			files("config", "UserKnownHostsFile none\nGlobalKnownHostsFile none\n"), failure.Refused, "is not known",
			"ssh-keyscan -p "},
		{"a changed host key", url,
			files("known_hosts", knownhosts.Line([]string{s.Addr()}, other.HostKey)), failure.Integrity,
			"the connection may be intercepted", "ssh-keygen -R "},
		{"a changed key is never accepted", url, files("config", "StrictHostKeyChecking no\n", "known_hosts",
			knownhosts.Line([]string{s.Addr()}, other.HostKey)), failure.Integrity,
			"the connection may be intercepted", "ssh-keygen -R "},
		{"a revoked host key", url, files("known_hosts", cert), failure.Integrity, "is revoked",
			"ask the server's owner"},
		{"malformed known hosts", url, files("known_hosts", "host ssh-rsa ???\n"), failure.Usage,
			"known_hosts:1", "correct or remove"},
		{"no key", url, nil, failure.Network, `requires a key of user "git", and none was found`, "IdentityFile"},
		{"a key that is not accepted", url, files("id_ed25519", string(plain)), failure.Network,
			`accepts none of the keys of user "git": /`, "ssh agent"},
		{"an encrypted key", url, files("id_ed25519", string(locked)), failure.Network,
			"id_ed25519 is encrypted and not in the ssh agent", "run: ssh-add "},
		{"an encrypted key and its public key", url,
			files("id_rsa", string(locked), "id_rsa.pub", string(lockedPublic)), failure.Network,
			"id_rsa is encrypted and not in the ssh agent", "run: ssh-add "},
		{"a repository that is not there", s.URL + "/none", own, failure.Network, "the server says: fatal: '",
			"whether you have access"},
		{"a proxy program", url, files("config", "ProxyCommand echo no way >&2\n"), failure.Network,
			"the ProxyCommand of 127.0.0.1 says: no way", "check the command"},
		{"an unknown token", url, files("config", "ProxyCommand nc %z\n"), failure.Usage, "the token %z is not known",
			"correct the file"},
		{"a jump host that jumps to itself", url, files("config", "ProxyJump bastion\n"), failure.Usage,
			"ProxyJump uses more than 8 hosts", "correct the file"},
		{"a malformed jump host", url, files("config", "ProxyJump a:b:c\n"), failure.Usage,
			`ProxyJump "a:b:c": it is not a host`, "correct the file"},
		{"a malformed configuration", url, files("config", "Include HOME/.ssh/config\n"), failure.Usage,
			".ssh/config", "correct the file"},
		{"a malformed port", "ssh://git@127.0.0.1/pack", files("config", "Port ssh\n"), failure.Usage,
			`the port "ssh" is not a number`, "correct the file"},
		{"nobody listens", "ssh://git@" + closedPort(t) + "/pack", own, failure.Network,
			"the server refuses the connection", "check the host"},
		{"a server of something else", "ssh" + strings.TrimPrefix(gittest.ServeHTTP(t, root).URL, "http") + "/pack",
			own, failure.Network, "the connection was closed", "try again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := sshHome(t, s, c.files)
			_, _, err := get(t.Context(), newDialer(t, wire.Options{Home: home}), c.url)
			checkFailure(t, err, c.kind, c.message, c.hint)
		})
	}
}

// keyRevocationList returns a list that ssh-keygen makes of the key.
func keyRevocationList(t *testing.T, key ssh.PublicKey) string {
	t.Helper()
	gittest.NeedProgram(t, "ssh-keygen")
	dir := t.TempDir()
	write(t, dir, "key.pub", string(ssh.MarshalAuthorizedKey(key)))
	keygen := exec.Command("ssh-keygen", "-k", "-f", "list", "key.pub")
	keygen.Dir = dir
	if out, err := keygen.CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v\n%s", err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, "list"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A key in the file of RevokedHostKeys is never accepted, and neither is any while the file cannot be read.
func TestRevokedHostKeys(t *testing.T) {
	root, _ := packs(t)
	s := gittest.ServeSSH(t, root)
	_, other := newKey(t, "")
	for _, c := range []struct {
		revoked       string
		kind          failure.Kind
		message, hint string
	}{
		{"# keys\n" + string(other) + "\n" + string(ssh.MarshalAuthorizedKey(s.HostKey)), failure.Integrity,
			"is revoked", "ask the server's owner"},
		{keyRevocationList(t, s.HostKey), failure.Integrity, "is revoked", "ask the server's owner"},
		{"SSHKRL\n\x00", failure.Refused, "the key revocation list is damaged", "ssh-keygen -k"},
		{"not a key", failure.Refused, "line 1: its key is not base64", "one public key on each line"},
		{"", failure.Refused, "reading RevokedHostKeys: ", "one public key on each line"},
		{"# none\n\n" + string(other) + "# end", 0, "", ""},
	} {
		home := sshHome(t, s, files("config", "RevokedHostKeys ~/.ssh/revoked\n", "id_ed25519", string(s.Key)))
		if c.revoked != "" {
			write(t, home, ".ssh/revoked", c.revoked)
		}
		_, _, err := get(t.Context(), newDialer(t, wire.Options{Home: home}), s.URL+"/pack")
		if c.message != "" {
			checkFailure(t, err, c.kind, c.message, c.hint)
		} else if err != nil {
			t.Error(err)
		}
	}
}

// The policy applies to the host that ssh connects to, not to its alias.
func TestSSHPolicy(t *testing.T) {
	home := t.TempDir()
	write(t, home, ".ssh/config", "Host alias\n  HostName git.example.com\n")
	d := newDialer(t, wire.Options{Home: home, Policy: rules(policy.Rules{DenyHosts: []string{"git.example.com"}})})
	if at, err := d.Place(secreturl.New("alias:pack")); err != nil || at.String() != "git.example.com/pack" {
		t.Errorf("the place is %v, %v", at, err)
	}
	for _, url := range []string{"alias:pack", "ssh://alias/pack"} {
		_, err := d.Open(t.Context(), secreturl.New(url))
		checkFailure(t, err, failure.Refused, `the host "git.example.com" is forbidden`, "deny_hosts")
	}
}

// Commands that a misbehaving ssh server runs instead of git-upload-pack.
func TestSSHServerFaults(t *testing.T) {
	silent := make(chan struct{})
	defer close(silent)
	said := func(stdout, stderr string, status uint32) func(string, ssh.Channel) uint32 {
		return func(_ string, c ssh.Channel) uint32 {
			io.WriteString(c.Stderr(), stderr)
			io.WriteString(c, stdout)
			return status
		}
	}
	head := pkt("0123456789abcdef0123456789abcdef01234567 HEAD\x00side-band-64k\n") + "0000"
	for _, c := range []struct {
		name    string
		command func(string, ssh.Channel) uint32
		message string
		hint    string
	}{
		{"says nothing", silence(silent), "sent nothing for 300ms", "check the network"},
		{"says why not", said("", "ERROR: no\r\n\x1b[31mrepository\n", 1), "the server says: ERROR: no [31mrepository",
			"whether you have access"},
		{"ends", said("", "", 127), "git-upload-pack ended with status 127", "whether you have access"},
		{"ends well", said("", "", 0), "the connection was closed", "try again"},
		{"talks too much", said("", strings.Repeat("x", 100_000), 1), "the server says: xxx",
			"whether you have access"},
		{"answers with garbage", said("Welcome!\n", "", 0), "a malformed packet", "git repository"},
		{"ends before the pack", said(head, "", 0), "the connection was closed", "try again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := gittest.ServeSSH(t, t.TempDir(), gittest.Command(c.command))
			home := t.TempDir()
			if err := s.Trust(home); err != nil {
				t.Fatal(err)
			}
			_, _, err := get(t.Context(), newDialer(t, wire.Options{Home: home, Stall: 300 * time.Millisecond}),
				s.URL+"/pack")
			checkFailure(t, err, failure.Network, c.message, c.hint)
		})
	}
}

// Any path is one argument of git-upload-pack.
func TestSSHPathsAreQuoted(t *testing.T) {
	s := gittest.ServeSSH(t, t.TempDir(), gittest.Command(func(string, ssh.Channel) uint32 { return 1 }))
	home := t.TempDir()
	if err := s.Trust(home); err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(s.Addr())
	write(t, home, ".ssh/config", "Host git\n  HostName 127.0.0.1\n  Port "+port+"\n")
	d := newDialer(t, wire.Options{Home: home})
	for _, c := range []struct{ url, want string }{
		{"git:a/b.git", "git-upload-pack 'a/b.git'"},
		{"git:/a b", "git-upload-pack '/a b'"},
		{"git:a';touch x;'!", `git-upload-pack 'a'\'';touch x;'\'''\!''`},
		{"ssh://git/a%20b/$x", "git-upload-pack '/a b/$x'"},
		{"ssh://git/~user/a", "git-upload-pack '~user/a'"},
	} {
		_, _, err := get(t.Context(), d, c.url)
		if got := s.Commands(); !errors.Is(err, failure.Network) || len(got) == 0 || got[len(got)-1] != c.want {
			t.Errorf("%s: commands %q and %v, want %q", c.url, got, err, c.want)
		}
	}
}
