package verifier_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/signature"
)

// gnupg is a home of GnuPG, and a repository in which git uses it.
type gnupg struct {
	testing.TB
	home string
	repo *gittest.Repo
}

func newGnuPG(t *testing.T, programs ...string) *gnupg {
	t.Helper()
	for _, program := range append(programs, "gpg-agent") {
		gittest.NeedProgram(t, program)
	}
	home, err := os.MkdirTemp("", "gpg") // a short path, because it is that of a socket too
	if err != nil {
		t.Fatal(err)
	}
	g := &gnupg{t, home, gittest.NewRepo(t)}
	t.Setenv("GNUPGHOME", home)
	t.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(home, "gitconfig"))
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	t.Cleanup(func() {
		g.run("", "gpgconf", "--kill", "all")
		os.RemoveAll(home)
	})
	g.write("gitconfig", "[user]\nname = Ann\nemail = ann@example.com\n")
	g.repo.Commit("first")
	return g
}

func (g *gnupg) write(name, content string) string {
	g.Helper()
	path := filepath.Join(g.home, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		g.Fatal(err)
	}
	return path
}

func (g *gnupg) run(stdin, name string, args ...string) (string, bool) {
	g.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdin = g.repo.Dir, strings.NewReader(stdin)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	g.Logf("%s %q: %v\n%s", name, args, err, &stderr)
	return string(out), err == nil
}

func (g *gnupg) must(stdin, name string, args ...string) string {
	g.Helper()
	out, ok := g.run(stdin, name, args...)
	if !ok {
		g.Fatalf("%s %q fails", name, args)
	}
	return strings.TrimSpace(out)
}

// check compares Verify with git verify-tag for a tag's content.
func (g *gnupg) check(t *testing.T, content, settings string, git bool, want error, signer string) {
	t.Helper()
	id := g.must(content, "git", "hash-object", "-t", "tag", "-w", "--stdin")
	if _, ok := g.run("", "git", "verify-tag", id); ok != git {
		t.Errorf("git accepts it: %v", ok)
	}
	got, err := verify(t, content, programs(t, settings))
	if !errors.Is(err, want) || err == nil && got.String() != signer {
		t.Errorf("Verify = %q, %v; want %q, %v", got, err, signer, want)
	}
}

// TestX509AsGit makes a certificate with gpgsm.
func TestX509AsGit(t *testing.T) {
	g := newGnuPG(t, "gpgsm")
	g.write("gpgsm.conf", "disable-crl-checks\n")
	certificate := filepath.Join(g.home, "certificate")
	parameters := g.write("parameters", "Key-Type: RSA\nKey-Length: 2048\nKey-Usage: sign, cert\nSerial: random\n"+
		"Name-DN: CN=Ann\nName-Email: ann@example.com\nNot-After: 2040-01-01\n")
	g.must("", "gpgsm", "--batch", "--pinentry-mode", "loopback", "--passphrase-fd", "0", "--gen-key",
		"--output", certificate, parameters)
	g.must("", "gpgsm", "--quiet", "--import", certificate)
	fingerprint := ""
	for _, line := range strings.Split(g.must("", "gpgsm", "--with-colons", "--list-keys"), "\n") {
		if fields := strings.Split(line, ":"); fields[0] == "fpr" {
			fingerprint = fields[9]
		}
	}
	trusted := g.write("trustlist.txt", fingerprint+" S relax\n")
	g.must("", "git", "-c", "gpg.format=x509", "-c", "user.signingKey="+fingerprint, "tag", "-s", "-m", "First.", "v1")
	content := g.must("", "git", "cat-file", "tag", "v1") + "\n"
	settings := "[gpg \"x509\"]\nprogram = gpgsm\n"
	g.check(t, content, settings, true, nil, "x509:"+fingerprint)
	g.check(t, strings.Replace(content, "First", "Last", 1), settings, false, signature.BadSignature, "")
	g.check(t, content, "", true, signature.Unsupported, "")
	if err := os.Remove(trusted); err != nil {
		t.Fatal(err)
	}
	g.must("", "gpgconf", "--kill", "all")
	g.check(t, content, settings, false, signature.BadSignature, "")
}

// TestOpenPGPAsGit uses the keys of gpg instead of a file.
func TestOpenPGPAsGit(t *testing.T) {
	g := newGnuPG(t, "gpg")
	g.must("", "gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", "--quick-generate-key",
		"Ann <ann@example.com>", "ed25519", "sign", "never")
	g.must("", "git", "tag", "-s", "-m", "First.", "v1")
	content := g.must("", "git", "cat-file", "tag", "v1") + "\n"
	fingerprint := ""
	for _, line := range strings.Split(g.must("", "gpg", "--with-colons", "--list-keys"), "\n") {
		if fields := strings.Split(line, ":"); fields[0] == "fpr" {
			fingerprint = fields[9]
		}
	}
	settings := "[gpg]\nprogram = gpg\n"
	g.check(t, content, settings, true, nil, "openpgp:"+fingerprint)
	g.check(t, content, "[gpg \"openpgp\"]\nprogram = gpg\n", true, nil, "openpgp:"+fingerprint)
	g.check(t, content, "", true, signature.UnknownKey, "")
	g.check(t, strings.Replace(content, "First", "Last", 1), settings, false, signature.BadSignature, "")

	// Git accepts any key that gpg has. gpg may have downloaded it.
	g.must(fingerprint+":2:\n", "gpg", "--quiet", "--import-ownertrust")
	g.check(t, content, settings, true, signature.UnknownKey, "")
	g.must(fingerprint+":6:\n", "gpg", "--quiet", "--import-ownertrust")
	g.check(t, content, settings, true, nil, "openpgp:"+fingerprint)
}
