package project

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/langenv"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// NewOptions say what project to make.
type NewOptions struct {
	Template       ref.Ref          // names a pack; the zero value takes the bare project of a language
	Information    manifest.Project // what is known of the project; what is not, the template and other files tell
	Keys           []ref.KV
	Tests          bool             // place the pack's tests, too
	Install        *langenv.Request // make the language's environment as well; Dir, Language and Packages are filled in. May be nil
	Force          bool
	DryRun         bool
	AllowUndefined bool
}

// NewResult is what New did, or with DryRun would do.
type NewResult struct {
	AddResult
	Name     string `json:"name"`
	Template string `json:"template"`
	Language string `json:"language"`
	Command  string `json:"command,omitempty"` // starts what was made
}

// barePack is the built-in pack with a bare project for each language, under a tag prefix of its own.
const barePack = "bare"

// New makes a project of a template: all its components, the manifest and the lockfile, as one transaction.
func (s *Session) New(ctx context.Context, o NewOptions) (result *NewResult, err error) {
	if o.Template == (ref.Ref{}) {
		if o.Template, err = s.bare(o.Information.Language); err != nil {
			return nil, err
		}
	}
	if o.Template.Component != "" {
		return nil, failure.Errorf(failure.Usage, "template %q names a component", o.Template).
			WithHint("a template is a whole pack: leave //%s out, or install that component with ppm project add", o.Template.Component)
	}
	end, err := s.begin(ctx, !o.DryRun)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)

	at, err := s.open(ctx, o.Template, s.registry.URL(o.Template.Origin))
	if err != nil {
		return nil, err
	}
	if !at.pack.IsTemplate() {
		return nil, failure.Errorf(failure.Usage, "pack %q is a set of components, no template of a project", o.Template).
			WithHint("install its components one by one with ppm project add %s//COMPONENT", o.Template)
	}
	if err := s.introduce(o.Information, at.pack); err != nil {
		return nil, err
	}
	b, err := s.newBatch(o.Keys)
	if err != nil {
		return nil, err
	}
	b.undefined = o.AllowUndefined
	names := at.pack.Names()
	if o.Tests {
		if at.pack.Test == nil {
			return nil, failure.Errorf(failure.Usage, "template %q has no tests", o.Template).WithHint("leave --with-test out")
		}
		names = append(names, testComponent)
	}
	for _, name := range names {
		part := o.Template
		part.Component = name
		if err := b.find(ctx, part, ""); err != nil {
			return nil, err
		}
	}
	if err := b.prepare(ctx); err != nil {
		return nil, err
	}
	changes, err := s.commit(ctx, b.installs, nil, commitOptions{command: "new " + o.Template.String(), force: o.Force, dryRun: o.DryRun})
	if err != nil {
		return nil, err
	}
	if result, err = b.newResult(o, at.pack, changes); err != nil || o.Install == nil || o.DryRun {
		return result, err
	}
	return result, s.equip(ctx, *o.Install, result)
}

// equip makes the environment of a project that was just made, or takes the project back.
func (s *Session) equip(ctx context.Context, r langenv.Request, made *NewResult) error {
	r.Dir, r.Language, r.Packages = s.setup.Dir, made.Language, made.Requires
	err := langenv.Make(ctx, r)
	if err == nil || !slices.ContainsFunc(made.Changes, Change.writes) {
		return err
	}
	back := context.WithoutCancel(ctx) // an interrupt has to leave the folder as it was, too
	p, meta, undoErr := s.store.PlanUndo(back, "new", false)
	if undoErr == nil {
		undoErr = s.store.Apply(back, p, meta)
	}
	return errors.Join(err, undoErr)
}

// languages are those that have a bare project.
var languages = []string{"py", "cython", "go", "js", "C", "CXX", "md"}

// bare returns the reference to the newest bare project of a language.
func (s *Session) bare(language string) (ref.Ref, error) {
	if language == "" {
		return ref.Ref{}, failure.Errorf(failure.Usage, "neither a template nor a language is given").
			WithHint("name a template with -t, such as tp_py_grpc@sync-0.0.1, or a language with -l: %s", strings.Join(languages, ", "))
	}
	if !slices.Contains(languages, language) {
		return ref.Ref{}, failure.Errorf(failure.Usage, "no language %q", language).
			WithHint("%s", suggest.Hint("language", language, languages))
	}
	tags := s.registry.Tags(barePack) // in the order of their release
	slices.Reverse(tags)
	i := slices.IndexFunc(tags, func(tag string) bool { return strings.HasPrefix(tag, strings.ToLower(language)+"-") })
	if i < 0 {
		return ref.Ref{}, failure.Errorf(failure.Usage, "this ppm has no bare project for %q", language).
			WithHint("name a template with -t")
	}
	return ref.Parse(barePack + "@" + tags[i])
}

// introduce makes what is known of a new project the project's own layer: [project] of the manifest.
func (s *Session) introduce(given manifest.Project, p *pack.Pack) error {
	own := s.own.Project
	for _, f := range []struct{ field, given *string }{
		{&own.Name, &given.Name}, {&own.Version, &given.Version}, {&own.Description, &given.Description},
		{&own.Author, &given.Author}, {&own.AuthorEmail, &given.AuthorEmail},
		{&own.Language, &given.Language}, {&own.Env, &given.Env},
	} {
		*f.field = cmp.Or(*f.given, *f.field)
	}
	if len(given.Keywords) > 0 {
		own.Keywords = given.Keywords
	}
	s.own.Project = own
	told, err := s.information()
	if err != nil {
		return err
	}
	// The name stays what it is today when the folder is renamed or cloned elsewhere.
	if own.Name == "" {
		own.Name, _ = told["project_name"].(string)
	}
	if language, _ := told["language"].(string); language == "" {
		own.Language = p.Language
	}
	if env, _ := told["env"].(string); env == "" {
		own.Env = p.Env
	}
	s.own.Project = own
	s.project = &own
	return nil
}

// newResult says what New made.
func (b *batch) newResult(o NewOptions, p *pack.Pack, changes []Change) (*NewResult, error) {
	name, _ := b.keys.told["project_name"].(string)
	r := &NewResult{AddResult: *b.result(changes, o.DryRun), Name: name, Template: o.Template.String(), Language: p.Language}
	command, err := render.String("the pack's command", p.Command, render.Context(b.keys.told), render.Options{AllowUndefined: true})
	if err != nil {
		return nil, err
	}
	r.Command = command
	return r, nil
}
