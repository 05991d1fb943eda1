// Package index marks files as conflicts in the index of the git work tree that a project lies in,
// as git's own merges do: so that git status, git mergetool, git checkout --ours and editors see them.
//
// A conflict is a file with three sides: base, ours and theirs. Marking it replaces the file's entry in the
// index, its stage 0, by one entry for each side, stages 1, 2 and 3, and writes the sides as blobs. Only files that
// git tracks are marked. What was replaced is handed out, to be kept until it is put back.
//
// The index is changed under git's own lock. An index, or a repository, that this package does not understand
// to the last byte is left alone, and the error says why. Nothing here is worth failing a command for.
// The format is that of gitformat-index(5).
package index

import (
	"cmp"
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
	Mode fs.FileMode // only whether the owner may execute it counts; 0 when that is not known
}

// A Replaced is what a mark took out of the index.
type Replaced struct {
	Path   string    `json:"path"`   // relative to the project
	Entry  []byte    `json:"entry"`  // the index's entry of stage 0, without the name
	Stages [3]string `json:"stages"` // the ids of the blobs that stand for it now; empty where a side has no file
}

// ErrNone says that the project lies in no git work tree with an index.
var ErrNone = errors.New("no git work tree")

// An Edit is a change of the index that is being made. Until it is closed, git waits.
type Edit struct {
	repo    *repository
	index   *index
	changed bool
}

// Open locks and reads the index of the work tree that holds the folder dir. It fails with ErrNone when there is none.
func Open(ctx context.Context, dir string) (*Edit, error) {
	repo, err := find(dir)
	if err != nil {
		return nil, err
	}
	data, err := repo.lock(ctx)
	if err != nil {
		return nil, errors.Join(err, repo.close())
	}
	e := &Edit{repo: repo}
	if e.index, err = parse(data); err != nil {
		return nil, errors.Join(fmt.Errorf("reading %q: %w", repo.name(indexName), err), e.Close())
	}
	return e, nil
}

// Close gives the index free. Without a Commit before it, the index is as it was.
func (e *Edit) Close() error { return errors.Join(e.repo.unlock(), e.repo.close()) }

// Commit writes the index.
func (e *Edit) Commit() error {
	if !e.changed {
		return nil
	}
	return e.repo.commit(e.index.format())
}

// Mark marks those of the conflicts whose files git tracks and has in no conflict already, and returns what
// they replaced. The sides are written as blobs at once, which harms nothing when the edit is given up.
func (e *Edit) Mark(conflicts []Conflict) ([]Replaced, error) {
	var out []Replaced
	for _, c := range conflicts {
		from, to := e.lookup(c.Path)
		if to-from != 1 || e.index.entries[from].stage() != 0 || !e.index.entries[from].regular() {
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
			if i == 1 && !e.repo.modes || side.Mode == 0 { // the disk does not know
				executable = old.executable()
			}
			replaced.Stages[i] = hex.EncodeToString(id[:])
			entries = append(entries, newEntry(old.name, i+1, id, executable))
		}
		e.replace(from, to, entries)
		out = append(out, replaced)
	}
	return out, nil
}

// Restore puts back what a mark replaced, where the mark still stands. With always it does so, too, where
// the user has told git since that the conflict is settled.
func (e *Edit) Restore(r Replaced, always bool) {
	from, to := e.lookup(r.Path)
	old := entry{head: r.Entry, name: e.repo.prefix + r.Path}
	if from < to {
		old.name = e.index.entries[from].name
	}
	settled := from == to || e.index.entries[from].stage() == 0
	if !old.valid() || !settled && !e.marked(from, to, r) || settled && !always || from == to && e.inTheWay(old.name) {
		return
	}
	e.replace(from, to, []entry{old})
}

// Settled reports whether the user has told git since, with git add, that the conflict of a marked file is settled.
func (e *Edit) Settled(r Replaced) bool {
	from, to := e.lookup(r.Path)
	return from < to && e.index.entries[from].stage() == 0
}

// marked reports whether the entries are those that Mark made.
func (e *Edit) marked(from, to int, r Replaced) bool {
	var stages [3]string
	for _, x := range e.index.entries[from:to] {
		stages[x.stage()-1] = hex.EncodeToString(x.id())
	}
	return stages == r.Stages
}

// inTheWay reports whether the index has a file where the file called name needs a folder, or a folder in its place.
func (e *Edit) inTheWay(name string) bool {
	if i := e.index.search(name + "/"); i < len(e.index.entries) && strings.HasPrefix(e.index.entries[i].name, name+"/") {
		return true
	}
	for folder := path.Dir(name); folder != "."; folder = path.Dir(folder) {
		if i := e.index.search(folder); i < len(e.index.entries) && e.index.entries[i].name == folder {
			return true
		}
	}
	return false
}

func (e *Edit) replace(from, to int, entries []entry) {
	e.index.entries = slices.Replace(e.index.entries, from, to, entries...)
	e.changed = true
}

// lookup returns where the entries of a file of the project stand: from the first up to, not including, to.
func (e *Edit) lookup(file string) (from, to int) {
	name, all := e.repo.prefix+file, e.index.entries
	from = e.index.search(name)
	if e.repo.foldCase && (from == len(all) || all[from].name != name) {
		if i := slices.IndexFunc(all, func(x entry) bool { return strings.EqualFold(x.name, name) }); i >= 0 {
			from, name = i, all[i].name
		}
	}
	for to = from; to < len(all) && all[to].name == name; to++ {
	}
	return from, to
}

// search returns where the first entry called name stands, or would stand.
func (x *index) search(name string) int {
	i, _ := slices.BinarySearchFunc(x.entries, name, func(a entry, name string) int { return cmp.Compare(a.name, name) })
	return i
}
