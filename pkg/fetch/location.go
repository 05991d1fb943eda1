package fetch

import (
	"path/filepath"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch/wire"
	"github.com/Project-Manager-With-Git/ppm/pkg/policy"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

// A location is where a repository is: after git's url.*.insteadOf rules, and for the policy.
type location struct {
	asked  string        // the URL that was asked for
	url    secreturl.URL // the URL to use
	dialer *wire.Dialer  // of a remote repository
	place  policy.Place  // of url
	names  []policy.Place
}

// Decisions returns what the policy says about the repository at url, with the arguments of Repo: each place that its
// files come from or that it is known by, and the decisions about it. The first place is the one of the files.
func (c *Client) Decisions(url string, names ...string) ([]policy.Place, []policy.Decision, error) {
	at, err := c.locate(url, names)
	if err != nil {
		return nil, nil, err
	}
	return append([]policy.Place{at.place}, at.names...), at.decisions(c.o.Policy), nil
}

// decisions returns what a policy says about a location. Rules about schemes and hosts are about what is connected to;
// rules about namespaces are about the names as well, because they say whose files these are.
func (l location) decisions(p policy.Policy) []policy.Decision {
	out := p.Connection(l.place)
	for _, name := range l.names {
		out = append(out, p.Name(name))
	}
	return out
}

// locate finds out where the repository at url is. names are other URLs that it is known by.
func (c *Client) locate(url string, names []string) (location, error) {
	at := location{asked: url, url: secreturl.New(url)}
	if !isLocal(url) && !isBuiltin(url) {
		at.dialer = c.dialer(url)
		var err error
		if at.url, err = at.dialer.Rewrite(url); err != nil {
			return at, err
		}
	}
	var err error
	if at.place, err = c.placeOf(at.url, at.dialer); err != nil {
		return at, err
	}
	for _, name := range append([]string{url}, names...) {
		place, err := c.placeOf(secreturl.New(name), at.dialer)
		if err != nil {
			return at, err
		}
		if place.String() != at.place.String() && !slices.Contains(at.names, place) {
			at.names = append(at.names, place)
		}
	}
	return at, nil
}

// placeOf returns the place of the repository at url. The dialer may be nil.
func (c *Client) placeOf(url secreturl.URL, dialer *wire.Dialer) (policy.Place, error) {
	if name, ok := ref.BuiltinName(url.Reveal()); ok {
		return policy.NewPlace(policy.Builtin, "", name), nil
	}
	if isLocal(url.Reveal()) {
		path, err := localPath(c.o.Dir, url.Reveal())
		if err != nil {
			return policy.Place{}, failure.Errorf(failure.Usage, "opening the repository %s: %w",
				quote(url.String()), err).
				WithHint("give the path of a git repository")
		}
		return policy.NewPlace(policy.File, "", filepath.ToSlash(path)), nil
	}
	if dialer == nil {
		dialer = c.dialer(url.Reveal())
	}
	return dialer.Place(url)
}

func isBuiltin(url string) bool {
	_, ok := ref.BuiltinName(url)
	return ok
}
