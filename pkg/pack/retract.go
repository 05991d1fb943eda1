package pack

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/license"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A Retraction names versions of a pack that its authors advise against. As in a go.mod file, it is read from the
// newest version of a series, and says something about earlier ones.
type Retraction struct {
	Versions ref.Version // a tag, a glob or a range
	Reason   string
}

// LicenseOf returns the license of a component: its own, else that of the pack. "" if neither states one.
func (p *Pack) LicenseOf(c Component) string { return cmp.Or(c.License, p.License) }

// LicenseFilesOf returns the files of the pack that are installed with a component.
func (p *Pack) LicenseFilesOf(c Component) []string {
	if c.LicenseFiles != nil {
		return c.LicenseFiles
	}
	return p.LicenseFiles
}

// maxLicenseFiles limits the license files of a component: each is read on its own.
const maxLicenseFiles = 64

// cleanLicenseFiles checks the paths of license files, and cleans them. They are installed into one folder, so that
// each needs another name.
func cleanLicenseFiles(files []string) error {
	if len(files) > maxLicenseFiles {
		return failure.Errorf(failure.Usage, "it has %d license files; at most %d", len(files), maxLicenseFiles).
			WithHint("put the texts into fewer files")
	}
	var names []string
	for i, f := range files {
		f = path.Clean(f)
		if err := fileset.CheckPath(f); err != nil {
			return err
		}
		if path.Ext(f) == ".jinja" {
			return failure.Errorf(failure.Usage, "license file %q is a template", f).
				WithHint("name a file whose name does not end in .jinja")
		}
		files[i] = f
		names = append(names, path.Base(f))
	}
	if err := fileset.CheckCollisions(names); err != nil {
		return fmt.Errorf("two license files have the same name: %w", err)
	}
	return nil
}

// DeprecationOf returns why a component should not be used any more: its own reason, else that of the pack. "" if
// neither has one.
func (p *Pack) DeprecationOf(c Component) string { return cmp.Or(c.Deprecated, p.Deprecated) }

// parseRetracted parses the versions of a retraction, which are tags.
func parseRetracted(text string) (ref.Version, error) {
	v, err := ref.ParseVersion(text)
	if err != nil {
		return v, err
	}
	switch v.Kind() {
	case ref.Exact, ref.Glob, ref.Range:
		return v, nil
	}
	return v, failure.Errorf(failure.Usage, "%q names a branch, and only tags can be retracted", text).
		WithHint("name a tag, a glob such as \"cp-1.*\", or a range such as \">=1.0 <1.2\"")
}

// oneLine returns a text with one space for each run of white space.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// normalizeLicense checks a license expression, and writes it in the form of package license.
func normalizeLicense(text *string) error {
	if *text == "" {
		return nil
	}
	e, err := license.Parse(*text)
	*text = e.String()
	return err
}
