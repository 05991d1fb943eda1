package main

import (
	"cmp"
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

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
)

// binary is the folder that holds the ppm under test: the real one, built like a release.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "ppm-script")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		args := []string{"build", "-o", dir + string(filepath.Separator)}
		if raceEnabled {
			args = append(args, "-race")
		}
		build := exec.Command("go", append(args, ".")...)
		if out, err := build.CombinedOutput(); err != nil {
			panic(fmt.Sprintf("building ppm: %v\n%s", err, out))
		}
		binary = dir
		return m.Run()
	}())
}

// TestScript runs the stories in testdata/script, each in a folder and a home of its own.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("..", "..", "testdata", "script"),
		Setup:         setupScript,
		Cmds:          scriptCommands,
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

func setupScript(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, ".home")
	if err := os.Mkdir(home, 0o777); err != nil {
		return err
	}
	env.Setenv("HOME", home)
	env.Setenv("PATH", binary+string(filepath.ListSeparator)+os.Getenv("PATH"))
	// Nothing but the loopback address can be reached: every other connection goes to a closed port.
	env.Setenv("HTTPS_PROXY", "http://127.0.0.1:9")
	env.Setenv("HTTP_PROXY", "http://127.0.0.1:9")
	env.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	return nil
}

// The commands that scripts have besides those of testscript:
//
//	ppm ARG…                      run the ppm under test
//	exits CODE COMMAND [ARG…]     run a command and require its exit code
//	vcs NAME                      build testdata/vcs/NAME.txtar as $WORK/.repos/NAME
//	serve http|ssh [FAULT [ARG]]  publish $WORK/.repos; sets $HTTP or $SSH to its URL
//	snapshot DIR                  remember every path, mode, size, time and byte below DIR
//	unchanged DIR                 require that nothing below DIR is other than at its snapshot
//	validjson                     require that standard output is one document of docs/ppm.schema.json
//	validplan FILE                require that a file is a plan of docs/plan.schema.json
//	mode OCTAL FILE               require a file's permissions
//	unprivileged CODE COMMAND…    exits, but without the power of root over permissions
var scriptCommands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"ppm": func(ts *testscript.TestScript, neg bool, args []string) {
		if err := ts.Exec("ppm", args...); (err != nil) != neg {
			ts.Fatalf("ppm %s: %v", strings.Join(args, " "), err)
		}
	},
	"exits": func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) < 2 {
			ts.Fatalf("usage: exits CODE COMMAND [ARG…]")
		}
		exits(ts, args[0], args[1:])
	},
	"unprivileged": func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) < 2 {
			ts.Fatalf("usage: unprivileged CODE COMMAND [ARG…]")
		}
		command := args[1:]
		if os.Geteuid() == 0 {
			command = append([]string{"setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"}, command...)
		}
		exits(ts, args[0], command)
	},
	"vcs": func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 {
			ts.Fatalf("usage: vcs NAME")
		}
		dir := ts.MkAbs(filepath.Join(ts.Getenv("WORK"), ".repos", args[0]))
		buildRepository(dir, filepath.Join("..", "..", "testdata", "vcs", args[0]+".txtar"), ts.Fatalf)
	},
	"serve":     serve,
	"snapshot":  func(ts *testscript.TestScript, neg bool, args []string) { snapshot(ts, neg, args, false) },
	"unchanged": func(ts *testscript.TestScript, neg bool, args []string) { snapshot(ts, neg, args, true) },
	"validjson": func(ts *testscript.TestScript, _ bool, _ []string) { valid(ts, "ppm.schema.json", "stdout") },
	"validplan": func(ts *testscript.TestScript, _ bool, args []string) { valid(ts, "plan.schema.json", args[0]) },
	"mode": func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 2 {
			ts.Fatalf("usage: mode OCTAL FILE")
		}
		info, err := os.Lstat(ts.MkAbs(args[1]))
		ts.Check(err)
		if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] {
			ts.Fatalf("%s has mode %s, want %s", args[1], got, args[0])
		}
	},
}

func exits(ts *testscript.TestScript, code string, command []string) {
	want, err := strconv.Atoi(code)
	ts.Check(err)
	got := 0
	if err := ts.Exec(command[0], command[1:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("running %s: %v", command[0], err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func valid(ts *testscript.TestScript, schemaName, file string) {
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join("..", "..", "docs", schemaName))
	ts.Check(err)
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(ts.ReadFile(file)))
	ts.Check(err)
	ts.Check(schema.Validate(document))
}

// serve publishes the repositories of a script, with the fault that it asks for.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: serve http|ssh [FAULT [ARG…]]")
	}
	root := filepath.Join(ts.Getenv("WORK"), ".repos")
	ts.Check(os.MkdirAll(root, 0o777))
	if args[0] == "ssh" {
		server, err := gittest.StartSSH(root)
		ts.Check(err)
		ts.Defer(server.Close)
		ts.Setenv("SSH", server.URL)
		ts.Check(server.Trust(ts.Getenv("HOME")))
		return
	}
	var opts []gittest.Option
	fault, rest := "", []string(nil)
	if len(args) > 1 {
		fault, rest = args[1], args[2:]
	}
	switch fault {
	case "":
	case "auth":
		opts = append(opts, gittest.With(gittest.BasicAuth(rest[0], rest[1])))
	case "status":
		code, err := strconv.Atoi(rest[0])
		ts.Check(err)
		opts = append(opts, gittest.With(gittest.Status(code)))
	case "garbage":
		opts = append(opts, gittest.With(gittest.Garbage(rest[0])))
	case "cut":
		n, err := strconv.Atoi(rest[0])
		ts.Check(err)
		opts = append(opts, gittest.With(gittest.Packs(gittest.Cut(n))))
	case "stall":
		opts = append(opts, gittest.With(gittest.Stall(0)))
	case "tls":
		ca, err := gittest.MakeCA()
		ts.Check(err)
		ts.Check(os.WriteFile(filepath.Join(ts.Getenv("WORK"), ".ca.pem"), ca.PEM, 0o666))
		opts = append(opts, gittest.TLS(ca.Cert(time.Hour, "127.0.0.1")))
	default:
		ts.Fatalf("no fault %q", fault)
	}
	server, err := gittest.StartHTTP(root, opts...)
	ts.Check(err)
	ts.Defer(server.Close)
	ts.Setenv("HTTP", server.URL)
}

// snapshots holds a digest for each folder of each script: keys are absolute paths.
func snapshot(ts *testscript.TestScript, neg bool, args []string, compare bool) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: snapshot|unchanged DIR")
	}
	file := filepath.Join(ts.Getenv("WORK"), ".snapshot-"+fmt.Sprintf("%x", sha256.Sum256([]byte(ts.MkAbs(args[0])))))
	now, err := describeTree(ts.MkAbs(args[0]))
	ts.Check(err)
	if !compare {
		ts.Check(os.WriteFile(file, []byte(now), 0o666))
		return
	}
	then, err := os.ReadFile(file)
	ts.Check(err)
	if string(then) != now {
		ts.Fatalf("%s has changed\n--- then\n%s--- now\n%s", args[0], then, now)
	}
}

// describeTree writes a line for each path below dir: type and mode, size, time of change, digest or link target.
// The history, which each command that changes something adds to, and what the harness keeps are no part of it.
func describeTree(dir string) (string, error) {
	var lines []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		if strings.HasPrefix(name, filepath.Join(".ppm", "undo-")) {
			return nil
		}
		if d.IsDir() && (name == ".home" || name == ".repos" || name == ".tmp") || strings.HasPrefix(name, ".snapshot-") {
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		line := fmt.Sprintf("%s %s", info.Mode(), name)
		switch {
		case info.Mode().IsRegular():
			data, err := os.ReadFile(path)
			if err != nil && !errors.Is(err, fs.ErrPermission) {
				return err
			}
			line += fmt.Sprintf(" %d %s %x", info.Size(), info.ModTime().Format(time.RFC3339Nano), sha256.Sum256(data))
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			line += " -> " + target
		}
		lines = append(lines, line)
		return nil
	})
	slices.SortFunc(lines, cmp.Compare[string])
	return strings.Join(lines, "\n") + "\n", err
}
