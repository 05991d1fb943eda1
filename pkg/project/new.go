package project

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/langdeps"
	"github.com/Project-Manager-With-Git/ppm/pkg/langenv"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/projectfiles"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// NewOptions say what project to make.
type NewOptions struct {
	Template       ref.Ref          // names a pack; the zero value takes the bare project of a language
	Project        manifest.Project // what the user states; the template and the files of other tools state the rest
	Keys           []ref.KV
	Tests          bool // install the pack's tests, too
	Force          bool
	AllowUndefined bool
}

// NewResult is what New makes.
type NewResult struct {
	AddResult
	Name     string `json:"name"`
	Template string `json:"template"`
	Language string `json:"language"`
	Command  string `json:"command,omitempty"` // starts what was made
}

// barePack is the built-in pack with a bare project for each language, under a tag prefix of its own.
const barePack = "bare"

// New makes a project of a template: all its components, the manifest and the lockfile.
func (p *Project) New(ctx context.Context, o NewOptions) (*NewResult, *Transaction, error) {
	var err error
	if o.Template == (ref.Ref{}) {
		if o.Template, err = p.bare(o.Project.Language); err != nil {
			return nil, nil, err
		}
	}
	at, err := p.openTemplate(ctx, o.Template)
	if err != nil {
		return nil, nil, err
	}
	stated, err := p.newMetadata(o.Project, at.Pack)
	if err == nil {
		o.Keys, err = p.typedKeys(o.Keys)
	}
	if err != nil {
		return nil, nil, err
	}
	b, err := p.newBuilder(o.Keys, stated)
	if err != nil {
		return nil, nil, err
	}
	b.Keys.AllowUndefined = o.AllowUndefined
	if err := findTemplate(ctx, b, o, at.Pack, p.setup.Notify); err != nil {
		return nil, nil, err
	}
	installs, err := b.Build(ctx)
	if err != nil {
		return nil, nil, err
	}
	result := &NewResult{Template: o.Template.String(), Language: at.Pack.Language}
	result.Name, _ = b.Keys.Metadata.Values["project_name"].(string)
	files, err := p.missingFiles(ctx, at.Pack, b.Keys.Metadata.Values, installs)
	if err != nil {
		return nil, nil, err
	}
	t, err := p.propose(ctx, request{
		command: "new " + o.Template.String(), components: installs, project: &stated, others: files, force: o.Force,
	})
	if err != nil {
		return nil, nil, err
	}
	added, err := p.addResult(cmp.Or(at.Pack.Language, languageOf(installs)), installs, t)
	if err != nil {
		return nil, nil, err
	}
	result.AddResult = *added
	result.Command, err = render.String("the pack's command", at.Pack.Command, render.Context(b.Keys.Metadata.Values),
		render.Options{AllowUndefined: true})
	return result, t, err
}

// openTemplate opens a pack that is a template.
func (p *Project) openTemplate(ctx context.Context, r ref.Ref) (install.Hop, error) {
	if r.Component != "" {
		return install.Hop{}, failure.Errorf(failure.Usage, "template %q names a component", r).
			WithHint("a template is a whole pack: leave //%s out, or install that component with ppm project add",
				r.Component)
	}
	at, err := p.packs.Open(ctx, r)
	if err == nil && !at.Pack.IsTemplate() {
		err = failure.Errorf(failure.Usage, "pack %q is a set of components, not a project template", r).
			WithHint("install its components one by one with ppm project add %s//COMPONENT", r)
	}
	return at, err
}

// missingFiles returns the files that a project needs and gets neither from its template nor has already.
func (p *Project) missingFiles(
	ctx context.Context, template *pack.Pack, info metadata.Values, installs []install.Component,
) (fileset.Set, error) {
	disk, err := p.tree.Scan(ctx, projectfiles.Names())
	if err != nil {
		return nil, err
	}
	var needs []langdeps.Requirement
	for _, c := range installs {
		needs = append(needs, c.Needs...)
	}
	union, err := langdeps.Merge(template.Language, needs)
	if err != nil {
		return nil, err
	}
	return projectfiles.Missing(projectfiles.Project{
		Language: template.Language, LanguageVersion: template.MiniLanguageVersion, Metadata: info,
		Requires: union.Lines,
	}, func(name string) bool {
		isSame := func(f fileset.File) bool { return strings.EqualFold(f.Path, name) } // as on a Mac
		return disk[name].Kind != plan.Absent || slices.ContainsFunc(installs, func(c install.Component) bool {
			return slices.ContainsFunc(c.Files, isSame)
		})
	})
}

// findTemplate adds all components of a template to a builder. As in pmfp, a template without tests is not an error.
func findTemplate(
	ctx context.Context, b *install.Builder, o NewOptions, template *pack.Pack, notify func(string),
) error {
	names := template.Names()
	switch {
	case o.Tests && template.Test == nil:
		notify(fmt.Sprintf("template %q has no tests: --with-test has no effect", o.Template))
	case o.Tests:
		names = append(names, pack.TestComponent)
	}
	for _, name := range names {
		component := o.Template
		component.Component = name
		if err := b.Find(ctx, component, ""); err != nil {
			return err
		}
	}
	return nil
}

// MakeEnvironment makes the environment of the language of a project that was just made. When that fails, the project
// is removed again. Of r, Dir, Language and Packages are filled in.
func (p *Project) MakeEnvironment(ctx context.Context, made *NewResult, r langenv.Request) error {
	r.Dir, r.Language, r.Packages = p.setup.Dir, made.Language, made.Requires
	err := langenv.Make(ctx, r)
	if err == nil || !slices.ContainsFunc(made.Changes, Change.writes) {
		return err
	}
	back := context.WithoutCancel(ctx) // an interrupt has to leave the folder as it was, too
	pl, meta, undoErr := p.tree.PlanUndo(back, "new", false)
	if undoErr == nil {
		undoErr = p.tree.Apply(back, pl, meta)
	}
	p.changed = undoErr != nil
	return errors.Join(err, undoErr)
}

// languages are those that have a bare project.
var languages = []string{"py", "cython", "go", "js", "C", "CXX", "md"}

// bare returns the reference to the newest bare project of a language.
func (p *Project) bare(language string) (ref.Ref, error) {
	if language == "" {
		return ref.Ref{}, failure.Errorf(failure.Usage, "neither a template nor a language is given").
			WithHint("name a template with -t, such as tp_py_grpc@sync-0.0.1, or a language with -l: %s",
				strings.Join(languages, ", "))
	}
	if !slices.Contains(languages, language) {
		return ref.Ref{}, failure.Errorf(failure.Usage, "no language %q", language).
			WithHint("%s", suggest.Hint("language", language, languages))
	}
	tags := p.packs.Registry().Tags(barePack) // in the order of their release
	slices.Reverse(tags)
	i := slices.IndexFunc(tags, func(tag string) bool { return strings.HasPrefix(tag, strings.ToLower(language)+"-") })
	if i < 0 {
		return ref.Ref{}, failure.Errorf(failure.Usage, "this ppm has no bare project for %q", language).
			WithHint("name a template with -t")
	}
	return ref.Parse(barePack + "@" + tags[i])
}

// newMetadata returns [project] of a new project: what was given over what the manifest has, and for what neither
// states what the other tools' files and the pack do.
func (p *Project) newMetadata(given manifest.Project, pk *pack.Pack) (manifest.Project, error) {
	stated := p.Manifest.Project
	for _, f := range []struct{ field, given *string }{
		{&stated.Name, &given.Name}, {&stated.Version, &given.Version}, {&stated.Description, &given.Description},
		{&stated.Author, &given.Author}, {&stated.AuthorEmail, &given.AuthorEmail},
		{&stated.Language, &given.Language}, {&stated.Env, &given.Env},
	} {
		*f.field = cmp.Or(*f.given, *f.field)
	}
	if len(given.Keywords) > 0 {
		stated.Keywords = given.Keywords
	}
	known, err := p.metadata(stated)
	if err != nil {
		return stated, err
	}
	info := known.Values
	// The name stays what it is today when the folder is renamed or cloned elsewhere.
	if stated.Name == "" {
		stated.Name, _ = info["project_name"].(string)
	}
	if language, _ := info["language"].(string); language == "" {
		stated.Language = pk.Language
	}
	if env, _ := info["env"].(string); env == "" {
		stated.Env = pk.Env
	}
	return stated, nil
}
