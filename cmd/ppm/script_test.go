package main

import (
	goflag "flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/tools/txtar"
)

// Folders that TestMain makes for all tests and removes after them.
var (
	tempDir      string // holds all others
	binary       string // holds the ppm under test, built like a release
	repositories string // holds the repositories that copyRepository has built
)

var scriptDir = filepath.Join("..", "..", "testdata", "script")

func TestMain(m *testing.M) {
	if signal.Ignored(syscall.SIGHUP) { // as with nohup. A signal that is caught has its default effect in ppm
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	os.Exit(func() int {
		var err error
		if tempDir, err = os.MkdirTemp("", "ppm-script"); err != nil {
			panic(err)
		}
		defer os.RemoveAll(tempDir)
		binary, repositories = filepath.Join(tempDir, "bin"), filepath.Join(tempDir, "repositories")
		args := []string{"build", "-o", binary + string(filepath.Separator)}
		if raceEnabled {
			args = append(args, "-race")
			os.Setenv("GORACE", "atexit_sleep_ms=10") // each program would sleep for a second at its end
		}
		build := exec.Command("go", append(args, ".")...)
		if out, err := build.CombinedOutput(); err != nil {
			panic(fmt.Sprintf("building ppm: %v\n%s", err, out))
		}
		runMoreInParallel()
		return m.Run()
	}())
}

// runMoreInParallel raises the default of -parallel, because scripts mostly wait for other processes.
func runMoreInParallel() {
	goflag.Parse()
	given := false
	goflag.Visit(func(f *goflag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		goflag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0)))
	}
}

// TestScript runs the scripts that testdata/script/README describes.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           scriptDir,
		WorkdirRoot:   workDirRoot(t),
		Setup:         setupScript,
		Cmds:          scriptCommands,
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

// workDirRoot returns a folder for the work folders of scripts. They are removed after all tests and not one
// by one, because file systems are slow at making files while others are removed. With -testwork it is empty,
// so that testscript keeps the folders.
func workDirRoot(t *testing.T) string {
	if goflag.Lookup("testwork").Value.String() == "true" {
		return ""
	}
	dir, err := os.MkdirTemp(tempDir, "work")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func setupScript(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, ".home")
	if err := os.Mkdir(home, 0o777); err != nil {
		return err
	}
	env.Setenv("HOME", home)
	env.Setenv("GORACE", os.Getenv("GORACE"))
	env.Setenv("PATH", binary+string(filepath.ListSeparator)+os.Getenv("PATH"))
	// Only the loopback address can be reached: the proxy for all other hosts is a closed port.
	env.Setenv("HTTPS_PROXY", "http://127.0.0.1:9")
	env.Setenv("HTTP_PROXY", "http://127.0.0.1:9")
	env.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	env.Setenv("PPM_MACHINE_CONFIG", os.DevNull) // not the settings of the machine that runs the tests
	return nil
}

// TestScriptREADME checks that testdata/script/README describes what the scripts can use, and nothing else.
func TestScriptREADME(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(scriptDir, "README"))
	if err != nil {
		t.Fatal(err)
	}
	described := describedWords(string(data))
	used, conditions := scriptWords(t)
	builtin := slices.DeleteFunc(used, func(name string) bool { return scriptCommands[name] != nil })
	for section, want := range map[string][]string{
		"Commands of testscript":      builtin,
		"Commands of this repository": slices.Sorted(maps.Keys(scriptCommands)),
		"Faults":                      slices.Sorted(maps.Keys(scriptFaults)),
		"Conditions":                  conditions,
		"Repositories":                slices.Sorted(maps.Keys(recipeSteps)),
	} {
		if got := described[section]; !slices.Equal(got, want) {
			t.Errorf("testdata/script/README, section %q: describes\n%q, want\n%q", section, got, want)
		}
	}
}

// describedWords returns for each section of the README the sorted first words of its indented lines.
func describedWords(readme string) map[string][]string {
	words := map[string][]string{}
	section := ""
	for line := range strings.Lines(readme) {
		if title, ok := strings.CutPrefix(line, "# "); ok {
			section = strings.TrimSpace(title)
		} else if strings.HasPrefix(line, "\t") {
			word := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "[!] "))[0]
			words[section] = append(words[section], word)
		}
	}
	for section := range words {
		slices.Sort(words[section])
		words[section] = slices.Compact(words[section])
	}
	return words
}

var scriptLine = regexp.MustCompile(`^((?:\[[^]]*\] *)*)(?:! *)?([a-z]+)`)

// scriptWords returns the commands and the conditions that scripts use, sorted. Conditions are not negated.
func scriptWords(t *testing.T) (commands, conditions []string) {
	files, err := filepath.Glob(filepath.Join(scriptDir, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d scripts: %v", len(files), err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(archive.Comment)) {
			match := scriptLine.FindStringSubmatch(line)
			if match == nil {
				continue
			}
			commands = append(commands, match[2])
			conditions = append(conditions, strings.Fields(strings.ReplaceAll(match[1], "[!", "["))...)
		}
	}
	slices.Sort(commands)
	slices.Sort(conditions)
	return slices.Compact(commands), slices.Compact(conditions)
}
