// Package project owns the verbs of ppm: what a command does to a project, from the
// reference that the user typed to the transaction that changes the disk.
//
// A session is one run of one verb. It reads the three layers of the manifest and the
// lockfile, holds the project's lock while it may write, and hands every change as a
// plan to package apply. Results are values with stable JSON names; nothing is printed.
package project

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	gitindex "github.com/Project-Manager-With-Git/ppm/pkg/git/index"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
	"github.com/Project-Manager-With-Git/ppm/pkg/registry"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
)

// The names of the two files that ppm keeps in a project's folder.
const (
	ManifestName = "ppm.toml"
	LockName     = "ppm.lock"
)

// A Setup is all that a session knows of the machine and of the user's wishes for every verb.
type Setup struct {
	Dir      string                                          // the project's folder
	Home     string                                          // the user's home folder
	UserFile string                                          // the user's layer of the manifest; need not exist
	CacheDir string                                          // ppm's cache
	Env      func(string) string                             // the network's variables: proxies, certificates, tokens, the ssh agent
	BuiltIn  []byte                                          // the built-in layer of the manifest
	Packs    fs.FS                                           // the folders that the built-in layer's index names
	Offline  bool                                            // use no network
	Refresh  bool                                            // ask the server again for what the cache knows
	Run      string                                          // the same for all sessions of one command in a workspace; empty for a project alone
	Proposal *Proposal                                       // gets the plan of a verb, which then changes nothing; nil for a verb that does its work
	LockWait time.Duration                                   // how long to wait for another ppm in the same project
	Ask      func(context.Context, Question) (string, error) // asks the user for a key; nil when no one can answer
	Notify   func(string)                                    // says something worth knowing that is no failure; may be nil
	Progress func(string)                                    // says what is being done; may be nil
}

// pmfp returns the path of one of pmfp's own files, or "" without a home.
func (s Setup) pmfp(name string) string {
	if !filepath.IsAbs(s.Home) {
		return ""
	}
	return filepath.Join(s.Home, ".pmfprc", name)
}

// A Question asks for the value of a key.
type Question struct {
	Key         string
	Description string
	Default     string
	Choices     []string
}

// A Session is one run of one verb.
type Session struct {
	setup    Setup
	silent   bool                          // nobody listens to progress
	layers   *manifest.Manifest            // the built-in layer, the user's and the project's, merged
	own      *manifest.Manifest            // the project's layer alone
	entries  map[string]manifest.Component // of the project's layer, by path
	text     []byte                        // the project's manifest as it stands on disk; nil when there is none
	lock     *lockfile.Lock
	project  *manifest.Project // what [project] shall say; nil leaves it as it is
	lockText []byte            // the lockfile as it stands on disk; nil when there is none
	stops    map[string]stop   // the packs whose manifests were read, by URL and commit
	registry *registry.Registry
	remote   *fetch.Client
	store    *apply.Project
	changed  bool // a transaction has been applied

	conflicts []gitindex.Conflict // what the plan leaves in conflict, for git's index
	noIndex   bool                // leave that alone
}

// New returns a session that has read the built-in layer and the user's. A verb that
// works on a project reads the project's layer and its lockfile by itself.
func New(setup Setup) (*Session, error) {
	if setup.Notify == nil {
		setup.Notify = func(string) {}
	}
	silent := setup.Progress == nil
	if silent {
		setup.Progress = func(string) {}
	}
	s := &Session{setup: setup, silent: silent, lock: &lockfile.Lock{}, own: &manifest.Manifest{}, stops: map[string]stop{}}
	builtIn, err := manifest.Parse("built-in ppm.toml", setup.BuiltIn, manifest.BuiltIn)
	if err != nil {
		return nil, err
	}
	s.layers = builtIn
	if data, err := readOptional(setup.pmfp("config.json")); err != nil {
		return nil, err
	} else if data != nil {
		layer, err := manifest.FromPmfp(data)
		if err != nil {
			return nil, err
		}
		s.layers = manifest.Merge(s.layers, layer)
	}
	if data, err := readOptional(setup.UserFile); err != nil {
		return nil, err
	} else if data != nil {
		layer, err := manifest.Parse(setup.UserFile, data, manifest.User)
		if err != nil {
			return nil, err
		}
		s.layers = manifest.Merge(s.layers, layer)
	}
	return s, s.connect()
}

// Close ends the session's connections.
func (s *Session) Close() error { return s.remote.Close() }

// Changed reports whether the session has changed the project.
func (s *Session) Changed() bool { return s.changed }

// connect makes the registry and the fetcher of the layers read so far.
func (s *Session) connect() error {
	s.registry = registry.New(s.layers, s.setup.Packs)
	remote, err := s.client(s.setup.Offline)
	s.remote = remote
	return err
}

// client returns a new fetcher. One that is offline knows what is on this machine.
func (s *Session) client(offline bool) (*fetch.Client, error) {
	options := fetch.Options{
		Dir: s.setup.Dir, CacheDir: s.setup.CacheDir, Home: s.setup.Home, Env: s.setup.Env,
		Offline: offline, Refresh: s.setup.Refresh && !offline,
		Builtin: s.builtin,
		Policy: fetch.Policy{
			AllowHosts: s.layers.Sources.AllowHosts,
			DenyHosts:  s.layers.Sources.DenyHosts,
			AllowHTTP:  s.layers.Sources.AllowHTTP,
		},
	}
	if !s.silent { // a server that need not say how far it is answers sooner
		options.Progress = func(e fetch.Event) { s.setup.Progress(e.String()) }
	}
	return fetch.New(options)
}

// builtin hands a pack of the registry to the fetcher in the fetcher's own words.
func (s *Session) builtin(name string) (*fetch.Builtin, error) {
	if len(s.registry.Tags(name)) == 0 {
		_, err := s.registry.Releases(name)
		return nil, err
	}
	key, err := s.registry.Key(name)
	if err != nil {
		return nil, err
	}
	return &fetch.Builtin{Name: name, Key: key, Releases: func() ([]fetch.Release, error) {
		releases, err := s.registry.Releases(name)
		if err != nil {
			return nil, err
		}
		out := make([]fetch.Release, len(releases))
		for i, r := range releases {
			out[i] = fetch.Release{Tag: r.Tag, Branch: r.Branch, Date: r.Date, Message: "Release " + r.Tag, Files: r.Files}
		}
		return out, nil
	}}, nil
}

// begin opens the project's folder and reads the project. For a verb that writes it
// takes the project's lock; what an earlier run left behind is completed or taken back.
func (s *Session) begin(ctx context.Context, writes bool) (end func() error, err error) {
	s.store, err = apply.Open(ctx, s.setup.Dir, apply.Options{LockTimeout: s.setup.LockWait, ReadOnly: !writes})
	if err != nil {
		return nil, err
	}
	if recovered := s.store.Recovered(); recovered != nil {
		s.setup.Notify(describeRecovery(recovered))
	}
	if err := s.read(); err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	return s.store.Close, nil
}

// read reads the project's layer of the manifest and the lockfile.
func (s *Session) read() (err error) {
	if s.text, err = s.optional(ManifestName); err != nil {
		return err
	}
	if s.text != nil {
		if s.own, err = manifest.Parse(ManifestName, s.text, manifest.ProjectLayer); err != nil {
			return err
		}
		s.layers = manifest.Merge(s.layers, s.own)
		s.entries = make(map[string]manifest.Component, len(s.own.Components))
		for _, c := range s.own.Components {
			s.entries[c.Path] = c
		}
		if err := s.connect(); err != nil {
			return err
		}
	}
	if s.lockText, err = s.optional(LockName); err != nil {
		return err
	}
	if s.setup.Proposal != nil {
		s.setup.Proposal.begin(s)
	}
	if s.lockText == nil {
		return nil
	}
	if s.lock, err = lockfile.Parse(LockName, s.lockText); err != nil {
		return err
	}
	for _, c := range s.lock.Components {
		if c.Render > render.Version {
			return failure.Errorf(failure.Usage, "reading %q: %q was rendered by version %d of the rules, and this ppm knows %d", LockName, c.Path, c.Render, render.Version).
				WithHint("take a newer ppm")
		}
	}
	return nil
}

// optional reads a file of the project, or nil when there is none.
func (s *Session) optional(name string) ([]byte, error) {
	data, err := s.store.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// fact reads a file of another tool that says something about the project. A link is followed to a file
// inside the project; what leads elsewhere, or is no file, is passed over with a note.
func (s *Session) fact(name string) ([]byte, error) {
	data, err := s.optional(name)
	if !errors.Is(err, failure.Refused) {
		return data, err
	}
	if at, ok := s.linked(name); ok {
		if data, err = s.store.ReadFile(at); err == nil {
			return data, nil
		}
	}
	s.setup.Notify(fmt.Sprintf("%s is passed over: it is no file of at most 64 MiB, nor a link to one in the project", name))
	return nil, nil
}

// linked returns the path in the project that a link leads to, and false when there is none.
func (s *Session) linked(name string) (string, bool) {
	root, err := filepath.EvalSymlinks(s.setup.Dir)
	if err != nil {
		return "", false
	}
	at, err := filepath.EvalSymlinks(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		return "", false
	}
	at, err = filepath.Rel(root, at)
	return filepath.ToSlash(at), err == nil && filepath.IsLocal(at)
}

// information returns what the project says about itself, for templates to name.
func (s *Session) information() (metadata.Info, error) {
	user, err := readOptional(s.setup.pmfp("pmfprc.json"))
	if err != nil {
		return nil, err
	}
	told, warnings, err := metadata.Read(metadata.Sources{
		User: user, Folder: s.setup.Dir, Project: s.own.Project, Read: s.fact,
	})
	for _, w := range warnings {
		s.setup.Notify(w)
	}
	return told, err
}

func describeRecovery(r *apply.Recovery) string {
	done := "taken back"
	if r.Completed {
		done = "completed"
	}
	text := fmt.Sprintf("%q was interrupted and has been %s", "ppm project "+r.Command, done)
	if len(r.Kept) > 0 {
		text += "; left as you changed them: " + strings.Join(r.Kept, ", ")
	}
	return text
}
