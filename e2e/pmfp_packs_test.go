package e2e_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/e2etest"
	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
)

// A pmfpVersion is a version of a small pack for pmfp.
type pmfpVersion struct {
	pack, branch, tag string
	files             map[string]string
}

// pmfpVersions are published for the table of commands.
var pmfpVersions = []pmfpVersion{
	{"parts", "dev", "v1", map[string]string{
		".pmfp_template.json": `{
			"template_type": "components",
			"components": {
				"file": {"source": "file.txt.jinja", "default_path": "file.txt"},
				"plain": {"source": "plain.txt", "default_path": "plain.txt"},
				"folder": {"source": "folder", "default_path": "{{ project_name }}/{{ kind }}"},
				"names": {"source": "names.txt.jinja", "default_path": "names.txt"},
				"bytes": {"source": "bytes", "default_path": "bytes"}
			},
			"template_keys": {
				"kind": {"default": "plain", "description": "what kind", "ask": true},
				"owner": {"default": "{{ author }} of {{ project_name | upper }}"},
				"empty": {"default": ""}
			}
		}`,
		"file.txt.jinja": "{{ kind }}, {{ owner }}, [{{ empty }}]{% if empty %} not empty{% endif %}\n" +
			"{%- for k in keywords %}\n* {{ k }}\n{%- endfor %}\n\n",
		"plain.txt":                              "{{ kind }} is not rendered\n",
		"names.txt.jinja":                        "{{ url }} {{ golang_version }} {{ cc }} {{ license }}\n\n",
		"folder/_ref_kind_fer_.py":               "# {{ kind }}\n",
		"folder/_ref_kind_fer_.txt.jinja":        "{{ kind }}\n",
		"folder/sub/_ref_kind_fer_/_ref_x.jinja": "{# a comment #}{{ owner }}",
		"folder/sub/a.b.jinja":                   "{{ kind | title }}\n\n\n",
		"folder/sub/twice.jinja.jinja":           "{{ kind }}\n",
		"folder/sub/_ref_empty_fer_":             "an empty name is kept\n",
		"bytes/crlf.md.jinja":                    "{{ kind }}\r\nmore\r\n",
		"bytes/crlf.txt":                         "one\r\ntwo\r\n",
		"bytes/open.txt.jinja":                   "no newline at the end: {{ kind }}",
		"bytes/open":                             "no newline at the end",
		"bytes/utf8.jinja":                       "服务 {{ owner }} 😀\n\n",
		"bytes/binary":                           "\x00\xff\x01{{ kind }}\n",
	}},
	{"parts", "dev", "v2", map[string]string{
		".pmfp_template.json": `{
			"template_type": "components",
			"components": {"file": {"source": "file.txt.jinja", "default_path": "file.txt"}},
			"template_keys": {"kind": {"default": "second"}}
		}`,
		"file.txt.jinja": "{{ kind }}\n\n",
	}},
	{"outer", "master", "v1", map[string]string{
		".pmfp_template.json": `{
			"language": "go",
			"template_type": "module",
			"mini_language_version": "1.21",
			"components": {
				"main": {"source": "main.go.jinja", "default_path": "main.go"},
				"linked": {"source": "parts@v1//folder", "default_path": "linked"},
				"twice": {"source": "outer@links//twice", "default_path": "twice.txt"},
				"branch": {"source": "parts@dev//file", "default_path": "branch.txt"}
			},
			"test": {"source": "main_test.go.jinja", "default_path": "main_test.go"},
			"template_keys": {"kind": {"default": "outer-{{ version }}"}}
		}`,
		"main.go.jinja":      "// {{ project_name }} at {{ version }}.\npackage main\n\nfunc main() {}\n\n",
		"main_test.go.jinja": "package main // {{ kind }}\n\n",
	}},
	{"native", "master", "v1", map[string]string{
		"ppm.toml": `[pack]
type = "components"
[pack.keys.docker]
default = false
[pack.keys.tests]
default = true
[pack.keys.level]
default = "low"
choices = ["low", "high"]
pattern = "[a-z]+"
[pack.components.options]
source = "options.txt.jinja"
requires = ["x"]
renamed_from = ["settings"]
`,
		"options.txt.jinja": "{% if docker %}docker{% endif %}{% if tests %}tests{% endif %} {{ level }}\n\n",
	}},
	{"outer", "links", "", map[string]string{
		".pmfp_template.json": `{
			"template_type": "components",
			"components": {
				"twice": {"source": "parts@v1//file", "default_path": "inner.txt"},
				"program": {"source": "outer@v1//main", "default_path": "main.go"}
			},
			"template_keys": {"owner": {"default": "the link"}, "kind": {"default": "not used"}}
		}`,
	}},
}

// publish makes the repositories of the versions. A pack that is written for ppm gets the manifest that as_temp and
// registry export write for pmfp.
func (u *pmfpUser) publish(versions []pmfpVersion) {
	u.t.Helper()
	repos := map[string]*gittest.Repo{}
	for _, v := range versions {
		r := repos[v.pack]
		if r == nil {
			r = gittest.InitRepo(filepath.Join(u.namespace(), v.pack+".git"), u.t.Fatalf)
			repos[v.pack] = r
			r.Commit("begin")
		}
		r.Branch(v.branch)
		r.Git("rm", "-rqf", "--ignore-unmatch", ".")
		for name, text := range v.files {
			r.Write(name, text, 0o644)
		}
		if _, native := v.files[pack.Native]; native {
			own := fileset.Set{{Path: pack.Native, Data: []byte(v.files[pack.Native])}}
			manifest, err := load(u.t, v.pack, own).JSON()
			if err != nil {
				u.t.Fatal(err)
			}
			r.Write(pack.Pmfp, string(manifest), 0o644)
		}
		r.Commit(v.pack)
		if v.tag != "" {
			r.Tag(v.tag)
		}
	}
	for _, r := range repos {
		r.Branch("master") // the default branch
	}
}

// pmfpMetadata is what the projects of the table state.
var pmfpMetadata = map[string]any{
	"project_name": "thing", "version": "1.2.3", "author": "Ada", "author_email": "ada@example.org",
	"description": "", "keywords": []string{"one", "two words"}, "url": "https://example.org/thing", "license": "",
}

// Commands install the same files with pmfp and ppm.
func TestPmfpAndPPMInstallTheSameFiles(t *testing.T) {
	e2etest.SkipInShort(t)
	u := newPmfpUser(t)
	u.publish(pmfpVersions)
	u.writeHome(pmfpFile, map[string]any{"cc": "gcc", "golang_version": "1.20", "author": "nobody"})
	table := []struct{ name, args string }{
		{"defaults", "parts@v1//file"},
		{"a key", "parts@v1//file --kv kind::other"},
		{"two keys", "parts@v1//file --kv kind::other --kv owner::me"},
		{"a file that is not a template", "parts@v1//plain"},
		{"a located path", "parts@v1//plain --located-path thing.txt"},
		{"a located path that is a template", "parts@v1//folder --located-path {{kind}}-{{project_name}}"},
		{"names of files and folders", "parts@v1//folder --kv kind::Ab_c"},
		{"names that no pack declares", "parts@v1//names"},
		{"line ends and other bytes", "parts@v1//bytes"},
		{"a branch", "parts@dev//file"},
		{"a pack for ppm", "native@v1//options"},
		{"a namespace", "Project-Manager-With-Git::parts@v1//file"},
		{"a link", "outer@v1//linked --located-path linked"},
		{"a key through a link", "outer@v1//linked --located-path linked --kv kind::mine"},
		{"two links", "outer@v1//twice --located-path twice.txt"},
		{"a link to a branch", "outer@v1//branch --located-path branch.txt"},
		{"the default branch", "outer@latest//main"},
	}
	var commands []pmfpCommand
	for _, c := range table {
		args := append([]string{"project", "add"}, strings.Fields(c.args)...)
		commands = append(commands, pmfpCommand{u.project(pmfpMetadata), args})
	}
	outputs := u.runPmfp(commands)
	for i, c := range table {
		t.Run(c.name, func(t *testing.T) {
			dir := u.project(pmfpMetadata)
			if out, err := u.runPPM(dir, commands[i].Args...); err != nil {
				t.Fatalf("ppm: %v\n%s", err, out)
			}
			files := readFolder(t, commands[i].Dir)
			if len(files) == 0 {
				t.Fatalf("pmfp installed nothing:\n%s", outputs[i])
			}
			checkSameFiles(t, readFolder(t, dir), files)
		})
	}
}

// What pmfp refuses, ppm refuses, too.
func TestPmfpAndPPMRefuse(t *testing.T) {
	e2etest.SkipInShort(t)
	u := newPmfpUser(t)
	u.publish(pmfpVersions)
	table := []struct {
		name, args string
		metadata   map[string]any
		pmfp, ppm  string
	}{
		{"another language", "outer@v1//main", map[string]any{"language": "py"},
			"语言go与项目语言py不匹配", `outer@v1" is "go", the project's is "py"`},
		{"another language behind a link", "outer@links//program", map[string]any{"language": "py"},
			"语言go与项目语言py不匹配", `the language of pack "outer@v1" is "go", the project's is "py"`},
		{"another language before a link", "outer@v1//twice", map[string]any{"language": "C"},
			"语言go与项目语言C不匹配", `outer@v1" is "go", the project's is "C"`},
		{"no such component", "outer@v1//mian", map[string]any{}, "未被模板仓库注册", `no component "mian"`},
	}
	var commands []pmfpCommand
	for _, c := range table {
		commands = append(commands, pmfpCommand{u.project(c.metadata), []string{"project", "add", c.args}})
	}
	outputs := u.runPmfp(commands)
	for i, c := range table {
		t.Run(c.name, func(t *testing.T) {
			dir := u.project(c.metadata)
			out, err := u.runPPM(dir, commands[i].Args...)
			if err == nil || !strings.Contains(out, c.ppm) || len(readFolder(t, dir)) > 0 {
				t.Errorf("ppm: %v\n%s", err, out)
			}
			if !strings.Contains(outputs[i], c.pmfp) || len(readFolder(t, commands[i].Dir)) > 0 {
				t.Errorf("pmfp:\n%s", outputs[i])
			}
		})
	}
}

// A new project has the files that pmfp writes. The components are equal byte for byte.
func TestPmfpAndPPMMakeTheSameProject(t *testing.T) {
	e2etest.SkipInShort(t)
	u := newPmfpUser(t)
	u.publish(pmfpVersions)
	args := strings.Fields("project new -t outer@v1 -n example.com/thing -v 1.2.3 -a Ada --with-test --kv kind::mine")
	pmfp, ppm := u.project(nil), u.project(nil)
	for _, dir := range []string{pmfp, ppm} {
		if err := os.Remove(filepath.Join(dir, pmfpFile)); err != nil {
			t.Fatal(err)
		}
	}
	output := u.runPmfp([]pmfpCommand{{pmfp, args}})
	if out, err := u.runPPM(ppm, args...); err != nil {
		t.Fatalf("ppm: %v\n%s", err, out)
	}
	want, got := readFolder(t, pmfp), readFolder(t, ppm)
	for _, name := range []string{"README.md", "CHANGELOG.md", "go.mod"} { // ppm has its own texts: docs/pmfp.md
		if want[name] == "" || got[name] == "" {
			t.Errorf("%s is %q from pmfp, %q from ppm", name, want[name], got[name])
		}
		delete(want, name)
		delete(got, name)
	}
	if len(want) < 6 {
		t.Fatalf("pmfp made only %d files:\n%s", len(want), output[0])
	}
	checkSameFiles(t, got, want)
}

// ppm takes over a project that pmfp made of published packs, of which one has the name of a built-in pack.
func TestPmfpProjectIsAdopted(t *testing.T) {
	e2etest.SkipInShort(t)
	u := newPmfpUser(t)
	published := []pmfpVersion{pmfpVersions[0]}
	for _, tag := range []string{"cp-0.0.1", "cp-0.0.2"} {
		files := maps.Clone(pmfpVersions[0].files)
		files["plain.txt"] = "published at " + tag + "\n"
		published = append(published, pmfpVersion{"tp_py_grpc", "dev", tag, files})
	}
	u.publish(published)
	dir := u.project(pmfpMetadata)
	var commands []pmfpCommand
	for _, args := range []string{
		"tp_py_grpc@cp-0.0.1//plain --located-path a.txt", "tp_py_grpc@cp-0.0.2//folder --kv kind::timer",
		"parts@v1//file --kv kind::rare --located-path lib/file.txt",
	} {
		commands = append(commands, pmfpCommand{dir, append([]string{"project", "add"}, strings.Fields(args)...)})
	}
	outputs := u.runPmfp(commands)
	before := readFolder(t, dir)
	if len(before) < 8 {
		t.Fatalf("pmfp made only %d files:\n%s", len(before), strings.Join(outputs, "\n"))
	}
	out, err := u.runPPM(dir, "project", "adopt")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		"adopted a.txt as Project-Manager-With-Git::tp_py_grpc@cp-0.0.1//plain, 100.0 % similar",
		"adopted thing/timer as Project-Manager-With-Git::tp_py_grpc@cp-0.0.2//folder, 100.0 % similar",
		"adopted lib/file.txt as parts@v1//file, 100.0 % similar",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("ppm project adopt does not print %q:\n%s", want, out)
		}
	}
	checkSameFiles(t, readFolder(t, dir), before)
	for _, args := range []string{"status --exit-code", "verify", "upgrade", "verify"} {
		if out, err := u.runPPM(dir, append([]string{"project"}, strings.Fields(args)...)...); err != nil {
			t.Errorf("ppm project %s: %v\n%s", args, err, out)
		}
	}
	if text := readFolder(t, dir)["a.txt"]; text != "published at cp-0.0.2\n" {
		t.Errorf("after the upgrade, a.txt is %q", text)
	}
}

// pmfp installs the components of a pack that as_temp makes.
func TestPmfpInstallsAnExtractedPack(t *testing.T) {
	e2etest.SkipInShort(t)
	u := newPmfpUser(t)
	project := u.project(map[string]any{"project_name": "thing", "language": "py"})
	before := map[string]string{
		"main.py":             "print('thing timer')\n",
		"timer/timer.py":      "# timer of thing\n",
		"timer/plain.txt":     "{{ plain }}\n",
		"timer/{{odd}} timer": "an odd name\n",
		"timer/a_ref_b":       "half a delimiter\n",
		"timer/a.jinja":       "no template of timer: {{ x }}\n",
		"requirements.txt":    "grpcio>=1.60\n",
	}
	for name, text := range before {
		path := filepath.Join(project, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	made := filepath.Join(u.namespace(), "made.git")
	args := "project as_temp components -p timer::source -p thing::project_name -y -t " + made
	if out, err := u.runPPM(project, strings.Fields(args)...); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	repo := gittest.InitRepo(made, t.Fatalf)
	repo.Commit("made")
	repo.Tag("v1")
	dir := u.project(map[string]any{"project_name": "thing", "language": "py"})
	var commands []pmfpCommand
	for _, component := range []string{"main.py", "timer", "requirements.txt"} {
		commands = append(commands, pmfpCommand{dir, []string{"project", "add", "made@v1//" + component}})
	}
	outputs := u.runPmfp(commands)
	checkSameFiles(t, before, readFolder(t, dir))
	if t.Failed() {
		t.Log(strings.Join(outputs, "\n"))
	}
}
