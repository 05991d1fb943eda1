package signature_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/signature"
)

// oracle makes signed objects with ssh-keygen and gpg, and asks git whether it accepts them.
type oracle struct {
	testing.TB
	repo   *gittest.Repo
	commit string
	home   string // of gpg; its path is short, because it is that of a socket too
	zone   string // time zone of programs
	quiet  bool   // programs are not logged, because there are many
}

func newOracle(t testing.TB) *oracle {
	t.Helper()
	for _, program := range []string{"ssh-keygen", "gpg", "gpg-agent"} {
		gittest.NeedProgram(t, program)
	}
	o := &oracle{TB: t, repo: gittest.NewRepo(t), zone: "UTC"}
	o.commit = o.repo.Commit("first")
	home, err := os.MkdirTemp("", "gpg")
	if err != nil {
		t.Fatal(err)
	}
	o.home = home
	t.Cleanup(func() {
		o.run(nil, "gpgconf", "--kill", "all")
		os.RemoveAll(home)
	})
	return o
}

// run runs a program and returns its standard output and whether it exits with 0.
func (o *oracle) run(stdin []byte, name string, args ...string) (string, bool) {
	o.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = o.repo.Dir
	cmd.Env = append(os.Environ(), "GNUPGHOME="+o.home, "TZ="+o.zone, "LC_ALL=C", "SSH_AUTH_SOCK=",
		"GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
	cmd.Stdin = bytes.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		o.Fatal(err)
	}
	if !o.quiet {
		o.Logf("%s %q: %v\n%s", name, args, err, stderr.Bytes())
	}
	return stdout.String(), err == nil
}

// must is run for a program that must succeed.
func (o *oracle) must(stdin []byte, name string, args ...string) string {
	o.Helper()
	out, ok := o.run(stdin, name, args...)
	if !ok {
		o.Fatalf("%s %q fails", name, args)
	}
	return out
}

func (o *oracle) path(name string) string { return filepath.Join(filepath.Dir(o.repo.Dir), name) }

func (o *oracle) write(name, content string) string {
	o.Helper()
	if err := os.WriteFile(o.path(name), []byte(content), 0o600); err != nil {
		o.Fatal(err)
	}
	return o.path(name)
}

func (o *oracle) read(name string) []byte {
	o.Helper()
	data, err := os.ReadFile(o.path(name))
	if err != nil {
		o.Fatal(err)
	}
	return data
}

// sshKey makes a key and returns its public key, "TYPE BASE64".
func (o *oracle) sshKey(name string, args ...string) string {
	o.Helper()
	o.must(nil, "ssh-keygen", append([]string{"-q", "-N", "", "-C", "", "-f", o.path(name)}, args...)...)
	return strings.TrimSpace(string(o.read(name + ".pub")))
}

// fingerprint returns the fingerprint of a key, "SHA256:…".
func (o *oracle) fingerprint(key string) string {
	o.Helper()
	return strings.Fields(o.must(nil, "ssh-keygen", "-l", "-f", o.path(key)))[1]
}

// signSSH returns the text with a signature by the key in the file.
func (o *oracle) signSSH(key, namespace, text string, args ...string) string {
	o.Helper()
	args = append([]string{"-q", "-Y", "sign", "-n", namespace, "-f", o.path(key)}, args...)
	return text + o.must([]byte(text), "ssh-keygen", args...)
}

// tag returns the text of a tag without a signature.
func (o *oracle) tag(name string, seconds int64) string {
	return fmt.Sprintf("object %s\ntype commit\ntag %s\ntagger Ann <ann@example.com> %d +0000\n\nFirst version.\n",
		o.commit, name, seconds)
}

// gitAccepts writes the object into the repository, and reports whether git verify-tag or verify-commit accepts it.
func (o *oracle) gitAccepts(kind signature.Type, content string, config ...string) bool {
	o.Helper()
	id := strings.TrimSpace(o.must([]byte(content), "git", "hash-object", "--literally", "-t", string(kind), "-w",
		"--stdin"))
	_, ok := o.run(nil, "git", append(withConfig(config), "verify-"+string(kind), "--raw", id)...)
	return ok
}

// withConfig returns arguments of git that set "name=value".
func withConfig(settings []string) []string {
	var args []string
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	return args
}

// verdict returns what Verify returns for the content of an object.
func verdict(t testing.TB, kind signature.Type, content string, keys signature.Keys, now time.Time) (
	signature.Signer, error) {
	t.Helper()
	object, err := signature.Parse(kind, []byte(content))
	if err != nil {
		return signature.Signer{}, err
	}
	signer, err := object.Verify(context.Background(), keys, now)
	if err != nil && signer != (signature.Signer{}) {
		t.Errorf("Verify returns the signer %q with an error", signer)
	}
	if err != nil && !errors.Is(err, signature.NotSigned) && failure.Hint(err) == "" {
		t.Errorf("the error %q has no hint", err)
	}
	return signer, err
}
