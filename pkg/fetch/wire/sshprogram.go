package wire

import (
	"cmp"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// An sshProgram runs commands with the program that the user has set up for git in place of ssh: by GIT_SSH_COMMAND,
// core.sshCommand or GIT_SSH.
type sshProgram struct {
	setting string   // where the program comes from
	argv    []string // the program and the arguments that come before those of a command
	variant string
	remote  remote

	mu      sync.Mutex
	running []*exec.Cmd
}

// newSSHProgram returns nil when the user has set up no program.
func newSSHProgram(s *settings, r remote) (*sshProgram, error) {
	config, err := s.config()
	if err != nil {
		return nil, err
	}
	env := s.options.Env
	p := &sshProgram{remote: r}
	for _, from := range []struct{ setting, command string }{
		{"GIT_SSH_COMMAND", env("GIT_SSH_COMMAND")}, {"core.sshCommand", config.Get("core", "sshcommand")},
	} {
		if from.command != "" {
			p.setting, p.argv = from.setting, []string{"sh", "-c", from.command + ` "$@"`, from.command}
			p.variant = variantOf(firstWord(from.command))
			break
		}
	}
	if file := env("GIT_SSH"); p.argv == nil && file != "" {
		p.setting, p.argv = "GIT_SSH", []string{configfile.ExpandHome(file, s.options.Home)}
		p.variant = variantOf(file)
	}
	if p.argv == nil {
		return nil, nil
	}
	if v := strings.ToLower(cmp.Or(env("GIT_SSH_VARIANT"), config.Get("ssh", "variant"))); v != "" && v != "auto" {
		p.variant = v
	}
	return p, nil
}

// variantOf returns the variant of ssh that a program is, judged by its name as git does it, or "auto".
func variantOf(program string) string {
	name := strings.TrimSuffix(strings.ToLower(filepath.Base(filepath.ToSlash(program))), ".exe")
	switch name {
	case "ssh", "plink", "tortoiseplink":
		return name
	}
	return "auto"
}

// firstWord returns the first word of a shell command, without its quotes.
func firstWord(command string) string {
	var word strings.Builder
	quote := rune(0)
	escaped := false
	for _, r := range strings.TrimSpace(command) {
		switch {
		case escaped:
			escaped = false
			word.WriteRune(r)
		case r == '\\' && quote != '\'':
			escaped = true
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case r == quote:
			quote = 0
		case quote == 0 && (r == ' ' || r == '\t'):
			return word.String()
		default:
			word.WriteRune(r)
		}
	}
	return word.String()
}

// Close ends all commands.
func (p *sshProgram) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, cmd := range p.running {
		_ = cmd.Process.Kill() // it may have ended
	}
	p.running = nil
	return nil
}

func (p *sshProgram) start(g *guard) (*command, error) {
	options, err := p.options()
	if err != nil {
		return nil, err
	}
	cmd := p.program(append(options, p.host(), quotedCommand(p.remote.path)))
	out := &command{failed: func(text string) error { return programError{p.setting, text} }}
	cmd.Stderr = &out.stderr
	if out.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	out.out = stdout
	if err := cmd.Start(); err != nil {
		return nil, programError{p.setting, "cannot be run: " + err.Error()}
	}
	p.mu.Lock()
	p.running = append(p.running, cmd)
	p.mu.Unlock()
	out.wait = sync.OnceValue(cmd.Wait)
	out.end = func() error {
		_ = cmd.Process.Kill() // it may have ended
		_ = out.wait()         // it was killed
		return nil
	}
	return out, nil
}

// program returns the program with these arguments. Its environment is that of this process, without the state of git.
func (p *sshProgram) program(args []string) *exec.Cmd {
	argv := append(p.argv[:len(p.argv):len(p.argv)], args...)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(withoutGitState(cmd.Environ()), "GIT_PROTOCOL="+askForVersion2)
	cmd.WaitDelay = time.Second
	return cmd
}

// host returns the host as the program gets it.
func (p *sshProgram) host() string {
	if p.remote.user != "" {
		return p.remote.user + "@" + p.remote.host
	}
	return p.remote.host
}

// options returns the options before the host, which depend on the variant of ssh.
func (p *sshProgram) options() ([]string, error) {
	if p.variant == "auto" {
		probe := p.program(append([]string{"-G"}, append(p.portOption("-p", sendProtocol...), p.host())...))
		probe.Stdout, probe.Stderr = io.Discard, io.Discard
		if p.variant = "simple"; probe.Run() == nil { // it has the options of OpenSSH
			p.variant = "ssh"
		}
	}
	switch p.variant {
	case "ssh":
		return p.portOption("-p", sendProtocol...), nil
	case "tortoiseplink":
		return p.portOption("-P", "-batch"), nil
	case "plink", "putty":
		return p.portOption("-P"), nil
	}
	if p.remote.port != "" {
		return nil, failure.Errorf(failure.Usage, "connecting to %q: the program of %s cannot be given a port",
			p.remote.public, p.setting).
			WithHint("set GIT_SSH_VARIANT to ssh if it has the options of OpenSSH")
	}
	return nil, nil
}

// sendProtocol makes OpenSSH ask the server for a version of git's protocol.
var sendProtocol = []string{"-o", "SendEnv=GIT_PROTOCOL"}

// portOption returns options, and the one for the port when the remote has one.
func (p *sshProgram) portOption(name string, options ...string) []string {
	if p.remote.port == "" {
		return options[:len(options):len(options)]
	}
	return append(options[:len(options):len(options)], name, p.remote.port)
}

// A programError is what the program says that runs in place of ssh.
type programError struct{ setting, text string }

func (e programError) Error() string { return "the program of " + e.setting + " says: " + e.text }

// ignoredSSHCommand returns a sentence about the core.sshCommand of the repository that the user works in, which does
// not apply, or "" when there is none.
func (s *settings) ignoredSSHCommand() string {
	config, err := s.config()
	if err != nil || config.repository.Get("core", "sshcommand") == "" {
		return ""
	}
	return "core.sshCommand in the configuration of this repository does not apply"
}
