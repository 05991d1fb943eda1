package render

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
)

// Bounds of the search for values. What is beyond them is passed over: the values are suggestions.
const (
	maxSpots     = 64      // places of one key in a component
	maxSpotText  = 1 << 18 // bytes of one file
	maxValue     = 256     // bytes of one value
	maxSuggested = 8       // values of one key
)

// A Pattern is what can be told of the files that a component renders to before the values of its keys are
// known: the names that they can have, and the text that stands around each key. With it, the values are found again
// in files that were rendered once and edited since.
type Pattern struct {
	files []mould
}

// A mould is what one file of a component looks like.
type mould struct {
	path  string         // where no key stands in it
	name  *regexp.Regexp // where one does; each group is the key of the same index in keys
	start string         // what such a path begins with
	keys  []string
	spots []spot // in its text
}

// A spot is a key in a text, between two pieces of text that stand there whatever its value is.
type spot struct {
	key         string
	left, right string
	filtered    bool // what stands there was made from the value
}

// NewPattern returns the shape of a component, as far as it is made of these keys.
func NewPattern(component fileset.Set, dir bool, keys []string) *Pattern {
	s := &Pattern{}
	count := map[string]int{}
	for _, f := range component {
		target, isTemplate := output(f.Path, dir)
		var m mould
		if dir {
			m = mouldOf(nameMarks.Replace(target), keys)
		}
		if isTemplate && isText(f.Data) {
			for _, sp := range spots(string(f.Data), keys) {
				if count[sp.key]++; count[sp.key] <= maxSpots {
					m.spots = append(m.spots, sp)
				}
			}
		}
		s.files = append(s.files, m)
	}
	return s
}

// Match reports whether a file of the component may have this path, relative to the component. The only file
// of a component that is no folder has the path "".
func (s *Pattern) Match(path string) bool {
	return slices.ContainsFunc(s.files, func(m mould) bool { return m.match(path) != nil })
}

// Values returns for each key the values that the files suggest, the likeliest first and at most eight. Paths are
// those of Match. None of them is certain: whoever takes one renders the component with it and compares.
func (s *Pattern) Values(files fileset.Set) map[string][]string {
	const inName = 20 // a name says more than a line
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
		text := "\n" + normalLines(string(f.Data[:min(len(f.Data), maxSpotText)])) + "\n"
		for _, m := range s.candidates(f.Path) {
			for i, value := range m.match(f.Path)[1:] {
				vote(m.keys[i], value, inName)
			}
			for _, sp := range m.spots {
				sp.find(text, vote)
			}
		}
	}
	out := map[string][]string{}
	for key, values := range weights {
		sorted := slices.SortedFunc(maps.Keys(values), func(a, b string) int { return cmp.Or(values[b]-values[a], cmp.Compare(a, b)) })
		out[key] = sorted[:min(len(sorted), maxSuggested)]
	}
	return out
}

// candidates returns the moulds that a file may come from: the one of its very path, else those whose names fit.
func (s *Pattern) candidates(path string) []mould {
	var fitting []mould
	for _, m := range s.files {
		if m.match(path) == nil {
			continue
		}
		if m.name == nil {
			return []mould{m}
		}
		fitting = append(fitting, m)
	}
	return fitting
}

// match returns the whole path and the values of the keys in it, or nil when the path is another.
func (m mould) match(path string) []string {
	switch {
	case m.name != nil && strings.HasPrefix(path, m.start):
		return m.name.FindStringSubmatch(path)
	case m.name == nil && m.path == path:
		return []string{path}
	}
	return nil
}

// mouldOf returns the mould of a path that is a template.
func mouldOf(path string, keys []string) mould {
	m := mould{path: path}
	pieces := fragments(path, keys)
	if len(pieces) == 1 && !pieces[0].gap {
		return m
	}
	var expr strings.Builder
	for i, p := range pieces {
		switch {
		case p.key != "" && !p.filtered:
			expr.WriteString(`([^/]+)`)
			m.keys = append(m.keys, p.key)
		case p.gap:
			expr.WriteString(`[^/]*`)
		default:
			expr.WriteString(regexp.QuoteMeta(p.text))
			if i == 0 {
				m.start = p.text
			}
		}
	}
	m.name = regexp.MustCompile(`\A` + expr.String() + `\z`)
	return m
}

// A fragment of a template is text that stands as it is, or what an expression or a statement gives.
type fragment struct {
	text     string
	gap      bool
	silent   bool   // a gap that is a statement or a comment
	key      string // of a gap that is one key
	filtered bool   // behind which filters stand
}

var (
	templateTag = regexp.MustCompile(`(?s)\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}`)
	keyTag      = regexp.MustCompile(`\A\{\{[-+]?\s*([A-Za-z_]\w*)\s*(\|[^}]*)?[-+]?\}\}\z`)
)

// fragments cuts a template. It knows tags by their delimiters alone, which a template can say otherwise.
func fragments(template string, keys []string) []fragment {
	var out []fragment
	trim := false // what follows a tag that ends in "-"
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
	for _, place := range templateTag.FindAllStringIndex(template, -1) {
		tag := template[place[0]:place[1]]
		literal(template[at:place[0]], tag)
		at, trim = place[1], tag[len(tag)-3] == '-'
		f := fragment{gap: true, silent: tag[1] != '{'}
		if m := keyTag.FindStringSubmatch(tag); m != nil && slices.Contains(keys, m[1]) {
			f.key, f.filtered = m[1], strings.HasPrefix(m[2], "|")
		}
		out = append(out, f)
	}
	literal(template[at:], "")
	return out
}

// spoken returns the fragments without the silent ones, as if the condition of every statement held.
func spoken(pieces []fragment) []fragment {
	var out []fragment
	for _, p := range pieces {
		switch last := len(out) - 1; {
		case p.silent:
		case last >= 0 && !p.gap && !out[last].gap:
			out[last].text += p.text
		default:
			out = append(out, p)
		}
	}
	return out
}

// spots returns the keys in a template that have text on both sides.
func spots(template string, keys []string) []spot {
	var out []spot
	template = strings.TrimSuffix(normalLines(template), "\n") // as rendering does
	pieces := spoken(fragments("\n"+template+"\n", keys))
	for i := 1; i < len(pieces)-1; i++ {
		left, p, right := pieces[i-1], pieces[i], pieces[i+1]
		if p.key == "" || left.gap || right.gap {
			continue
		}
		sp := spot{key: p.key, left: lastLine(left.text), right: firstLine(right.text), filtered: p.filtered}
		if !slices.Contains(out, sp) {
			out = append(out, sp)
		}
	}
	return out
}

// lastLine returns the end of a text from its last line that is not blank on.
func lastLine(text string) string {
	i := strings.LastIndexByte(text, '\n')
	for i > 0 && strings.TrimSpace(text[i:]) == "" {
		i = strings.LastIndexByte(text[:i], '\n')
	}
	return text[max(i, 0):]
}

// firstLine returns the beginning of a text up to the end of its first line that is not blank.
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

// find votes for the values that stand at the spot in a text.
func (sp spot) find(text string, vote func(key, value string, weight int)) {
	weight := 2 * (1 + len(strings.TrimSpace(sp.left)) + len(strings.TrimSpace(sp.right)))
	for at := 0; ; {
		i := strings.Index(text[at:], sp.left)
		if i < 0 {
			return
		}
		rest := text[at+i+len(sp.left):]
		at += i + 1
		line, _, _ := strings.Cut(rest[:min(len(rest), maxValue+1)], "\n")
		end := strings.Index(rest[:min(len(rest), len(line)+len(sp.right))], sp.right)
		if end < 0 || end > maxValue {
			continue
		}
		value := rest[:end]
		if !sp.filtered {
			vote(sp.key, value, weight)
			continue
		}
		_, size := utf8.DecodeRuneInString(value)
		for i, guess := range slices.Compact([]string{strings.ToLower(value), strings.ToLower(value[:size]) + value[size:], value}) {
			vote(sp.key, guess, weight/2-i)
		}
	}
}

// normalLines returns a text with LF line ends, as templates are read.
func normalLines(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }
