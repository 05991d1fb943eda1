package main

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
)

// scriptCommands are the commands that testdata/script/README describes as those of this repository.
var scriptCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"exits":        scriptExits,
	"mode":         scriptMode,
	"ppm":          scriptPPM,
	"serve":        scriptServe,
	"sign":         scriptSign,
	"snapshot":     scriptSnapshot,
	"unchanged":    scriptUnchanged,
	"unprivileged": scriptUnprivileged,
	"validjson":    scriptValidJSON,
	"validplan":    scriptValidPlan,
	"vcs":          scriptVCS,
}

// requireArgs fails the script if the command is negated or has too few or too many arguments.
// A negative most allows any number.
func requireArgs(ts *testscript.TestScript, neg bool, args []string, least, most int, usage string) {
	if neg || len(args) < least || most >= 0 && len(args) > most {
		ts.Fatalf("usage: %s", usage)
	}
}

func scriptPPM(ts *testscript.TestScript, neg bool, args []string) {
	if err := ts.Exec("ppm", args...); (err != nil) != neg {
		ts.Fatalf("ppm %s: %v", strings.Join(args, " "), err)
	}
}

func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	requireArgs(ts, neg, args, 2, -1, "exits CODE COMMAND [ARG...]")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("running %s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func scriptUnprivileged(ts *testscript.TestScript, neg bool, args []string) {
	requireArgs(ts, neg, args, 2, -1, "unprivileged CODE COMMAND [ARG...]")
	if os.Geteuid() == 0 {
		const capabilities = "-dac_override,-dac_read_search"
		setpriv := []string{"setpriv", "--bounding-set=" + capabilities, "--inh-caps=" + capabilities}
		args = slices.Insert(slices.Clone(args), 1, setpriv...)
	}
	scriptExits(ts, neg, args)
}

func scriptVCS(ts *testscript.TestScript, neg bool, args []string) {
	requireArgs(ts, neg, args, 1, 1, "vcs NAME")
	copyRepository(filepath.Join(repositoryRoot(ts), args[0]), args[0], ts.Fatalf)
}

// repositoryRoot is the folder that holds the repositories of a script.
func repositoryRoot(ts *testscript.TestScript) string {
	return filepath.Join(ts.Getenv("WORK"), ".repos")
}

func scriptValidJSON(ts *testscript.TestScript, neg bool, args []string) {
	requireArgs(ts, neg, args, 0, 0, "validjson")
	requireValid(ts, resultSchema, "stdout")
}

func scriptValidPlan(ts *testscript.TestScript, neg bool, args []string) {
	requireArgs(ts, neg, args, 1, 1, "validplan FILE")
	requireValid(ts, planSchema, args[0])
}

var (
	resultSchema = compileSchema("ppm.schema.json")
	planSchema   = compileSchema("plan.schema.json")
)

// compileSchema returns a function that compiles a schema in docs when it is called for the first time.
func compileSchema(name string) func() (*jsonschema.Schema, error) {
	return sync.OnceValues(func() (*jsonschema.Schema, error) {
		return jsonschema.NewCompiler().Compile(filepath.Join("..", "..", "docs", name))
	})
}

// requireValid fails the script if the file does not satisfy the schema.
func requireValid(ts *testscript.TestScript, compiled func() (*jsonschema.Schema, error), file string) {
	schema, err := compiled()
	ts.Check(err)
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(ts.ReadFile(file)))
	ts.Check(err)
	ts.Check(schema.Validate(document))
}

func scriptMode(ts *testscript.TestScript, neg bool, args []string) {
	requireArgs(ts, neg, args, 2, 2, "mode MODE FILE")
	info, err := os.Lstat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
		ts.Fatalf("%s has mode %s, want %s", args[1], got, args[0])
	}
}

func scriptServe(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "serve ssh | serve http [FAULT [ARG...]]"
	requireArgs(ts, neg, args, 1, -1, usage)
	ts.Check(os.MkdirAll(repositoryRoot(ts), 0o777))
	switch args[0] {
	case "http":
		serveHTTP(ts, args[1:])
	case "ssh":
		requireArgs(ts, neg, args, 1, 1, usage)
		server, err := gittest.StartSSH(repositoryRoot(ts))
		ts.Check(err)
		ts.Defer(server.Close)
		ts.Setenv("SSH", server.URL)
		ts.Check(server.Trust(ts.Getenv("HOME")))
	default:
		ts.Fatalf("usage: %s", usage)
	}
}

func serveHTTP(ts *testscript.TestScript, fault []string) {
	var opts []gittest.Option
	if len(fault) > 0 {
		f, ok := scriptFaults[fault[0]]
		if !ok || len(fault)-1 != f.args {
			ts.Fatalf("no fault %q with %d arguments", fault[0], len(fault)-1)
		}
		opts = append(opts, f.option(ts, fault[1:]))
	}
	server, err := gittest.StartHTTP(repositoryRoot(ts), opts...)
	ts.Check(err)
	ts.Defer(server.Close)
	ts.Setenv("HTTP", server.URL)
	ts.Setenv("PORT", server.URL[strings.LastIndexByte(server.URL, ':')+1:])
}

// A scriptFault makes an HTTP server misbehave. args is the number of its arguments.
type scriptFault struct {
	args   int
	option func(ts *testscript.TestScript, args []string) gittest.Option
}

var scriptFaults = map[string]scriptFault{
	"auth": {2, func(_ *testscript.TestScript, args []string) gittest.Option {
		return gittest.With(gittest.BasicAuth(args[0], args[1]))
	}},
	"azure": {0, func(*testscript.TestScript, []string) gittest.Option {
		return func(s *gittest.HTTPServer) {
			gittest.Version0()(s)
			gittest.With(gittest.MultiACK())(s)
		}
	}},
	"cut": {1, func(ts *testscript.TestScript, args []string) gittest.Option {
		n, err := strconv.Atoi(args[0])
		ts.Check(err)
		return gittest.With(gittest.Packs(gittest.Cut(n)))
	}},
	"garbage": {1, func(_ *testscript.TestScript, args []string) gittest.Option {
		return gittest.With(gittest.Garbage(args[0]))
	}},
	"redirect": {3, func(ts *testscript.TestScript, args []string) gittest.Option {
		code, err := strconv.Atoi(args[0])
		ts.Check(err)
		return gittest.With(gittest.RedirectBelow(code, args[1], args[2]))
	}},
	"says": {3, func(ts *testscript.TestScript, args []string) gittest.Option {
		code, err := strconv.Atoi(args[0])
		ts.Check(err)
		return gittest.With(gittest.Says(code, args[1], args[2]))
	}},
	"slow": {2, func(ts *testscript.TestScript, args []string) gittest.Option {
		n, err := strconv.Atoi(args[0])
		ts.Check(err)
		pause, err := time.ParseDuration(args[1])
		ts.Check(err)
		return gittest.With(gittest.Slow(n, pause))
	}},
	"stall": {1, func(ts *testscript.TestScript, args []string) gittest.Option {
		return gittest.With(recordRequest(filepath.Join(ts.Getenv("WORK"), args[0])), gittest.Stall(0))
	}},
	"status": {1, func(ts *testscript.TestScript, args []string) gittest.Option {
		code, err := strconv.Atoi(args[0])
		ts.Check(err)
		return gittest.With(gittest.Status(code))
	}},
	"tls":     {0, serveTLS},
	"tlscert": {0, serveTLSForClients},
}

// serveTLS writes the authority of the server's certificate into .ca.pem.
func serveTLS(ts *testscript.TestScript, _ []string) gittest.Option {
	ca, err := gittest.MakeCA()
	ts.Check(err)
	ts.Check(os.WriteFile(filepath.Join(ts.Getenv("WORK"), ".ca.pem"), ca.PEM, 0o666))
	return gittest.TLS(ca.Cert(time.Hour, "127.0.0.1"))
}

// serveTLSForClients does that, requires a certificate from clients, and writes one into .client.pem and .client.key.
func serveTLSForClients(ts *testscript.TestScript, _ []string) gittest.Option {
	ca, err := gittest.MakeCA()
	ts.Check(err)
	cert, key, err := gittest.PEM(ca.Cert(time.Hour, "client"))
	ts.Check(err)
	for name, data := range map[string][]byte{".ca.pem": ca.PEM, ".client.pem": cert, ".client.key": key} {
		ts.Check(os.WriteFile(filepath.Join(ts.Getenv("WORK"), name), data, 0o666))
	}
	return func(s *gittest.HTTPServer) {
		gittest.TLS(ca.Cert(time.Hour, "127.0.0.1"))(s)
		gittest.ClientCert(ca)(s)
	}
}

// recordRequest makes an empty file when a request arrives.
func recordRequest(file string) gittest.Fault {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := os.WriteFile(file, nil, 0o666); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func scriptSnapshot(ts *testscript.TestScript, neg bool, args []string) {
	requireArgs(ts, neg, args, 1, 1, "snapshot DIR")
	now, err := describeTree(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(snapshotFile(ts, args[0]), []byte(now), 0o666))
}

func scriptUnchanged(ts *testscript.TestScript, neg bool, args []string) {
	requireArgs(ts, neg, args, 1, 1, "unchanged DIR")
	now, err := describeTree(ts.MkAbs(args[0]))
	ts.Check(err)
	before, err := os.ReadFile(snapshotFile(ts, args[0]))
	ts.Check(err)
	if string(before) != now {
		ts.Fatalf("%s has changed\n--- snapshot\n%s--- now\n%s", args[0], before, now)
	}
}

// snapshotFile is where a script keeps the snapshot of a folder.
func snapshotFile(ts *testscript.TestScript, dir string) string {
	digest := sha256.Sum256([]byte(ts.MkAbs(dir)))
	return filepath.Join(ts.Getenv("WORK"), fmt.Sprintf(".snapshot-%x", digest))
}

// describeTree returns a line for each path below dir that README does not exclude from snapshots.
func describeTree(dir string) (string, error) {
	var lines []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		switch {
		case d.IsDir() && (name == ".home" || name == ".repos" || name == ".keys" || name == ".tmp"):
			return filepath.SkipDir
		case strings.HasPrefix(name, ".snapshot-"), strings.HasPrefix(name, filepath.Join(".ppm", "undo-")):
			return nil
		}
		line, err := describePath(path, name, d)
		lines = append(lines, line)
		return err
	})
	slices.SortFunc(lines, cmp.Compare[string])
	return strings.Join(lines, "\n") + "\n", err
}

// describePath returns mode and name, and of a file its size, modification time and digest, of a link its target.
func describePath(path, name string, d fs.DirEntry) (string, error) {
	info, err := d.Info()
	if err != nil {
		return "", err
	}
	line := fmt.Sprintf("%s %s", info.Mode(), name)
	switch {
	case info.Mode().IsRegular():
		data, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrPermission) {
			return "", err
		}
		line += fmt.Sprintf(" %d %s %x", info.Size(), info.ModTime().Format(time.RFC3339Nano), sha256.Sum256(data))
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		line += " -> " + target
	}
	return line, nil
}
