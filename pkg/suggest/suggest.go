// Package nearest finds the known words that a user may have meant by an unknown one.
package suggest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"
)

// most is how many words are worth reading in a hint.
const most = 3

// longest is the length of a word, in bytes, above which nothing is near it.
const longest = 128

// To returns the words nearest to word, the nearest first: those that differ by few edits,
// letter case aside, and those that word is a part of. It returns none when nothing is near.
func To(word string, words []string) []string {
	if word == "" || len(word) > longest {
		return nil
	}
	type scored struct {
		word     string
		distance int
	}
	var near []scored
	folded := strings.ToLower(word)
	for _, w := range words {
		other := strings.ToLower(w)
		d := distance(folded, other)
		part := len(folded) > 2 && strings.Contains(other, folded)
		if part || d <= max(1, min(len(folded), len(other))/3) {
			near = append(near, scored{w, d})
		}
	}
	slices.SortFunc(near, func(a, b scored) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.word, b.word))
	})
	out := make([]string, 0, most)
	for _, s := range near[:min(most, len(near))] {
		out = append(out, s.word)
	}
	return out
}

// distance counts the edits between two words. Two letters in the wrong order are one edit: it is the commonest slip.
func distance(a, b string) int {
	d := levenshtein.Distance(a, b, nil)
	for i := 1; i < len(a); i++ {
		swapped := a[:i-1] + a[i:i+1] + a[i-1:i] + a[i+1:]
		d = min(d, 1+levenshtein.Distance(swapped, b, nil))
	}
	return d
}

// Hint returns a sentence for a user who typed an unknown word: the words nearest to it, and
// when none is near, all words. What names a word of the list, such as "component".
func Hint(what, word string, words []string) string {
	if near := To(word, words); len(near) > 0 {
		return "did you mean " + list(near, " or ") + "?"
	}
	if len(words) == 0 {
		return "there is no " + what
	}
	sorted := slices.Sorted(slices.Values(words))
	article := "a "
	if strings.ContainsRune("aeiou", rune(what[0])) {
		article = "an "
	}
	return "choose " + article + what + " of " + list(sorted, ", ")
}

func list(words []string, separator string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = strconv.Quote(w)
	}
	return strings.Join(quoted, separator)
}
