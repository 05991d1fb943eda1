package manifest

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/hostname"
	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// A Trust is a table [sources."HOST/NAMESPACE"]: which signatures the versions of the packs there must have.
type Trust struct {
	Verify         Verify `toml:"verify"`
	AllowedSigners string `toml:"allowed_signers"` // file of SSH keys, as git's gpg.ssh.allowedSignersFile
	OpenPGPKeys    string `toml:"openpgp_keys"`    // file of OpenPGP keys
}

// A Verify says how strict the check of signatures is.
type Verify string

// The values of Verify, the least strict first.
const (
	VerifyOff    Verify = "off"    // note what changes
	VerifyTOFU   Verify = "tofu"   // trust on first use: the first signer may not change
	VerifySigned Verify = "signed" // a trusted key must have signed every version
)

// Verifies lists the values of Verify, the least strict first.
var Verifies = []Verify{VerifyOff, VerifyTOFU, VerifySigned}

// Strictness returns how strict a value is; that of no value is negative.
func (v Verify) Strictness() int { return slices.Index(Verifies, v) }

// TrustRules are the tables of one layer. Paths of files in them are relative to the folder of the layer's file.
type TrustRules struct {
	Layer  Layer
	File   string           // for messages
	Tables map[string]Trust // by host, or host and the first parts of the path
}

// For returns what the rules say about a repository that has several URLs, such as its own and that of a mirror. Each
// field is that of the longest key that matches and sets it. A URL whose path is unclear, such as one with "..", has
// the strictest rules of its host. ok is false if no key matches.
func (r TrustRules) For(urls ...string) (t Trust, ok bool) {
	for _, url := range urls {
		at, remote := parsePlace(url)
		if !remote {
			continue
		}
		found := r.matching(at)
		ok = ok || len(found) > 0
		var here Trust
		for _, f := range found {
			if here.Verify == "" || at.unclear && f.Verify.Strictness() > here.Verify.Strictness() {
				here.Verify = f.Verify
			}
			setIfEmpty(&here.AllowedSigners, f.AllowedSigners)
			setIfEmpty(&here.OpenPGPKeys, f.OpenPGPKeys)
		}
		if here.Verify == "" && here.NamesKeys() {
			here.Verify = VerifySigned
		}
		if here.Verify.Strictness() > t.Verify.Strictness() {
			t.Verify = here.Verify
		}
		setIfEmpty(&t.AllowedSigners, here.AllowedSigners)
		setIfEmpty(&t.OpenPGPKeys, here.OpenPGPKeys)
	}
	return t, ok
}

// NamesKeys reports whether the table says which keys are trusted.
func (t Trust) NamesKeys() bool {
	return t.AllowedSigners != "" || t.OpenPGPKeys != ""
}

func setIfEmpty(s *string, value string) {
	if *s == "" {
		*s = value
	}
}

// matching returns the tables whose keys match a place, the longest key first.
func (r TrustRules) matching(at place) []Trust {
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(r.Tables)) {
		if p, err := parseTrustKey(key); err == nil && p.covers(at) {
			keys = append(keys, key)
		}
	}
	length := func(key string) int {
		p, _ := parseTrustKey(key)
		return 2*len(p.path) + min(len(p.port), 1)
	}
	slices.SortStableFunc(keys, func(a, b string) int { return length(b) - length(a) })
	out := make([]Trust, len(keys))
	for i, key := range keys {
		out[i] = r.Tables[key]
	}
	return out
}

// A place is where a repository is on a server, or a key of TrustRules.
type place struct {
	host    string   // canonical
	port    string   // empty in a key that means all ports
	path    []string // without ".git"
	unclear bool     // the path may mean another one to the server
}

// covers reports whether a key means a place. Servers differ in whether the case of a path matters.
func (p place) covers(at place) bool {
	if p.host != at.host || p.port != "" && p.port != at.port {
		return false
	}
	if at.unclear {
		return true
	}
	return len(p.path) <= len(at.path) && slices.EqualFunc(p.path, at.path[:len(p.path)], strings.EqualFold)
}

var scpForm = lazyregexp.New(`^(?:[^@/]*@)?(\[[^/]+\]|[^:/]{2,}):([^/].*|/.*)$`)

var defaultPorts = map[string]string{"https": "443", "http": "80", "ssh": "22"}

// parsePlace returns the place of a clone URL. remote is false for a path, and for what is not a URL.
func parsePlace(s string) (p place, remote bool) {
	host, path := "", ""
	if u, err := url.Parse(s); err == nil && defaultPorts[u.Scheme] != "" {
		host, path, p.port = u.Hostname(), u.Path, u.Port()
		if p.port == "" {
			p.port = defaultPorts[u.Scheme]
		}
	} else if m := scpForm.FindStringSubmatch(s); m != nil && !strings.Contains(s, "://") {
		host, path, p.port = m[1], m[2], defaultPorts["ssh"]
	}
	if host == "" {
		return place{}, false
	}
	p.host = hostname.Canonical(host)
	p.setPath(strings.TrimSuffix(strings.Trim(path, "/"), ".git"))
	return p, true
}

func (p *place) setPath(path string) {
	p.path = strings.Split(path, "/")
	p.unclear = strings.ContainsAny(path, `%\?#`) || slices.ContainsFunc(p.path, func(s string) bool {
		return s == "" || s == "." || s == ".."
	})
}

// parseTrustKey parses a key such as "github.com", "git.example.com:8443/team" and "github.com/team/pack".
func parseTrustKey(key string) (place, error) {
	host, path, hasPath := strings.Cut(key, "/")
	var p place
	found := hostName.FindStringSubmatch(host)
	if found == nil {
		return p, fmt.Errorf("%q is not a host, or a host and a namespace", secreturl.CleanHost(key))
	}
	p.host, p.port = hostname.Canonical(found[1]), strings.TrimPrefix(found[2], ":")
	if path = strings.TrimSuffix(strings.TrimSuffix(path, "/"), ".git"); !hasPath || path == "" {
		return p, nil
	}
	if p.setPath(path); p.unclear {
		return p, fmt.Errorf("the path of %q is not a namespace", secreturl.CleanHost(key))
	}
	return p, nil
}

// checkTrust checks the tables of a layer.
func checkTrust(doc *tomldoc.Document, m *Manifest, layer Layer) error {
	places := map[string]string{}
	if len(m.Trust) == 0 {
		return nil
	}
	tables := m.Trust[0].Tables
	for _, key := range slices.Sorted(maps.Keys(tables)) {
		t, at := tables[key], "sources."+key
		p, err := parseTrustKey(key)
		if err != nil {
			return doc.Errorf(at, "%w", err).
				WithHint("write it as [sources.\"HOST/NAMESPACE\"], without scheme, such as " +
					"[sources.\"github.com/my-team\"]")
		}
		name := strings.ToLower(fmt.Sprint(p))
		if other, twice := places[name]; twice {
			return doc.Errorf(at, "%q and %q are the same", other, key).WithHint("keep one of the two tables")
		}
		places[name] = key
		if t.Verify != "" && t.Verify.Strictness() < 0 {
			return doc.Errorf(at+".verify", "%w", errUnknown("value of verify", t.Verify, Verifies)).
				WithHint("choose signed, tofu or off")
		}
		if err := t.checkLayer(doc, at, layer); err != nil {
			return err
		}
	}
	return nil
}

// checkLayer refuses what a layer cannot say: a project can only make the check stricter.
func (t Trust) checkLayer(doc *tomldoc.Document, at string, layer Layer) error {
	if layer == BuiltIn {
		return doc.Errorf(at, "the built-in ppm.toml has no sources")
	}
	if layer != ProjectLayer {
		return nil
	}
	if t.Verify == VerifyOff {
		return doc.Errorf(at+".verify", "a project cannot turn the check of signatures off").
			WithHint("write it in your own ppm.toml")
	}
	for _, f := range []struct{ field, file string }{
		{"allowed_signers", t.AllowedSigners}, {"openpgp_keys", t.OpenPGPKeys},
	} {
		if f.file == "" {
			continue
		}
		if err := fileset.CheckPath(f.file); err != nil {
			return doc.Errorf(at+"."+f.field, "%w", err).
				WithHint("name a file of the project, or write the table in your own ppm.toml")
		}
	}
	return nil
}
