package install

import (
	"fmt"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/resolver"
)

// URL returns the clone URL of an origin. An origin that the lockfile names has its shared meaning, so that the
// user's own settings do not give an install another repository.
func (p *Packs) URL(o ref.Origin) string {
	if p.recorded[o] {
		return p.shared.URL(o)
	}
	return p.registry.URL(o)
}

// Portable returns an origin that means here, and to every other user of the project, what o means here: a name to
// which only the user's own settings give its meaning is made explicit.
func (p *Packs) Portable(o ref.Origin) ref.Origin {
	if p.recorded[o] || p.registry.URL(o) == p.shared.URL(o) {
		return o
	}
	return p.registry.Explicit(o)
}

// CheckOrigin returns an error of kind Integrity unless the URL and the ref of an install in a lockfile are those that
// its source means. It asks no server: whether the ref has the commit is not checked.
func (p *Packs) CheckOrigin(c lockfile.Component) error {
	url, references := "", c.References()
	for i, r := range references {
		if i > 0 && r.Origin.IsLocal() && !references[i-1].Origin.IsLocal() {
			return errOrigin(c, "%s cannot refer to %s, a path of this machine", references[i-1], r)
		}
		if url == "" || !isSameRepository(r.Origin, url) {
			url = p.shared.URL(r.Origin)
		}
	}
	if url != c.URL {
		return p.errOtherURL(c, url)
	}
	v := c.Source.Version
	tag, isTag := strings.CutPrefix(c.Ref, ref.TagPrefix)
	if (v.Kind() == ref.Glob || v.Kind() == ref.Range) && !(isTag && resolver.Matches(v, tag)) {
		return errOrigin(c, "its ref is %q, which %q does not match", c.Ref, v)
	}
	return nil
}

// errOtherURL returns the error about an install whose URL is not the one that its source means.
func (p *Packs) errOtherURL(c lockfile.Component, url string) error {
	err := errOrigin(c, "it is the repository %s, and its url is %s", url, c.URL)
	o := c.Source.Origin
	if p.registry.URL(o) == c.URL && p.registry.URL(o) != p.shared.URL(o) {
		return err.WithHint("only your own settings give %s this URL; to keep it, write it into [packs.%s] of "+
			"ppm.toml, or else restore ppm.lock from version control", o, o.Repo)
	}
	return err.WithHint("restore ppm.lock from version control; if the repository moved, run "+
		"ppm project upgrade --from-url %s %s", c.URL, url)
}

// errOrigin returns an error about what a lockfile says of the origin of an install.
func errOrigin(c lockfile.Component, format string, args ...any) *failure.Error {
	return failure.Errorf(failure.Integrity, "checking the source %q of %q in ppm.lock: %s",
		c.Source, c.Path, fmt.Sprintf(format, args...)).
		WithHint("restore ppm.lock from version control")
}
