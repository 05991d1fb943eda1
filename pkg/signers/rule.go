package signers

import (
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/config"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/signature"
	"github.com/Project-Manager-With-Git/ppm/pkg/verifier"
)

// A Rule is what all layers together require of the versions of a repository.
type Rule struct {
	Verify   manifest.Verify // the strictest; VerifyTOFU if no layer says anything
	Explicit bool            // a layer says so

	source string           // the file that sets Verify
	keys   []signature.Keys // of each layer that names keys: all of them must accept a signature
}

// Rule returns what is required of the versions of a repository that has several URLs.
func (c *Checker) Rule(urls ...string) (Rule, error) { return c.rule(urls) }

// rule combines the layers for a repository. The keys of the user's own git count for what the user's layer does not
// name, unless the machine's layer names keys. Git's programs are asked only about sources for which a layer has a
// rule.
func (c *Checker) rule(urls []string) (Rule, error) {
	var r Rule
	byMachine, hasUser := false, false
	for _, rules := range c.o.Rules {
		t, ok := rules.For(urls...)
		if !ok {
			continue
		}
		if t.Verify.Strictness() > r.Verify.Strictness() {
			r.Verify, r.Explicit, r.source = t.Verify, true, rules.File
		}
		if !t.NamesKeys() {
			continue
		}
		keys, err := c.readKeys(rules, t)
		if err != nil {
			return r, err
		}
		byMachine = byMachine || rules.Layer == manifest.Machine
		if rules.Layer == manifest.User {
			hasUser = true
			if err := c.addGitKeys(&keys, true); err != nil {
				return r, err
			}
		}
		r.keys = append(r.keys, keys)
	}
	if r.Verify == "" {
		r.Verify = manifest.VerifyTOFU
	}
	if byMachine || hasUser {
		return r, nil
	}
	var keys signature.Keys
	if err := c.addGitKeys(&keys, r.Explicit); err != nil {
		return r, err
	}
	if keys.Allowed != nil || len(keys.Programs) > 0 {
		r.keys = append(r.keys, keys)
	}
	return r, nil
}

// readKeys reads the files that a table names.
func (c *Checker) readKeys(rules manifest.TrustRules, t manifest.Trust) (k signature.Keys, err error) {
	if t.AllowedSigners != "" {
		if k.Allowed, err = parsed(c, rules, t.AllowedSigners, c.ssh, signature.ParseAllowedSigners); err != nil {
			return k, err
		}
		git, err := c.git()
		if err != nil {
			return k, err
		}
		k.Revoked = git.revoked
	}
	if t.OpenPGPKeys != "" {
		k.Ring, err = parsed(c, rules, t.OpenPGPKeys, c.pgp, signature.ParseKeyRing)
	}
	return k, err
}

// parsed returns a file of keys, which it reads once.
func parsed[T any](
	c *Checker, rules manifest.TrustRules, name string, known map[string]T, parse func(string, []byte) (T, error),
) (T, error) {
	path, read := name, c.o.ReadProject
	if rules.Layer != manifest.ProjectLayer {
		read = configfile.Read
		if path = configfile.ExpandHome(name, c.o.Home); !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(rules.File), path)
		}
	}
	key := string(rune(rules.Layer)) + path
	if k, ok := known[key]; ok {
		return k, nil
	}
	var none T
	data, err := read(path)
	if err == nil && data == nil {
		err = failure.Errorf(failure.LocalIO, "reading %q: %w", path, fs.ErrNotExist)
	}
	if err != nil {
		return none, failure.Errorf(failure.KindOf(err), "reading the keys that %q names: %w", rules.File, err).
			WithHint("correct the name of the file in %q", rules.File)
	}
	k, err := parse(path, data)
	if err == nil {
		known[key] = k
	}
	return k, err
}

// gitKeys are the keys and programs with which the user's git verifies signatures.
type gitKeys struct {
	allowed  *signature.AllowedSigners
	revoked  *signature.RevokedKeys
	programs map[signature.Format]signature.Program
}

// addGitKeys adds what the user's git trusts, for the kinds of keys that k does not have.
func (c *Checker) addGitKeys(k *signature.Keys, programs bool) error {
	git, err := c.git()
	if err != nil {
		return err
	}
	if k.Allowed == nil {
		k.Allowed = git.allowed
	}
	k.Revoked = git.revoked
	if programs {
		k.Programs = git.programs
	}
	return nil
}

// readGitKeys reads gpg.ssh.allowedSignersFile, gpg.ssh.revocationFile and the programs in the user's and the system's
// configuration of git. That of a repository does not count: it may come from elsewhere. A relative path would be a
// file of each repository, and does not count either.
func (o Options) readGitKeys() (k gitKeys, err error) {
	c, err := config.ReadUser(config.Place{Home: o.Home, Env: o.Env})
	if err != nil {
		return k, err
	}
	k.programs = verifier.Programs(c, o.Home)
	paths := map[string]string{}
	for s := range c.Section("gpg") {
		if s.Subsection == "ssh" {
			paths[s.Name] = configfile.ExpandHome(s.Value, o.Home)
		}
	}
	if k.allowed, err = readGitFile(paths["allowedsignersfile"], signature.ParseAllowedSigners); err != nil {
		return k, err
	}
	if k.revoked, err = readGitFile(paths["revocationfile"], signature.ParseRevokedKeys); err != nil {
		return k, err
	}
	return k, nil
}

// readGitFile reads a file that git's configuration names.
func readGitFile[T any](path string, parse func(string, []byte) (*T, error)) (*T, error) {
	if !filepath.IsAbs(path) {
		return nil, nil
	}
	data, err := configfile.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = failure.Errorf(failure.LocalIO, "reading %q, which git's configuration names: it does not exist", path).
			WithHint("correct gpg.ssh in your git configuration")
	}
	if err != nil {
		return nil, err
	}
	return parse(path, data)
}
