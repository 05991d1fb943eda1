package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// files parses "PATH=LINES …", in which each letter is a line.
func files(t *testing.T, text string) fileset.Set {
	t.Helper()
	var out []fileset.File
	for word := range strings.FieldsSeq(text) {
		path, lines, _ := strings.Cut(word, "=")
		var data []byte
		for _, r := range lines {
			data = fmt.Appendf(data, "line %c\n", r)
		}
		out = append(out, fileset.File{Path: path, Mode: fileset.Regular, Data: data})
	}
	s, err := fileset.New(out)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRenames(t *testing.T) {
	for _, c := range []struct{ base, theirs, want string }{
		{"a=abcd", "b=abcd", "b<a"},                                   // the same content
		{"a=abcd", "b=abxx", "b<a"},                                   // half of it
		{"a=abcd", "b=axxx", ""},                                      // less than half
		{"a=abcd", "a=abcd b=abcd", ""},                               // a copy
		{"a=abcd b=x", "a=x b=abcd", ""},                              // a path on both sides is not a rename
		{"a=abcd b=abce", "c=abce", "c<b"},                            // an exact rename first
		{"a=abcd", "b=abcx c=abcd", "c<a"},                            //
		{"a=abcd", "b=abxx c=abcx", "c<a"},                            // the higher similarity
		{"a=abcd b=abcd", "c=abcd d=abcd", "c<a d<b"},                 // each file once, in order
		{"a= b=", "c= d=", ""},                                        // empty files
		{"a=ab", "b=abcdefgh", ""},                                    // too much added
		{"a=abcd z=1234", "b=abcx y=123x", "b<a y<z"},                 // two renames
		{"d/a=abcd d/b=efgh", "e/a=abcd e/b=efgx", "e/a<d/a e/b<d/b"}, // a folder
	} {
		got := plan.Renames(files(t, c.base), files(t, c.theirs))
		var words []string
		for _, f := range files(t, c.theirs) {
			if from := got[f.Path]; from != "" {
				words = append(words, f.Path+"<"+from)
			}
		}
		if strings.Join(words, " ") != c.want || len(words) != len(got) {
			t.Errorf("%v: %v", c, got)
		}
	}
}
