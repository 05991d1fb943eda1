package records_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/records"
)

// install returns a [[component]] block at path, with more lines.
func install(source, path string, more ...string) string {
	block := "[[component]]\nsource = \"" + source + "\"\npath = \"" + path + "\"\n"
	for _, line := range more {
		block += line + "\n"
	}
	return block
}

// blocks joins blocks with blank lines.
func blocks(list ...string) string { return strings.Join(list, "\n") }

// conflict returns a conflict in the style merge.
func conflict(ours, theirs string) string {
	return "<<<<<<< ours\n" + ours + "=======\n" + theirs + ">>>>>>> theirs\n"
}

// mergeCase is a merge of manifests and its result.
type mergeCase struct{ name, base, ours, theirs, want string }

func (c mergeCase) run(t *testing.T) {
	t.Helper()
	r := records.Merge("ppm.toml", []byte(c.base), []byte(c.ours), []byte(c.theirs), records.Options{})
	if string(r.Text) != c.want || r.ByLines != nil {
		t.Errorf("%s: got (%v)\n%s\nwant\n%s", c.name, r.ByLines, r.Text, c.want)
	}
	marked := strings.Contains(c.want, "<<<<<<<")
	if err := r.Check("ppm.toml"); errors.Is(err, failure.Conflicts) != marked || (err != nil) != marked {
		t.Errorf("%s: Check returns %v", c.name, err)
	}
	if _, err := manifest.Parse("ppm.toml", r.Text, manifest.ProjectLayer); (err == nil) == marked {
		t.Errorf("%s: the result can be read: %v", c.name, err)
	}
}

func TestMergeInstallsOfManifests(t *testing.T) {
	a1, a2, a3 := install("p@v1//a", "a"), install("p@v2//a", "a"), install("p@v3//a", "a")
	b, c := install("p@v1//b", "b"), install("p@v1//c", "c")
	for _, m := range []mergeCase{
		{"each added one", a1, blocks(a1, b), blocks(a1, c), blocks(a1, b, c)},
		{"each added one, the other way round", a1, blocks(a1, c), blocks(a1, b), blocks(a1, b, c)},
		{"each added the first one", "", b, c, blocks(b, c)},
		{"both added the same", a1, blocks(a1, b), blocks(a1, b), blocks(a1, b)},
		{"both added the same, in other places", a1, blocks(b, a1, c), blocks(a1, b), blocks(b, a1, c)},
		{"theirs upgraded", a1, blocks(a1, b), a2, blocks(a2, b)},
		{"ours upgraded", a1, a2, blocks(a1, b), blocks(a2, b)},
		{"both upgraded to the same", a1, blocks(a2, b), blocks(a2, c), blocks(a2, b, c)},
		{"theirs removed one", blocks(a1, b), blocks(a1, b, c), a1, blocks(a1, c)},
		{"ours removed the first", blocks(a1, b), b, blocks(a1, b, c), blocks(b, c)},
		{"each removed one", blocks(a1, b, c), blocks(a1, b), blocks(b, c), b},
		{"both upgraded", a1, a2, a3, conflict(a2, a3)},
		{"both upgraded, and more", blocks(a1, b), blocks(a2, b), blocks(a3, c),
			blocks(conflict(a2, a3), c)},
		{"both upgraded, between others", blocks(b, a1, c), blocks(b, a2, c), blocks(b, a3),
			blocks(b, conflict(a2, a3))},
		{"one removed what the other upgraded", blocks(a1, b), b, blocks(a2, b), blocks(conflict("", a2), b)},
		{"one upgraded what the other removed", blocks(a1, b), blocks(a2, b), b, blocks(conflict(a2, ""), b)},
		{"both added it differently", b, blocks(b, a1), blocks(b, a2), blocks(b, conflict(a1, a2))},
		{"one moved what the other left", blocks(a1, b), blocks(install("p@v1//a", "x"), b), blocks(a1, b, c),
			blocks(install("p@v1//a", "x"), b, c)},
		{"one moved what the other upgraded", blocks(a1, b), blocks(b, install("p@v1//a", "x")), blocks(a2, b, c),
			blocks(conflict(install("p@v1//a", "x"), a2), b, c)},
		{"one moved what the other removed", blocks(a1, b), b, blocks(install("p@v2//a", "x"), b),
			blocks(conflict("", install("p@v2//a", "x")), b)},
		{"both moved it", blocks(a1, b), blocks(install("p@v1//a", "x"), b), blocks(install("p@v1//a", "y"), b),
			blocks(conflict(install("p@v1//a", "x"), install("p@v1//a", "y")), b)},
		{"both moved it to the same place", blocks(a1, b), blocks(install("p@v1//a", "x"), b),
			blocks(install("p@v1//a", "x"), b, c), blocks(install("p@v1//a", "x"), b, c)},
		{"perhaps moved, perhaps not", blocks(a1, install("p@v1//a", "a2"), b),
			blocks(install("p@v1//a", "x"), install("p@v1//a", "a2"), b), blocks(a2, b),
			blocks(conflict(install("p@v1//a", "x"), a2), b)},
		{"two of one component", blocks(a1, install("p@v1//a", "a2"), b), blocks(install("p@v1//a", "x"), b),
			blocks(a2, install("p@v1//a", "a2"), b),
			blocks(conflict("", a2), install("p@v1//a", "x"), b)},
		{"ours changed the order", blocks(a1, b), blocks(b, a1), blocks(a2, b, c), blocks(b, c, a2)},
		{"theirs changed the order", blocks(a1, b), blocks(a2, b), blocks(b, a1), blocks(b, a2)},
	} {
		m.run(t)
	}
}

func TestMergeFieldsOfInstalls(t *testing.T) {
	z := func(source string, more ...string) string { return install(source, "z", more...) }
	for _, m := range []mergeCase{
		{"different fields", z("p@v1//z"), z("p@v2//z"), z("p@v1//z", `own = { "z/f" = "mine" }`),
			z("p@v2//z", `own = { "z/f" = "mine" }`)},
		{"different keys", z("p//z", `keys = { a = "1", b = "1" }`), z("p//z", `keys = { a = "2", b = "1" }`),
			z("p//z", `keys = { a = "1", b = "2", c = "3" }`), z("p//z", `keys = { a = "2", b = "2", c = "3" }`)},
		{"each added keys", z("p//z"), z("p//z", `keys = { a = "1" }`), z("p//z", `keys = { b = "1" }`),
			z("p//z", `keys = { a = "1", b = "1" }`)},
		{"one key in two ways", z("p//z", `keys = { a = "1", b = "1" }`),
			z("p//z", `keys = { a = "2", b = "1" }`), z("p//z", `keys = { a = "3", b = "2" }`),
			conflict(z("p//z", `keys = { a = "2", b = "1" }`), z("p//z", `keys = { a = "3", b = "2" }`))},
		{"each removed a key", z("p//z", `keys = { a = "1", b = "1", c = "1" }`),
			z("p//z", `keys = { a = "1", c = "1" }`), z("p//z", `keys = { a = "1", b = "1" }`),
			z("p//z", `keys = { a = "1" }`)},
		{"one removed the key that the other changed", z("p//z", `keys = { a = "1" }`), z("p//z"),
			z("p//z", `keys = { a = "2" }`),
			conflict(z("p//z"), z("p//z", `keys = { a = "2" }`))},
		{"each removed the last key of its own", z("p//z", `keys = { a = "1", b = "1" }`),
			z("p//z", `keys = { b = "1" }`), z("p//z", `keys = { a = "1" }`), z("p//z")},
		{"the same in other words", z("p//z", `keys = { a = "1" }`), z("p//z", `keys = { a = '1' }`),
			z("p//z", `keys = { a = "2" }`), z("p//z", `keys = { a = "2" }`)},
		{"the same change in other words", z("p//z"), z("p//z", `keys = {a = 'x'}`), z("p//z", `keys = { a = "x" }`),
			z("p//z", `keys = {a = 'x'}`)},
		{"subtables", z("p//z", "[component.keys]", `a = "1"`, `b = "1"`),
			z("p//z", "[component.keys]", `a = "2"`, `b = "1"`), z("p//z", "[component.keys]", `a = "1"`, `b = "2"`),
			z("p//z", "[component.keys]", `a = "2"`, `b = "2"`)},
		{"one moved a file, the other owns another", z("p//z"), z("p//z", `moved = { "z/f" = "g" }`),
			z("p//z", `own = { "z/h" = "mine" }`), z("p//z", `moved = { "z/f" = "g" }`, `own = { "z/h" = "mine" }`)},
		{"one moved the file that the other owns", z("p//z"), z("p//z", `moved = { "z/f" = "g" }`),
			z("p//z", `own = { "z/f" = "mine" }`),
			conflict(z("p//z", `moved = { "z/f" = "g" }`), z("p//z", `own = { "z/f" = "mine" }`))},
		{"one moved again the file that the other no longer owns",
			z("p//z", `own = { "g" = "mine" }`, `moved = { "z/f" = "g" }`), z("p//z", `moved = { "z/f" = "g" }`),
			z("p//z", `own = { "i" = "mine" }`, `moved = { "z/f" = "i" }`),
			conflict(z("p//z", `moved = { "z/f" = "g" }`),
				z("p//z", `own = { "i" = "mine" }`, `moved = { "z/f" = "i" }`))},
		{"everything else in a block in conflict is there, too", z("p@v1//z"),
			z("p@v2//z", `strategy = "ours"`), z("p@v3//z", `moved = { "z" = "y" }`),
			conflict(z("p@v2//z", `strategy = "ours"`), z("p@v3//z", `moved = { "z" = "y" }`))},
	} {
		m.run(t)
	}
}

func TestMergeTablesOfManifests(t *testing.T) {
	a, b := install("p@v1//a", "a"), install("p@v1//b", "b")
	project := func(lines ...string) string { return "[project]\n" + strings.Join(lines, "\n") + "\n" }
	for _, m := range []mergeCase{
		{"ours added [project]", a, blocks("# mine\n"+project(`name = "x"`), a), blocks(a, b),
			blocks("# mine\n"+project(`name = "x"`), a, b)},
		{"theirs added [project]", a, blocks(a, b), blocks("# mine\n"+project(`name = "x"`), a),
			blocks("# mine\n"+project(`name = "x"`), a, b)},
		{"different fields", project(`name = "x"`, `version = "1"`), project(`name = "y"`, `version = "1"`),
			project(`name = "x"`, `version = "2"`), project(`name = "y"`, `version = "2"`)},
		{"one field in two ways", project(`name = "x"`, `version = "1"`), project(`name = "y"`, `version = "1"`),
			project(`name = "z"`, `version = "2"`),
			"[project]\n" + conflict("name = \"y\"\n", "name = \"z\"\n") + "version = \"2\"\n"},
		{"both added it", a, blocks(project(`name = "x"`, `author = "a"`), a), blocks(project(`name = "y"`), a),
			blocks("[project]\n"+conflict("name = \"x\"\n", "name = \"y\"\n")+"author = \"a\"\n", a)},
		{"one removed the table that the other changed", project(`name = "x"`) + "\n" + a, a,
			project(`name = "y"`) + "\n" + a, conflict("", project(`name = "y"`)) + "\n" + a},
		{"[keys]", "[keys]\na = \"1\"\n", "[keys]\na = \"1\"\nb = \"1\"\n", "[keys]\na = \"2\"\n",
			"[keys]\na = \"2\"\nb = \"1\"\n"},
		{"[packs.X]", "[packs.p]\nurl = \"https://h/p\"\n",
			"[packs.p]\nurl = \"https://h/p\"\n\n[packs.q]\nurl = \"https://h/q\"\n",
			"[packs.p]\nurl = \"https://h/p2\"\n\n[packs.r]\nurl = \"https://h/r\"\n",
			"[packs.p]\nurl = \"https://h/p2\"\n\n[packs.q]\nurl = \"https://h/q\"\n\n" +
				"[packs.r]\nurl = \"https://h/r\"\n"},
		{"[sources] and its tables", "[sources]\nhost = \"h\"\nmirrors = { \"http://a\" = \"http://b\" }\n",
			"[sources]\nhost = \"h2\"\nmirrors = { \"http://a\" = \"http://b\", \"http://c\" = \"http://d\" }\n",
			"[sources]\nhost = \"h\"\nmirrors = { \"http://a\" = \"http://e\" }\n",
			"[sources]\nhost = \"h2\"\nmirrors = { \"http://a\" = \"http://e\", \"http://c\" = \"http://d\" }\n"},
		{"lists", "[workspace]\nmembers = [\"a\", \"b\"]\n", "[workspace]\nmembers = [\"a\", \"b\", \"c\"]\n",
			"[workspace]\nmembers = [\"b\", \"d\"]\n", "[workspace]\nmembers = [\"b\", \"c\", \"d\"]\n"},
		{"lists on several lines", "[workspace]\nmembers = [\n  \"a\",\n]\n",
			"[workspace]\nmembers = [\n  \"a\",\n  \"b\",\n]\n", "[workspace]\nmembers = [\n  \"a\",\n  \"c\",\n]\n",
			"[workspace]\nmembers = [\n    \"a\",\n    \"b\",\n    \"c\",\n]\n"},
		{"an item in two ways", "[workspace]\nmembers = [\"a\"]\n", "[workspace]\nmembers = [\"b\"]\n",
			"[workspace]\nmembers = [\"c\"]\n",
			"[workspace]\n" + conflict("members = [\"b\"]\n", "members = [\"c\"]\n")},
		{"a comment in a list", "[workspace]\nmembers = [\"a\"]\n", "[workspace]\nmembers = [\n\"a\", # b\n\"b\"]\n",
			"[workspace]\nmembers = [\"a\", \"c\"]\n",
			"[workspace]\n" + conflict("members = [\n\"a\", # b\n\"b\"]\n", "members = [\"a\", \"c\"]\n")},
		{"fields above all tables", "project.name = \"x\"\n\n" + a, "project.name = \"y\"\n\n" + a,
			"project.name = \"x\"\nproject.version = \"1\"\n\n" + a,
			"project.name = \"y\"\nproject.version = \"1\"\n\n" + a},
		{"the first field above all tables", a, blocks(a, b), "project.name = \"x\"\n\n" + a,
			"project.name = \"x\"\n\n" + blocks(a, b)},
		{"a pack in the project", "[pack]\nlanguage = \"py\"\n\n[pack.keys.k]\ndefault = \"1\"\n",
			"[pack]\nlanguage = \"go\"\n\n[pack.keys.k]\ndefault = \"1\"\n",
			"[pack]\nlanguage = \"py\"\n\n[pack.keys.k]\ndefault = \"2\"\n",
			"[pack]\nlanguage = \"go\"\n\n[pack.keys.k]\ndefault = \"2\"\n"},
		{"other blocks, as a whole", "[[pack.x]]\na = 1\n[[pack.x]]\na = 2\n", "[[pack.x]]\na = 2\n",
			"[[pack.x]]\na = 1\n[[pack.x]]\na = 2\n[[pack.x]]\na = 3\n[pack.x.y]\nb = 1\n",
			conflict("[[pack.x]]\na = 2\n",
				"[[pack.x]]\na = 1\n[[pack.x]]\na = 2\n[[pack.x]]\na = 3\n[pack.x.y]\nb = 1\n")},
		{"other blocks, and a table with a longer name", "[[pack.x]]\na = 1\n[pack.xy]\nb = 1\n",
			"[[pack.x]]\na = 2\n[pack.xy]\nb = 1\n", "[[pack.x]]\na = 1\n[pack.xy]\nb = 2\n",
			"[[pack.x]]\na = 2\n[pack.xy]\nb = 2\n"},
	} {
		m.run(t)
	}
}

func TestMergeComments(t *testing.T) {
	a1, a2, b := install("p@v1//a", "a"), install("p@v2//a", "a"), install("p@v1//b", "b")
	for _, m := range []mergeCase{
		{"above a block", a1, "# why\n" + a1, a2, "# why\n" + a2},
		{"below everything", a1, a1 + "# end\n", a2, a2 + "# end\n"},
		{"by itself", a1, "# first\n\n" + a1, blocks(a1, b), "# first\n\n" + blocks(a1, b)},
		{"by themselves, on both sides", a1, "# x\n\n" + a1, "# y\n\n" + a1, "# x\n\n# y\n\n" + a1},
		{"removed", "# old\n\n" + a1, a1, "# old\n\n" + a2, a2},
		{"after a value", a1, strings.Replace(a1, "//a\"", "//a\" # why", 1), a2,
			strings.Replace(a2, "//a\"", "//a\" # why", 1)},
		{"above a field", "[project]\nname = \"x\"\n", "[project]\n# why\nname = \"x\"\n", "[project]\nname = \"y\"\n",
			"[project]\n# why\nname = \"y\"\n"},
		{"changed in two ways", "# a\n[project]\nname = \"x\"\n", "# b\n[project]\nname = \"x\"\n",
			"# c\n[project]\nname = \"y\"\n", conflict("# b\n", "# c\n") + "[project]\nname = \"y\"\n"},
		{"changed after a header", "[project] # a\nname = \"x\"\n", "[project] # b\nname = \"x\"\n",
			"[project]\nname = \"y\"\n", conflict("[project] # b\n", "[project]\n") + "name = \"y\"\n"},
		{"of a removed block", blocks("# a\n"+a1, b), "# a\n\n" + b, blocks("# a\n"+a1, b, install("p//c", "c")),
			"# a\n\n" + blocks(b, install("p//c", "c"))},
	} {
		m.run(t)
	}
}

func TestMergeKeepsTheLayoutOfTheText(t *testing.T) {
	a1, a2, b := install("p@v1//a", "a"), install("p@v2//a", "a"), install("p@v1//b", "b")
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	cut := func(s string) string { return strings.TrimSuffix(s, "\n") }
	for _, m := range []mergeCase{
		{"CRLF", crlf(a1), crlf(a2), crlf(blocks(a1, b)), crlf(blocks(a2, b))},
		{"CRLF and a conflict", crlf(a1), crlf(a2), crlf(install("p@v3//a", "a")),
			crlf(conflict(a2, install("p@v3//a", "a")))},
		{"ours changed it to CRLF", a1, crlf(a2), blocks(a1, b), crlf(blocks(a2, b))},
		{"theirs changed it to CRLF", a1, a2, crlf(blocks(a1, b)), crlf(blocks(a2, b))},
		{"theirs changed it to LF", crlf(a1), crlf(a2), blocks(a1, b), blocks(a2, b)},
		{"no end of the last line", cut(a1), cut(a2), cut(blocks(a1, b)), cut(blocks(a2, b))},
		{"ours added the end of the last line", cut(a1), a1, cut(blocks(a2, b)), blocks(a2, b)},
		{"a byte order mark", "\ufeff" + a1, "\ufeff" + a2, "\ufeff" + blocks(a1, b), "\ufeff" + blocks(a2, b)},
		{"ours removed the byte order mark", "\ufeff" + a1, a2, "\ufeff" + blocks(a1, b), blocks(a2, b)},
		{"no base", "", crlf(a1), crlf(b), crlf(blocks(a1, b))},
	} {
		m.run(t)
	}
}

func TestMergeStyles(t *testing.T) {
	a1, a2, a3 := install("p@v1//a", "a"), install("p@v2//a", "a"), install("p@v3//a", "a")
	labels := merge.Labels{Base: "1a2b3c4", Ours: "HEAD", Theirs: "topic (upgrade)"}
	for _, c := range []struct {
		o    records.Options
		want string
	}{
		{records.Options{Labels: labels}, "<<<<<<< HEAD\n" + a2 + "=======\n" + a3 + ">>>>>>> topic (upgrade)\n"},
		{records.Options{Labels: labels, Style: merge.Diff3, MarkerSize: 9},
			"<<<<<<<<< HEAD\n" + a2 + "||||||||| 1a2b3c4\n" + a1 + "=========\n" + a3 + ">>>>>>>>> topic (upgrade)\n"},
		{records.Options{Style: merge.ZDiff3},
			"<<<<<<< ours\n" + a2 + "||||||| base\n" + a1 + "=======\n" + a3 + ">>>>>>> theirs\n"},
	} {
		r := records.Merge("ppm.toml", []byte(a1), []byte(a2), []byte(a3), c.o)
		if string(r.Text) != c.want {
			t.Errorf("%+v: got\n%s\nwant\n%s", c.o, r.Text, c.want)
		}
	}
	quoting := "[keys]\nk = '''\n<<<<<<< \n=======\n'''\n\n"
	r := records.Merge("sub/ppm.toml", []byte(quoting+a1), []byte(quoting+a2), []byte(quoting+a3), records.Options{})
	if want := quoting + "<<<<<<<< ours\n" + a2 + "========\n" + a3 + ">>>>>>>> theirs\n"; string(r.Text) != want {
		t.Errorf("markers that a value contains: got\n%s\nwant\n%s", r.Text, want)
	}
}
