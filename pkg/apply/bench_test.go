package apply

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/applytest"
)

// TestFlushes checks the number of flushes. Each takes about as long as everything else together.
func TestFlushes(t *testing.T) {
	dir := t.TempDir()
	p := open(t, dir, Options{Keys: testKeys})
	count := &counter{disk: p.disk}
	p.disk = count
	// .ppm is new the first time; the rest are four files, the journal and its code, .ppm twice and two folders
	for _, want := range []int32{11, 10} {
		name := fmt.Sprintf("src/%d-", want)
		pl := makePlan(t, p, nil, files("1", name+"a", name+"b"), false)
		count.flushes.Store(0)
		if err := p.Apply(t.Context(), pl, Meta{}); err != nil {
			t.Fatal(err)
		}
		if got := count.flushes.Load(); got != want {
			t.Errorf("%d flushes, want %d", got, want)
		}
	}
}

// counter counts flushes.
type counter struct {
	disk
	flushes atomic.Int32 // files are staged in parallel
}

type countedFile struct {
	file
	counter *counter
}

func (c *counter) Create(name string, perm os.FileMode) (file, error) {
	f, err := c.disk.Create(name, perm)
	return countedFile{f, c}, err
}

func (c *counter) Sync(dir string) error {
	c.flushes.Add(1)
	return c.disk.Sync(dir)
}

func (f countedFile) Sync() error {
	f.counter.flushes.Add(1)
	return f.file.Sync()
}

// BenchmarkApply adds two files to a new project, including opening and closing it.
func BenchmarkApply(b *testing.B) {
	root, set := b.TempDir(), files("1", "src/a.py", "src/b.py")
	for i := 0; b.Loop(); i++ {
		dir := filepath.Join(root, fmt.Sprint(i))
		if err := os.Mkdir(dir, 0o755); err != nil {
			b.Fatal(err)
		}
		run(b, dir, nil, set)
	}
}

// BenchmarkScan hashes ten thousand files.
func BenchmarkScan(b *testing.B) {
	dir := b.TempDir()
	content := map[string]string{}
	var paths []string
	for i := range 10000 {
		name := fmt.Sprintf("src/pkg%d/file%d.py", i/50, i)
		content[name] = fmt.Sprintf("%01000d", i)
		paths = append(paths, name)
	}
	applytest.Write(b, dir, content)
	p := open(b, dir, Options{Keys: testKeys, ReadOnly: true})
	for b.Loop() {
		if _, err := p.Scan(b.Context(), paths); err != nil {
			b.Fatal(err)
		}
	}
}
