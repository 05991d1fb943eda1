package sshkeys_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/sshkeys"
)

// text is a public key.
const text = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG5YKLtu7H5JBjptTjWeq+GNZNZc0UroBajhoQtWXbon"

var rounds = flag.Int("rounds", 40, "random files of revoked keys")

// keygen runs ssh-keygen in a folder and reports whether it exits with 0.
func keygen(t *testing.T, dir string, args ...string) bool {
	t.Helper()
	cmd := exec.Command("ssh-keygen", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if _, isExit := err.(*exec.ExitError); err != nil && !isExit {
		t.Fatal(err)
	}
	if err != nil && args[0] != "-Q" {
		t.Fatalf("ssh-keygen %q: %v\n%s", args, err, out)
	}
	return err == nil
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// newKeys makes keys, and certificates with the serial numbers 0 to 24, some of another authority. It returns the
// files of the public keys.
func newKeys(t *testing.T) (dir string, names []string) {
	t.Helper()
	gittest.NeedProgram(t, "ssh-keygen")
	dir = t.TempDir()
	for _, name := range []string{"ca", "other", "ann", "bob"} {
		keygen(t, dir, "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", name)
	}
	for i := range 25 {
		ca, name := "ca", fmt.Sprintf("cert%d", i)
		if i%5 == 4 {
			ca = "other"
		}
		write(t, dir, name+".pub", read(t, dir, "ann.pub"))
		keygen(t, dir, "-q", "-s", ca, "-I", fmt.Sprintf("id%d", i%7), "-z", fmt.Sprint(i), "-n", "ann", name+".pub")
		names = append(names, name+"-cert.pub")
	}
	return dir, append(names, "ann.pub", "bob.pub", "ca.pub", "other.pub")
}

// TestRandomRevocationListsAsSSHKeygen compares random key revocation lists with ssh-keygen -Q.
func TestRandomRevocationListsAsSSHKeygen(t *testing.T) {
	dir, names := newKeys(t)
	r := rand.New(rand.NewPCG(1, 3))
	n := *rounds
	if testing.Short() {
		n = min(n, 10)
	}
	revoked := 0
	for range n {
		var specification strings.Builder
		for range 1 + r.IntN(8) {
			switch first := r.IntN(25); r.IntN(9) {
			case 0:
				fmt.Fprintf(&specification, "serial: %d-%d\n", first+1, first+2+r.IntN(4))
			case 1:
				fmt.Fprintf(&specification, "id: id%d\n", r.IntN(7))
			case 2:
				prefix := []string{"", "sha1: ", "sha256: "}[r.IntN(3)]
				name := []string{"bob.pub", "bob.pub", "other.pub"}[r.IntN(3)]
				specification.WriteString(prefix + read(t, dir, name))
			default:
				fmt.Fprintf(&specification, "serial: %d\n", first+1)
			}
		}
		write(t, dir, "specification", specification.String())
		authority := []string{"ca.pub", "other.pub", "none"}[r.IntN(3)]
		keygen(t, dir, "-q", "-k", "-f", "krl", "-s", authority, "specification")
		list, err := sshkeys.ParseRevoked([]byte(read(t, dir, "krl")))
		if err != nil {
			t.Fatalf("%v:\n%s", err, specification.String())
		}
		for range 6 {
			name := names[r.IntN(len(names))]
			key, err := sshkeys.Parse(read(t, dir, name))
			if err != nil {
				t.Fatal(err)
			}
			want := !keygen(t, dir, "-Q", "-f", "krl", name)
			if got := list.Has(key); got != want {
				t.Errorf("%s is revoked: %v, and for ssh-keygen %v:\n%s", name, got, want, specification.String())
			}
			if want {
				revoked++
			}
		}
	}
	if revoked < n/2 {
		t.Errorf("only %d keys are revoked", revoked)
	}
	t.Logf("tried %d revocation lists", n)
}

// TestLists checks lists of public keys, which ssh-keygen -Q does not read.
func TestLists(t *testing.T) {
	dir, _ := newKeys(t)
	ann, bob, certificate := read(t, dir, "ann.pub"), read(t, dir, "bob.pub"), read(t, dir, "cert3-cert.pub")
	for _, c := range []struct {
		name, list, key string
		want            bool
	}{
		{"nothing", "", ann, false},
		{"comments", "# " + ann + "\n \t\r\n\t# x\n", ann, false},
		{"the key", bob + " \t" + ann, ann, true},
		{"without a newline", strings.TrimSpace(ann), ann, true},
		{"CRLF", strings.ReplaceAll(bob+ann, "\n", "\r\n"), ann, true},
		{"a comment at the end", strings.TrimSpace(ann) + " laptop\n", ann, true},
		{"another key", bob, ann, false},
		{"the key of a certificate", ann, certificate, true},
		{"the authority of a certificate", read(t, dir, "ca.pub"), certificate, true},
		{"a certificate with the key", certificate, ann, true},
	} {
		key, err := sshkeys.Parse(c.key)
		if err != nil {
			t.Fatal(err)
		}
		list, err := sshkeys.ParseRevoked([]byte(c.list))
		if err != nil || list.Has(key) != c.want {
			t.Errorf("%s: the key is revoked: %v, %v", c.name, !c.want, err)
		}
	}
	var none *sshkeys.Revoked
	if key, err := sshkeys.Parse(ann); err != nil || none.Has(key) {
		t.Errorf("no list has a key: %v", err)
	}
}

// TestDamagedLists checks that every list from which something is missing is an error, or lists less because a whole
// section is missing.
func TestDamagedLists(t *testing.T) {
	list := read(t, "testdata", "revoked.krl")
	if _, err := sshkeys.ParseRevoked([]byte(list)); err != nil {
		t.Fatal(err)
	}
	whole := 0
	for n := range len(list) {
		if _, err := sshkeys.ParseRevoked([]byte(list[:n])); err == nil {
			whole++
		}
	}
	if whole != 5 { // nothing, the header, and the header with the first sections
		t.Errorf("%d starts of the list are read", whole)
	}
	header := "SSHKRL\n\x00\x00\x00\x00\x01" + strings.Repeat("\x00", 3*8+2*4)
	extension := func(critical byte) string {
		return "\xff\x00\x00\x00\x0a" + "\x00\x00\x00\x01x" + string(rune(critical)) + "\x00\x00\x00\x00"
	}
	for _, c := range []struct{ name, list, want string }{
		{"an empty list", header, ""},
		{"an unknown section", header + "\x09\x00\x00\x00\x00", "unknown type 9"},
		{"an extension", header + extension(0), ""},
		{"a critical extension", header + extension(1), "unknown extension \"x\""},
		{"another version", strings.Replace(header, "\x01", "\x02", 1), "format version 2"},
		{"a line that is not a key", "ssh-ed25519", "line 1: it has no key"},
		{"a damaged key", "\nssh-ed25519 AAAA\n", "line 2: its key cannot be read"},
		{"another type", "ssh-rsa " + strings.Fields(text)[1], "line 1: it says"},
	} {
		_, err := sshkeys.ParseRevoked([]byte(c.list))
		if err == nil && c.want != "" || err != nil && (c.want == "" || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// FuzzRevoked checks that no file makes the package panic.
func FuzzRevoked(f *testing.F) {
	list, err := os.ReadFile(filepath.Join("testdata", "revoked.krl"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(list)
	f.Add([]byte("# comment\n" + text + " x\n"))
	key, err := sshkeys.Parse(text)
	if err != nil {
		f.Fatal(err)
	}
	certificate := &ssh.Certificate{Key: key, SignatureKey: key, Serial: 1<<64 - 1, KeyId: "id"}
	f.Fuzz(func(t *testing.T, data []byte) {
		revoked, err := sshkeys.ParseRevoked(data)
		if err != nil {
			return
		}
		if revoked.Has(key) && !revoked.Has(certificate) {
			t.Error("a key is revoked, and the certificate of the key is not")
		}
	})
}
