package e2e_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/internal/e2etest"
)

// templates lists the templates of tp_py_grpc by tag, each with the kind of service that it makes.
var templates = []struct{ tag, kind string }{
	{"sync-0.0.1", "sync"},      // threads, generated stubs
	{"aio-0.0.1", "aio"},        // asyncio, generated stubs
	{"syncnogen-0.0.1", "sync"}, // threads, schema parsed at start
	{"aionogen-0.0.1", "aio"},   // asyncio, schema parsed at start
}

// newProject creates a project named testpygrpc from a template, and returns its folder.
func newProject(t *testing.T, tag string, flags ...string) string {
	t.Helper()
	project := t.TempDir()
	args := []string{"project", "new", "-t", "tp_py_grpc@" + tag, "-n", "testpygrpc"}
	e2etest.PPM(t, project, append(args, flags...)...)
	return project
}

// newService creates a project, and generates the stubs if its service needs them.
func newService(t *testing.T, tag string) string {
	t.Helper()
	project := newProject(t, tag)
	if strings.Contains(tag, "nogen") {
		return project
	}
	out, err := e2etest.Command(t, project, e2etest.Python(t), "testpygrpc").CombinedOutput()
	genpb := regexp.MustCompile(`make the stubs with {2}\S+ (.*genpb\.py)\n`).FindSubmatch(out)
	if err == nil || genpb == nil {
		t.Fatalf("without its stubs the service printed, error %v:\n%s", err, out)
	}
	e2etest.Output(t, e2etest.Command(t, project, e2etest.Python(t), string(genpb[1])))
	return project
}

// service is a running service. It writes its log to a file.
type service struct {
	address, log string
	exited       chan struct{}
}

// serve starts the service of a project on a free port, and waits until it listens.
func serve(t *testing.T, project string, flags ...string) *service {
	t.Helper()
	address := freeAddress(t)
	args := append([]string{"testpygrpc", "--address", address}, flags...)
	return start(t, e2etest.Command(t, project, e2etest.Python(t), args...), address)
}

// start runs a service that will listen on address, and waits until it does. The service is killed when the test ends.
func start(t *testing.T, cmd *exec.Cmd, address string) *service {
	t.Helper()
	s := &service{address: address, log: filepath.Join(t.TempDir(), "log"), exited: make(chan struct{})}
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
		close(s.exited)
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-s.exited
	})
	s.waitForLog(t, regexp.MustCompile(`serving at `))
	return s
}

// waitForLog waits until the log matches the pattern. It fails the test after 30 seconds, or when the service exits.
func (s *service) waitForLog(t *testing.T, pattern *regexp.Regexp) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		running := true
		select {
		case <-s.exited:
			running = false
		default:
		}
		log, err := os.ReadFile(s.log)
		if err != nil {
			t.Fatal(err)
		}
		if pattern.Match(log) {
			return
		}
		if !running || time.Now().After(end) {
			t.Fatalf("the log does not match %s:\n%s", pattern, log)
		}
	}
}

// freeAddress returns a loopback address on which nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
