package ppm_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// templates holds the templates of tp_py_grpc by their tags, each with the kind of the service it makes.
var templates = []struct{ tag, kind string }{
	{"sync-0.0.1", "sync"},      // threads, generated stubs
	{"aio-0.0.1", "aio"},        // asyncio, generated stubs
	{"syncnogen-0.0.1", "sync"}, // threads, schema parsed at start
	{"aionogen-0.0.1", "aio"},   // asyncio, schema parsed at start
}

// newProject makes a project named testpygrpc as a user does, and returns its folder.
func newProject(t *testing.T, tag string, flags ...string) string {
	t.Helper()
	project := t.TempDir()
	ppmIn(t, project, append([]string{"project", "new", "-t", "tp_py_grpc@" + tag, "-n", "testpygrpc"}, flags...)...)
	return project
}

// newService makes a project, and the stubs if its service asks for them.
func newService(t *testing.T, tag string) string {
	t.Helper()
	project := newProject(t, tag)
	if strings.Contains(tag, "nogen") {
		return project
	}
	cmd := program(t, project, livePython(t), "testpygrpc")
	said, err := cmd.CombinedOutput()
	genpb := regexp.MustCompile(`make the stubs with {2}\S+ (.*genpb\.py)\n`).FindSubmatch(said)
	if err == nil || genpb == nil {
		t.Fatalf("without its stubs the service said, error %v:\n%s", err, said)
	}
	output(t, program(t, project, livePython(t), string(genpb[1])))
	return project
}

// ppmIn runs ppm in a project, for a user who has set nothing up.
func ppmIn(t *testing.T, project string, args ...string) {
	t.Helper()
	cmd := program(t, project, liveBinary(t), args...)
	home := t.TempDir()
	cmd.Env = append(cmd.Env, "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, "cache"), "XDG_CONFIG_HOME="+filepath.Join(home, "config"))
	output(t, cmd)
}

// program is a program that ends when the test does, and after a minute at the latest.
func program(t *testing.T, dir, name string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PYTHONPATH=", "PYTHONDONTWRITEBYTECODE=1", "NO_PROXY=*", "no_proxy=*")
	return cmd
}

// output runs the program, which must succeed, and returns what it says.
func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return string(out)
}

// A service runs until the test ends. It logs to a file.
type service struct {
	address, log string
	ended        chan struct{}
}

// serve starts the service of a project at a free port, and waits until it listens.
func serve(t *testing.T, project string, flags ...string) *service {
	t.Helper()
	address := freeAddress(t)
	cmd := program(t, project, livePython(t), append([]string{"testpygrpc", "--address", address}, flags...)...)
	return start(t, cmd, address)
}

// start runs the program of a service that is to listen at address, and waits until it says so.
func start(t *testing.T, cmd *exec.Cmd, address string) *service {
	t.Helper()
	s := &service{address: address, log: filepath.Join(t.TempDir(), "log"), ended: make(chan struct{})}
	log, err := os.Create(s.log)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		cmd.Wait()
		log.Close()
		close(s.ended)
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-s.ended
	})
	s.logged(t, regexp.MustCompile(`serving at `))
	return s
}

// logged waits until the log has what the pattern says.
func (s *service) logged(t *testing.T, pattern *regexp.Regexp) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		alive := true
		select {
		case <-s.ended:
			alive = false
		default:
		}
		log, err := os.ReadFile(s.log)
		if err != nil {
			t.Fatal(err)
		}
		if pattern.Match(log) {
			return
		}
		if !alive || time.Now().After(end) {
			t.Fatalf("the log has no %s:\n%s", pattern, log)
		}
	}
}

// freeAddress returns an address of loopback where nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
