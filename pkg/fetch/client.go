// Package fetch owns how the files of a pack come to this machine: the transports, the cache, and the checks that
// every tree passes before any of it is used.
//
// A repository is a git repository that publishes a pack. It is one of three: remote (https, ssh), local (a path or a
// file:// URL), or built in ("builtin:NAME", made from what the binary carries). A snapshot is one commit of it,
// present on this machine. A tree is one component of a snapshot: a folder or a single file.
//
// The cache is a folder of bare git repositories that hold the commits asked for so far, each with the refs it was
// found by. Where the server can leave out the content of files, it is fetched when it is first read. The cache may be
// deleted at any time. Many processes may use it at once: a writer holds a lock for each repository, a reader needs
// none. Whatever is read is compared with its git id, so a damaged cache is repaired by fetching again, or is an
// error, and never changes a result.
package fetch

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch/wire"
	"github.com/Project-Manager-With-Git/ppm/pkg/knowntags"
	"github.com/Project-Manager-With-Git/ppm/pkg/policy"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

// Options says where a Client keeps its cache and what it may do.
type Options struct {
	// where relative paths of repositories start; empty is the process's own folder
	Dir      string
	CacheDir string              // root of ppm's cache; empty when there is none
	Home     string              // the user's home, for .netrc, .ssh and .gitconfig
	Env      func(string) string // the environment; only variables about the network and git are read
	Offline  bool                // do not connect, answer from the cache
	Refresh  bool                // ask the server even for what the cache could answer
	// the packs inside the binary; nil, or a nil result, when there is none
	Builtin  func(name string) (*Builtin, error)
	Policy   policy.Policy // which repositories may be used
	Limits   Limits        // the zero value means DefaultLimits
	Progress func(Event)   // called when something that takes time starts; may be nil
	Notify   func(string)  // reports what is worth knowing and no failure; may be nil

	KnownTags   *knowntags.List // of this machine; nil when there is none
	AcceptMoved []string        // tags that may name another commit than before
}

// An Event reports what a Client is doing to a waiting user.
type Event struct {
	URL  string // of the repository, without credentials
	Text string // one line, from the server or from ppm
}

func (e Event) String() string { return e.URL + ": " + e.Text }

// A Client opens repositories. It is safe for use by several goroutines.
type Client struct {
	o Options

	mu    sync.Mutex
	repos map[string]*Repo

	unknown    sync.Once // the note that the list of known tags cannot be used
	checkCache sync.Once // the note that other users can change the cache
}

// New returns a client with the given options. It touches neither disk nor network.
func New(o Options) (*Client, error) {
	if o.Env == nil {
		o.Env = func(string) string { return "" }
	}
	if o.Notify == nil {
		o.Notify = func(string) {}
	}
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits
	}
	if o.CacheDir != "" && !filepath.IsAbs(o.CacheDir) {
		return nil, failure.Errorf(failure.Usage, "opening the cache %q: the path is not absolute", o.CacheDir).
			WithHint("give the cache folder's absolute path")
	}
	return &Client{o: o, repos: map[string]*Repo{}}, nil
}

// Close ends the connections and closes the files that the client's repositories keep open.
// Later use opens them again.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, r := range c.repos {
		errs = append(errs, r.reader.close())
	}
	return errors.Join(errs...)
}

// Repo returns the repository at url: "builtin:NAME", a local path (absolute, or starting with
// "./" or "../"), or a clone URL. Git's url.*.insteadOf rules and the policy are applied
// here; nothing is connected to. names are the other URLs that the repository is known by, if
// url is that of a mirror. Errors are of kind Usage (no such pack or path, a form of URL
// that ppm does not support) or Refused (the policy).
func (c *Client) Repo(url string, names ...string) (*Repo, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := strings.Join(append([]string{url}, names...), "\n")
	if r, ok := c.repos[key]; ok {
		return r, nil
	}
	at, err := c.locate(url, names)
	if err != nil {
		return nil, err
	}
	if err := policy.Check(at.decisions(c.o.Policy)...); err != nil {
		return nil, err
	}
	b, err := c.backend(at)
	if err != nil {
		return nil, err
	}
	r := &Repo{&reader{backend: b, limits: c.o.Limits}}
	c.repos[key] = r
	return r, nil
}

func (c *Client) backend(at location) (backend, error) {
	if name, ok := ref.BuiltinName(at.url.Reveal()); ok {
		c.warnOfOthers()
		return c.builtin(name)
	}
	if isLocal(at.url.Reveal()) {
		return openLocal(c.o.Dir, at.url.Reveal())
	}
	c.warnOfOthers()
	return c.remote(at), nil
}

// dialer returns what connects to the repository at url, a remote one.
func (c *Client) dialer(url string) *wire.Dialer {
	fromServer := (func(string))(nil)
	if c.o.Progress != nil {
		fromServer = c.report(url)
	}
	acceptedHosts := ""
	if c.o.CacheDir != "" {
		acceptedHosts = filepath.Join(c.o.CacheDir, "known_hosts")
	}
	return wire.New(wire.Options{
		Home: c.o.Home, Dir: cmp.Or(c.o.Dir, "."), Env: c.o.Env, Policy: c.o.Policy,
		AcceptedHosts: acceptedHosts,
		MaxPack:       c.o.Limits.PackBytes,
		MaxTime:       c.o.Limits.Time,
		Progress:      fromServer,
	})
}

// report returns what tells a waiting user what is done about the repository at url.
func (c *Client) report(url string) func(text string) {
	return func(text string) {
		if c.o.Progress != nil {
			c.o.Progress(Event{secreturl.Clean(url), text})
		}
	}
}

func (c *Client) remote(at location) backend {
	public := at.url.String()
	r := &remote{
		server: &server{
			url: at.url, public: public, dialer: at.dialer, report: c.report(at.asked), notify: c.o.Notify,
			asked: map[string]bool{},
		},
		cache:   cachedRepo{url: public, offline: c.o.Offline},
		offline: c.o.Offline, refresh: c.o.Refresh, limits: c.o.Limits,
		fills: map[string]int{},
		known: knownTags{list: c.o.KnownTags, url: public, accept: c.o.AcceptMoved, notify: c.noteUnknown},
	}
	if c.o.CacheDir != "" {
		r.cache.slot = newSlot(c.o.CacheDir, remoteKind, public)
	}
	return r
}

func (c *Client) builtin(name string) (backend, error) {
	var b *Builtin
	if c.o.Builtin != nil {
		var err error
		if b, err = c.o.Builtin(name); err != nil {
			return nil, err
		}
	}
	if b == nil {
		return nil, failure.Errorf(failure.Usage, "opening %q: this ppm has no built-in pack of that name",
			ref.BuiltinURL(name)).
			WithHint("run ppm registry list to see the built-in packs")
	}
	return newBuiltin(b, c.o.CacheDir), nil
}

// List returns what the cache holds, by URL.
func (c *Client) List(ctx context.Context) ([]CacheEntry, error) {
	return cacheDir(c.o.CacheDir).list(ctx)
}

// Clean removes from the cache what the options select and returns it: of each repository the refs and commits that
// were removed and the bytes that were freed. What is removed is fetched again when it is needed.
func (c *Client) Clean(ctx context.Context, o CleanOptions) ([]CacheEntry, error) {
	if err := o.checkMode(); err != nil {
		return nil, err
	}
	if err := c.Close(); err != nil {
		return nil, err
	}
	gone, err := cacheDir(c.o.CacheDir).clean(ctx, o, c.o.Limits)
	if err != nil || !o.removesNamedTags() {
		return gone, err
	}
	return gone, c.forgetTags(ctx, o)
}
