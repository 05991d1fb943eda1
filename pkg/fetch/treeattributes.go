package fetch

import (
	"path"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/attributes"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
)

const attributesName = ".gitattributes"

// maxAttributes bounds the bytes of all .gitattributes files of a component.
const maxAttributes = 1 << 20

// noteAttributes remembers the .gitattributes of a folder of the pack. Git ignores one that is not a regular file.
func (t *treeReader) noteAttributes(entries []objects.Entry, folder string) {
	i := objects.Lookup(entries, attributesName)
	if i < 0 {
		return
	}
	switch e := entries[i]; e.Mode {
	case objects.ModeFile, objects.ModeExec, objects.ModeGroup:
		t.attributes = append(t.attributes, treeFile{path.Join(folder, attributesName), e.Mode.Perm(), e.ID})
	}
}

// rules reads the .gitattributes files that were noted.
func (t *treeReader) rules() (attributes.Rules, error) {
	var out attributes.Rules
	total := 0
	for _, f := range t.attributes {
		data, err := t.blob(f.id)
		if err != nil {
			return out, err
		}
		if total += len(data); total > maxAttributes {
			return out, objects.LimitError(quote(f.path)+" of "+t.repo, total, "or more bytes", maxAttributes)
		}
		if err := out.Add(path.Dir(f.path), data); err != nil {
			return out, failure.Errorf(failure.Refused, "reading %q of %s: %w", f.path, t.repo, err).
				WithHint("ask the author of the pack for fewer")
		}
	}
	return out, nil
}
