package fetch_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A rawRepo is a bare repository that is written object by object, without any checks.
type rawRepo struct {
	t   testing.TB
	dir string
}

func newRaw(t testing.TB) rawRepo {
	r := rawRepo{t, filepath.Join(t.TempDir(), "raw.git")}
	for _, d := range []string{"objects/pack", "refs/heads"} {
		r.check(os.MkdirAll(filepath.Join(r.dir, d), 0o755))
	}
	r.check(os.WriteFile(filepath.Join(r.dir, "HEAD"), []byte("ref: refs/heads/master\n"), 0o644))
	r.check(os.WriteFile(filepath.Join(r.dir, "config"), []byte("[core]\n\tbare = true\n"), 0o644))
	return r
}

func (r rawRepo) check(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// object writes a loose object and returns its id.
func (r rawRepo) object(kind, data string) string {
	return r.stream(kind, int64(len(data)), strings.NewReader(data))
}

func (r rawRepo) stream(kind string, size int64, data io.Reader) string {
	var packed bytes.Buffer
	sum, z := sha1.New(), zlib.NewWriter(&packed)
	w := io.MultiWriter(sum, z)
	fmt.Fprintf(w, "%s %d\x00", kind, size)
	_, err := io.Copy(w, data)
	r.check(err)
	r.check(z.Close())
	id := hex.EncodeToString(sum.Sum(nil))
	name := filepath.Join(r.dir, "objects", id[:2], id[2:])
	r.check(os.MkdirAll(filepath.Dir(name), 0o755))
	r.check(os.WriteFile(name, packed.Bytes(), 0o644))
	return id
}

// tree writes a tree of entries "MODE NAME", each with the id that follows.
func (r rawRepo) tree(entries ...string) string {
	pairs := slices.Collect(slices.Chunk(entries, 2))
	slices.SortStableFunc(pairs, func(a, b []string) int { return strings.Compare(sortKey(a[0]), sortKey(b[0])) })
	return r.unsorted(slices.Concat(pairs...)...)
}

// sortKey returns the text by which git sorts "MODE NAME".
func sortKey(entry string) string {
	mode, name, _ := strings.Cut(entry, " ")
	if mode == "40000" {
		name += "/"
	}
	return name
}

// unsorted writes a tree whose entries have the given order.
func (r rawRepo) unsorted(entries ...string) string {
	var b strings.Builder
	for i := 0; i < len(entries); i += 2 {
		id, err := hex.DecodeString(entries[i+1])
		r.check(err)
		b.WriteString(entries[i] + "\x00" + string(id))
	}
	return r.object("tree", b.String())
}

// commit writes a commit of the tree to master and returns it.
func (r rawRepo) commit(tree string) string {
	id := r.object("commit", "tree "+tree+"\nauthor A <a@b> 0 +0000\ncommitter A <a@b> 0 +0000\n\nx\n")
	r.check(os.WriteFile(filepath.Join(r.dir, "refs/heads/master"), []byte(id+"\n"), 0o644))
	return id
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A build writes the root tree of a repository. blob is the id of a file.
type build func(r rawRepo, blob string) (tree string)

// oneEntry builds a folder x with one entry.
func oneEntry(entry string) build {
	return func(r rawRepo, blob string) string { return r.tree("40000 x", r.tree(entry, blob)) }
}

// twoEntries builds a folder x with two entries.
func twoEntries(a, b string) build {
	return func(r rawRepo, blob string) string { return r.tree("40000 x", r.tree(a, blob, b, blob)) }
}

// rawObject builds a folder x that is any object.
func rawObject(kind, data string) build {
	return func(r rawRepo, blob string) string { return r.tree("40000 x", r.object(kind, data)) }
}

// hostileTrees are trees that git would not write, with a part of the error.
var hostileTrees = []struct {
	name  string
	build build
	text  string // in the error
}{
	{"dot dot", oneEntry("100644 .."), `a "." or ".." segment`},
	{"dot", oneEntry("100644 ."), `a "." or ".." segment`},
	{"slash", oneEntry("100644 a/../../b"), "has a slash"},
	{"absolute", oneEntry("100644 /etc/passwd"), "has a slash"},
	{"empty", oneEntry("100644 "), "empty"},
	{".git", oneEntry("100644 .git"), "tool's own"},
	{".GIT", oneEntry("100644 .GIT"), "tool's own"},
	{".git with a joiner", oneEntry("100644 .g\u200cit"), "an invisible character"},
	{"git~1", oneEntry("100644 git~1"), "short form"},
	{".git and a dot", oneEntry("100644 .git."), "dot or space"},
	{".git stream", oneEntry("100644 .git::$INDEX_ALLOCATION"), "Windows"},
	{".ppm", oneEntry("100644 .ppm"), "tool's own"},
	{"a folder .git", func(r rawRepo, b string) string {
		return r.tree("40000 x", r.tree("40000 .git", r.tree("100644 config", b)))
	}, "tool's own"},
	{"device", oneEntry("100644 CON.txt"), "device"},
	{"backslash", oneEntry("100644 a\\b"), "Windows"},
	{"colon", oneEntry("100644 a:b"), "Windows"},
	{"long name", oneEntry("100644 " + strings.Repeat("a", 256)), "255"},
	{"control character", oneEntry("100644 a\nb"), "an invisible character"},
	{"escape", oneEntry("100644 a\x1bb"), "an invisible character"},
	{"bidi", oneEntry("100644 a\u202eb"), "an invisible character"},
	{"invalid UTF-8", oneEntry("100644 a\xff"), "UTF-8"},
	{"case", twoEntries("100644 README", "100644 readme"), "one name"},
	{"Unicode form", twoEntries("100644 e\u0301", "100644 \u00e9"), "one name"},
	{"twice", twoEntries("100644 a", "100644 a"), "twice"},
	{"file and folder", func(r rawRepo, b string) string {
		return r.tree("40000 x", r.tree("100644 a", b, "40000 a", r.tree("100644 b", b)))
	}, "twice"},
	{"folders that differ in case", func(r rawRepo, b string) string {
		return r.tree("40000 x", r.tree("40000 A", r.tree("100644 1", b), "40000 a", r.tree("100644 2", b)))
	}, "one name"},
	{"symbolic link", oneEntry("120000 a"), "symbolic link"},
	{"submodule", oneEntry("160000 a"), "submodule"},
	{"setuid", oneEntry("104755 a"), "mode"},
	{"setuid, short", oneEntry("4755 a"), "mode"},
	{"world writable", oneEntry("100666 a"), "mode"},
	{"fifo", oneEntry("10644 a"), "mode"},
	{"no mode", oneEntry("0 a"), "malformed"},
	{"mode with a leading zero", oneEntry("0100644 a"), "malformed"},
	{"mode of letters", oneEntry("rw-r-- a"), "malformed"},
	{"a file that is a folder",
		func(r rawRepo, b string) string { return r.tree("40000 x", r.tree("100644 a", r.tree())) }, "is a tree"},
	{"a folder that is a file", oneEntry("40000 a"), "is a blob"},
	{"cut id", rawObject("tree", "100644 a\x00abc"), "malformed"},
	{"no zero byte", rawObject("tree", "100644 a"), "malformed"},
	{"garbage", rawObject("tree", "\x00\x00\x00"), "malformed"},
	{"x is a link", func(r rawRepo, b string) string { return r.tree("120000 x", b) }, "symbolic link"},
	{"x is a submodule", func(r rawRepo, b string) string { return r.tree("160000 x", b) }, "submodule"},
	{"x twice", func(r rawRepo, b string) string {
		return r.tree("40000 x", r.tree("100644 a", b), "40000 x", r.tree())
	}, "twice"},
	{"a large file", func(r rawRepo, b string) string {
		return r.tree("40000 x",
			r.tree("100644 a", r.stream("blob", 600_000_000, strings.NewReader("refused before it is inflated"))))
	}, "600000000 bytes"},
	{"many bytes", func(r rawRepo, b string) string {
		big := r.stream("blob", 2<<20, io.LimitReader(zeros{}, 2<<20))
		return r.tree("40000 x",
			r.tree("100644 a", big, "100644 b", big, "100644 c", big, "100644 d", big, "100644 e", big, "100644 f",
				big))
	}, "more bytes"},
	{"many files", func(r rawRepo, b string) string {
		var entries []string
		for i := range 20_001 {
			entries = append(entries, fmt.Sprintf("100644 f%d", i), b)
		}
		return r.tree("40000 x", r.tree(entries...))
	}, "files and folders"},
	{"a link in a folder", func(r rawRepo, b string) string {
		return r.tree("40000 x", r.tree("40000 aux", r.tree("120000 a", b)))
	}, "device"},
	{"a tree bomb", func(r rawRepo, b string) string { // ten folders in each of ten levels: 10^10 files
		id := b
		for level := range 10 {
			mode := "40000"
			if level == 0 {
				mode = "100644"
			}
			var entries []string
			for i := range 10 {
				entries = append(entries, fmt.Sprintf("%s d%d", mode, i), id)
			}
			id = r.tree(entries...)
		}
		return r.tree("40000 x", id)
	}, "files and folders"},
	{"a bomb of empty folders", func(r rawRepo, b string) string {
		id := r.tree()
		for range 40 {
			id = r.tree("40000 a", id, "40000 b", id)
		}
		return r.tree("40000 x", id)
	}, "files and folders"},
	{"deep folders", func(r rawRepo, b string) string {
		id := r.tree("100644 a", b)
		for range 70 {
			id = r.tree("40000 d", id)
		}
		return r.tree("40000 x", id)
	}, "deep"},
}

// TestHostileTrees reads the folder x of hostileTrees. Each is refused before any of it is used.
func TestHostileTrees(t *testing.T) {
	t.Logf("tried %d hostile trees", len(hostileTrees))
	for _, row := range hostileTrees {
		t.Run(row.name, func(t *testing.T) {
			r := newRaw(t)
			r.commit(row.build(r, r.object("blob", "data")))
			start := time.Now()
			limits := fetch.DefaultLimits
			limits.TotalBytes = 10 << 20
			tree, err := component(newClient(t, fetch.Options{Limits: limits}), r.dir, "", "x")
			wantKind(t, row.name, err, failure.Refused, row.text)
			if tree.Files != nil || time.Since(start) > 5*time.Second {
				t.Errorf("%d files after %v", len(tree.Files), time.Since(start))
			}
		})
	}
}

// TestHostileLeftOut reads a component in which everything but one file is invalid and left out by a filter.
func TestHostileLeftOut(t *testing.T) {
	r := newRaw(t)
	blob, missing := r.object("blob", "data"), strings.Repeat("12", 20)
	big := r.stream("blob", 600_000_000, strings.NewReader("never inflated"))
	r.commit(r.tree("40000 x", r.tree(
		"120000 link", blob, "160000 module", missing, "100644 CON", blob, "100644 con", blob, "100644 ..", blob,
		"100644 big", big, "100644 gone", missing, "104755 setuid", blob,
		"40000 gone.d", missing, "40000 aux", r.tree("100644 a", blob, "120000 b", blob),
		"40000 sub", r.tree("40000 deep", r.tree("120000 link", blob), "100644 f", blob), "100644 f", blob)))
	repo, err := newClient(t, fetch.Options{}).Repo(r.dir)
	r.check(err)
	pin, err := pinOf(repo, "")
	r.check(err)
	snapshot, err := repo.Snapshot(context.Background(), pin)
	r.check(err)
	only := func(path string, dir bool) bool { return path == "f" || path == "sub/f" || dir && path == "sub" }
	tree, err := snapshot.Component(context.Background(), "x", only)
	if err != nil || len(tree.Files) != 2 || tree.Files[0].Path != "f" || tree.Files[1].Path != "sub/f" {
		t.Errorf("Component = %v, %v", tree, err)
	}
	module := func(path string, dir bool) bool { return path == "f" || path == "module" }
	_, err = snapshot.Component(context.Background(), "x", module)
	wantKind(t, "a selected submodule", err, failure.Refused, "submodule")
}

// TestHostileNeighbours reads a valid component next to invalid ones.
func TestHostileNeighbours(t *testing.T) {
	r := newRaw(t)
	blob := r.object("blob", "data")
	sound := r.tree("100664 a", blob, "100755 b", blob)
	missing := strings.Repeat("12", 20)
	r.commit(r.tree("120000 link", blob, "160000 module", missing, "100644 ..", blob, "40000 gone", missing, "40000 x",
		sound))
	tree, err := component(newClient(t, fetch.Options{}), r.dir, "", "x")
	if err != nil || tree.ID != sound || len(tree.Files) != 2 || tree.Files[0].Mode != 0o644 ||
		tree.Files[1].Mode != 0o755 {
		t.Errorf("%v, %v", tree, err)
	}
}

// TestDamagedLocal reads repositories whose objects are missing or wrong.
func TestDamagedLocal(t *testing.T) {
	missing := strings.Repeat("12", 20)
	for _, row := range []struct {
		name  string
		build func(r rawRepo) (tree string)
	}{
		{"a missing tree", func(r rawRepo) string { return r.tree("40000 x", missing) }},
		{"a missing file", func(r rawRepo) string { return r.tree("40000 x", r.tree("100644 a", missing)) }},
		{"another file's content", func(r rawRepo) string {
			a, b := r.object("blob", "a"), r.object("blob", "b")
			data, err := os.ReadFile(filepath.Join(r.dir, "objects", b[:2], b[2:]))
			r.check(err)
			r.check(os.WriteFile(filepath.Join(r.dir, "objects", a[:2], a[2:]), data, 0o644))
			return r.tree("40000 x", r.tree("100644 a", a))
		}},
		{"a cut file", func(r rawRepo) string {
			a := r.object("blob", strings.Repeat("abcdefg", 1000))
			r.check(os.Truncate(filepath.Join(r.dir, "objects", a[:2], a[2:]), 20))
			return r.tree("40000 x", r.tree("100644 a", a))
		}},
		{"a size that lies", func(r rawRepo) string {
			a := r.stream("blob", 3, strings.NewReader("longer than three"))
			return r.tree("40000 x", r.tree("100644 a", a))
		}},
	} {
		r := newRaw(t)
		r.commit(row.build(r))
		_, err := component(newClient(t, fetch.Options{}), r.dir, "", "x")
		wantKind(t, row.name, err, failure.Integrity, r.dir)
	}
}

// TestHostileCommits opens objects that are not commits.
func TestHostileCommits(t *testing.T) {
	r := newRaw(t)
	blob := r.object("blob", "data")
	tree := r.tree("100644 a", blob)
	r.commit(tree)
	repo, err := newClient(t, fetch.Options{}).Repo(r.dir)
	r.check(err)
	for _, row := range []struct {
		name, id string
		kind     failure.Kind
		text     string
	}{
		{"a tree", tree, failure.Usage, "no such commit"},
		{"a blob", blob, failure.Usage, "no such commit"},
		{"nothing", strings.Repeat("0", 40), failure.Usage, "no such commit"},
		{"a short id", tree[:12], failure.Usage, "not a git object id"},
		{"a SHA-256 id", strings.Repeat("ab", 32), failure.Usage, "SHA-256"},
		{"an option", "--upload-pack=x", failure.Usage, "not a git object id"},
		{"a commit of no tree", r.object("commit", "hello"), failure.Refused, "names no tree"},
		{"a commit of a blob", r.object("commit", "tree "+blob+"\n\n"), failure.Refused, "is a blob"},
	} {
		_, err := repo.Snapshot(context.Background(), ref.Pin{Commit: row.id})
		if err == nil {
			_, err = componentAt(repo, ref.Pin{Commit: row.id}, ".")
		}
		wantKind(t, row.name, err, row.kind, row.text)
	}
}

// TestAmbiguousCommit looks up the common start of the ids of two commits.
func TestAmbiguousCommit(t *testing.T) {
	r := newRaw(t)
	tree := r.tree()
	seen := map[string]string{}
	for i := 0; ; i++ {
		data := fmt.Sprintf("tree %s\nauthor A <a@b> 0 +0000\ncommitter A <a@b> 0 +0000\n\n%d\n", tree, i)
		sum := sha1.Sum([]byte(fmt.Sprintf("commit %d\x00%s", len(data), data)))
		prefix := hex.EncodeToString(sum[:])[:7]
		other, found := seen[prefix]
		seen[prefix] = data
		if !found {
			continue
		}
		ids := []string{r.object("commit", data), r.object("commit", other)}
		r.check(os.WriteFile(filepath.Join(r.dir, "refs/heads/master"), []byte(ids[0]+"\n"), 0o644))
		r.check(os.WriteFile(filepath.Join(r.dir, "refs/heads/other"), []byte(ids[1]+"\n"), 0o644))
		_, err := component(newClient(t, fetch.Options{}), r.dir, prefix, ".")
		wantKind(t, "local", err, failure.Usage, ids[0])
		s := gittest.ServeHTTP(t, filepath.Dir(r.dir))
		_, err = component(newClient(t, fetch.Options{CacheDir: t.TempDir()}), s.URL+"/raw.git", prefix, ".")
		wantKind(t, "remote", err, failure.Usage, ids[1])
		return
	}
}

// TestHostileTags lists tags that point to themselves, to nothing or to each other.
func TestHostileTags(t *testing.T) {
	r := newRaw(t)
	commit := r.commit(r.tree())
	tag := func(kind, id string) string {
		return r.object("tag", "object "+id+"\ntype "+kind+"\ntag x\ntagger A <a@b> 0 +0000\n\nx\n")
	}
	long := commit
	for i := range 12 {
		long = tag(map[bool]string{true: "commit", false: "tag"}[i == 0], long)
	}
	refs := "# pack-refs with: peeled fully-peeled sorted \n"
	for name, id := range map[string]string{
		"good": commit, "annotated": tag("commit", commit), "twice": tag("tag", tag("commit", commit)),
		"long": long, "blob": r.object("blob", "x"), "missing": strings.Repeat("34", 20),
		"garbage": r.object("tag", "garbage"),
	} {
		refs += id + " refs/tags/" + name + "\n"
	}
	r.check(os.WriteFile(filepath.Join(r.dir, "packed-refs"), []byte(refs), 0o644))
	repo, err := newClient(t, fetch.Options{}).Repo(r.dir)
	r.check(err)
	list, err := repo.Refs(context.Background(), "")
	r.check(err)
	var names []string
	for _, g := range list {
		names = append(names, g.Name)
		if g.Commit != commit {
			t.Errorf("%s stands for %s, want %s", g.Name, g.Commit, commit)
		}
	}
	const want = "HEAD refs/heads/master refs/tags/annotated refs/tags/good refs/tags/twice"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("Refs = %s", got)
	}
}
