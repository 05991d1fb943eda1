package install

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/lfs"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
)

// A Source is the files of a component as they are in the pack's repository, before they are rendered.
//
// The result of a file is converted as git checkout would convert it: as the pack's .gitattributes files say of the
// file or, of a template, of the file without the suffix ".jinja". Only the attribute "ident" applies to the template
// itself. A template is read as it is in the repository, so that its own encoding and line endings do not matter.
type Source struct {
	fetch.Tree
	Licenses []Source // the license files of the pack that are installed with the component; each is one file

	name string // of the component, for messages; of a license file: its path in the pack
	url  string // of its pack
}

// Source reads those files of the hop's component that the patterns of the component select.
func (h Hop) Source(ctx context.Context) (Source, error) {
	tree, err := h.Snapshot.Component(ctx, h.Component.Source, h.Component.Selects)
	if err != nil {
		return Source{}, err
	}
	out := Source{Tree: tree, name: h.Component.Name, url: h.Pin.URL}
	out.Licenses, err = h.licenses(ctx)
	return out, err
}

// Digest returns the digest of the files and of their conversions, as the lockfile records it.
func (s Source) Digest() string {
	var conversions strings.Builder
	for _, f := range s.Files {
		result, isTemplate := render.Output(f.Path, s.Dir)
		c := s.Conversion(result)
		if isTemplate {
			c.Ident = s.Conversion(f.Path).Ident
		}
		if text := c.String(); text != "" {
			fmt.Fprintf(&conversions, "%s %s\n", f.Path, text)
		}
	}
	// No file of a component has an absolute path.
	all := slices.Clip(s.Files)
	if conversions.Len() > 0 {
		all = append(all, fileset.File{Path: "/.gitattributes", Data: []byte(conversions.String())})
	}
	for _, l := range s.Licenses {
		all = append(all, fileset.File{Path: "/license/" + l.Files[0].Path, Data: []byte(l.Digest())})
	}
	return all.Digest()
}

// Render renders and converts the files. Besides those of render.Component, errors are of kind Refused for a file
// whose content is not in the repository, and Usage for an encoding that is not possible.
func (s Source) Render(keys render.Context, o render.Options) (render.Result, error) {
	for _, f := range s.Files {
		if err := s.checkContent(f); err != nil {
			return render.Result{}, err
		}
	}
	files, err := s.expandTemplates()
	if err != nil {
		return render.Result{}, err
	}
	out, err := render.Component(files, s.Dir, keys, o)
	if err != nil {
		return render.Result{}, err
	}
	out.Files = slices.Clone(out.Files)
	for i, f := range out.Files {
		if out.Files[i].Data, err = s.convert(out.Source[f.Path], f.Data); err != nil {
			return render.Result{}, err
		}
	}
	return out, nil
}

// Trace renders one file as Render does, and records where its lines come from.
func (s Source) Trace(source string, keys render.Context, o render.Options) (render.Trace, error) {
	files, err := s.expandTemplates()
	if err != nil {
		return render.Trace{}, err
	}
	out, err := render.TraceFile(files, s.Dir, source, keys, o)
	if err != nil {
		return render.Trace{}, err
	}
	out.Data, err = s.convert(source, out.Data)
	return out, err
}

// expandTemplates returns the files, with the attribute "ident" applied to the templates.
func (s Source) expandTemplates() (fileset.Set, error) {
	files := slices.Clone(s.Files)
	for i, f := range files {
		c := s.Conversion(f.Path)
		if _, isTemplate := render.Output(f.Path, s.Dir); !isTemplate || !c.Ident {
			continue
		}
		c.CRLF, c.Encoding = false, ""
		var err error
		if files[i].Data, err = c.Apply(f.Data); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// convert converts the result of the file source.
func (s Source) convert(source string, data []byte) ([]byte, error) {
	name, isTemplate := render.Output(source, s.Dir)
	c := s.Conversion(name)
	c.Ident = c.Ident && !isTemplate
	data, err := c.Apply(data)
	if err != nil {
		return nil, failure.Errorf(failure.Usage, "checking out %q of %q in %s: %w", name, s.name, s.url, err).
			WithHint("ask the author of the pack to correct .gitattributes or the file")
	}
	return data, nil
}

// gitCrypt is how a file begins that git-crypt has encrypted.
const gitCrypt = "\x00GITCRYPT\x00"

// checkContent returns an error about a file whose content is not in the repository. Its attribute "filter" is unset
// when the author means the file as it is, for example as test data.
func (s Source) checkContent(f fileset.File) error {
	size, isPointer := lfs.PointerSize(f.Data)
	isEncrypted := bytes.HasPrefix(f.Data, []byte(gitCrypt))
	if !isPointer && !isEncrypted || s.Conversion(f.Path).Unfiltered {
		return nil
	}
	if isEncrypted {
		return failure.Errorf(failure.Refused, "reading %q of %q in %s: it is encrypted with git-crypt",
			f.Path, s.name, s.url).
			WithHint("ask the author of the pack to leave it out of the component with exclude")
	}
	return failure.Errorf(failure.Refused, "reading %q of %q in %s: it is a pointer to a file of %d bytes in Git "+
		"LFS, from which ppm does not download",
		f.Path, s.name, s.url, size).
		WithHint("get the file with git lfs pull in a clone of the pack; ask its author to store it in git, or to " +
			"leave it out of the component with exclude")
}
