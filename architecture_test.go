package ppm_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/Project-Manager-With-Git/ppm/"

// A listed is what this test reads of go list -json.
type listed struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("listing the packages: %v", err)
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p listed
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("go list found %d packages only", len(all))
	}
	return all
}

// vocabulary holds the rooms whose words every room speaks.
var vocabulary = []string{"pkg/ref", "pkg/failure", "pkg/fileset", "pkg/nearest", "pkg/userfile"}

// mayImport holds, for every room, the rooms that it may use besides the vocabulary.
// What is missing here is a ban; the comment says why.
var mayImport = map[string][]string{
	"cmd/ppm":             {"", "pkg/project", "pkg/fetch", "pkg/manifest", "pkg/lockfile", "pkg/merge", "pkg/environment", "pkg/difftool"},                                                                                                                                // a command calls one verb of project; the others for the words of its options
	"pkg/project":         {"pkg/apply", "pkg/plan", "pkg/merge", "pkg/fetch", "pkg/render", "pkg/pack", "pkg/resolver", "pkg/registry", "pkg/manifest", "pkg/lockfile", "pkg/info", "pkg/requirement", "pkg/likeness", "pkg/environment", "pkg/difftool", "pkg/gitindex"}, // wires the stages
	"pkg/apply":           {"pkg/plan"},                                                                                                                                                                                                                                    // the only writer in a project knows plans, not where they come from
	"pkg/plan":            {"pkg/merge"},                                                                                                                                                                                                                                   // pure: no disk, no network
	"pkg/gitindex":        {},                                                                                                                                                                                                                                              // writes in git's folder, and knows nothing of components
	"pkg/fetch":           {"pkg/fetch/wire"},                                                                                                                                                                                                                              // fetch, render and plan never meet: each can be tested and replaced alone
	"pkg/likeness":        {"pkg/merge"},                                                                                                                                                                                                                                   // pure: two contents in, a number out
	"pkg/merge":           {},                                                                                                                                                                                                                                              // pure: bytes in, bytes out
	"pkg/fetch/wire":      {},                                                                                                                                                                                                                                              // talks to servers, knows no cache
	"pkg/fetch/gittest":   {},                                                                                                                                                                                                                                              // servers for tests must not share code with what they test
	"pkg/render":          {"pkg/render/jinja"},                                                                                                                                                                                                                            // pure: a template reaches nothing
	"pkg/render/jinja":    {},                                                                                                                                                                                                                                              // the language, with no idea of components
	"pkg/apply/applytest": {},                                                                                                                                                                                                                                              // an oracle must not share code with what it judges
	"pkg/pack":            {"pkg/document"},                                                                                                                                                                                                                                // a manifest is read without the network
	"pkg/manifest":        {"pkg/document"},                                                                                                                                                                                                                                // the same
	"pkg/lockfile":        {"pkg/document"},                                                                                                                                                                                                                                // the same
	"pkg/info":            {"pkg/document", "pkg/manifest"},
	"pkg/environment":     {}, // runs a language's own tools, when asked to
	"pkg/difftool":        {}, // runs the tool that the user names
	"pkg/requirement":     {}, // pure: conditions on versions, with no idea of packs
	"pkg/document":        {},
	"pkg/resolver":        {},               // pure: decides over a list of refs
	"pkg/registry":        {"pkg/manifest"}, // looks names up without the network
	"pkg/ref":             {},
	"pkg/failure":         {},
	"pkg/fileset":         {},
	"pkg/nearest":         {},
	"pkg/userfile":        {},
	"":                    {}, // data alone
}

func TestRoomsImportOnlyWhatTheyMay(t *testing.T) {
	for _, p := range packages(t) {
		room := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, strings.TrimSuffix(module, "/")), "/")
		allowed, known := mayImport[room]
		if !known {
			t.Errorf("%q is a new room: say here what it may import", room)
			continue
		}
		for _, imported := range p.Imports {
			if !strings.HasPrefix(imported+"/", module) {
				continue
			}
			other := strings.TrimPrefix(strings.TrimPrefix(imported, strings.TrimSuffix(module, "/")), "/")
			if !slices.Contains(allowed, other) && !slices.Contains(vocabulary, other) {
				t.Errorf("%s imports %s", room, other)
			}
		}
	}
}

// onlyIn holds the libraries that stay behind one door, so that each can be replaced by touching one room.
var onlyIn = map[string][]string{
	"github.com/go-git/":            {"pkg/fetch", "pkg/fetch/wire", "pkg/gitindex"}, // gitindex reads git's configuration
	"github.com/urfave/cli":         {"cmd/ppm"},
	"github.com/BurntSushi/toml":    {"pkg/document"},
	"github.com/Masterminds/semver": {"pkg/ref", "pkg/resolver", "pkg/fetch", "pkg/requirement"}, // ref checks a range when it is typed
	"github.com/gofrs/flock":        {"pkg/apply", "pkg/fetch"},
	"golang.org/x/term":             {"cmd/ppm"},
	"net/http":                      {"pkg/fetch", "pkg/fetch/wire", "pkg/fetch/gittest"},                       // the only network
	"net":                           {"pkg/fetch", "pkg/fetch/wire", "pkg/fetch/gittest", "pkg/failure"},        // failure tells network errors from others
	"os/exec":                       {"pkg/fetch/wire", "pkg/fetch/gittest", "pkg/environment", "pkg/difftool"}, // git's credential helper, and what --install and --tool ask for; nothing else
	"log":                           {"pkg/fetch/gittest"},                                                      // results are values: nothing prints
	"math/rand":                     {},                                                                         // the same input gives the same output
}

func TestLibrariesStayBehindOneDoor(t *testing.T) {
	for _, p := range packages(t) {
		room := strings.TrimPrefix(p.ImportPath, module)
		for _, imported := range p.Imports {
			for library, doors := range onlyIn {
				if imported != library && !(strings.Contains(library, ".") && strings.HasPrefix(imported, library)) {
					continue
				}
				if !slices.Contains(doors, room) {
					t.Errorf("%s imports %s; only %v may", room, imported, doors)
				}
			}
		}
	}
}

// Nothing under pkg/ reads the environment, prints or exits: cmd/ppm does, and hands in what it read.
func TestPackagesDoNotTouchTheProcess(t *testing.T) {
	args := []string{"grep", "--untracked", "-nF"}
	for _, banned := range []string{"os.Getenv", "os.Environ", "os.LookupEnv", "os.Exit", "os.Stdout", "os.Stderr", "os.Args", "fmt.Print", "log.Print"} {
		args = append(args, "-e", banned)
	}
	args = append(args, "--", "pkg/*.go", ":!*_test.go", ":!pkg/fetch/gittest")
	out, err := exec.Command("git", args...).CombinedOutput()
	var none *exec.ExitError
	switch {
	case err == nil:
		t.Errorf("a package under pkg/ touches the process:\n%s", out)
	case !errors.As(err, &none) || none.ExitCode() != 1: // 1 is git's "nothing found"
		t.Fatalf("git grep: %v\n%s", err, out)
	}
}
