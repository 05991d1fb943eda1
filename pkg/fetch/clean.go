package fetch

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A CacheEntry is what the cache holds, or what was removed, of one repository.
type CacheEntry struct {
	URL       string      `json:"url"` // without credentials, or "builtin:NAME"
	Host      string      `json:"host,omitempty"`
	Namespace string      `json:"namespace,omitempty"` // the URL's path but its last part
	Repo      string      `json:"repo"`                // the last part of the URL's path, without .git
	Dir       string      `json:"folder"`
	Refs      []CachedRef `json:"refs"`              // HEAD, tags and branches by name
	Commits   []string    `json:"commits,omitempty"` // that no tag or branch names
	Size      int64       `json:"bytes"`             // on disk
	Fetched   time.Time   `json:"fetched"`           // when the refs last changed

	slot slot
	repo string       // the bare repository: Dir, or a folder in it
	refs []ref.GitRef // as they are stored
}

// A CachedRef is a ref that a repository had when it was fetched.
type CachedRef struct {
	Name   string `json:"name"`   // full, or "HEAD"
	Object string `json:"object"` // the tag object of an annotated tag, else the commit
	Commit string `json:"commit"`
}

// What Clean removes of a repository.
const (
	CleanAll          = "all"           // everything, or just the tag that is named
	CleanOnlyHash     = "only_hash"     // what no tag names: branches and commits asked for by id or by "latest"
	CleanExceptLatest = "except_latest" // all but the newest tag of each prefix, such as "cp-" and "v"
)

// CleanOptions selects what Clean removes. Empty fields select everything.
type CleanOptions struct {
	Host, Namespace, Repo string // of the repository
	Tag                   string // this tag alone, when the mode would remove it
	Mode                  string // empty is CleanAll
	DryRun                bool   // remove nothing, return what would be removed
}

// List returns what the cache holds, by URL.
func (c *Client) List(ctx context.Context) ([]CacheEntry, error) {
	var entries []CacheEntry
	for _, kind := range []string{"git", "builtin"} {
		slots, err := c.slots(kind)
		if err != nil {
			return nil, err
		}
		for _, s := range slots {
			if err := check(ctx); err != nil {
				return nil, err
			}
			e, err := s.entry()
			if errors.Is(err, fs.ErrNotExist) {
				continue // being made or removed
			}
			if err != nil {
				return nil, failure.Errorf(failure.LocalIO, "reading the cache %q: %w", s.path, err).
					WithHint("mend the permissions, or delete the folder: it is made again")
			}
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, func(a, b CacheEntry) int { return cmp.Or(cmp.Compare(a.URL, b.URL), cmp.Compare(a.Dir, b.Dir)) })
	return entries, nil
}

func (c *Client) slots(kind string) ([]slot, error) {
	if c.o.CacheDir == "" {
		return nil, nil
	}
	dir := filepath.Join(c.o.CacheDir, kind)
	found, err := os.ReadDir(dir)
	if ignoreNotExist(err) != nil {
		return nil, failure.Errorf(failure.LocalIO, "listing the cache: %w", err).WithHint("mend the permissions of %q", dir)
	}
	var slots []slot
	for _, f := range found {
		if f.IsDir() && filepath.Ext(f.Name()) == "" { // the others are locks and work folders
			slots = append(slots, slot{filepath.Join(dir, f.Name())})
		}
	}
	return slots, nil
}

// entry describes what is in the slot. Damaged refs show as none.
func (s slot) entry() (CacheEntry, error) {
	url, err := os.ReadFile(filepath.Join(s.path, urlFile))
	if err != nil {
		return CacheEntry{}, err
	}
	e := CacheEntry{URL: strings.TrimSuffix(string(url), "\n"), Dir: s.path, slot: s, Refs: []CachedRef{}}
	e.Host, e.Namespace, e.Repo = splitURL(e.URL)
	err = filepath.WalkDir(s.path, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if e.Size += info.Size(); d.Name() == packedRefs {
			e.repo, e.Fetched = filepath.Dir(name), info.ModTime()
		}
		return nil
	})
	if err != nil || e.repo == "" {
		return e, err
	}
	if e.refs, err = readRefs(e.repo); err != nil && !errors.Is(err, errDamagedRefs) {
		return e, err
	}
	e.show(e.refs)
	return e, nil
}

// show sets the fields of e that are made from refs.
func (e *CacheEntry) show(refs []ref.GitRef) {
	e.Refs, e.Commits = []CachedRef{}, nil
	named := map[string]bool{}
	for _, r := range refs {
		if !strings.HasPrefix(r.Name, keptPrefix) {
			e.Refs = append(e.Refs, CachedRef{r.Name, r.Object, r.Commit})
			named[r.Commit] = true
		}
	}
	for _, r := range refs {
		if !named[r.Commit] {
			e.Commits = append(e.Commits, r.Commit)
		}
	}
}

var scpURL = regexp.MustCompile(`^(?:[^@/]*@)?([^:/]+):(.*)$`)

// splitURL returns the parts of a clone URL that a reference would name.
func splitURL(s string) (host, namespace, repo string) {
	if name, ok := ref.BuiltinName(s); ok {
		return "", "", name
	}
	dir := s
	if u, err := url.Parse(s); err == nil && u.Host != "" {
		host, dir = u.Host, u.Path
	} else if m := scpURL.FindStringSubmatch(s); m != nil {
		host, dir = m[1], m[2]
	}
	namespace, repo = path.Split(strings.Trim(dir, "/"))
	return host, strings.Trim(namespace, "/"), strings.TrimSuffix(repo, ".git")
}

// Clean removes from the cache what the options select and returns it: of each repository the refs
// and commits that are gone and the bytes that are free. What is removed is fetched again when it is needed.
func (c *Client) Clean(ctx context.Context, o CleanOptions) ([]CacheEntry, error) {
	if !slices.Contains([]string{"", CleanAll, CleanOnlyHash, CleanExceptLatest}, o.Mode) {
		return nil, failure.Errorf(failure.Usage, "cleaning the cache: there is no mode %q", o.Mode).
			WithHint("choose all, only_hash or except_latest")
	}
	if err := c.Close(); err != nil {
		return nil, err
	}
	entries, err := c.List(ctx)
	if err != nil {
		return nil, err
	}
	var gone []CacheEntry
	for _, e := range entries {
		if !o.selects(e) {
			continue
		}
		e, err := e.clean(ctx, o, c.o.Limits)
		if err != nil {
			return gone, err
		}
		if e.Size > 0 || len(e.Refs) > 0 {
			gone = append(gone, e)
		}
	}
	return gone, nil
}

func (o CleanOptions) selects(e CacheEntry) bool {
	return (o.Host == "" || o.Host == e.Host) && (o.Namespace == "" || o.Namespace == e.Namespace) && (o.Repo == "" || o.Repo == e.Repo)
}

// split divides the refs of a repository into those that stay and those that the options remove. A
// commit stays as long as a ref that stays names it.
func (o CleanOptions) split(refs []ref.GitRef) (keep, gone []ref.GitRef) {
	newest := newestTags(refs)
	var commits []ref.GitRef
	for _, r := range refs {
		name, isTag := strings.CutPrefix(r.Name, tagPrefix)
		switch {
		case strings.HasPrefix(r.Name, keptPrefix):
			commits = append(commits, r)
		case o.Tag != "" && name != o.Tag, o.Mode == CleanOnlyHash && isTag, o.Mode == CleanExceptLatest && newest[name]:
			keep = append(keep, r)
		default:
			gone = append(gone, r)
		}
	}
	for _, r := range commits {
		named := func(g ref.GitRef) bool { return g.Commit == r.Commit }
		if slices.ContainsFunc(keep, named) || o.Tag != "" && !slices.ContainsFunc(gone, named) {
			keep = append(keep, r)
		} else {
			gone = append(gone, r)
		}
	}
	return keep, gone
}

// clean removes what the options select of e and returns that.
func (e CacheEntry) clean(ctx context.Context, o CleanOptions, l Limits) (CacheEntry, error) {
	if o.DryRun {
		return e.rid(ctx, o, l)
	}
	unlock, err := e.slot.lock(ctx)
	if err != nil {
		return e, err
	}
	now, err := e.slot.entry() // as it is now, with no other writer
	if err == nil {
		e, err = now.rid(ctx, o, l)
	}
	return e, e.slot.failed(errors.Join(err, unlock()))
}

// rid removes the refs that the options select, and the packs that no other ref needs.
func (e CacheEntry) rid(ctx context.Context, o CleanOptions, l Limits) (CacheEntry, error) {
	if o.Tag == "" && (o.Mode == "" || o.Mode == CleanAll) {
		if o.DryRun {
			return e, nil
		}
		return e, os.RemoveAll(e.Dir)
	}
	if _, ok := ref.BuiltinName(e.URL); ok {
		e.refs = nil // it comes and goes as a whole
	}
	keep, gone := o.split(e.refs)
	e.show(gone)
	e.Size = 0
	if len(gone) == 0 {
		return e, nil
	}
	if !o.DryRun {
		if err := writeRefs(e.repo, e.slot.temp(), keep); err != nil {
			return e, err
		}
	}
	var err error
	if e.Size, err = dropPacks(ctx, e.repo, keep, l, o.DryRun); err != nil {
		return e, err
	}
	history, err := dropHistory(e.repo, o.DryRun)
	e.Size += history
	return e, err
}

var versionedTag = regexp.MustCompile(`^(.*?)(\d+(?:\.\d+){0,2}(?:[-+].*)?)$`)

// newestTags returns the names of the tags that are the newest of their prefix. A tag with no version is.
func newestTags(refs []ref.GitRef) map[string]bool {
	type tag struct {
		name    string
		version *semver.Version
	}
	best := map[string]tag{}
	for _, r := range refs {
		name, ok := strings.CutPrefix(r.Name, tagPrefix)
		if !ok {
			continue
		}
		prefix, t := "name "+name, tag{name: name}
		if m := versionedTag.FindStringSubmatch(name); m != nil {
			if v, err := semver.NewVersion(m[2]); err == nil {
				prefix, t.version = m[1], v
			}
		}
		if old, ok := best[prefix]; !ok || t.version.GreaterThan(old.version) {
			best[prefix] = t
		}
	}
	newest := map[string]bool{}
	for _, t := range best {
		newest[t.name] = true
	}
	return newest
}
