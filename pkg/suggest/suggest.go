// Package suggest finds the known words that a user may have meant by an unknown one, and writes the hint about them.
package suggest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

const (
	maxWords  = 3   // words in a hint
	maxLength = 128 // bytes of a word that is compared
)

// Words returns at most three of the known words that are similar to word, the most similar first: those that contain
// it, and those that differ from it in at most a third of their letters and in at most one letter more than the most
// similar one. Case is ignored.
func Words(word string, known []string) []string {
	if word == "" || len(word) > maxLength {
		return nil
	}
	type match struct {
		word     string
		distance int
		contains bool
	}
	var matches []match
	folded := strings.ToLower(word)
	for _, k := range known {
		other := strings.ToLower(k)
		d := Distance(folded, other)
		contains := len(folded) > 2 && strings.Contains(other, folded)
		if contains || d <= max(1, min(len(folded), len(other))/3) {
			matches = append(matches, match{k, d, contains})
		}
	}
	slices.SortFunc(matches, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.word, b.word))
	})
	var out []string
	for _, m := range matches {
		if len(out) < maxWords && (m.contains || m.distance <= matches[0].distance+1) {
			out = append(out, m.word)
		}
	}
	return out
}

// Distance returns the number of edits between two words: letters that are inserted, removed or replaced, and pairs of
// adjacent letters that are swapped.
func Distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	// Three rows of the table of distances between the beginnings of s and t.
	before, above, row := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range row {
		row[j] = j
	}
	for i := range s {
		before, above, row = above, row, before
		row[0] = i + 1
		for j := range t {
			replaced := above[j]
			if s[i] != t[j] {
				replaced++
			}
			row[j+1] = min(replaced, above[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && s[i] == t[j-1] && s[i-1] == t[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(t)]
}

// DidYouMean returns the question whether one of words was meant, or "" when there are none.
func DidYouMean(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return "did you mean " + join(words, " or ") + "?"
}

// Hint returns the hint for an unknown word: a question when known words are similar to it, else a list of all known
// words. what is the singular of the plural in -s that names the words, such as "component".
func Hint(what, word string, known []string) string {
	if similar := Words(word, known); len(similar) > 0 {
		return DidYouMean(similar)
	}
	if len(known) == 0 {
		return "there are no " + what + "s"
	}
	return "choose one of " + join(slices.Sorted(slices.Values(known)), ", ")
}

func join(words []string, separator string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = strconv.Quote(w)
	}
	return strings.Join(quoted, separator)
}
