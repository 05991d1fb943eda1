package architecture_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/Project-Manager-With-Git/ppm/"

// root is the root folder of the repository, as seen from this package.
var root = filepath.Join("..", "..")

// goPackage holds the fields of go list -json that these tests read.
type goPackage struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	watchSources(t)
	list := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p goPackage
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("go list found only %d packages", len(all))
	}
	return all
}

// watchSources makes the cached result of a test invalid when a source file changes. The go command
// records the folders that a test opens, but not what the programs that it runs read.
func watchSources(t *testing.T) {
	t.Helper()
	for _, dir := range []string{"cmd", "pkg", "internal", "e2e", "examples"} {
		visit := func(_ string, _ fs.DirEntry, err error) error { return err }
		if err := filepath.WalkDir(filepath.Join(root, dir), visit); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

// shared holds the packages that every package may use.
var shared = []string{
	"pkg/ref", "pkg/failure", "pkg/secreturl", "pkg/fileset", "pkg/suggest",
	"pkg/configfile", "pkg/shell", "pkg/lazyregexp", "pkg/jsondoc",
}

// importRule lists the packages that a package may import besides the shared ones, and says why no others.
type importRule struct {
	allowed string // separated by spaces
	reason  string
}

// mayImport holds a rule for every package of the module, by folder.
var mayImport = map[string]importRule{
	"cmd/ppm": {
		". pkg/project pkg/location pkg/state pkg/status pkg/install pkg/catalog pkg/workspace pkg/adopt pkg/blame " +
			"pkg/audit pkg/sbom pkg/extract pkg/fetch pkg/manifest pkg/lockfile pkg/records pkg/merge pkg/langenv " +
			"pkg/difftool",
		"a command calls one verb of project; the others define its options and results",
	},
	"pkg/project": {
		"pkg/location pkg/state pkg/status pkg/conflict pkg/install pkg/adopt pkg/blame pkg/extract pkg/worktree " +
			"pkg/apply pkg/audit pkg/authcode pkg/license pkg/plan pkg/merge pkg/sbom pkg/secret pkg/signers " +
			"pkg/fetch pkg/render pkg/pack pkg/manifest pkg/policy pkg/lockfile pkg/metadata pkg/langdeps " +
			"pkg/langenv pkg/difftool pkg/knowntags pkg/projectfiles pkg/git/config pkg/git/gitdir pkg/git/ignore " +
			"pkg/git/index pkg/records pkg/tomldoc",
		"the verbs connect the stages",
	},
	"pkg/state": {
		"pkg/location pkg/manifest pkg/lockfile pkg/plan pkg/render pkg/worktree",
		"reads records; a transaction changes them",
	},
	"pkg/conflict": {
		"pkg/git/index pkg/git/config pkg/worktree pkg/apply pkg/lockfile pkg/plan pkg/merge",
		"marks conflicts; does not make or resolve them",
	},
	"pkg/status": {"pkg/state pkg/worktree pkg/manifest pkg/lockfile pkg/plan", "reads nothing but the project"},
	"pkg/install": {
		"pkg/registry pkg/resolver pkg/fetch pkg/signers pkg/pack pkg/render pkg/merge pkg/manifest pkg/lockfile " +
			"pkg/metadata pkg/langdeps pkg/git/lfs pkg/policy pkg/secret pkg/signature",
		"makes files in memory: knows no plan and writes nothing",
	},
	"pkg/adopt": {
		"pkg/install pkg/fetch pkg/resolver pkg/render pkg/similarity pkg/worktree pkg/plan",
		"finds what a copy was made from; a verb records it",
	},
	"pkg/blame": {
		"pkg/state pkg/status pkg/worktree pkg/install pkg/render pkg/merge pkg/lockfile pkg/metadata",
		"explains one file; knows no plan",
	},
	"pkg/extract": {
		"pkg/catalog pkg/pack pkg/render pkg/metadata pkg/langdeps",
		"pure: files in, a pack out",
	},
	"pkg/projectfiles": {"pkg/metadata pkg/tomldoc", "pure: metadata in, files out"},
	"pkg/catalog":      {"pkg/install pkg/fetch pkg/pack pkg/langdeps", "describes packs; knows no project"},
	"pkg/worktree": {
		"pkg/apply pkg/plan pkg/fetch pkg/git/ignore",
		"reads a project through apply, which knows what is safe",
	},
	"pkg/authcode": {"", "authenticates bytes, and does not know what they mean"},
	"pkg/apply": {
		"pkg/plan pkg/authcode", "the only writer in a project knows plans, not where they come from",
	},
	"pkg/plan":           {"pkg/merge", "pure: no disk, no network"},
	"pkg/git/attributes": {"", "pure: text in, conversions out"},
	"pkg/git/config":     {"pkg/git/gitdir", "knows the file format, not what the settings are for"},
	"pkg/git/gitdir":     {"", "knows where git's files are, not what is in them"},
	"pkg/git/ignore":     {"", "pure: text in, matches out"},
	"pkg/git/index": {
		"pkg/git/config pkg/git/gitdir pkg/git/objects pkg/git/repository",
		"writes in git's folder, and knows nothing of components",
	},
	"pkg/git/lfs":        {"", "pure: recognises a format"},
	"pkg/git/objects":    {"", "knows objects and packs, not where they come from"},
	"pkg/git/refs":       {"", "knows the names of refs, not what they are for"},
	"pkg/git/repository": {"pkg/git/config pkg/git/objects pkg/git/refs", "reads the repositories of users"},
	"pkg/fetch": {
		"pkg/fetch/wire pkg/policy pkg/knowntags pkg/git/attributes pkg/git/objects pkg/git/refs " +
			"pkg/git/repository pkg/resolver",
		"independent of render and plan, so that each can be tested alone; resolver defines the series of tags",
	},
	"pkg/fetch/wire": {
		"pkg/git/config pkg/git/objects pkg/git/refs pkg/hostname pkg/policy pkg/sshconfig pkg/sshkeys",
		"talks to servers, knows no cache",
	},
	"pkg/sshconfig":    {"", "knows the file format, not what the options are for"},
	"pkg/sshkeys":      {"", "pure: text in, keys out"},
	"pkg/signature":    {"pkg/sshconfig pkg/sshkeys", "pure: an object and keys in, a signer out"},
	"pkg/similarity":   {"pkg/merge", "pure: two contents in, a number out"},
	"pkg/merge":        {"", "pure: bytes in, bytes out"},
	"pkg/render":       {"pkg/render/jinja", "pure: a template reaches nothing"},
	"pkg/render/jinja": {"", "the template language knows no components"},
	"pkg/pack":         {"pkg/license pkg/tomldoc", "a manifest is read without the network"},
	"pkg/manifest":     {"pkg/hostname pkg/policy pkg/secret pkg/tomldoc", "a manifest is read without the network"},
	"pkg/lockfile":     {"pkg/secret pkg/tomldoc", "a lockfile is read without the network"},
	"pkg/records": {
		"pkg/manifest pkg/lockfile pkg/tomldoc pkg/merge",
		"pure: three versions of a record in, one out",
	},
	"pkg/metadata": {"pkg/tomldoc pkg/manifest", "reads text; the caller reads the files"},
	"pkg/langenv":  {"", "runs a language's own tools, when asked to"},
	"pkg/difftool": {"", "runs the tool that the user names"},
	"pkg/signers": {
		"pkg/signature pkg/verifier pkg/manifest pkg/lockfile pkg/git/config",
		"decides about signatures; the caller reads the objects",
	},
	"pkg/verifier":   {"pkg/signature pkg/git/config", "runs the programs that the user's git names"},
	"pkg/secret":     {"pkg/authcode", "values and texts; knows no files of a project"},
	"pkg/knowntags":  {"", "keeps a list; fetch compares it with servers"},
	"pkg/location":   {"pkg/manifest", "looks at the names of files, and knows no install"},
	"pkg/workspace":  {"pkg/manifest", "finds projects, and runs any function in each of them"},
	"pkg/hostname":   {"", "pure: names in, comparisons out"},
	"pkg/audit":      {"", "pure: texts in, findings out"},
	"pkg/sbom":       {"pkg/license", "pure: an inventory in, a document out"},
	"pkg/policy":     {"pkg/hostname pkg/license pkg/signature", "pure: rules and facts in, decisions out"},
	"pkg/license":    {"", "pure: text in, an expression out"},
	"pkg/langdeps":   {"", "pure: version constraints, no packs"},
	"pkg/tomldoc":    {"pkg/merge", "knows TOML and conflict markers, not what is written in it"},
	"pkg/resolver":   {"", "pure: decides over a list of refs"},
	"pkg/registry":   {"pkg/manifest", "looks names up without the network"},
	"pkg/ref":        {"", "everything imports it"},
	"pkg/failure":    {"", "everything imports it"},
	"pkg/fileset":    {"", "everything imports it"},
	"pkg/suggest":    {"", "everything imports it"},
	"pkg/configfile": {"", "everything imports it"},
	"pkg/shell":      {"", "everything imports it"},
	"pkg/lazyregexp": {"", "everything imports it"},
	"pkg/secreturl":  {"", "everything imports it"},
	"pkg/jsondoc":    {"", "everything imports it"},
	".":              {"", "data only"},

	// Tests, and what only tests use.
	"e2e":                   {"", "tests only"},
	"e2e/torture":           {"", "runs tests of other packages as programs"},
	"examples":              {"", "tests only"},
	"internal/applytest":    {"", "an oracle must not share code with what it judges"},
	"internal/architecture": {"", "tests only"},
	"internal/e2etest":      {"", "runs ppm as a program"},
	"internal/caselesstest": {"", "a disk for tests"},
	"internal/gittest":      {"", "servers for tests must not share code with what they test"},
}

// packageDir returns the folder of a package of this module, "." for the root, and false for other packages.
func packageDir(importPath string) (string, bool) {
	if importPath+"/" == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module)
}

func TestPackagesImportOnlyWhatTheyMay(t *testing.T) {
	for _, p := range packages(t) {
		importer, _ := packageDir(p.ImportPath)
		rule, known := mayImport[importer]
		if !known {
			t.Errorf("%q is a new package: add to mayImport what it may import", importer)
			continue
		}
		allowed := append(strings.Fields(rule.allowed), shared...)
		for _, path := range p.Imports {
			if imported, ours := packageDir(path); ours && !slices.Contains(allowed, imported) {
				t.Errorf("%s imports %s: %s", importer, imported, rule.reason)
			}
		}
	}
}

// onlyIn holds libraries, each with the packages that may import it, so that it can be replaced in one place.
var onlyIn = map[string][]string{
	"github.com/go-git/": {
		"pkg/git/ignore", "pkg/git/objects", "pkg/git/refs", "pkg/git/repository", // git's formats
		"pkg/fetch/wire", // git's protocol
	},
	"github.com/ProtonMail/":        {"pkg/signature"},
	"github.com/urfave/cli":         {"cmd/ppm"},
	"github.com/BurntSushi/toml":    {"pkg/tomldoc"},
	"github.com/Masterminds/semver": {"pkg/ref", "pkg/resolver", "pkg/langdeps"}, // ref checks the syntax of a range
	"github.com/gofrs/flock":        {"pkg/apply", "pkg/fetch", "pkg/knowntags", "internal/e2etest"},
	"golang.org/x/term":             {"cmd/ppm"},
	"github.com/hanwen/go-fuse":     {"internal/caselesstest"},
	// the only network
	"net/http": {"pkg/fetch", "pkg/fetch/wire", "internal/gittest"},
	// failure recognizes network errors
	"net": {"pkg/fetch", "pkg/fetch/wire", "internal/gittest", "pkg/failure"},
	// git's credential helper and the user's programs for ssh and signatures, and the programs of --install and --tool
	"os/exec": {
		"pkg/fetch/wire", "internal/gittest", "internal/e2etest", "pkg/langenv", "pkg/difftool", "pkg/verifier",
		"e2e/torture",
	},
	"log":       {"internal/gittest"}, // packages return results and do not print
	"math/rand": {},                   // the same input gives the same output
}

func TestLibrariesAreImportedInOnePlace(t *testing.T) {
	for _, p := range packages(t) {
		importer, _ := packageDir(p.ImportPath)
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

// Packages under pkg/ do not read the environment, print or exit. cmd/ppm does, and passes values down.
func TestPackagesDoNotTouchTheProcess(t *testing.T) {
	watchSources(t)
	args := []string{"grep", "--untracked", "-nF"}
	for _, banned := range []string{
		"os.Getenv", "os.Environ", "os.LookupEnv", "os.Exit", "os.Stdout", "os.Stderr", "os.Args",
		"fmt.Print", "log.Print",
	} {
		args = append(args, "-e", banned)
	}
	args = append(args, "--", "pkg/*.go", ":!*_test.go")
	grep := exec.Command("git", args...)
	grep.Dir = root
	out, err := grep.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		t.Errorf("a package under pkg/ touches the process:\n%s", out)
	case !errors.As(err, &exit) || exit.ExitCode() != 1: // git grep exits with 1 when nothing matches
		t.Fatalf("git grep: %v\n%s", err, out)
	}
}
