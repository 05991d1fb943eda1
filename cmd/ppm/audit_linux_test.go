package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
)

// An add of a built-in component runs no other program, opens no socket, and writes
// only to the project and the cache. The kernel's own record says so, by strace.
func TestAuditOfAdd(t *testing.T) {
	gittest.NeedProgram(t, "strace")
	home, project := t.TempDir(), t.TempDir()
	record := filepath.Join(t.TempDir(), "record")
	for _, run := range []string{"with an empty cache", "with what it needs in the cache"} {
		t.Run(run, func(t *testing.T) {
			cmd := exec.Command("strace", "-f", "-qq", "-o", record, "-e", "trace=process,network,"+diskCalls,
				filepath.Join(binary, "ppm"), "project", "add", "tp_py_grpc@cp-0.0.1//sync_serv_interceptor",
				"--located-path=app/"+strings.Fields(run)[1], "--kv=source::timer")
			cmd.Dir = project
			cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, "cache"))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			checkRecord(t, record, home, project)
		})
	}
}

// diskCalls are the system calls that change the disk or open a file.
const diskCalls = "open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlinkat"

var (
	startsProgram = regexp.MustCompile(`\b(execve|execveat|fork|vfork)\(`)
	opensSocket   = regexp.MustCompile(`\b(socket|connect|bind|listen|sendto|sendmsg)\(`)
	changesDisk   = regexp.MustCompile(`\b(` + strings.ReplaceAll(diskCalls, ",", "|") + `)\(`)
	opensToWrite  = regexp.MustCompile(`O_WRONLY|O_RDWR|O_CREAT`)
	quotedPath    = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
)

func checkRecord(t *testing.T, record, home, project string) {
	data, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	programs, writes := 0, 0
	for line := range strings.Lines(string(data)) {
		if strings.Contains(line, "= -1 E") { // it had no effect
			continue
		}
		switch {
		case startsProgram.MatchString(line):
			programs++ // ppm itself is one
		case opensSocket.MatchString(line):
			t.Errorf("opens a socket: %s", line)
		case changesDisk.MatchString(line):
			if strings.Contains(line, "open") && !opensToWrite.MatchString(line) {
				continue
			}
			writes++
			for _, m := range quotedPath.FindAllStringSubmatch(line, -1) {
				path := m[1]
				// A path relative to a folder that ppm holds open cannot leave it: os.Root checks each step.
				if filepath.IsAbs(path) && !strings.HasPrefix(path, home) && !strings.HasPrefix(path, project) {
					t.Errorf("writes outside project and cache: %s", line)
				}
			}
		}
	}
	if programs != 1 {
		t.Errorf("%d programs were started, want ppm alone", programs)
	}
	if writes == 0 {
		t.Error("no write was recorded: the check sees nothing")
	}
}
