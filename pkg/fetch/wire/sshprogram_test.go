package wire_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch/wire"
)

// fakeSSH writes a program that logs its arguments and runs the command for the server on this machine, in a folder.
// One named "simple" refuses options.
func fakeSSH(t *testing.T, dir, name, root string) string {
	text := "#!/bin/sh\nfor a; do last=$a; printf '[%s]' \"$a\" >>\"$LOG\"; done\n" +
		"echo \" $GIT_PROTOCOL\" >>\"$LOG\"\n" +
		"case $1 in -G) exit 0;; esac\ncd '" + root + "' && eval \"$last\"\n"
	if strings.Contains(name, "simple") {
		text = strings.Replace(text, "exit 0", "exit 1", 1)
	}
	file := write(t, dir, name, text)
	if err := os.Chmod(file, 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

// The program that the user sets up in place of ssh is chosen and called as git does it.
func TestSSHProgramAsGit(t *testing.T) {
	root, _ := packs(t)
	dir := t.TempDir()
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	openSSH, plink, tortoise := fakeSSH(t, dir, "bin/ssh", root), fakeSSH(t, dir, "plink", root),
		fakeSSH(t, dir, "TortoisePlink.EXE", root)
	wrapper, simple := fakeSSH(t, dir, "wrapper", root), fakeSSH(t, dir, "simple", root)
	spaced := fakeSSH(t, dir, "with space/ssh", root)
	const url, port = "git@h:pack", "ssh://git@h:2222/" // fakeSSH makes an absolute path one below root
	for _, c := range []struct {
		name, url, config string
		env               []string
	}{
		{"GIT_SSH_COMMAND", url, "", []string{"GIT_SSH_COMMAND", openSSH}},
		{"with arguments", url, "", []string{"GIT_SSH_COMMAND", openSSH + " -i 'a b' -o X=y"}},
		{"with a port", port, "", []string{"GIT_SSH_COMMAND", openSSH}},
		{"quoted", url, "", []string{"GIT_SSH_COMMAND", "'" + spaced + "' -v"}},
		{"with variables", url, "", []string{"GIT_SSH_COMMAND", "A=b " + openSSH}},
		{"core.sshCommand", url, "[core]\n\tsshCommand = " + openSSH + " -x", nil},
		{"GIT_SSH_COMMAND first", url, "[core]\n\tsshCommand = false", []string{"GIT_SSH_COMMAND", openSSH}},
		{"GIT_SSH", url, "", []string{"GIT_SSH", spaced}},
		{"core.sshCommand before GIT_SSH", url, "[core]\n\tsshCommand = " + openSSH, []string{"GIT_SSH", "/none"}},
		{"plink", port, "", []string{"GIT_SSH", plink}},
		{"tortoiseplink", port, "", []string{"GIT_SSH", tortoise}},
		{"an unknown program with the options of ssh", port, "", []string{"GIT_SSH", wrapper}},
		{"an unknown program", url, "", []string{"GIT_SSH_COMMAND", simple}},
		{"GIT_SSH_VARIANT", port, "[ssh]\n\tvariant = simple", []string{"GIT_SSH", simple, "GIT_SSH_VARIANT", "ssh"}},
		{"ssh.variant", port, "[ssh]\n\tvariant = plink", []string{"GIT_SSH_COMMAND", openSSH}},
		{"simple with options", url, "[ssh]\n\tvariant = simple", []string{"GIT_SSH_COMMAND", openSSH}},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := t.TempDir()
			write(t, home, ".gitconfig", c.config)
			if c.url == port {
				c.url += strings.TrimPrefix(root, "/") + "/pack"
			}
			theirs := logOf(t, func(log string) error {
				git := exec.Command("git", "-c", "protocol.version=2", "ls-remote", c.url)
				git.Dir = home
				git.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LOG=" + log, "GIT_CONFIG_NOSYSTEM=1"}
				for i := 0; i < len(c.env); i += 2 {
					git.Env = append(git.Env, c.env[i]+"="+c.env[i+1])
				}
				return git.Run()
			})
			ours := logOf(t, func(log string) error {
				t.Setenv("LOG", log)
				_, _, err := get(t.Context(), newDialer(t, wire.Options{Home: home, Env: env(c.env...)}), c.url)
				return err
			})
			for i, line := range theirs {
				// git tells only ssh of OpenSSH about the version of its protocol.
				if strings.TrimSuffix(line, "version=2") != strings.TrimSuffix(ours[i], "version=2") {
					t.Errorf("called as %q, git calls %q", ours[i], line)
				}
			}
		})
	}
}

// logOf returns the lines that a function makes programs write to a log.
func logOf(t *testing.T, run func(log string) error) []string {
	log := filepath.Join(t.TempDir(), "log")
	if err := run(log); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(data), "\n")
}

// The real ssh fetches with the key that only GIT_SSH_COMMAND names.
func TestSSHCommandWithOpenSSH(t *testing.T) {
	gittest.NeedProgram(t, "ssh")
	root, _ := packs(t)
	for name, s := range map[string]*gittest.SSHServer{
		"version 2": gittest.ServeSSH(t, root), "version 0": gittest.ServeSSH(t, root, gittest.SSHVersion0()),
	} {
		t.Run(name, func(t *testing.T) {
			dir, home := t.TempDir(), t.TempDir()
			if err := s.Trust(dir); err != nil {
				t.Fatal(err)
			}
			command := "ssh -F /dev/null -o BatchMode=yes -o IdentitiesOnly=yes -i " + dir + "/.ssh/id_ed25519" +
				" -o UserKnownHostsFile=" + dir + "/.ssh/known_hosts"
			d := newDialer(t, wire.Options{Home: home, Env: env("GIT_SSH_COMMAND", command)})
			if _, _, err := get(t.Context(), d, s.URL+"/pack"); err != nil {
				t.Error(err)
			}
			_, _, err := get(t.Context(), d, s.URL+"/none")
			checkFailure(t, err, failure.Network, "the program of GIT_SSH_COMMAND says: fatal: '",
				"check GIT_SSH_COMMAND")
			d = newDialer(t, wire.Options{Home: home, Env: env("GIT_SSH_COMMAND", "ssh -F /dev/null -o BatchMode=yes "+
				"-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes")})
			_, _, err = get(t.Context(), d, s.URL+"/pack")
			checkFailure(t, err, failure.Network, "the program of GIT_SSH_COMMAND says: ", "check GIT_SSH_COMMAND")
		})
	}
}

func TestSSHProgramFaults(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name, url     string
		env           []string
		kind          failure.Kind
		message, hint string
	}{
		{"it ends", "git@h:p", []string{"GIT_SSH_COMMAND", "exit 3;"}, failure.Network, "says: ended with status 3",
			"check GIT_SSH_COMMAND"},
		{"it says why", "git@h:p", []string{"GIT_SSH_COMMAND", "echo 'no \x1b[31mway' >&2; exit 1;"}, failure.Network,
			"says: no [31mway", "check GIT_SSH_COMMAND"},
		{"it is not there", "git@h:p", []string{"GIT_SSH", dir + "/none"}, failure.Network, "says: cannot be run: ",
			"check GIT_SSH"},
		{"it cannot be given a port", "ssh://git@h:22/p", []string{"GIT_SSH_COMMAND", "false"}, failure.Usage,
			"the program of GIT_SSH_COMMAND cannot be given a port", "GIT_SSH_VARIANT"},
		{"it is silent", "git@h:p", []string{"GIT_SSH_COMMAND", "exec sleep 60;", "GIT_SSH_VARIANT", "ssh"},
			failure.Network, "sent nothing for 400ms", "check the network"},
		{"it answers with garbage", "git@h:p", []string{"GIT_SSH_COMMAND", "echo Welcome;"}, failure.Network,
			"a malformed packet", "git repository"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDialer(t, wire.Options{Home: dir, Env: env(c.env...), Stall: 400 * time.Millisecond})
			_, _, err := get(t.Context(), d, c.url)
			checkFailure(t, err, c.kind, c.message, c.hint)
		})
	}
}

// The core.sshCommand of the repository that the user works in does not apply, and is not passed over in silence.
func TestSSHCommandOfRepository(t *testing.T) {
	root, _ := packs(t)
	s := gittest.ServeSSH(t, root)
	home := trustOnly(t, s)
	project := gittest.NewRepo(t)
	trap := filepath.Join(home, "sprung")
	project.Git("config", "core.sshCommand", "touch "+trap+"; ssh")
	_, _, err := get(t.Context(), newDialer(t, wire.Options{Home: home, Dir: project.Dir}), s.URL+"/pack")
	checkFailure(t, err, failure.Network,
		"none was found; core.sshCommand in the configuration of this repository does not apply",
		"set GIT_SSH_COMMAND")
	if _, err := os.Stat(trap); err == nil {
		t.Error("the program ran")
	}
}
