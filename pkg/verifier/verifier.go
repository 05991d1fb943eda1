// Package verifier runs the programs with which the user's git verifies signatures, such as gpg, gpgsm or gitsign.
package verifier

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/config"
	"github.com/Project-Manager-With-Git/ppm/pkg/signature"
)

const (
	maxTime   = 2 * time.Minute // of a program, which may ask a server whether a certificate is revoked
	maxOutput = 1 << 20         // bytes of each output of a program; more is dropped
	killDelay = time.Second     // from interrupting a program to killing it
)

// Programs returns the programs that gpg.openpgp.program, or gpg.program, and gpg.x509.program set in git's
// configuration. c must not be that of a repository. Unlike git, it has no program that is not set.
func Programs(c *config.Config, home string) map[signature.Format]signature.Program {
	programs := map[signature.Format]signature.Program{}
	for s := range c.Section("gpg") {
		path := configfile.ExpandHome(s.Value, home)
		if s.Name != "program" || path == "" {
			continue
		}
		switch format := signature.Format(strings.ToLower(s.Subsection)); format {
		case "", signature.OpenPGP:
			programs[signature.OpenPGP] = Program(path, "--keyid-format=long")
		case signature.X509:
			programs[format] = Program(path)
		}
	}
	return programs
}

// Program returns the program at an absolute path, or of a name that is looked up in PATH. args come before those that
// git gives to each program, as in gpg-interface.c: --status-fd=1 --verify FILE -, with the signature in the file and
// the signed text on the standard input. If the program fails without a status, the error is a
// signature.BadSignature.
func Program(path string, args ...string) signature.Program {
	return func(ctx context.Context, payload, sig []byte) (status []byte, ok bool, err error) {
		if !filepath.IsAbs(path) && filepath.Base(path) != path {
			return nil, false, fmt.Errorf("%q is a relative path, where a project may have a program", path)
		}
		dir, err := os.MkdirTemp("", "ppm-signature-")
		if err != nil {
			return nil, false, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		file := filepath.Join(dir, "signature")
		if err := os.WriteFile(file, sig, 0o600); err != nil {
			return nil, false, err
		}
		all := append(args[:len(args):len(args)], "--status-fd=1", "--verify", file, "-")
		return run(ctx, dir, path, all, payload)
	}
}

// run runs a program in a folder outside of every repository, because gitsign reads the configuration of the one that
// it is in.
func run(ctx context.Context, dir, path string, args []string, payload []byte) (status []byte, ok bool, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, maxTime, fmt.Errorf("%q did not finish in %v", path, maxTime))
	defer cancel()
	var stdout, stderr limitedBuffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = dir
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(payload), &stdout, &stderr
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(os.Interrupt) }, killDelay
	cmd.Env = slices.DeleteFunc(cmd.Environ(), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.Contains(gitState, strings.ToUpper(name))
	})
	cmd.Env = append(cmd.Env, "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, false, context.Cause(ctx)
	case err != nil && !errors.As(err, &exit):
		return nil, false, err
	case err != nil && len(stdout.data) == 0:
		return nil, false, fmt.Errorf("%w: %q: %w: %s", signature.BadSignature, path, err, lastLine(stderr.data))
	}
	return stdout.data, err == nil, nil
}

// gitState are the variables with which git tells a hook which repository it is in.
var gitState = []string{
	"GIT_COMMON_DIR", "GIT_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_WORK_TREE",
}

// lastLine returns the last line of a program's messages, in which it usually says why it failed.
func lastLine(text []byte) string {
	text = bytes.TrimSpace(text)
	return string(bytes.TrimSpace(text[bytes.LastIndexByte(text, '\n')+1:]))
}

// limitedBuffer keeps the first maxOutput bytes that are written to it.
type limitedBuffer struct{ data []byte }

func (b *limitedBuffer) Write(p []byte) (int, error) {
	b.data = append(b.data, p[:min(len(p), maxOutput-len(b.data))]...)
	return len(p), nil
}
