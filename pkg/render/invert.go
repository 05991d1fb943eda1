package render

import (
	"bytes"
	"cmp"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
)

// An Inverse reverses rendering: it turns texts into templates that render to them.
type Inverse struct {
	keys  map[string]string // key → its text
	names map[string]string // text → key
	any   *regexp.Regexp    // matches any text, longest first; nil if there are none
}

// NewInverse returns the inverse for keys, which map each key to the text that it replaces. A longer text takes
// precedence over its prefix. The error is of kind Usage for an empty text, for one that is not UTF-8, and for two
// keys with the same text.
func NewInverse(keys map[string]string) (*Inverse, error) {
	v := &Inverse{keys: keys, names: make(map[string]string, len(keys))}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		text := keys[key]
		if text == "" || !utf8.ValidString(text) {
			return nil, failure.Errorf(failure.Usage,
				"making templates: key %q has the text %q, which is empty or not UTF-8", key,
				text).
				WithHint("choose a non-empty text in UTF-8")
		}
		if other, taken := v.names[text]; taken {
			return nil, failure.Errorf(failure.Usage, "making templates: the keys %q and %q have the same text %q",
				other, key,
				text).
				WithHint("use one key for each text")
		}
		v.names[text] = key
	}
	texts := slices.SortedFunc(maps.Keys(v.names),
		func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	for i, text := range texts {
		texts[i] = regexp.QuoteMeta(text)
	}
	if len(texts) > 0 {
		v.any = regexp.MustCompile(strings.Join(texts, "|"))
	}
	return v, nil
}

// A piece of a text is a literal followed by a key. The last piece has no key.
type piece struct{ literal, key string }

func (v *Inverse) split(text string) []piece {
	var out []piece
	if v.any != nil {
		last := 0
		for _, at := range v.any.FindAllStringIndex(text, -1) {
			out = append(out, piece{text[last:at[0]], v.names[text[at[0]:at[1]]]})
			last = at[1]
		}
		text = text[last:]
	}
	return append(out, piece{literal: text})
}

// openDelimiter matches the start of a tag, and a "{" that could start one together with a following tag.
var openDelimiter = lazyregexp.New(`\{\{+|\{[%#]|\{$`)

// Text returns a template that renders to text.
func (v *Inverse) Text(text string) string {
	var b strings.Builder
	for _, p := range v.split(text) {
		b.WriteString(openDelimiter.ReplaceAllString(p.literal, "{{ '$0' }}"))
		if p.key != "" {
			b.WriteString("{{ " + p.key + " }}")
		}
	}
	if strings.HasSuffix(text, "\n") {
		b.WriteByte('\n') // rendering removes one
	}
	return b.String()
}

// Component returns a component that renders to these files with the keys' texts. A text file that contains a key's
// text becomes a template, and so does a name. Everything else stays as it is. The error is of kind Refused for files
// that no template can reproduce, because rendering converts line endings to LF, and of kind Usage for an invalid key.
func (v *Inverse) Component(files fileset.Set, dir bool) (fileset.Set, error) {
	var withCR []string
	out := make([]fileset.File, 0, len(files))
	for _, f := range files {
		made := f
		isTemplate := v.any != nil && isText(f.Data) && v.any.Match(f.Data)
		if isTemplate {
			text := v.Text(string(f.Data))
			if strings.Contains(text, "\r") {
				withCR = append(withCR, f.Path)
			}
			made.Data = []byte(text)
		}
		made.Path = v.path(f.Path, dir, isTemplate)
		out = append(out, made)
	}
	if len(withCR) > 0 {
		return nil, failure.Errorf(failure.Refused,
			"making templates of %q: a template cannot keep their CR line endings", withCR).
			WithHint("convert them to LF line endings, or choose a text that they do not contain")
	}
	set, err := fileset.New(out)
	if err != nil {
		return nil, err
	}
	return set, v.checkInverse(set, files, dir)
}

// path returns the path of a file in the component.
func (v *Inverse) path(name string, dir, isTemplate bool) string {
	if !dir { // the file is named by its placement
		switch {
		case isTemplate:
			return name + suffix
		case strings.HasSuffix(name, suffix):
			return name + ".copy"
		}
		return name
	}
	segments := strings.Split(name, "/")
	for i, s := range segments {
		segments[i] = v.segment(s, i == len(segments)-1 && strings.Contains(s, suffix))
	}
	if isTemplate {
		segments[len(segments)-1] += suffix
	}
	return path.Join(segments...)
}

// escapeName splits strings that have a meaning in names across two string literals of an expression.
var escapeName = strings.NewReplacer("_ref", "_r' ~ 'ef", "_fer", "_f' ~ 'er", suffix, ".jin' ~ 'ja")

// segment returns a name that renders to s: with delimiters if that is unambiguous, or else as one expression.
func (v *Inverse) segment(s string, special bool) string {
	var marks, template strings.Builder
	var terms []string
	for _, p := range v.split(s) {
		marks.WriteString(p.literal)
		template.WriteString(p.literal)
		if p.literal != "" {
			terms = append(terms, "'"+escapeName.Replace(p.literal)+"'")
		}
		if p.key != "" {
			marks.WriteString("_ref_" + p.key + "_fer_")
			template.WriteString("{{ " + p.key + " }}")
			terms = append(terms, p.key)
		}
	}
	if !special && !strings.Contains(s, "{") && nameTemplate(marks.String()) == template.String() {
		return marks.String()
	}
	return "_ref_" + strings.Join(terms, " ~ ") + "_fer_" // pmfp renders no other names
}

// checkInverse returns an error unless the component renders to the files.
func (v *Inverse) checkInverse(component, files fileset.Set, dir bool) error {
	keys := make(Context, len(v.keys))
	for key, text := range v.keys {
		keys[key] = text
	}
	back, err := Component(component, dir, keys, Options{})
	if err != nil {
		return failure.Errorf(failure.KindOf(err), "making templates: %w", err).
			WithHint("name the key with letters, digits and \"_\" alone, " +
				"and choose a text that occurs nowhere else")
	}
	for i, f := range files {
		got := back.Files[i]
		if dir && got.Path != f.Path || got.Mode != f.Mode || !bytes.Equal(got.Data, f.Data) {
			return failure.Errorf(failure.Refused, "making a template of %q: it would not render to the same content",
				f.Path).
				WithHint("choose a text that it does not contain")
		}
	}
	return nil
}
