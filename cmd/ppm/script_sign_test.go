package main

import (
	"os"
	"os/exec"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptSign runs git in a repository with the identity and the SSH key of a person, which it makes when it is used
// for the first time.
func scriptSign(ts *testscript.TestScript, neg bool, args []string) {
	requireArgs(ts, neg, args, 3, -1, "sign NAME REPOSITORY ARG...")
	name, keys := args[0], filepath.Join(ts.Getenv("WORK"), ".keys")
	key := filepath.Join(keys, name)
	if _, err := os.Stat(key); err != nil {
		ts.Check(os.MkdirAll(keys, 0o777))
		out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key).CombinedOutput()
		if err != nil {
			ts.Fatalf("ssh-keygen: %v\n%s", err, out)
		}
		public, err := os.ReadFile(key + ".pub")
		ts.Check(err)
		allowed := append([]byte(name+"@example.com "), public...)
		ts.Check(os.WriteFile(key+".allowed", allowed, 0o666))
	}
	config := []string{
		"user.name=" + name, "user.email=" + name + "@example.com", "gpg.format=ssh", "user.signingkey=" + key,
	}
	line := []string{"-C", filepath.Join(repositoryRoot(ts), args[1])}
	for _, setting := range config {
		line = append(line, "-c", setting)
	}
	ts.Check(ts.Exec("git", append(line, args[2:]...)...))
}
