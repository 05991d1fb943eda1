package render

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
)

// Limits of the search for values. Values beyond them are not found, as they are only suggestions.
const (
	maxSites       = 64      // sites of one key in a component
	maxFileText    = 1 << 18 // bytes of one file
	maxValue       = 256     // bytes of one value
	maxSuggestions = 8       // values of one key
)

// A Pattern describes the files that a component can render to when the values of its keys are unknown: their names,
// and the text around each key. It finds the values in files that were rendered and possibly edited since.
type Pattern struct {
	files []filePattern
}

// A filePattern describes one file of a component.
type filePattern struct {
	path     string         // if it contains no key
	name     *regexp.Regexp // otherwise; the groups match the values of keys
	prefix   string         // literal prefix of the paths that name matches
	keys     []string
	keySites []keySite // in its text
}

// A keySite is a key in a text, between two literal texts.
type keySite struct {
	key         string
	left, right string
	filtered    bool // the text is the value after filters
}

// NewPattern returns the pattern of a component whose templates use these keys.
func NewPattern(component fileset.Set, dir bool, keys []string) *Pattern {
	p := &Pattern{}
	count := map[string]int{}
	for _, f := range component {
		target, isTemplate := Output(f.Path, dir)
		var m filePattern
		if dir {
			segments := strings.Split(target, "/")
			for i, segment := range segments {
				segments[i] = nameTemplate(segment)
			}
			m = newFilePattern(strings.Join(segments, "/"), keys)
		}
		if isTemplate && isText(f.Data) {
			for _, site := range keySites(string(f.Data), keys) {
				if count[site.key]++; count[site.key] <= maxSites {
					m.keySites = append(m.keySites, site)
				}
			}
		}
		p.files = append(p.files, m)
	}
	return p
}

// Match reports whether a file of the component can have this path, relative to the component. The path of the file of
// a file component is "".
func (p *Pattern) Match(path string) bool {
	return slices.ContainsFunc(p.files, func(m filePattern) bool { return m.match(path) != nil })
}

// Values returns up to eight suggested values for each key, most likely first. Paths are as in Match. Verify a
// suggestion by rendering the component with it.
func (p *Pattern) Values(files fileset.Set) map[string][]string {
	const nameWeight = 20 // a name is more significant than a line
	weights := map[string]map[string]int{}
	vote := func(key, value string, weight int) {
		if weights[key] == nil {
			weights[key] = map[string]int{}
		}
		weights[key][value] += weight
	}
	for _, f := range files {
		if !isText(f.Data) {
			continue
		}
		text := "\n" + normalizeLines(string(f.Data[:min(len(f.Data), maxFileText)])) + "\n"
		for _, m := range p.candidates(f.Path) {
			for i, value := range m.match(f.Path)[1:] {
				vote(m.keys[i], value, nameWeight)
			}
			for _, site := range m.keySites {
				site.find(text, vote)
			}
		}
	}
	out := map[string][]string{}
	for key, values := range weights {
		sorted := slices.SortedFunc(maps.Keys(values),
			func(a, b string) int { return cmp.Or(values[b]-values[a], cmp.Compare(a, b)) })
		out[key] = sorted[:min(len(sorted), maxSuggestions)]
	}
	return out
}

// candidates returns the patterns that a file may come from: the one with exactly its path, or else all that match.
func (p *Pattern) candidates(path string) []filePattern {
	var matching []filePattern
	for _, m := range p.files {
		if m.match(path) == nil {
			continue
		}
		if m.name == nil {
			return []filePattern{m}
		}
		matching = append(matching, m)
	}
	return matching
}

// match returns the path and the values of the keys in it, or nil if the path does not match.
func (m filePattern) match(path string) []string {
	switch {
	case m.name != nil && strings.HasPrefix(path, m.prefix):
		return m.name.FindStringSubmatch(path)
	case m.name == nil && m.path == path:
		return []string{path}
	}
	return nil
}

// newFilePattern returns the pattern of a path that is a template.
func newFilePattern(path string, keys []string) filePattern {
	m := filePattern{path: path}
	pieces := fragments(path, keys)
	if len(pieces) == 1 && !pieces[0].isTag {
		return m
	}
	var expr strings.Builder
	for i, p := range pieces {
		switch {
		case p.key != "" && !p.filtered:
			expr.WriteString(`([^/]+)`)
			m.keys = append(m.keys, p.key)
		case p.isTag:
			expr.WriteString(`[^/]*`)
		default:
			expr.WriteString(regexp.QuoteMeta(p.text))
			if i == 0 {
				m.prefix = p.text
			}
		}
	}
	m.name = regexp.MustCompile(`\A` + expr.String() + `\z`)
	return m
}

// A fragment of a template is literal text or a tag.
type fragment struct {
	text        string
	isTag       bool
	isStatement bool   // a statement or a comment
	key         string // of an expression that is a key
	filtered    bool   // the expression applies filters to key
}

var (
	templateTag = lazyregexp.New(`(?s)\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}`)
	keyTag      = lazyregexp.New(`\A\{\{[-+]?\s*([A-Za-z_]\w*)\s*(\|[^}]*)?[-+]?\}\}\z`)
)

// fragments splits a template. It finds tags by their delimiters only, so it can be wrong about strings that contain
// one.
func fragments(template string, keys []string) []fragment {
	var out []fragment
	trim := false // the previous tag ends in "-"
	literal := func(text string, next string) {
		if trim {
			text = strings.TrimLeft(text, " \t\n")
		}
		if len(next) > 2 && next[2] == '-' {
			text = strings.TrimRight(text, " \t\n")
		}
		if text != "" {
			out = append(out, fragment{text: text})
		}
	}
	at := 0
	for _, loc := range templateTag.Get().FindAllStringIndex(template, -1) {
		tag := template[loc[0]:loc[1]]
		literal(template[at:loc[0]], tag)
		at, trim = loc[1], tag[len(tag)-3] == '-'
		f := fragment{isTag: true, isStatement: tag[1] != '{'}
		if m := keyTag.FindStringSubmatch(tag); m != nil && slices.Contains(keys, m[1]) {
			f.key, f.filtered = m[1], strings.HasPrefix(m[2], "|")
		}
		out = append(out, f)
	}
	literal(template[at:], "")
	return out
}

// withoutStatements removes statements and comments, as if every condition were true.
func withoutStatements(pieces []fragment) []fragment {
	var out []fragment
	for _, p := range pieces {
		switch last := len(out) - 1; {
		case p.isStatement:
		case last >= 0 && !p.isTag && !out[last].isTag:
			out[last].text += p.text
		default:
			out = append(out, p)
		}
	}
	return out
}

// keySites returns the keys of a template that have literal text on both sides.
func keySites(template string, keys []string) []keySite {
	var out []keySite
	template = strings.TrimSuffix(normalizeLines(template), "\n") // as rendering does
	pieces := withoutStatements(fragments("\n"+template+"\n", keys))
	for i := 1; i < len(pieces)-1; i++ {
		left, p, right := pieces[i-1], pieces[i], pieces[i+1]
		if p.key == "" || left.isTag || right.isTag {
			continue
		}
		site := keySite{key: p.key, left: lastLine(left.text), right: firstLine(right.text), filtered: p.filtered}
		if !slices.Contains(out, site) {
			out = append(out, site)
		}
	}
	return out
}

// lastLine returns the end of a text, from its last line that is not blank.
func lastLine(text string) string {
	i := strings.LastIndexByte(text, '\n')
	for i > 0 && strings.TrimSpace(text[i:]) == "" {
		i = strings.LastIndexByte(text[:i], '\n')
	}
	return text[max(i, 0):]
}

// firstLine returns the start of a text, up to the end of its first line that is not blank.
func firstLine(text string) string {
	for end := 0; ; {
		i := strings.IndexByte(text[end:], '\n')
		if i < 0 {
			return text
		}
		if end += i + 1; strings.TrimSpace(text[:end]) != "" || end == len(text) {
			return text[:end]
		}
	}
}

// find votes for the values at this site in a text.
func (site keySite) find(text string, vote func(key, value string, weight int)) {
	weight := 2 * (1 + len(strings.TrimSpace(site.left)) + len(strings.TrimSpace(site.right)))
	for at := 0; ; {
		i := strings.Index(text[at:], site.left)
		if i < 0 {
			return
		}
		rest := text[at+i+len(site.left):]
		at += i + 1
		line, _, _ := strings.Cut(rest[:min(len(rest), maxValue+1)], "\n")
		end := strings.Index(rest[:min(len(rest), len(line)+len(site.right))], site.right)
		if end < 0 || end > maxValue {
			continue
		}
		value := rest[:end]
		if !site.filtered {
			vote(site.key, value, weight)
			continue
		}
		_, size := utf8.DecodeRuneInString(value)
		guesses := []string{strings.ToLower(value), strings.ToLower(value[:size]) + value[size:], value}
		for i, guess := range slices.Compact(guesses) {
			vote(site.key, guess, weight/2-i)
		}
	}
}

// normalizeLines converts CRLF to LF, as rendering does.
func normalizeLines(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }
