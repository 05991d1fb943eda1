// Package index marks files as conflicts in the index of the git work tree that a project is in, as git's own merges
// do: git status, git mergetool, git checkout --ours and editors see them.
//
// A conflict is a file with three sides: base, ours and theirs. Marking it replaces the file's entry in the index, at
// stage 0, by one entry for each side, at stages 1, 2 and 3, and writes the sides as blobs. Only files that git tracks
// are marked. The caller keeps the replaced entries in order to restore them.
//
// The index is changed under git's own lock. An index or a repository that this package does not understand completely
// is not changed, and the error says why. No command should fail because of such an error. The format is
// gitformat-index(5).
package index

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// A Conflict is a file with up to three sides.
type Conflict struct {
	Path               string // relative to the project, slash-separated
	Base, Ours, Theirs *Side  // nil where a side has no file
}

// A Side is one version of a file.
type Side struct {
	Data []byte
	Mode fs.FileMode // only the owner's permission to execute counts; 0 when that is not known
}

// A Replaced is an entry of the index that a conflict has replaced.
type Replaced struct {
	Path   string    `json:"path"`   // relative to the project
	Entry  []byte    `json:"entry"`  // the entry at stage 0, without the name
	Stages [3]string `json:"stages"` // the ids of the blobs that replaced it; empty where a side has no file
}

// An Edit is a change of the index. It holds git's lock until it is closed.
type Edit struct {
	repo    *repository
	index   *index
	changed bool
}

// ReadResolved returns the files whose conflict the user has resolved, as with git add, in the index of the work tree
// that the folder dir is in. It needs no lock: git replaces the index as a whole.
func ReadResolved(dir string, replaced []Replaced) (_ map[string]bool, err error) {
	repo, err := findRepository(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, repo.close()) }()
	data, err := repo.gitDir.ReadFile(indexName)
	if err != nil {
		return nil, err
	}
	e := &Edit{repo: repo}
	if e.index, err = parse(data); err != nil {
		return nil, fmt.Errorf("reading %q: %w", repo.path(indexName), err)
	}
	out := map[string]bool{}
	for _, r := range replaced {
		out[r.Path] = e.IsResolved(r)
	}
	return out, nil
}

// Open locks and reads the index of the work tree that the folder dir is in. It fails with ErrNone when there is none.
// The proof is the path of an existing file of the caller, which becomes another name of git's lock until the edit is
// closed: if the process is killed, RemoveStaleLock knows the lock by it.
func Open(ctx context.Context, dir, proof string) (*Edit, error) {
	repo, err := findRepository(dir)
	if err != nil {
		return nil, err
	}
	data, err := repo.lock(ctx, proof)
	if err != nil {
		return nil, errors.Join(err, repo.close())
	}
	e := &Edit{repo: repo}
	if e.index, err = parse(data); err != nil {
		return nil, errors.Join(fmt.Errorf("reading %q: %w", repo.path(indexName), err), e.Close())
	}
	return e, nil
}

// Close releases the lock. Without a Commit before it, the index is unchanged.
func (e *Edit) Close() error { return errors.Join(e.repo.unlock(), e.repo.close()) }

// Commit writes the index.
func (e *Edit) Commit() error {
	if !e.changed {
		return nil
	}
	return e.repo.writeIndex(e.index.format())
}

// Mark marks the conflicts whose files git tracks and has no conflict for, and returns the entries that it replaced.
// It writes the sides as blobs at once, which is harmless when the edit is not committed.
func (e *Edit) Mark(conflicts []Conflict) ([]Replaced, error) {
	var out []Replaced
	for _, c := range conflicts {
		from, to := e.lookup(c.Path)
		if to-from != 1 || e.index.entries[from].stage() != 0 || !e.index.entries[from].isFile() {
			continue
		}
		old := e.index.entries[from]
		replaced := Replaced{Path: c.Path, Entry: old.head}
		var entries []entry
		for i, side := range []*Side{c.Base, c.Ours, c.Theirs} {
			if side == nil {
				continue
			}
			id, err := e.repo.writeBlob(side.Data)
			if err != nil {
				return nil, err
			}
			executable := side.Mode&0o100 != 0
			if i == 1 && !e.repo.fileMode || side.Mode == 0 { // not known
				executable = old.isExecutable()
			}
			replaced.Stages[i] = hex.EncodeToString(id[:])
			entries = append(entries, newEntry(old.name, i+1, id, executable))
		}
		e.replace(from, to, entries)
		out = append(out, replaced)
	}
	return out, nil
}

// Restore restores a replaced entry if the index still has the conflict. With always, it also does so if the user has
// resolved the conflict.
func (e *Edit) Restore(r Replaced, always bool) {
	from, to := e.lookup(r.Path)
	old := entry{head: r.Entry, name: e.repo.prefix + r.Path}
	if from < to {
		old.name = e.index.entries[from].name
	}
	resolved := from == to || e.index.entries[from].stage() == 0
	switch {
	case !old.isValid(),
		resolved && !always,
		!resolved && !e.isMarked(from, to, r),
		from == to && e.isBlocked(old.name):
		return
	}
	e.replace(from, to, []entry{old})
}

// IsResolved reports whether the user has resolved the conflict of a marked file, as with git add.
func (e *Edit) IsResolved(r Replaced) bool {
	from, to := e.lookup(r.Path)
	return from < to && e.index.entries[from].stage() == 0
}

// isMarked reports whether the entries are those that Mark made.
func (e *Edit) isMarked(from, to int, r Replaced) bool {
	var stages [3]string
	for _, x := range e.index.entries[from:to] {
		stages[x.stage()-1] = hex.EncodeToString(x.id())
	}
	return stages == r.Stages
}

// isBlocked reports whether the index has a file at the path of a parent folder, or a folder at the path of the file.
func (e *Edit) isBlocked(name string) bool {
	i := e.index.search(name + "/")
	if i < len(e.index.entries) && strings.HasPrefix(e.index.entries[i].name, name+"/") {
		return true
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if i := e.index.search(dir); i < len(e.index.entries) && e.index.entries[i].name == dir {
			return true
		}
	}
	return false
}

func (e *Edit) replace(from, to int, entries []entry) {
	e.index.entries = slices.Replace(e.index.entries, from, to, entries...)
	e.changed = true
}

// lookup returns the range of the entries of a file of the project, from inclusive, to exclusive.
func (e *Edit) lookup(file string) (from, to int) {
	name, all := e.repo.prefix+file, e.index.entries
	from = e.index.search(name)
	if e.repo.ignoreCase && (from == len(all) || all[from].name != name) {
		if i := slices.IndexFunc(all, func(x entry) bool { return strings.EqualFold(x.name, name) }); i >= 0 {
			from, name = i, all[i].name
		}
	}
	for to = from; to < len(all) && all[to].name == name; to++ {
	}
	return from, to
}
