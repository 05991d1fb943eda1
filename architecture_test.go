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

// shared holds the packages that every package may use.
var shared = []string{"pkg/ref", "pkg/failure", "pkg/fileset", "pkg/suggest", "pkg/configfile"}

// An importRule says which packages a package may use besides the shared ones, and why no others.
type importRule struct {
	allowed string // separated by spaces
	reason  string
}

// mayImport holds a rule for every package of the module, named by its folder.
var mayImport = map[string]importRule{
	"cmd/ppm": {
		". pkg/project pkg/fetch pkg/manifest pkg/lockfile pkg/merge pkg/langenv pkg/difftool",
		"a command calls one verb of project; the others define its options",
	},
	"pkg/project": {
		"pkg/apply pkg/plan pkg/merge pkg/fetch pkg/render pkg/pack pkg/resolver pkg/registry pkg/manifest " +
			"pkg/lockfile pkg/metadata pkg/langdeps pkg/similarity pkg/langenv pkg/difftool pkg/git/ignore pkg/git/index",
		"the verbs connect the stages",
	},
	"pkg/apply":          {"pkg/plan", "the only writer in a project knows plans, not where they come from"},
	"pkg/plan":           {"pkg/merge", "pure: no disk, no network"},
	"pkg/git/config":     {"", "knows the file format, not what the settings are for"},
	"pkg/git/ignore":     {"", "pure: text in, matches out"},
	"pkg/git/index":      {"pkg/git/config", "writes in git's folder, and knows nothing of components"},
	"pkg/fetch":          {"pkg/fetch/wire", "fetch, render and plan stay apart: each can be tested and replaced alone"},
	"pkg/fetch/wire":     {"pkg/git/config", "talks to servers, knows no cache"},
	"pkg/similarity":     {"pkg/merge", "pure: two contents in, a number out"},
	"pkg/merge":          {"", "pure: bytes in, bytes out"},
	"pkg/render":         {"pkg/render/jinja", "pure: a template reaches nothing"},
	"pkg/render/jinja":   {"", "the template language knows no components"},
	"pkg/pack":           {"pkg/tomldoc", "a manifest is read without the network"},
	"pkg/manifest":       {"pkg/tomldoc", "a manifest is read without the network"},
	"pkg/lockfile":       {"pkg/tomldoc", "a lockfile is read without the network"},
	"pkg/metadata":       {"pkg/tomldoc pkg/manifest", "reads text; the caller reads the files"},
	"pkg/langenv":        {"", "runs a language's own tools, when asked to"},
	"pkg/difftool":       {"", "runs the tool that the user names"},
	"pkg/langdeps":       {"", "pure: version constraints, no packs"},
	"pkg/tomldoc":        {"", "knows TOML, not what is written in it"},
	"pkg/resolver":       {"", "pure: decides over a list of refs"},
	"pkg/registry":       {"pkg/manifest", "looks names up without the network"},
	"pkg/ref":            {"", "everything imports it"},
	"pkg/failure":        {"", "everything imports it"},
	"pkg/fileset":        {"", "everything imports it"},
	"pkg/suggest":        {"", "everything imports it"},
	"pkg/configfile":     {"", "everything imports it"},
	"internal/gittest":   {"", "servers for tests must not share code with what they test"},
	"internal/applytest": {"", "an oracle must not share code with what it judges"},
	".":                  {"", "data only"},
}

// folder returns the folder of a package of this module, "." for the root, and false for other packages.
func folder(importPath string) (string, bool) {
	if importPath+"/" == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module)
}

func TestPackagesImportOnlyWhatTheyMay(t *testing.T) {
	for _, p := range packages(t) {
		importer, _ := folder(p.ImportPath)
		rule, known := mayImport[importer]
		if !known {
			t.Errorf("%q is a new package: add to mayImport what it may import", importer)
			continue
		}
		allowed := append(strings.Fields(rule.allowed), shared...)
		for _, path := range p.Imports {
			if imported, ours := folder(path); ours && !slices.Contains(allowed, imported) {
				t.Errorf("%s imports %s: %s", importer, imported, rule.reason)
			}
		}
	}
}

// onlyIn holds libraries, each with the packages that may import it, so that it can be replaced in one place.
var onlyIn = map[string][]string{
	"github.com/go-git/":            {"pkg/fetch", "pkg/fetch/wire", "pkg/git/config", "pkg/git/ignore"}, // the readers of git's formats
	"github.com/urfave/cli":         {"cmd/ppm"},
	"github.com/BurntSushi/toml":    {"pkg/tomldoc"},
	"github.com/Masterminds/semver": {"pkg/ref", "pkg/resolver", "pkg/fetch", "pkg/langdeps"}, // ref checks a range when it is typed
	"github.com/gofrs/flock":        {"pkg/apply", "pkg/fetch"},
	"golang.org/x/term":             {"cmd/ppm"},
	"net/http":                      {"pkg/fetch", "pkg/fetch/wire", "internal/gittest"},                // the only network
	"net":                           {"pkg/fetch", "pkg/fetch/wire", "internal/gittest", "pkg/failure"}, // failure recognizes network errors
	// git's credential helper, and what --install and --tool ask for; nothing else is run
	"os/exec":   {"pkg/fetch/wire", "internal/gittest", "pkg/langenv", "pkg/difftool"},
	"log":       {"internal/gittest"}, // results are values: nothing prints
	"math/rand": {},                   // the same input gives the same output
}

func TestLibrariesAreImportedInOnePlace(t *testing.T) {
	for _, p := range packages(t) {
		importer, _ := folder(p.ImportPath)
		for _, imported := range p.Imports {
			for library, importers := range onlyIn {
				if imported != library && !(strings.Contains(library, ".") && strings.HasPrefix(imported, library)) {
					continue
				}
				if !slices.Contains(importers, importer) {
					t.Errorf("%s imports %s; only %v may", importer, imported, importers)
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
	args = append(args, "--", "pkg/*.go", ":!*_test.go")
	out, err := exec.Command("git", args...).CombinedOutput()
	var none *exec.ExitError
	switch {
	case err == nil:
		t.Errorf("a package under pkg/ touches the process:\n%s", out)
	case !errors.As(err, &none) || none.ExitCode() != 1: // 1 is git's "nothing found"
		t.Fatalf("git grep: %v\n%s", err, out)
	}
}
