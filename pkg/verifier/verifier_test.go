package verifier_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/config"
	"github.com/Project-Manager-With-Git/ppm/pkg/signature"
	"github.com/Project-Manager-With-Git/ppm/pkg/verifier"
)

const text = "object 1111111111111111111111111111111111111111\ntype commit\ntag v1\n" +
	"tagger Ann <ann@example.com> 1714521600 +0000\n\nFirst version.\n"

// script writes a shell script and returns its path.
func script(t *testing.T, body string) string {
	t.Helper()
	gittest.NeedProgram(t, "sh")
	path := filepath.Join(t.TempDir(), "verify")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func verify(t *testing.T, content string, programs map[signature.Format]signature.Program) (signature.Signer, error) {
	t.Helper()
	object, err := signature.Parse(signature.Tag, []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return object.Verify(t.Context(), signature.Keys{Programs: programs}, time.Now())
}

// programs returns the programs of a configuration.
func programs(t *testing.T, settings string) map[signature.Format]signature.Program {
	t.Helper()
	c := &config.Config{}
	if err := c.Parse(settings); err != nil {
		t.Fatal(err)
	}
	return verifier.Programs(c, t.TempDir())
}

const signed = text + "-----BEGIN SIGNED MESSAGE-----\nAAAA\n-----END SIGNED MESSAGE-----\n"

// TestContract checks what a program gets, and that its working folder is outside of every repository.
func TestContract(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("GIT_DIR", dir)
	path := script(t, fmt.Sprintf(`cat >%[1]s/payload; cp "$3" %[1]s/signature; echo "$@" >%[1]s/args
pwd >%[1]s/pwd; echo "$GIT_DIR" >%[1]s/gitdir
printf '[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG ann@example.com Ann\n[GNUPG:] TRUST_FULLY 0 shell\n'`, dir))
	signer, err := verify(t, signed, programs(t, "[gpg \"x509\"]\nprogram = "+path))
	if err != nil || signer.String() != "x509:ann@example.com" || signer.Principal != "Ann" {
		t.Errorf("Verify = %+v, %v", signer, err)
	}
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	if read("payload") != text || read("signature") != signed[len(text):] {
		t.Errorf("the program gets %q and %q", read("payload"), read("signature"))
	}
	args := strings.Fields(read("args"))
	if len(args) != 4 || args[0] != "--status-fd=1" || args[1] != "--verify" || args[3] != "-" {
		t.Errorf("the arguments are %q", args)
	}
	if _, err := os.Stat(args[2]); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the signature is left behind: %v", err)
	}
	if pwd := strings.TrimSpace(read("pwd")); pwd != filepath.Dir(args[2]) || read("gitdir") != "\n" {
		t.Errorf("the program runs in %q with GIT_DIR=%q", pwd, read("gitdir"))
	}
}

// TestIdentity runs a program that reports an identity and no key, as docs/signatures.md recommends for gitsign.
func TestIdentity(t *testing.T) {
	path := script(t, "cat >/dev/null; echo '[GNUPG:] GOODSIG release@example.com'; echo '[GNUPG:] TRUST_FULLY'")
	signer, err := verify(t, signed, programs(t, "[gpg \"x509\"]\nprogram = "+path))
	if err != nil || signer.String() != "x509:release@example.com" {
		t.Errorf("Verify = %q, %v", signer, err)
	}
}

// TestResults runs programs that say something else.
func TestResults(t *testing.T) {
	const good = `echo '[GNUPG:] GOODSIG 1234 Ann'; `
	for _, c := range []struct {
		name, body string
		want       error
	}{
		{"good", good + "echo '[GNUPG:] TRUST_MARGINAL'", nil},
		{"the fingerprint", good + "echo '[GNUPG:] VALIDSIG ABCD 2024'; echo '[GNUPG:] TRUST_ULTIMATE'", nil},
		{"CRLF", `printf '[GNUPG:] GOODSIG 1234 Ann\r\n[GNUPG:] TRUST_FULLY\r\n'`, nil},
		{"a failure", good + "echo '[GNUPG:] TRUST_FULLY'; exit 1", signature.BadSignature},
		{"no trust", good, signature.UnknownKey},
		{"undefined trust", good + "echo '[GNUPG:] TRUST_UNDEFINED'", signature.UnknownKey},
		{"never trusted", good + "echo '[GNUPG:] TRUST_NEVER'", signature.UnknownKey},
		{"two results", good + good + "echo '[GNUPG:] TRUST_FULLY'", signature.BadSignature},
		{"good and bad", good + "echo '[GNUPG:] BADSIG 1 x'; echo '[GNUPG:] TRUST_FULLY'", signature.BadSignature},
		{"bad", "echo '[GNUPG:] BADSIG 1234 Ann'; exit 1", signature.BadSignature},
		{"expired", "echo '[GNUPG:] EXPSIG 1234 Ann'; echo '[GNUPG:] TRUST_FULLY'", signature.Expired},
		{"expired key", "echo '[GNUPG:] EXPKEYSIG 1234 Ann'; echo '[GNUPG:] TRUST_FULLY'", signature.Expired},
		{"revoked key", "echo '[GNUPG:] REVKEYSIG 1234 Ann'; echo '[GNUPG:] TRUST_FULLY'", signature.Revoked},
		{"unknown key", "echo '[GNUPG:] ERRSIG 1234 1 8 00 1 9'; exit 2", signature.UnknownKey},
		{"no result", "echo '[GNUPG:] TRUST_FULLY'", signature.BadSignature},
		{"only in a message", `echo 'x [GNUPG:] GOODSIG 1234 Ann'; echo '[GNUPG:] TRUST_FULLY'`,
			signature.BadSignature},
		{"nothing", "", signature.BadSignature},
		{"a failure without a result", "echo no such log >&2; exit 1", signature.BadSignature},
		{"no key", "echo '[GNUPG:] GOODSIG '; echo '[GNUPG:] TRUST_FULLY'", signature.BadSignature},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := script(t, "cat >/dev/null; "+c.body)
			signer, err := verify(t, signed, map[signature.Format]signature.Program{
				signature.X509: verifier.Program(path),
			})
			if !errors.Is(err, c.want) || err != nil && (!errors.Is(err, failure.Integrity) || signer.Kind != "") {
				t.Errorf("Verify = %q, %v; want %v", signer, err, c.want)
			}
			if c.name == "a failure without a result" && !strings.Contains(err.Error(), "no such log") {
				t.Errorf("the error %q does not have the message of the program", err)
			}
		})
	}
}

// TestPrograms checks which settings name a program.
func TestPrograms(t *testing.T) {
	path := script(t, `cat >/dev/null; echo "[GNUPG:] GOODSIG right Ann"; echo "[GNUPG:] TRUST_FULLY"`)
	wrong := script(t, `cat >/dev/null; echo "[GNUPG:] GOODSIG wrong Ann"; echo "[GNUPG:] TRUST_FULLY"`)
	for _, c := range []struct {
		settings, want string
	}{
		{"[gpg \"x509\"]\nprogram = " + path, "right"},
		{"[gpg \"X509\"]\nprogram = " + path, "right"},
		{"[gpg \"x509\"]\nprogram = " + wrong + "\nprogram = " + path, "right"},
		{"[gpg]\nprogram = " + wrong, "need a program"},
		{"[gpg \"openpgp\"]\nprogram = " + wrong, "need a program"},
		{"", "need a program"},
		{"[gpg \"x509\"]\nprogram = ./verify", "is a relative path"},
		{"[gpg \"x509\"]\nprogram = a/../verify", "is a relative path"},
		{"[gpg \"x509\"]\nprogram = ppm-no-such-program", "ppm-no-such-program"},
	} {
		signer, err := verify(t, signed, programs(t, c.settings))
		if err == nil && signer.Fingerprint != c.want || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: Verify = %q, %v; want %s", c.settings, signer, err, c.want)
		}
		if err != nil && (!errors.Is(err, signature.Unsupported) || failure.Hint(err) == "") {
			t.Errorf("%q: the error is %v with the hint %q", c.settings, err, failure.Hint(err))
		}
	}
}

// TestInterrupt checks that a program does not outlive a command.
func TestInterrupt(t *testing.T) {
	path := script(t, "exec sleep 600")
	object, err := signature.Parse(signature.Tag, []byte(signed))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	keys := signature.Keys{Programs: map[signature.Format]signature.Program{signature.X509: verifier.Program(path)}}
	if _, err := object.Verify(ctx, keys, time.Now()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Verify = %v, want %v", err, context.DeadlineExceeded)
	}
}
