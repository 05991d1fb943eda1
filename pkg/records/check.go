package records

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// A content is what a version of a record says: name → value. A name that is missing has the value "".
type content map[string]string

// A proof compares what the versions say with what the merged text says with all conflicts resolved to one side.
type proof struct {
	base, ours, theirs content
	unknown            func(name string) bool // whether the base's value is not known
	toOurs, toTheirs   content
}

// check returns an error unless every change of either side is in the merged text, or is shown as one side of a
// conflict.
func (p proof) check() error {
	names := content{}
	for _, c := range []content{p.base, p.ours, p.theirs, p.toOurs, p.toTheirs} {
		maps.Copy(names, c)
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		b, o, t := p.base[name], p.ours[name], p.theirs[name]
		toOurs, toTheirs := p.toOurs[name], p.toTheirs[name]
		ok := toOurs == o && toTheirs == t // a conflict shows both
		switch known := !p.unknown(name); {
		case o == t:
		case known && t == b: // only ours changed it
			ok = ok || toOurs == o && toTheirs == o
		case known && o == b:
			ok = ok || toOurs == t && toTheirs == t
		}
		if !ok {
			return fmt.Errorf("%q would be lost", name)
		}
	}
	return nil
}

func checkLocks(name string, l locks, pieces []piece) error {
	read := func(lock *lockfile.Lock) content {
		out := content{}
		for _, c := range lock.Components {
			out[c.Path] = string(c.Format())
		}
		return out
	}
	toOurs, err := parseLock(name, side(pieces, versions.chooseOurs))
	if err != nil {
		return err
	}
	toTheirs, err := parseLock(name, side(pieces, versions.chooseTheirs))
	if err != nil {
		return err
	}
	return proof{read(&l.base), read(l.ours), read(l.theirs), l.unknown, read(toOurs), read(toTheirs)}.check()
}

func checkManifests(name string, v versions, pieces []piece) error {
	var p proof
	base, err := readManifest(name, v.base)
	other := base
	if err != nil {
		first, last := resolveConflicts(v.base)
		var err2 error
		base, err = readManifest(name, first)
		other, err2 = readManifest(name, last)
		err = errors.Join(err, err2)
	}
	p.base = base
	p.unknown = func(name string) bool { return err != nil || base[name] != other[name] }
	for _, version := range []struct {
		to   *content
		text string
	}{
		{&p.ours, v.ours},
		{&p.theirs, v.theirs},
		{&p.toOurs, side(pieces, versions.chooseOurs)},
		{&p.toTheirs, side(pieces, versions.chooseTheirs)},
	} {
		c, err := readManifest(name, version.text)
		if err != nil {
			return err
		}
		*version.to = c
	}
	if err := p.check(); err != nil {
		return err
	}
	return checkComments(v, pieces)
}

// checkComments returns an error if a line of comment that one side added is missing.
func checkComments(v versions, pieces []piece) error {
	toOurs, toTheirs := lineSet(side(pieces, versions.chooseOurs)), lineSet(side(pieces, versions.chooseTheirs))
	base := lineSet(v.base)
	for line := range lineSet(v.ours + v.theirs) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") && !base[line] && !toOurs[line] && !toTheirs[line] {
			return fmt.Errorf("the comment %q would be lost", strings.TrimSpace(line))
		}
	}
	return nil
}

func lineSet(text string) map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(text) {
		out[line] = true
	}
	return out
}

// readManifest returns what a manifest says. Components are named by their paths.
func readManifest(name, text string) (content, error) {
	if _, err := manifest.Parse(name, []byte(text), manifest.ProjectLayer); err != nil {
		return nil, err
	}
	var values map[string]any
	if _, err := tomldoc.Decode(name, []byte(text), &values); err != nil {
		return nil, err
	}
	out := content{}
	out.add("", values)
	return out, nil
}

// add adds what value says about the name.
func (c content) add(name string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, value := range v {
			c.add(name+"."+tomldoc.Key(key), value)
		}
	case []map[string]any:
		if name != ".component" {
			c[name] = asJSON(v)
			return
		}
		for _, block := range v {
			p, _ := block["path"].(string)
			if clean, err := manifest.CleanPath(p); err == nil {
				p = clean
			}
			c.add(name+"["+p+"]", block)
		}
	case []any:
		if slices.ContainsFunc(v, func(item any) bool { return !isScalar(item) }) {
			c[name] = asJSON(v)
			return
		}
		for _, item := range v {
			c[name+" has "+asJSON(item)] = "yes"
		}
	default:
		c[name] = asJSON(v)
	}
}

func asJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil { // of a float that JSON does not have
		return fmt.Sprint(value)
	}
	return string(text)
}
