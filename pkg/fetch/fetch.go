// Package fetch owns how the files of a pack come to this machine: the transports, the
// cache, and the checks that every tree passes before one of its bytes is used.
//
// A repository is a git repository that publishes a pack. It is one of three: remote
// (https, ssh), local (a path or a file:// URL), or built in ("builtin:NAME", made from
// what the binary carries). A snapshot is one commit of it, present on this machine. A
// tree is one component of a snapshot: a folder or a single file.
//
// The cache is a folder of bare git repositories that hold the commits asked for so far,
// each with the refs it was found by. Where the server can leave out the content of files,
// it comes when it is first read. The cache may be deleted at any time. Many processes may use
// it at once: whoever writes holds a lock per repository, whoever reads needs none. Whatever
// is read is compared with the git id it is known by, so a damaged cache is repaired by
// fetching again, or is an error, and never changes a result.
package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch/wire"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// Options says where a Client keeps its cache and what it may do.
type Options struct {
	Dir      string                              // where the relative paths of repositories begin; empty is the process's own folder
	CacheDir string                              // root of ppm's cache; empty when there is none
	Home     string                              // the user's home, for .netrc, .ssh and .gitconfig
	Env      func(string) string                 // the environment, asked for the network's own variables only
	Offline  bool                                // connect to nothing, answer from the cache
	Refresh  bool                                // ask the server even for what the cache could answer
	Builtin  func(name string) (*Builtin, error) // the packs inside the binary; nil, or a nil result, when there is none
	Policy   Policy
	Limits   Limits      // the zero value stands for DefaultLimits
	Progress func(Event) // told what is going on; may be nil
}

// Policy says which hosts may be connected to. A host is a name, a "*.suffix" or a "host:port".
type Policy struct {
	AllowHosts []string // when not empty, no other host
	DenyHosts  []string
	AllowHTTP  []string // hosts that may be spoken to without encryption
}

// An Event is one thing a Client is doing, for a user who waits.
type Event struct {
	URL  string // of the repository, without credentials
	Text string // what happens, one line, as the server or ppm words it
}

func (e Event) String() string { return e.URL + ": " + e.Text }

// A Builtin is a pack that the binary carries.
type Builtin struct {
	Name     string
	Key      string                    // changes whenever the content does, so that unchanged content is not read at all
	Releases func() ([]Release, error) // in the order of their commits
}

// A Release is one tag of a built-in pack: a commit whose tree is exactly Files.
type Release struct {
	Tag     string
	Branch  string // the parent of the commit is the release before it on the same branch
	Date    time.Time
	Message string
	Files   fileset.Set
}

// A Client opens repositories. It is safe for use by several goroutines.
type Client struct {
	o Options

	mu    sync.Mutex
	repos map[string]*Repo
}

// New returns a client with the given options. It touches neither disk nor network.
func New(o Options) (*Client, error) {
	if o.Env == nil {
		o.Env = func(string) string { return "" }
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
		errs = append(errs, r.close())
	}
	return errors.Join(errs...)
}

// Repo returns the repository at url: "builtin:NAME", a local path (absolute, or starting with
// "./" or "../"), or a clone URL. Git's url.*.insteadOf rules and the host policy are applied
// here; nothing is connected to. Errors are of kind Usage (no such pack or path, a form of URL
// that ppm does not speak) or Refused (the policy).
func (c *Client) Repo(url string) (*Repo, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r, ok := c.repos[url]; ok {
		return r, nil
	}
	o, err := c.origin(url)
	if err != nil {
		return nil, err
	}
	r := &Repo{origin: o, limits: c.o.Limits}
	c.repos[url] = r
	return r, nil
}

func (c *Client) origin(url string) (origin, error) {
	if name, ok := ref.BuiltinName(url); ok {
		return c.builtin(name)
	}
	if isLocal(url) {
		return openLocal(c.o.Dir, url)
	}
	return c.remote(url)
}

// remote opens the repository that url leads to, by way of git's insteadOf rules.
func (c *Client) remote(url string) (origin, error) {
	tell, listen := func(string) {}, (func(string))(nil)
	if c.o.Progress != nil {
		tell = func(text string) { c.o.Progress(Event{wire.Public(url), text}) }
		listen = tell
	}
	d, err := wire.New(wire.Options{
		Home: c.o.Home, Env: c.o.Env,
		AllowHosts: c.o.Policy.AllowHosts, DenyHosts: c.o.Policy.DenyHosts, AllowHTTP: c.o.Policy.AllowHTTP,
		MaxPack:  c.o.Limits.PackBytes,
		Progress: listen,
	})
	if err != nil {
		return nil, err
	}
	at, err := d.Rewrite(url)
	if err != nil {
		return nil, err
	}
	if isLocal(at) { // a mirror on this disk
		return openLocal(c.o.Dir, at)
	}
	r := &remote{
		at: at, public: wire.Public(at), dialer: d, tell: tell,
		offline: c.o.Offline, refresh: c.o.Refresh, limits: c.o.Limits,
		asked: map[string]bool{}, fills: map[string]int{},
	}
	if c.o.CacheDir != "" {
		r.slot = slot{filepath.Join(c.o.CacheDir, "git", folderName(r.public))}
	}
	return r, nil
}

func (c *Client) builtin(name string) (origin, error) {
	var b *Builtin
	if c.o.Builtin != nil {
		var err error
		if b, err = c.o.Builtin(name); err != nil {
			return nil, err
		}
	}
	if b == nil {
		return nil, failure.Errorf(failure.Usage, "opening %q: this ppm has no built-in pack of that name", ref.BuiltinURL(name)).
			WithHint("run ppm registry list to see the built-in packs")
	}
	o := &builtin{pack: b}
	if c.o.CacheDir != "" {
		o.slot = slot{filepath.Join(c.o.CacheDir, "builtin", folderName(b.Name))}
		o.dir = filepath.Join(o.slot.path, folderName(b.Key))
	}
	return o, nil
}

// folderName returns the name of the cache folder for key: fixed length, no character that means anything to a disk.
func folderName(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}

// check returns the context's error as one of kind Interrupted, or nil.
func check(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return failure.Errorf(failure.Interrupted, "fetching: %w", context.Cause(ctx))
	}
	return nil
}
