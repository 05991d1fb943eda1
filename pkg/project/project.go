// Package project owns the verbs of ppm: what a command does to a project.
//
// Open reads a project once, into a State. A verb is a method of the open project. One that changes something
// returns a Transaction, a value that Apply carries out, Preview reports and Save writes to a file. Results have
// stable JSON names; nothing is printed.
package project

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/authcode"
	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/conflict"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/config"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/index"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/knowntags"
	"github.com/Project-Manager-With-Git/ppm/pkg/location"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/signers"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
	"github.com/Project-Manager-With-Git/ppm/pkg/status"
	"github.com/Project-Manager-With-Git/ppm/pkg/worktree"
)

// A Setup is what all verbs need to know of the machine and the user.
type Setup struct {
	Dir      string // the project's folder, absolute
	Current  string // the folder that typed paths are relative to, absolute; empty means Dir
	Home     string // the user's home folder
	CacheDir string // ppm's cache

	MachineFile string // the machine's layer of the manifest; need not exist
	UserFile    string // the user's; need not exist

	Env     func(string) string // the environment: proxies, certificates, tokens, the ssh agent
	BuiltIn []byte              // the built-in layer of the manifest
	Packs   fs.FS               // the folders that the index of the built-in layer names
	Offline bool                // use no network
	Refresh bool                // ask the server again for what the cache knows
	RunID   string              // the same for all projects of one command in a workspace; else empty
	// Open the project although the lockfile may have installs of other origins than their sources; see CheckOrigins.
	AnyOrigin bool
	LockWait  time.Duration // how long to wait for another ppm in the same project

	// Folders for the user's key for what commands leave in .ppm and for fingerprints of secrets, the preferred first.
	KeyDirs []string

	KnownTags     string   // the file with the list of known tags of this machine; empty when there is none
	AcceptMoved   []string // tags that may name another commit than before
	AcceptSigners []string // signers that may sign although another one did so far

	Ask func(context.Context, install.Question) (string, error) // asks the user for a key; nil when nobody can answer
	// Reports what the user must know although it is not a failure; may be nil.
	Warn func(string)
	// Reports what is worth knowing and no failure; may be nil.
	Notify   func(string)
	Progress func(string) // reports what is being done; may be nil
}

// layers reads the layers of the manifest below the project's.
func (s Setup) layers() (*manifest.Manifest, error) { return s.layerFiles().Read() }

func (s Setup) layerFiles() state.LayerFiles {
	return state.LayerFiles{
		BuiltIn: s.BuiltIn, Pmfp: s.pmfpFile("config.json"), Machine: s.MachineFile, User: s.UserFile,
	}
}

// pmfpFile returns the path of one of pmfp's own files, or "" without a home.
func (s Setup) pmfpFile(name string) string {
	if !filepath.IsAbs(s.Home) {
		return ""
	}
	return filepath.Join(s.Home, ".pmfprc", name)
}

// OpenPacks returns the packs that the layers below a project's name, for commands without a project.
func OpenPacks(setup Setup) (*install.Packs, error) {
	layers, err := setup.layers()
	if err != nil {
		return nil, err
	}
	return setup.packs(state.State{Layers: layers}, nil)
}

// packs returns the packs that the layers and the lockfile of a project name. Without a project these are empty, and
// read, which reads a file of the project, is nil.
func (s Setup) packs(of state.State, read func(name string) ([]byte, error)) (*install.Packs, error) {
	notify := s.Notify
	if notify == nil {
		notify = func(string) {}
	}
	for _, signer := range s.AcceptSigners {
		if err := signers.ParseAccepted(signer); err != nil {
			return nil, err
		}
	}
	shared := of.Layers
	if of.Manifest != nil {
		var err error
		if shared, err = s.layerFiles().Shared(of.Manifest); err != nil {
			return nil, err
		}
	}
	return install.NewPacks(install.Options{
		Layers: of.Layers, Shared: shared, Lock: of.Lock, BuiltIn: s.Packs, Notify: notify, Progress: s.Progress,
		Fetch: fetch.Options{
			Dir: s.Dir, CacheDir: s.CacheDir, Home: s.Home, Env: s.Env, Offline: s.Offline, Refresh: s.Refresh,
			KnownTags: s.knownTags(), AcceptMoved: s.AcceptMoved,
		},
		Signers: signers.New(signers.Options{
			Rules: of.Layers.Trust, Home: s.Home, Env: s.Env, ReadProject: read, Now: time.Now,
		}),
	})
}

// keys returns the user's keys for what commands leave in .ppm.
func (s Setup) keys() *authcode.Keys { return authcode.New(s.KeyDirs...) }

func (s Setup) knownTags() *knowntags.List {
	if s.KnownTags == "" {
		return nil
	}
	return knowntags.New(s.KnownTags)
}

// An Access says what an open project is for.
type Access bool

// Read opens a project for reading. Write takes the project's lock.
const (
	Read  Access = false
	Write Access = true
)

// A Project is an open project. It is not safe for use by several goroutines.
type Project struct {
	state.State
	setup   Setup
	tree    worktree.Tree
	packs   *install.Packs
	secrets *secrets
	bases   map[string]install.Base // of installs, by their text in the lockfile
	tracked func() index.Tracked    // the files that git tracks in the project
	changed bool                    // a transaction has been applied

	confirmed bool // State.Lock has files elsewhere than the lockfile; see confirmMoves

	warnings []string // about the metadata, that have been reported
}

// Open opens and reads the project in setup.Dir. What a killed command left there is completed or rolled back. The
// error is of kind Locked when another ppm holds the project's lock for longer than setup.LockWait.
func Open(ctx context.Context, setup Setup, access Access) (*Project, error) {
	if setup.Notify == nil {
		setup.Notify = func(string) {}
	}
	if setup.Warn == nil {
		setup.Warn = setup.Notify
	}
	layers, err := setup.layers()
	if err != nil {
		return nil, err
	}
	tracked := sync.OnceValue(func() index.Tracked { return index.ReadTracked(setup.Dir) })
	sparse := func(name string) bool { return tracked().IsSparse(name) } // read when a file is missing
	store, err := apply.Open(ctx, setup.Dir, apply.Options{
		LockTimeout: setup.LockWait, ReadOnly: access == Read, IgnoreModes: setup.ignoresModes(), Sparse: sparse,
		Keys: setup.keys(),
	})
	if err != nil {
		return nil, err
	}
	p := &Project{
		setup: setup, bases: map[string]install.Base{}, tree: worktree.Tree{Dir: setup.Dir, Project: store},
		tracked: tracked,
	}
	p.reportState(access)
	if p.State, err = state.Read(p.tree, layers); err == nil {
		err = checkRecords(p.State, sparse)
	}
	if err == nil {
		p.packs, err = setup.packs(p.State, p.tree.ReadFile)
	}
	if err == nil && !setup.AnyOrigin {
		err = p.CheckOrigins(p.Lock)
	}
	if err == nil {
		p.secrets = p.newSecrets(ctx)
		p.tree.View = p.secrets
		p.noteOtherSources()
		err = p.confirmMoves(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	p.Location = location.Location{Current: cmp.Or(setup.Current, setup.Dir), Project: setup.Dir}
	return p, nil
}

// reportState reports what Open found in .ppm.
func (p *Project) reportState(access Access) {
	if recovered := p.tree.Recovered(); recovered != nil {
		p.setup.Warn(describeRecovery(recovered))
	}
	if err := p.tree.Untrusted(); err != nil {
		p.setup.Warn(err.Error() + "; " + failure.Hint(err))
	}
	p.index().Recover()
	if access == Write {
		p.WarnOfTracked()
	}
}

// ignoresModes reports whether git ignores the modes of files in the project's folder. If its configuration cannot be
// read, modes count.
func (s Setup) ignoresModes() bool {
	c, err := config.Read(config.Place{Home: s.Home, Dir: s.Dir, Env: s.Env})
	if err != nil {
		s.Notify(err.Error())
		return false
	}
	return !c.Bool("core", "filemode", true)
}

// Close releases the project's lock and ends all connections.
func (p *Project) Close() error { return errors.Join(p.packs.Close(), p.tree.Close()) }

// Changed reports whether a transaction has changed the project.
func (p *Project) Changed() bool { return p.changed }

func describeRecovery(r *apply.Recovery) string {
	done := "rolled back"
	if r.Completed {
		done = "completed"
	}
	text := fmt.Sprintf("%q was interrupted and has been %s", "ppm project "+r.Command, done)
	if len(r.Kept) > 0 {
		text += "; left as you changed them: " + strings.Join(r.Kept, ", ")
	}
	return text
}

// metadata returns what the project states about itself, for templates to name. If nothing states the project's name,
// it is the one that installs were rendered with: the folder of a clone can have another one.
func (p *Project) metadata(stated manifest.Project) (metadata.Metadata, error) {
	user, err := configfile.ReadOptional(p.setup.pmfpFile("pmfprc.json"))
	if err != nil {
		return metadata.Metadata{}, err
	}
	info, warnings, err := metadata.Read(metadata.Sources{
		User: user, Folder: p.setup.Dir, Project: stated, Read: p.readMetadata,
	})
	for _, w := range warnings {
		if !slices.Contains(p.warnings, w) {
			p.warnings = append(p.warnings, w)
			p.setup.Notify(w)
		}
	}
	if err == nil && info.From[projectName] == metadata.FromFolder {
		if name, _ := p.recordedName(); name != "" {
			info.Values[projectName] = name
		}
	}
	return info, err
}

// readMetadata reads a file in which another tool keeps metadata of the project.
func (p *Project) readMetadata(name string) ([]byte, error) {
	data, ok, err := p.tree.ReadLinked(name)
	if !ok {
		p.setup.Notify(fmt.Sprintf("skipping %s: it is neither a file of at most 64 MiB nor a link to one in the "+
			"project",
			name))
	}
	return data, err
}

// newBuilder returns a builder for the project, with values for keys.
func (p *Project) newBuilder(pairs []ref.KV, stated manifest.Project) (*install.Builder, error) {
	given, err := install.GivenKeys(pairs)
	if err != nil {
		return nil, err
	}
	info, err := p.metadata(stated)
	if err != nil {
		return nil, err
	}
	return &install.Builder{
		Packs: p.packs, Lock: p.Lock, Secrets: p.secrets, AcceptMoved: p.setup.AcceptMoved,
		AcceptSigners: p.setup.AcceptSigners,
		Keys: &install.Keys{
			Given: given, Configured: p.Manifest.Keys, User: p.Layers.Keys, Metadata: info, Ask: p.setup.Ask,
		},
	}, nil
}

// base returns the files of an install as ppm rendered them. Each install is rendered once.
func (p *Project) base(ctx context.Context, c lockfile.Component) (install.Base, error) {
	key := string(c.Format())
	if base, known := p.bases[key]; known {
		return base, nil
	}
	base, err := p.packs.Base(ctx, c)
	if err == nil {
		p.bases[key] = base
	}
	return base, err
}

func (p *Project) index() conflict.Index {
	return conflict.Index{Tree: p.tree, Env: p.setup.Env, Notify: p.setup.Notify}
}

func (p *Project) comparer() status.Comparer { return status.Comparer{State: p.State, Tree: p.tree} }
