package render

import (
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/render/jinja"
)

// UsedNames returns the names that the component's templates may use, sorted. It may return too many: a name counts if
// it is a word after an opening delimiter in a template, in a text file that a template could include, or in the name
// of a file or folder.
func UsedNames(files fileset.Set, dir bool, names []string) []string {
	found := make(map[string]bool)
	hasTemplate := slices.ContainsFunc(files, func(f fileset.File) bool {
		_, is := Output(f.Path, dir)
		return is
	})
	for _, f := range files {
		if hasTemplate && isText(f.Data) {
			scanWords(string(f.Data), found)
		}
		if dir {
			for segment := range strings.SplitSeq(path.Clean(f.Path), "/") {
				scanWords(nameTemplate(segment), found)
			}
		}
	}
	used := []string{}
	for _, name := range names {
		if found[name] {
			used = append(used, name)
		}
	}
	slices.Sort(used)
	return slices.Compact(used)
}

// scanWords adds every word after the first opening delimiter in text.
func scanWords(text string, found map[string]bool) {
	start := strings.Index(text, "{")
	if start < 0 {
		return
	}
	isWord := func(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
	for word := range strings.FieldsFuncSeq(text[start:], func(r rune) bool { return !isWord(r) }) {
		found[word] = true
	}
}

// TextNames returns the names that a text for String reads, sorted. It returns none if the text is not a template.
func TextNames(text string) []string {
	set, err := jinja.NewSet(func(string) (string, bool) { return "", false }, nil, true, defaultLimits)
	if err != nil {
		return nil
	}
	return set.Names(text)
}
