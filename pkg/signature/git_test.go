package signature_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/signature"
)

// sshIdentity makes an oracle with the key "ann", and returns git's settings for it and the keys of a user who trusts
// it.
func sshIdentity(t *testing.T) (o *oracle, settings []string, keys signature.Keys) {
	o = newOracle(t)
	allowed := "ann@example.com " + o.sshKey("ann", "-t", "ed25519") + "\n"
	signers, err := signature.ParseAllowedSigners("allowed", []byte(allowed))
	if err != nil {
		t.Fatal(err)
	}
	settings = []string{
		"gpg.format=ssh", "user.signingKey=" + o.path("ann"),
		"gpg.ssh.allowedSignersFile=" + o.write("allowed", allowed),
	}
	return o, settings, signature.Keys{Allowed: signers}
}

// TestObjectsOfGit verifies what git itself signs: tags, commits, merges of signed tags, tags of tags.
func TestObjectsOfGit(t *testing.T) {
	o, settings, keys := sshIdentity(t)
	git := func(args ...string) { o.repo.Git(append(withConfig(settings), args...)...) }
	git("tag", "-s", "-m", "First.\n\nWith a body.", "v1")
	git("tag", "-s", "-m", "Of a tag.", "nested", "v1")
	git("commit", "-q", "-S", "--allow-empty", "-m", "Second.\n\n-----BEGIN SSH SIGNATURE-----\nnot one")
	git("tag", "-s", "-m", "Third.\n\n-----BEGIN PGP SIGNATURE-----\nnot one\n", "v3")
	git("checkout", "-q", "--detach", "v1")
	git("commit", "-q", "-S", "--allow-empty", "-m", "Fourth.")
	git("merge", "-q", "--no-ff", "-S", "-m", "Merge.", "v3")
	git("tag", "merge")
	for _, c := range []struct {
		kind     signature.Type
		revision string
		want     error
	}{
		{signature.Tag, "v1", nil}, {signature.Tag, "nested", nil}, {signature.Tag, "v3", nil},
		{signature.Commit, "v3^{commit}", nil}, {signature.Commit, "merge", nil},
		{signature.Commit, "v1^{commit}", signature.NotSigned},
	} {
		content := o.must(nil, "git", "cat-file", string(c.kind), c.revision)
		signer, err := verdict(t, c.kind, content, keys, time.Now())
		if !errors.Is(err, c.want) || err == nil && signer.String() != "ssh:"+o.fingerprint("ann") {
			t.Errorf("%s: Verify = %q, %v; want %v", c.revision, signer, err, c.want)
		}
		_, ok := o.run(nil, "git", append(withConfig(settings), "verify-"+string(c.kind), c.revision)...)
		if ok != (c.want == nil) {
			t.Errorf("%s: git accepts it: %v", c.revision, ok)
		}
	}
	merge := o.must(nil, "git", "cat-file", "commit", "merge")
	if !strings.Contains(merge, "\nmergetag object ") {
		t.Errorf("the merge has no signed tag:\n%s", merge)
	}
	o.checkMutations(signature.Tag, "v1", settings, keys)
	o.checkMutations(signature.Commit, "merge", settings, keys)
}

// checkMutations compares with git for every line of an object that is dropped, repeated, or altered.
func (o *oracle) checkMutations(kind signature.Type, revision string, settings []string, keys signature.Keys) {
	o.Helper()
	lines := strings.SplitAfter(o.must(nil, "git", "cat-file", string(kind), revision), "\n")
	step := 1
	if testing.Short() {
		step = 5
	}
	accepted := 0
	for i := 0; i < len(lines)-1; i += step {
		altered := []byte(lines[i])
		altered[len(altered)/2] ^= 1
		for name, line := range map[string]string{
			"dropped": "", "twice": lines[i] + lines[i], "altered": string(altered),
		} {
			content := strings.Join(lines[:i], "") + line + strings.Join(lines[i+1:], "")
			_, err := verdict(o, kind, content, keys, time.Now())
			ok := o.gitAccepts(kind, content, settings...)
			if err == nil && !ok {
				o.Errorf("line %d %s of %s: Verify accepts it, git does not:\n%s", i+1, name, revision, content)
			}
			if err != nil && ok {
				o.Logf("line %d %s of %s: git accepts it: %v", i+1, name, revision, err)
				accepted++
			}
		}
	}
	if accepted > 2 {
		o.Errorf("git accepts %d alterations of %s that Verify refuses", accepted, revision)
	}
}

func TestCheckTag(t *testing.T) {
	one, two := strings.Repeat("1", 40), strings.Repeat("2", 40)
	text := func(name string) string {
		return fmt.Sprintf("object %s\ntype commit\ntag %s\ntagger A <a@b> 1 +0000\n\nx\n", one, name)
	}
	for _, c := range []struct {
		signed, name, target string
		ok                   bool
	}{
		{"v1", "v1", one, true}, {"a/v1", "a/v1", one, true}, {"v1", "v2", one, false}, {"v1", "V1", one, false},
		{"v1", "refs/tags/v1", one, false}, {"a/v1", "v1", one, false}, {"v1", "a/v1", one, false},
		{"v1 ", "v1", one, false}, {"v1", "v1", two, false}, {"v1", "", one, false}, {"v1", "v1", "", false},
		{"v1\u200b", "v1", one, false}, {"v1", "v1", one[:39], false},
	} {
		o, err := signature.Parse(signature.Tag, []byte(text(c.signed)))
		if err != nil {
			t.Fatal(err)
		}
		err = o.CheckTag(c.name, c.target)
		wrong := errors.Is(err, signature.WrongTag) && errors.Is(err, failure.Integrity)
		if c.ok != (err == nil) || !c.ok && !wrong {
			t.Errorf("CheckTag(%q, %q) of %q = %v", c.name, c.target, c.signed, err)
		}
	}
	commit, err := signature.Parse(signature.Commit, []byte("tree "+one+"\ncommitter A <a@b> 1 +0000\n\nx\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := commit.CheckTag("v1", one); !errors.Is(err, signature.WrongTag) {
		t.Errorf("CheckTag of a commit = %v", err)
	}
}
