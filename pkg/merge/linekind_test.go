package merge_test

import (
	"slices"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
)

func TestLineKinds(t *testing.T) {
	const o, u, b, th, m = merge.Outside, merge.Ours, merge.Base, merge.Theirs, merge.Marker
	for name, c := range map[string]struct {
		text string
		size int
		want []merge.LineKind
	}{
		"nothing":     {"", 7, nil},
		"no conflict": {"a\nb", 7, []merge.LineKind{o, o}},
		"a conflict": {"a\n<<<<<<< yours\nx\n=======\ny\n>>>>>>> upstream\nb\n", 7,
			[]merge.LineKind{o, m, u, m, th, m, o}},
		"with the base": {"<<<<<<<\r\nx\r\n|||||||\r\nw\r\n=======\r\ny\r\n>>>>>>>", 7,
			[]merge.LineKind{m, u, m, b, m, th, m}},
		"empty sides": {"<<<<<<<\n=======\n>>>>>>>\n", 7, []merge.LineKind{m, m, m}},
		"two": {"<<<<<<<\n=======\n>>>>>>>\na\n<<<<<<<\n=======\n>>>>>>>\n", 7,
			[]merge.LineKind{m, m, m, o, m, m, m}},
		"longer markers": {"<<<<<<<<\n<<<<<<<\n========\n=======\n>>>>>>>>\n", 8,
			[]merge.LineKind{m, u, m, th, m}},
		"a conflict without an end":   {"a\n<<<<<<<\nx\n=======\ny\n", 7, []merge.LineKind{o, o, o, o, o}},
		"a second one without an end": {"<<<<<<<\n=======\n>>>>>>>\n<<<<<<<\nx\n", 7, []merge.LineKind{m, m, m, o, o}},
		"lines like markers":          {"=======\n>>>>>>>\n|||||||\n", 7, []merge.LineKind{o, o, o}},
	} {
		if got := merge.LineKinds([]byte(c.text), c.size); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
