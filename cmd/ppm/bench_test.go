package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
)

// A stopwatch runs and times commands in an environment of its own.
type stopwatch struct {
	b    *testing.B
	home string
}

func newStopwatch(b *testing.B) *stopwatch { return &stopwatch{b, b.TempDir()} }

// peakOf runs a command and prints its peak memory in KiB. The peak includes the memory of the parent at the fork, so
// the parent has to be small.
const peakOf = `
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(peak // 1024 if sys.platform == "darwin" else peak)
sys.exit(code)
`

// time runs a command and returns its wall time.
func (w *stopwatch) time(dir, name string, args ...string) time.Duration {
	_, took := w.run(dir, name, args...)
	return took
}

// peak runs a command and returns its peak memory in MiB.
func (w *stopwatch) peak(dir, name string, args ...string) float64 {
	out, _ := w.run(dir, "python3", append([]string{"-c", peakOf, name}, args...)...)
	kib, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		w.b.Fatal(err)
	}
	return float64(kib) / 1024
}

func (w *stopwatch) run(dir, name string, args ...string) ([]byte, time.Duration) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+w.home, "XDG_CACHE_HOME="+w.home, "XDG_CONFIG_HOME="+w.home,
		"GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0")
	start := time.Now()
	out, err := cmd.Output()
	took := time.Since(start)
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			out = append(out, exit.Stderr...)
		}
		w.b.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return out, took
}

// compare runs two commands in turns. It reports the median time of the first one, and the ratio of the two medians,
// which a short load of the machine does not change.
func (w *stopwatch) compare(unit string, first, peer func(dir string) time.Duration) {
	root := w.b.TempDir()
	var firsts, peers []time.Duration
	for i := 0; w.b.Loop(); i++ {
		dir := filepath.Join(root, fmt.Sprint(i))
		if err := os.MkdirAll(filepath.Join(dir, "first"), 0o777); err != nil {
			w.b.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(dir, "peer"), 0o777); err != nil {
			w.b.Fatal(err)
		}
		firsts = append(firsts, first(filepath.Join(dir, "first")))
		peers = append(peers, peer(filepath.Join(dir, "peer")))
	}
	a, b := median(firsts), median(peers)
	w.b.ReportMetric(float64(a)/1e6, "ms")
	w.b.ReportMetric(float64(a)/float64(b), unit)
	w.b.ReportMetric(0, "ns/op") // the sum of both has no meaning
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

func (w *stopwatch) ppm(args ...string) func(string) time.Duration {
	return func(dir string) time.Duration { return w.time(dir, filepath.Join(binary, "ppm"), args...) }
}

// BenchmarkVersion runs ppm version, which does nothing else, and measures the stripped binary.
func BenchmarkVersion(b *testing.B) {
	w := newStopwatch(b)
	stripped := filepath.Join(b.TempDir(), "ppm")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", stripped, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	info, err := os.Stat(stripped)
	if err != nil {
		b.Fatal(err)
	}
	var times []time.Duration
	for b.Loop() {
		took := w.time(w.home, stripped, "version")
		times = append(times, took)
	}
	b.ReportMetric(float64(median(times))/1e6, "ms")
	b.ReportMetric(float64(info.Size())/(1<<20), "binary-MiB")
	b.ReportMetric(0, "ns/op")
}

// addBuiltIn are the arguments that add a component of a built-in pack.
var addBuiltIn = []string{
	"project", "add", "tp_py_grpc@cp-0.0.1//sync_serv_interceptor",
	"--located-path=app/interceptor", "--kv=source::timer",
}

// BenchmarkAddBuiltIn adds a component of a built-in pack, against ppm version.
func BenchmarkAddBuiltIn(b *testing.B) {
	w := newStopwatch(b)
	add := w.ppm(addBuiltIn...)
	add(b.TempDir()) // fills the cache
	w.compare("x-version", add, w.ppm("version"))
}

// BenchmarkAddBuiltInFirst is BenchmarkAddBuiltIn on a machine that never ran ppm.
func BenchmarkAddBuiltInFirst(b *testing.B) {
	w := newStopwatch(b)
	add := w.ppm(addBuiltIn...)
	w.compare("x-version", func(dir string) time.Duration {
		if err := os.RemoveAll(filepath.Join(w.home, "ppm")); err != nil {
			b.Fatal(err)
		}
		return add(dir)
	}, w.ppm("version"))
}

// BenchmarkAddCached adds a component of a server's pack that the cache holds, against ppm version.
func BenchmarkAddCached(b *testing.B) {
	w := newStopwatch(b)
	url := servePack(b, 100)
	add := w.ppm("project", "add", url+"@v1//part17")
	add(b.TempDir())
	w.compare("x-version", add, w.ppm("version"))
	b.ReportMetric(w.peak(b.TempDir(), filepath.Join(binary, "ppm"), "project", "add", url+"@v1//part17"), "peak-MiB")
}

// BenchmarkAddFetched adds a component that is not in the cache, against a sparse clone of the same folder with git.
// The server is git http-backend on the loopback address.
func BenchmarkAddFetched(b *testing.B) {
	w := newStopwatch(b)
	url := servePack(b, 100)
	w.compare("x-git", func(dir string) time.Duration {
		if err := os.RemoveAll(filepath.Join(w.home, "ppm")); err != nil {
			b.Fatal(err)
		}
		return w.time(dir, filepath.Join(binary, "ppm"), "project", "add", url+"@v1//part17")
	}, func(dir string) time.Duration {
		clone := w.time(dir, "git", "clone", "-q", "--depth=1", "--branch=v1", "--filter=blob:none", "--sparse",
			url, "clone")
		checkout := w.time(filepath.Join(dir, "clone"), "git", "sparse-checkout", "set", "part17")
		return clone + checkout
	})
}

// BenchmarkWorkspace adds a component to ten projects of a workspace, against ten runs one after the other.
func BenchmarkWorkspace(b *testing.B) {
	const members = 10
	w := newStopwatch(b)
	add := w.ppm(addBuiltIn...)
	add(b.TempDir()) // fills the cache
	prepare := func(dir string) (folders []string) {
		for i := range members {
			folder := filepath.Join(dir, fmt.Sprint(i))
			folders = append(folders, folder)
			if err := os.Mkdir(folder, 0o777); err != nil {
				b.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, "ppm.toml"), nil, 0o666); err != nil {
				b.Fatal(err)
			}
		}
		return folders
	}
	w.compare("x-runs", func(dir string) time.Duration {
		prepare(dir)
		workspace := []byte("[workspace]\nmembers = [\"*\"]\n")
		if err := os.WriteFile(filepath.Join(dir, "ppm.toml"), workspace, 0o666); err != nil {
			b.Fatal(err)
		}
		return add(dir)
	}, func(dir string) (all time.Duration) {
		for _, folder := range prepare(dir) {
			all += add(folder)
		}
		return all
	})
}

// BenchmarkStatus compares 1,000 installs of 10 files each with the lockfile, against sha256sum
// over the same files on two cores.
func BenchmarkStatus(b *testing.B) {
	w := newStopwatch(b)
	dir := b.TempDir()
	w.installAll(dir, servePack(b, 1000), 1000, "v1")
	status := w.ppm("project", "status", "--exit-code")
	w.compare("x-sha256sum", func(string) time.Duration { return status(dir) }, func(string) time.Duration {
		return w.time(dir, "sh", "-c", "find . -name '*.txt' -print0 | xargs -0 -P 2 -n 1000 sha256sum >/dev/null")
	})
	b.ReportMetric(w.peak(dir, filepath.Join(binary, "ppm"), "project", "status"), "peak-MiB")
}

// BenchmarkUpgrade upgrades 100 installs of 10 files each from a warm cache, against rewriting their files: each is
// read, hashed, written to a new file, synced and renamed.
func BenchmarkUpgrade(b *testing.B) {
	w := newStopwatch(b)
	url := servePack(b, 100)
	template := b.TempDir()
	w.installAll(template, url, 100, "v1")
	w.ppm("project", "upgrade", "--to", "v2", "--dry-run")(template) // warms the cache
	w.compare("x-rewrite", func(dir string) time.Duration {
		w.time(template, "cp", "-r", ".", dir)
		return w.ppm("project", "upgrade", "--to", "v2")(dir)
	}, func(dir string) time.Duration {
		w.time(template, "cp", "-r", ".", dir)
		return w.rewrite(dir)
	})
}

// installAll makes dir a project with that many components of the pack at url.
func (w *stopwatch) installAll(dir, url string, components int, version string) {
	var manifest strings.Builder
	for c := range components {
		fmt.Fprintf(&manifest, "[[component]]\nsource = \"%s@%s//part%d\"\npath = \"parts/part%d\"\n",
			url, version, c, c)
	}
	if err := os.WriteFile(filepath.Join(dir, "ppm.toml"), []byte(manifest.String()), 0o666); err != nil {
		w.b.Fatal(err)
	}
	w.ppm("project", "sync", "-q")(dir)
}

// rewrite hashes and rewrites every text file below dir, and returns how long that took.
func (w *stopwatch) rewrite(dir string) time.Duration {
	start := time.Now()
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".txt" {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		f, err := os.Create(name + ".new")
		if err != nil {
			return err
		}
		if _, err = fmt.Fprintf(f, "%x\n%s", sha256.Sum256(data), data); err == nil {
			err = f.Sync()
		}
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		return os.Rename(name+".new", name)
	})
	if err != nil {
		w.b.Fatal(err)
	}
	return time.Since(start)
}

// servePack publishes two versions of a pack with that many components of 10 files each.
func servePack(b *testing.B, components int) string {
	r := gittest.NewRepo(b)
	for _, version := range []string{"v1", "v2"} {
		manifest := "[pack]\ntype = \"components\"\n"
		for c := range components {
			manifest += fmt.Sprintf("[pack.components.part%d]\nsource = \"part%d\"\n", c, c)
			for f := range 10 {
				text := "version " + version + "\n"
				for line := range 200 {
					text += fmt.Sprintf("component %d, file %d, line %d\n", c, f, line)
				}
				r.Write(fmt.Sprintf("part%d/file%d.txt", c, f), text, 0o644)
			}
		}
		r.Write("ppm.toml", manifest, 0o644)
		r.Commit("a large pack, " + version)
		r.Tag(version)
	}
	r.Git("config", "uploadpack.allowFilter", "true")
	r.Git("config", "uploadpack.allowAnySHA1InWant", "true")
	return gittest.ServeHTTP(b, filepath.Dir(r.Dir)).URL + "/" + filepath.Base(r.Dir)
}
