package e2e_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/e2etest"
	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
)

// sbomPython has the validators of SPDX and CycloneDX.
var sbomPython = e2etest.PythonWith(filepath.Join("sbom", "requirements.txt"))

// sbomFiles are a pack and a workspace.
var sbomFiles = map[string]string{
	"repos/mypack/ppm.toml": "[pack]\ntype = 'components'\nlicense = 'mit OR Apache-2.0 WITH LLVM-exception'\n" +
		"[pack.components.one]\nsource = 'one'\n" +
		"[pack.components.two]\nsource = 'two'\nlicense = 'Own-1.0 AND (LicenseRef-x OR GPL-2.0+)'\n" +
		"[pack.components.three]\nsource = 'three'\nlicense = 'DocumentRef-d:LicenseRef-x'\n",
	"repos/mypack/one/a b [1] ü#.txt": "one\n", "repos/mypack/one/shared.txt": "shared\n",
	"repos/mypack/two/组件.py": "two\n", "repos/mypack/two/gone.txt": "gone\n",
	"repos/mypack/three/shared.txt": "shared\n", "repos/mypack/three/three.txt": "three\n",
	"work/ppm.toml": "[workspace]\nmembers = ['app', 'lib']\n", "work/app/ppm.toml": "", "work/lib/ppm.toml": "",
}

// The documents of ppm sbom are valid by the tools and schemas of their formats: for one project and for a workspace,
// with licenses of all kinds, and with files that are edited, missing, shared, and have names with all characters.
func TestSBOMIsValid(t *testing.T) {
	if testing.Short() {
		t.Skip("installs Python packages")
	}
	root := t.TempDir()
	writeFiles(t, root, sbomFiles)
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"}, {"add", "."},
		{"-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "one"}, {"tag", "v1.0.0+x"},
	} {
		e2etest.Output(t, e2etest.Command(t, filepath.Join(root, "repos", "mypack"), "git", args...))
	}
	// The validator of SPDX accepts no URL of an IP address.
	server, url := gittest.ServeHTTP(t, filepath.Join(root, "repos")), "https://git.example.com/mypack@v1.0.0+x//"
	writeFiles(t, root, map[string]string{
		".gitconfig": "[url \"" + server.URL + "/\"]\ninsteadOf = https://git.example.com/\n",
	})
	cache := t.TempDir()
	ppm := func(folder string, args ...string) string {
		t.Helper()
		cmd := e2etest.Command(t, filepath.Join(root, "work", folder), e2etest.Binary(t), args...)
		cmd.Env = append(cmd.Env, "HOME="+root, "PPM_CACHE_DIR="+cache, "PPM_STATE_DIR="+cache)
		return e2etest.Output(t, cmd)
	}
	validator, err := filepath.Abs(filepath.Join("sbom", "validate.py"))
	if err != nil {
		t.Fatal(err)
	}
	documents := []string{validator}
	document := func(folder, name string) {
		t.Helper()
		for _, format := range []string{"spdx", "cyclonedx"} {
			file := filepath.Join(root, name+"."+format+".json")
			ppm(folder, "sbom", "--format", format, "-o", file, "-q")
			documents = append(documents, format, file)
		}
	}
	ppm("app", "add", "-q", url+"one", "--located-path", "one")
	ppm("app", "add", "-q", url+"two", "--located-path", "two")
	ppm("lib", "add", "-q", url+"three", "--located-path", ".")
	ppm("lib", "add", "-q", "tp_py_grpc@cp-0.0.1//wscli")
	document("app", "clean")
	writeFiles(t, root, map[string]string{
		"work/app/one/a b [1] ü#.txt": "edited\n", "work/app/two/组件.py": "# \u202e\x07\n",
	})
	if err := os.Remove(filepath.Join(root, "work", "app", "two", "gone.txt")); err != nil {
		t.Fatal(err)
	}
	document("app", "edited")
	document("", "workspace")
	e2etest.Output(t, e2etest.Command(t, root, sbomPython(t), documents...))
}

// writeFiles writes files below a folder, by their slash-separated paths.
func writeFiles(t *testing.T, root string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		name = filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
