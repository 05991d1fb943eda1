package apply

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/internal/applytest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

var kills = flag.Int("kills", 14, "number of processes that TestKilledProcess kills")

// childEnv tells a test binary to run as a child process in this folder.
const childEnv = "APPLY_TEST_CHILD"

// incrementCounter increments the number in the lockfile.
func incrementCounter(t *testing.T, dir string) {
	p := open(t, dir, Options{Keys: testKeys, LockTimeout: time.Minute})
	old, err := p.ReadFile("ppm.lock")
	if errors.Is(err, fs.ErrNotExist) {
		old, err = nil, nil
	}
	n, _ := strconv.Atoi(string(old))
	var pl plan.Plan
	pl.Write("ppm.lock", old, []byte(strconv.Itoa(n+1)))
	if err == nil {
		err = p.Apply(t.Context(), pl, Meta{Command: "count"})
	}
	if err != nil {
		t.Fatal(err)
	}
	closeProject(t, p)
}

// child returns a command that runs this test as a child process in dir.
func child(t *testing.T, dir string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	return cmd
}

// start starts a child process in dir, and waits until it is ready.
func start(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := child(t, dir)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "ready\n" {
		t.Fatalf("the child printed %q, %v", line, err)
	}
	return cmd
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // reports the kill
}

func TestKilledLockOwner(t *testing.T) {
	if dir := os.Getenv(childEnv); dir != "" {
		open(t, dir, Options{Keys: testKeys})
		fmt.Println("ready")
		select {}
	}
	dir := t.TempDir()
	owner := start(t, dir)
	if _, err := Open(t.Context(), dir, Options{Keys: testKeys}); !errors.Is(err, failure.Locked) {
		t.Errorf("Open while another process holds the lock = %v", err)
	}
	kill(t, owner)
	closeProject(t, open(t, dir, Options{Keys: testKeys}))
	if got := applytest.Tree(t, dir); got != "" {
		t.Errorf("left over: %s", got)
	}
}

func flipVersions() (one, two fileset.Set) {
	var first, second []string
	for i := range 8 {
		first = append(first, fmt.Sprintf("both/%d", i), fmt.Sprintf("one/%d/file", i))
		second = append(second, fmt.Sprintf("both/%d*", i), fmt.Sprintf("two/%d/file", i))
	}
	return files("1", first...), files("2", second...)
}

// TestKilledProcess repeatedly kills a real process at varying times.
func TestKilledProcess(t *testing.T) {
	one, two := flipVersions()
	if dir := os.Getenv(childEnv); dir != "" {
		fmt.Println("ready")
		for {
			run(t, dir, one, two)
			one, two = two, one
		}
	}
	dir := t.TempDir()
	trees := make(map[string]int)
	run(t, dir, nil, two)
	treeOfTwo := applytest.Tree(t, dir, ".ppm")
	began := time.Now()
	run(t, dir, two, one)
	took := time.Since(began)
	treeOfOne := applytest.Tree(t, dir, ".ppm")
	count, recovered := *kills, 0
	if testing.Short() {
		count = min(count, 4)
	}
	for i := range count {
		flipper := start(t, dir)
		time.Sleep(took * time.Duration(2*i) / time.Duration(count)) // the duration of two commands
		kill(t, flipper)
		p := open(t, dir, Options{Keys: testKeys})
		if p.Recovered() != nil {
			recovered++
		}
		closeProject(t, p)
		checkState(t, dir, "after a kill")
		tree := applytest.Tree(t, dir, ".ppm")
		if tree != treeOfOne && tree != treeOfTwo {
			t.Fatalf("kill %d: neither one nor two:\n%s", i, difference(tree, treeOfOne))
		}
		trees[tree]++
		if tree == treeOfTwo { // the child starts from one
			run(t, dir, two, one)
		}
	}
	t.Logf("tried %d killed processes", count)
	t.Logf("%d of %d kills required recovery, %d ended at two", recovered, count, trees[treeOfTwo])
}

// TestManyProcesses checks that processes in one project exclude each other.
func TestManyProcesses(t *testing.T) {
	if dir := os.Getenv(childEnv); dir != "" {
		for range 10 {
			incrementCounter(t, dir)
		}
		return
	}
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if out, err := child(t, dir).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	wg.Wait()
	if data, err := os.ReadFile(filepath.Join(dir, "ppm.lock")); err != nil || string(data) != "40" {
		t.Errorf("four processes counted to %q, %v", data, err)
	}
	checkState(t, dir, "many processes")
}

// TestConcurrentOpen checks that locking works while .ppm is created and removed.
func TestConcurrentOpen(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	var owner sync.Mutex
	for range 8 {
		wg.Go(func() {
			for range 25 {
				p, err := Open(t.Context(), dir, Options{Keys: testKeys, LockTimeout: time.Minute})
				if err != nil {
					t.Error(err)
					return
				}
				if !owner.TryLock() {
					t.Error("two hold the lock")
					return
				}
				owner.Unlock()
				if err := p.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := applytest.Tree(t, dir); got != "" {
		t.Errorf("left over: %s", got)
	}
}
