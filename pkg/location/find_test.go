package location_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/applytest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/location"
)

const packOnly = "[pack]\nlanguage = \"py\"\n"

// findCases are folders and the projects that are found from one of them.
var findCases = []struct {
	name    string
	files   map[string]string
	links   map[string]string // to what they lead
	home    string
	user    string // the user's layer
	also    []string
	from    string
	project string // empty when none is found
}{
	{name: "the folder itself", files: map[string]string{"p/ppm.toml": ""}, from: "p", project: "p"},
	{name: "above", files: map[string]string{"p/ppm.toml": "", "p/a/b/f": ""}, from: "p/a/b", project: "p"},
	{name: "only a lock", files: map[string]string{"p/ppm.lock": "", "p/a/f": ""}, from: "p/a", project: "p"},
	{name: "none", files: map[string]string{"p/f": ""}, from: "p"},
	{
		name: "the nearest", files: map[string]string{"p/ppm.toml": "", "p/a/ppm.toml": "", "p/a/b/f": ""},
		from: "p/a/b", project: "p/a",
	},
	{
		name:  "the root of the repository is the last",
		files: map[string]string{"p/ppm.toml": "", "p/.git/HEAD": "", "p/a/f": ""}, from: "p/a", project: "p",
	},
	{
		name: "not above the repository", files: map[string]string{"ppm.toml": "", "p/.git/HEAD": "", "p/a/f": ""},
		from: "p/a",
	},
	{
		name: "not above a linked worktree or a submodule",
		files: map[string]string{
			"p/ppm.toml": "", "p/.git/HEAD": "", "p/sub/.git": "gitdir: ../.git/modules/sub\n", "p/sub/a/f": "",
		},
		from: "p/sub/a",
	},
	{
		name:  "not from inside .git",
		files: map[string]string{"p/ppm.toml": "", "p/.git/hooks/f": ""}, from: "p/.git/hooks",
	},
	{
		name:  "outside a repository, not in the home folder",
		files: map[string]string{"home/ppm.toml": "", "home/a/f": ""}, home: "home", from: "home/a",
	},
	{
		name:  "not above the home folder",
		files: map[string]string{"ppm.toml": "", "home/a/f": ""}, home: "home", from: "home/a",
	},
	{
		name:  "the home folder itself",
		files: map[string]string{"home/ppm.toml": ""}, home: "home", from: "home", project: "home",
	},
	{
		name:  "a repository in the home folder itself",
		files: map[string]string{"home/ppm.toml": "", "home/.git/HEAD": "", "home/a/f": ""},
		home:  "home", from: "home/a", project: "home",
	},
	{
		name:  "a pack is not a project",
		files: map[string]string{"p/ppm.toml": "", "p/pack/ppm.toml": packOnly, "p/pack/c/f": ""},
		from:  "p/pack/c", project: "p",
	},
	{
		name:  "a pack that is a project, too",
		files: map[string]string{"p/ppm.toml": packOnly + "[project]\nname = \"p\"\n", "p/c/f": ""},
		from:  "p/c", project: "p",
	},
	{name: "only a pack", files: map[string]string{"p/ppm.toml": packOnly}, from: "p"},
	{
		name:  "a file that cannot be parsed is a project's",
		files: map[string]string{"p/ppm.toml": "<<<<<<< ours\n", "p/a/f": ""}, from: "p/a", project: "p",
	},
	{
		name:  "a user's layer is not a project",
		files: map[string]string{"config/ppm/ppm.toml": "[sources]\n", "config/ppm/a/f": ""},
		user:  "config/ppm/ppm.toml", from: "config/ppm/a",
	},
	{
		name:  "the first command was killed",
		files: map[string]string{"p/.ppm/journal": "", "p/a/f": ""}, from: "p/a", project: "p",
	},
	{name: "a history", files: map[string]string{"p/.ppm/f": "", "p/a/f": ""}, from: "p/a"},
	{
		name:  "a history that counts",
		files: map[string]string{"p/.ppm/f": "", "p/a/f": ""}, also: []string{".ppm"}, from: "p/a", project: "p",
	},
	{
		name:  "a link to a folder of a project",
		files: map[string]string{"p/ppm.toml": "", "p/a/f": ""}, links: map[string]string{"link": "p/a"},
		from: "link", project: "p",
	},
	{
		name:  "a link in a project to another folder",
		files: map[string]string{"p/ppm.toml": "", "other/f": ""}, links: map[string]string{"p/link": "other"},
		from: "p/link",
	},
	{
		name:  "a link to a project keeps its name",
		files: map[string]string{"p/ppm.toml": ""}, links: map[string]string{"link": "p"},
		from: "link", project: "link",
	},
}

func TestFind(t *testing.T) {
	for _, c := range findCases {
		t.Run(c.name, func(t *testing.T) {
			root := makeTree(t, c.files, c.links)
			path := func(name string) string {
				if name == "" {
					return ""
				}
				return filepath.Join(root, filepath.FromSlash(name))
			}
			s := location.Search{Home: path(c.home), Layers: []string{"", path(c.user)}, Also: c.also}
			l, found, err := s.Find(path(c.from))
			if err != nil {
				t.Fatal(err)
			}
			want := path(c.project)
			if want == "" {
				want = path(c.from)
			}
			if found != (c.project != "") || l.Project != want {
				t.Errorf("found %v, project %q; want %q", found, l.Project, want)
			}
		})
	}
}

// makeTree writes files and symbolic links into a new folder, and returns its path without links.
func makeTree(t *testing.T, files, links map[string]string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	applytest.Write(t, root, files)

	for name, to := range links {
		if err := os.Symlink(filepath.Join(root, to), filepath.Join(root, filepath.FromSlash(name))); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// Another user can put a ppm.toml into a folder such as /tmp, and a .git, too.
func TestFindDoesNotEnterSharedFolders(t *testing.T) {
	root := makeTree(t, map[string]string{"tmp/ppm.toml": "", "tmp/.git/HEAD": "", "tmp/mine/f": ""}, nil)
	mine := filepath.Join(root, "tmp", "mine")
	if _, found, err := (location.Search{}).Find(mine); !found || err != nil {
		t.Fatalf("a folder of one user: %v, %v", found, err)
	}
	if err := os.Chmod(filepath.Join(root, "tmp"), 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(root, "tmp")); err != nil || info.Mode()&os.ModeSticky == 0 {
		t.Skip("this system has no sticky folders") // Windows
	}
	if l, found, err := (location.Search{}).Find(mine); found || err != nil {
		t.Errorf("found %q in a folder of all users, %v", l.Project, err)
	}
}

func TestFindInNoFolder(t *testing.T) {
	root := makeTree(t, map[string]string{"ppm.toml": ""}, nil)
	for _, name := range []string{"gone", "ppm.toml"} {
		_, _, err := location.Search{}.Find(filepath.Join(root, name))
		if failure.KindOf(err) != failure.LocalIO || failure.Hint(err) == "" {
			t.Errorf("%s: %v, hint %q", name, err, failure.Hint(err))
		}
	}
}
