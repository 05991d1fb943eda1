package fetch

import (
	"strings"
	"time"
	"unicode"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
)

// A History is what happened to one path of a repository between two commits.
type History struct {
	Commits []Commit // newest first
	Related bool     // the older commit is an ancestor of the newer one; false after a rewritten history
}

// A Commit is a commit as git log shows it. Its texts are printable, and one line each.
type Commit struct {
	ID      string
	Subject string // the first paragraph of its message
	Author  string // the name
	Date    time.Time
}

// maxText is the maximum number of characters of a subject or a name.
const maxText = 200

func newCommit(c *objects.Commit) Commit {
	return Commit{c.ID.String(), subject(c.Message), oneLine(c.Author), c.Date}
}

// subject returns the first paragraph of a commit's message as one line.
func subject(message string) string {
	first, _, _ := strings.Cut(strings.TrimLeft(message, "\r\n"), "\n\n")
	return oneLine(first)
}

// oneLine returns a text with one space for each run of white space, a replacement character for each character that
// cannot be printed, and cut after maxText characters.
func oneLine(text string) string {
	line := []rune(strings.Join(strings.Fields(text), " "))
	if len(line) > maxText {
		line = append(line[:maxText-1], '…')
	}
	for i, r := range line {
		if !unicode.IsPrint(r) {
			line[i] = unicode.ReplacementChar
		}
	}
	return string(line)
}
