package signature_test

import (
	"flag"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/signature"
)

var rounds = flag.Int("rounds", 60, "random files of allowed signers")

// pieces are parts of the lines of a file of allowed signers. A part that is there more often is used more often.
var pieces = struct{ principals, options, separators []string }{
	principals: []string{
		"ann@example.com", "ann@example.com", "*@example.com", "*", "bob,ann@example.com", "!ann@example.com,*",
		`"ann x",ann`, `"ann@example.com"`, `ann"@example.com"`, "ann,,bob", ",ann", "a?n@*", "", `"`, "#ann", "git",
	},
	options: []string{
		"", "", "", "cert-authority", "cert-authority", "CERT-AUTHORITY", `namespaces="git"`, `namespaces="file"`,
		`namespaces="!git,*"`, `namespaces="g*"`, `Namespaces="file,git"`, `namespaces=git`, `namespaces="a\"b,git"`,
		`valid-after="20240101Z"`, `valid-after="20250101000000Z"`, `valid-before="202501010000UTC"`, "touch",
		`valid-before="20240101z"`, `valid-before="2024"`, `valid-after=""`, `valid-after="20240101",`, "x=\"\t\"",
	},
	separators: []string{" ", " ", " ", "\t", "  ", "\t ", "", ","},
}

// TestRandomAllowedSignersAsSSHKeygen compares random files with ssh-keygen, called as git calls it.
func TestRandomAllowedSignersAsSSHKeygen(t *testing.T) {
	o := newOracle(t)
	ann, bob, ca := o.sshKey("ann", "-t", "ed25519"), o.sshKey("bob", "-t", "ed25519"), o.sshKey("ca", "-t", "ed25519")
	o.must(nil, "ssh-keygen", "-q", "-s", o.path("ca"), "-I", "ann", "-n", "ann@example.com,git", "-V",
		"20230601Z:20260101Z", o.path("ann.pub"))
	certificate := strings.TrimSpace(string(o.read("ann-cert.pub")))
	keys := []string{ann, ann, ann, ca, ca, bob, certificate, ann[:30], "x y", ""}
	o.quiet = true
	r := rand.New(rand.NewPCG(1, 2))
	pick := func(from []string) string { return from[r.IntN(len(from))] }
	accepted := 0
	n := *rounds
	if testing.Short() {
		n = min(n, 15)
	}
	for range n {
		var file strings.Builder
		for range 1 + r.IntN(4) {
			options := pick(pieces.options)
			for options != "" && r.IntN(2) == 0 {
				options += "," + pick(pieces.options)
			}
			line := []byte(pick(pieces.principals) + pick(pieces.separators) + options + pick(pieces.separators) +
				pick(keys))
			if len(line) > 0 && r.IntN(6) == 0 {
				line[r.IntN(min(len(line), 60))] = "\" ,=!*?#\\\t\r"[r.IntN(11)]
			}
			file.Write(line)
			file.WriteString("\n")
		}
		at := time.Date(2023+r.IntN(4), 1, 1+r.IntN(2), 0, 0, r.IntN(2), 0, time.UTC)
		text := o.tag("v1", at.Unix())
		tag := o.signSSH(pick([]string{"ann", "ann-cert.pub"}), "git", text)
		want := o.principal(file.String(), text, tag[len(text):], at)
		signers, err := signature.ParseAllowedSigners("allowed", []byte(file.String()))
		got := ""
		if err == nil {
			signer, _ := verdict(t, signature.Tag, tag, signature.Keys{Allowed: signers}, at)
			got = signer.Principal
		}
		if got != want {
			t.Errorf("at %v, the principal is %q, and for ssh-keygen %q:\n%s", at, got, want, file.String())
		}
		if got != "" {
			accepted++
		}
	}
	if accepted < n/20 {
		t.Errorf("only %d files have the key", accepted)
	}
	t.Logf("tried %d files of allowed signers", n)
}

// principal returns the principal of a signature as git finds it, or "".
func (o *oracle) principal(allowed, text, sig string, at time.Time) string {
	o.Helper()
	options := []string{"-f", o.write("allowed", allowed), "-s", o.write("sig", sig),
		"-Overify-time=" + at.Format("20060102150405Z")}
	found, _ := o.run(nil, "ssh-keygen", append([]string{"-Y", "find-principals"}, options...)...)
	for _, principal := range strings.FieldsFunc(found, func(r rune) bool { return r == 10 }) {
		args := append([]string{"-Y", "verify", "-n", "git", "-I", principal}, options...)
		if _, ok := o.run([]byte(text), "ssh-keygen", args...); ok {
			return principal
		}
	}
	return ""
}
