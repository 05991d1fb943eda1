package records_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/records"
)

var rounds = flag.Int("rounds", 4000, "number of random merges of each kind of record")

// sampleSize returns the number of random merges: a tenth of the usual number in short mode.
func sampleSize() int {
	if testing.Short() {
		return *rounds / 10
	}
	return *rounds
}

// A model is what a random manifest says: "TABLE FIELD" → TOML, "TABLE FIELD KEY" → TOML for a table on one line,
// and "# TABLE" → a comment above a table. Tables are in the order of their names.
type model map[string]string

var (
	tables = []string{"[keys]", "[packs.a]", "[packs.b]", "[project]", "[sources]", "a", "b", "c", "d"}
	fields = map[string][]string{
		"[keys]": {"k1", "k2", "k3"}, "[packs.a]": {"description"}, "[packs.b]": {"description"},
		"[project]": {"author", "name", "version"}, "[sources]": {"host", "mirrors https://a/", "mirrors https://b/"},
	}
	inComponent = []string{"keys x", "keys y", "keys z", "own f/1", "own f/2", "strategy"}
)

// change makes a few random changes.
func (m model) change(r *rand.Rand) {
	for range 1 + r.IntN(4) {
		table := tables[r.IntN(len(tables))]
		_, exists := m[table]
		switch n := r.IntN(10); {
		case !exists:
			m[table] = ""
			if requiredOf(table) == "url" {
				m[table+" url"] = fmt.Sprintf(`"https://h/%d"`, r.IntN(3))
			} else if requiredOf(table) == "source" {
				m[table+" source"] = fmt.Sprintf(`"p@v%d//x"`, r.IntN(3))
			}
			if r.IntN(2) == 0 {
				m["# "+table] = fmt.Sprintf("# comment %d", r.IntN(100))
			}
		case n == 0:
			maps.DeleteFunc(m, func(name, _ string) bool {
				return name == table || strings.HasPrefix(name, table+" ") || name == "# "+table
			})
		case n == 1:
			m["# "+table] = fmt.Sprintf("# comment %d", r.IntN(100))
		case n < 4 && requiredOf(table) == "source":
			m[table+" source"] = fmt.Sprintf(`"p@v%d//x"`, r.IntN(4))
		default:
			m.changeField(r, table)
		}
	}
}

func requiredOf(table string) string {
	switch {
	case strings.HasPrefix(table, "[packs"):
		return "url"
	case strings.HasPrefix(table, "["):
		return ""
	}
	return "source"
}

func (m model) changeField(r *rand.Rand, table string) {
	list := inComponent
	if requiredOf(table) != "source" {
		list = fields[table]
	}
	name := list[r.IntN(len(list))]
	values := []string{`"1"`, `"2"`, `"3"`, ""}
	switch strings.Fields(name)[0] {
	case "own":
		values = []string{`"once"`, `"mine"`, ""}
	case "strategy":
		values = []string{`"ours"`, `"theirs"`, ""}
	}
	if value := values[r.IntN(len(values))]; value != "" {
		m[table+" "+name] = value
	} else {
		delete(m, table+" "+name)
	}
}

func (m model) text() string {
	var out []string
	for _, table := range tables {
		if _, ok := m[table]; !ok {
			continue
		}
		var text strings.Builder
		if c := m["# "+table]; c != "" {
			text.WriteString(c + "\n")
		}
		if strings.HasPrefix(table, "[") {
			text.WriteString(table + "\n")
		} else {
			fmt.Fprintf(&text, "[[component]]\npath = %q\n", table)
		}
		inline := map[string][]string{}
		for _, name := range slices.Sorted(maps.Keys(m)) {
			field, ok := strings.CutPrefix(name, table+" ")
			if !ok {
				continue
			}
			if outer, inner, is := strings.Cut(field, " "); is {
				inline[outer] = append(inline[outer], fmt.Sprintf("%q = %s", inner, m[name]))
			} else {
				fmt.Fprintf(&text, "%s = %s\n", field, m[name])
			}
		}
		for _, outer := range slices.Sorted(maps.Keys(inline)) {
			fmt.Fprintf(&text, "%s = { %s }\n", outer, strings.Join(inline[outer], ", "))
		}
		out = append(out, text.String())
	}
	return strings.Join(out, "\n")
}

// resolve returns text with its conflicts resolved: to "<" for the first side, and "=" for the last.
func resolve(text, to string) string {
	var out strings.Builder
	in := ""
	for line := range strings.Lines(text) {
		switch marker := line[:min(len(line), 7)]; marker {
		case "<<<<<<<", "|||||||", "=======":
			in = marker[:1]
		case ">>>>>>>":
			in = ""
		default:
			if in == "" || in == to {
				out.WriteString(line)
			}
		}
	}
	return out.String()
}

// swap exchanges the sides of all conflicts.
func swap(text string) string {
	var out, first, last strings.Builder
	to := &out
	for line := range strings.Lines(text) {
		switch line[:min(len(line), 7)] {
		case "<<<<<<<":
			to = &first
		case "=======":
			to = &last
		case ">>>>>>>":
			out.WriteString(conflict(last.String(), first.String()))
			first.Reset()
			last.Reset()
			to = &out
		default:
			to.WriteString(line)
		}
	}
	return out.String()
}

// read is the inverse of text, for a text that a merge made.
func read(t *testing.T, text string) model {
	t.Helper()
	parsed, err := manifest.Parse("ppm.toml", []byte(text), manifest.ProjectLayer)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	m := model{}
	set := func(table, field, value string) {
		if m[table] = ""; value != "" {
			m[table+" "+field] = fmt.Sprintf("%q", value)
		}
	}
	for name, value := range parsed.Keys {
		set("[keys]", name, fmt.Sprint(value))
	}
	for name, p := range parsed.Packs {
		set("[packs."+name+"]", "url", p.URL)
		set("[packs."+name+"]", "description", p.Description)
	}
	set("[project]", "author", parsed.Project.Author)
	set("[project]", "name", parsed.Project.Name)
	set("[project]", "version", parsed.Project.Version)
	set("[sources]", "host", parsed.Sources.Host)
	for from, to := range parsed.Sources.Mirrors {
		set("[sources]", "mirrors "+from, to)
	}
	for _, c := range parsed.Components {
		set(c.Path, "source", c.Source.String())
		set(c.Path, "strategy", string(c.Strategy))
		for key, value := range c.Keys {
			set(c.Path, "keys "+key, fmt.Sprint(value))
		}
		for file, o := range c.Own {
			set(c.Path, "own "+file, string(o))
		}
	}
	return m
}

// TestMergeManifestsLosesNothing merges random manifests. What the merge says with all conflicts resolved to one side
// must be what a merge of the models says.
func TestMergeManifestsLosesNothing(t *testing.T) {
	count := sampleSize()
	t.Logf("tried %d random merges of ppm.toml", count)
	clean := 0
	for seed := range count {
		r := rand.New(rand.NewPCG(uint64(seed), 6))
		base := model{}
		for range 4 {
			base.change(r)
		}
		ours, theirs := maps.Clone(base), maps.Clone(base)
		ours.change(r)
		theirs.change(r)
		b, o, th := base.text(), ours.text(), theirs.text()
		got := records.Merge("ppm.toml", []byte(b), []byte(o), []byte(th), records.Options{})
		text := string(got.Text)
		report := func(what string) {
			t.Fatalf("seed %d: %s (%v)\n--- base\n%s--- ours\n%s--- theirs\n%s--- merged\n%s",
				seed, what, got.ByLines, b, o, th, text)
		}
		if got.ByLines != nil {
			report("it was merged by lines")
		}
		if got.Clean() {
			clean++
		}
		if got.Clean() == strings.Contains(text, "<<<<<<<") {
			report("the conflicts are not those in the text")
		}
		other := records.Merge("ppm.toml", []byte(b), []byte(th), []byte(o), records.Options{})
		if swap(string(other.Text)) != text {
			report("the other way round it is\n" + string(other.Text))
		}
		toOurs, toTheirs := read(t, resolve(text, "<")), read(t, resolve(text, "="))
		if what := lost(base, ours, theirs, toOurs, toTheirs); what != "" {
			report(what + " is wrong")
		}
		for name, c := range ours {
			if strings.HasPrefix(name, "#") && c != base[name] && !strings.Contains(text, c+"\n") {
				report("a comment of ours is missing: " + c)
			}
		}
		for name, c := range theirs {
			if strings.HasPrefix(name, "#") && c != base[name] && !strings.Contains(text, c+"\n") {
				report("a comment of theirs is missing: " + c)
			}
		}
	}
	if clean < count/10 || clean > count*9/10 {
		t.Errorf("%d of %d merges were without conflicts: the sample is not useful", clean, count)
	}
}

// lost returns the name of a value that a merge lost, or "".
func lost(base, ours, theirs, toOurs, toTheirs model) string {
	names := maps.Clone(base)
	for _, m := range []model{ours, theirs, toOurs, toTheirs} {
		maps.Copy(names, m)
	}
	for name := range names {
		if name[0] == '#' || !strings.Contains(name, " ") {
			continue
		}
		b, o, t := base[name], ours[name], theirs[name]
		x, y := toOurs[name], toTheirs[name]
		ok := x == o && y == t
		if o == b {
			ok = ok || x == t && y == t
		}
		if t == b {
			ok = ok || x == o && y == o
		}
		if !ok {
			return name
		}
	}
	return ""
}

// TestMergeLocksLosesNothing merges random locks, of installs whose files may be at one path.
func TestMergeLocksLosesNothing(t *testing.T) {
	count := sampleSize()
	t.Logf("tried %d random merges of ppm.lock", count)
	for seed := range count {
		r := rand.New(rand.NewPCG(uint64(seed), 7))
		base := &lockfile.Lock{}
		for range 6 {
			changeLock(r, base)
		}
		ours, theirs := base.Clone(), base.Clone()
		for range 3 {
			changeLock(r, ours)
			changeLock(r, theirs)
		}
		b, o, th := base.Format(), ours.Format(), theirs.Format()
		got := records.Merge("ppm.lock", b, o, th, records.Options{Style: merge.Merge})
		text := string(got.Text)
		report := func(what string, err error) {
			t.Fatalf("seed %d: %s (%v, %v)\n--- base\n%s--- ours\n%s--- theirs\n%s--- merged\n%s",
				seed, what, err, got.ByLines, b, o, th, text)
		}
		if got.ByLines != nil || got.Clean() == strings.Contains(text, "<<<<<<<") {
			report("its conflicts are wrong", nil)
		}
		if other := records.Merge("ppm.lock", b, th, o, records.Options{}); swap(string(other.Text)) != text {
			report("the other way round it is\n"+string(other.Text), nil)
		}
		var sides [2]*lockfile.Lock
		for i, to := range []string{"<", "="} {
			var err error
			if sides[i], err = lockfile.Parse("ppm.lock", []byte(resolve(text, to))); err != nil {
				report("resolved to "+to, err)
			}
			if got.Clean() && string(sides[i].Format()) != text {
				report("it is not as ppm writes it", nil)
			}
		}
		what := lost(asModel(base), asModel(ours), asModel(theirs), asModel(sides[0]), asModel(sides[1]))
		if what != "" {
			report(what+" is wrong", nil)
		}
	}
}

// changeLock makes a random change.
func changeLock(r *rand.Rand, l *lockfile.Lock) {
	path := string(rune('a' + r.IntN(5)))
	if r.IntN(4) == 0 {
		l.Remove(path)
		return
	}
	word := fmt.Sprintf("%s:%s", path, strings.Repeat("1", 1+r.IntN(3)))
	next := l.Clone()
	next.Put(locked(word + []string{"", ":x", ":x/y", ":X"}[r.IntN(4)]))
	if next.Check() == nil {
		*l = *next
	}
}

func asModel(l *lockfile.Lock) model {
	m := model{}
	for _, c := range l.Components {
		m["at "+c.Path] = string(c.Format())
	}
	return m
}
