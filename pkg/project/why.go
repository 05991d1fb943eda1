package project

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// Whose a file or a line is.
const (
	ByInstall  = "install"  // ppm wrote it
	ByUser     = "user"     // the user did
	ByPpm      = "ppm"      // ppm.toml, ppm.lock and .ppm
	InConflict = "conflict" // of a line: it stands in a conflict that is not settled
)

// WhyResult says who wrote a file or folder, and what it was made of.
type WhyResult struct {
	Path     string       `json:"path"`
	Folder   bool         `json:"folder,omitempty"`
	Owner    string       `json:"owner"`    // install, user or ppm
	Installs []Install    `json:"installs"` // those that have the file, or files in the folder
	State    string       `json:"state,omitempty"`
	Own      string       `json:"own,omitempty"` // once or mine, of a file that is the user's
	Template *WhyTemplate `json:"template,omitempty"`
	Keys     []WhyKey     `json:"keys,omitempty"` // that the template read
	Name     *WhyName     `json:"name,omitempty"`
	Count    *WhyCount    `json:"count,omitempty"` // of lines; missing for a binary file, and for one that is not there
	Lines    []WhyLine    `json:"lines,omitempty"` // those that were asked for
}

// A WhyTemplate is the file of a pack that an installed file comes from.
type WhyTemplate struct {
	File     string `json:"file"`     // from the pack's root
	Rendered bool   `json:"rendered"` // else it was copied
}

// A WhyKey is a key with its value and where that comes from.
type WhyKey struct {
	Name  string `json:"name"`
	Value any    `json:"value"` // a string or a []string
	From  string `json:"from"`  // manifest, settings, pack, project, or lock when it cannot be told any more
}

// WhyName says how the path of a file came about.
type WhyName struct {
	Placement string   `json:"placement"`         // of the install
	Default   string   `json:"default,omitempty"` // the pack's template for the placement, when that is what it comes from
	Moved     string   `json:"moved,omitempty"`   // the path that ppm gave it, when the user moved it since
	File      string   `json:"file,omitempty"`    // below the placement, as the component has it; empty for a component of one file
	Keys      []WhyKey `json:"keys,omitempty"`    // that the name of the file or its folders read
}

// WhyCount counts the lines of a file by whose they are.
type WhyCount struct {
	Installed int `json:"installed"` // as ppm wrote them
	Edited    int `json:"edited"`    // by the user
	Added     int `json:"added"`     // by the user
	Deleted   int `json:"deleted"`   // by the user
	Conflict  int `json:"conflict"`  // in conflicts that are not settled
}

// A WhyLine says who wrote a line.
type WhyLine struct {
	Line    int        `json:"line"`
	Text    string     `json:"text"`
	Owner   string     `json:"owner"`              // install, user, ppm or conflict
	Side    string     `json:"side,omitempty"`     // in a conflict: ours, base, theirs or marker
	From    []WhyPlace `json:"from,omitempty"`     // where the line was written, or the one that the user edited
	Keys    []WhyKey   `json:"keys,omitempty"`     // whose values stand in it
	Because []WhyKey   `json:"because,omitempty"`  // that conditions and loops around it asked
	Was     *string    `json:"was,omitempty"`      // the installed line that the user edited
	LineEnd bool       `json:"line_end,omitempty"` // the user changed its line end, and nothing else

	TextBase64 []byte `json:"text_base64,omitempty"` // the exact bytes of Text and Was, where these are not UTF-8
	WasBase64  []byte `json:"was_base64,omitempty"`
}

// A WhyPlace is a line of a pack's file.
type WhyPlace struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// A lineRange is a range of lines, both ends included, from 1. The zero value is none.
type lineRange struct{ first, last int }

// Why says of a file, or of lines of it, which install and template wrote it with which keys, or that the user did. The
// target is PATH, PATH:LINE or PATH:FIRST-LAST. When the install cannot be rendered again, the result
// has what the lockfile says, and the error is of kind Integrity, or what kept the pack from being read.
func (s *Session) Why(ctx context.Context, target string) (result *WhyResult, err error) {
	end, err := s.begin(ctx, false)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)
	name, lines, err := s.asked(target)
	if err != nil {
		return nil, err
	}
	result = &WhyResult{Path: name, Owner: ByInstall, Installs: []Install{}}
	if c, f, ok := s.lock.Owner(name); ok {
		for _, other := range s.lock.Components {
			if slices.ContainsFunc(other.Files, func(o lockfile.File) bool { return o.Path == name }) {
				result.Installs = append(result.Installs, describe(other))
			}
		}
		err := s.whyFile(ctx, c, f, lines, result)
		if err != nil && result.Template != nil {
			result = nil // all is known of the file, and the lines are not there
		}
		return result, err
	}
	for _, c := range s.lock.Components {
		if name == "." || c.Path == name || slices.ContainsFunc(c.Files, func(f lockfile.File) bool { return strings.HasPrefix(f.Path, name+"/") }) {
			result.Installs, result.Folder = append(result.Installs, describe(c)), true
		}
	}
	info, statErr := os.Lstat(filepath.Join(s.setup.Dir, filepath.FromSlash(name)))
	result.Folder = result.Folder || statErr == nil && info.IsDir()
	switch {
	case len(result.Installs) > 0:
	case statErr != nil:
		return nil, s.nothingAt(name)
	case name == ManifestName, name == LockName, name == ".ppm", strings.HasPrefix(name, ".ppm/"):
		result.Owner = ByPpm
	default:
		result.Owner = ByUser
	}
	if lines == (lineRange{}) {
		return result, nil
	}
	if result.Folder {
		return nil, failure.Errorf(failure.Usage, "%q is a folder, which has no lines", name).WithHint("name a file, as FILE:LINE")
	}
	text, err := s.store.ReadFile(name)
	if err != nil {
		return nil, err
	}
	result.Lines, err = ownLines(name, text, lines, result.Owner)
	return result, err
}

var withLines = regexp.MustCompile(`^(.+):([0-9]{1,9})(?:-([0-9]{1,9}))?$`)

// asked returns the path, from the project's folder, and the lines that a target means.
func (s *Session) asked(target string) (string, lineRange, error) {
	name, err := s.inProject(target)
	if err != nil || s.exists(name) {
		return name, lineRange{}, err
	}
	m := withLines.FindStringSubmatch(target)
	if m == nil {
		if file, rest, ok := strings.Cut(name, ":"); ok && s.exists(file) {
			return "", lineRange{}, failure.Errorf(failure.Usage, "%q of %q is no line", rest, target).WithHint("write it as FILE:LINE or FILE:FIRST-LAST")
		}
		return name, lineRange{}, nil
	}
	if name, err = s.inProject(m[1]); err != nil {
		return "", lineRange{}, err
	}
	first, err := strconv.Atoi(m[2])
	if err != nil {
		return "", lineRange{}, err
	}
	last, err := strconv.Atoi(cmp.Or(m[3], m[2]))
	if err != nil {
		return "", lineRange{}, err
	}
	if first < 1 || last < first {
		return "", lineRange{}, failure.Errorf(failure.Usage, "%q names no lines", target).
			WithHint("lines count from 1, and a range goes from the smaller to the larger number")
	}
	return name, lineRange{first, last}, nil
}

// inProject returns a path of the user's from the project's folder.
func (s *Session) inProject(name string) (string, error) {
	given := name
	if filepath.IsAbs(name) {
		var err error
		if name, err = filepath.Rel(s.setup.Dir, name); err != nil {
			name = ".." // on another drive
		}
	}
	name = path.Clean(filepath.ToSlash(name))
	if given == "" || name == ".." || strings.HasPrefix(name, "../") {
		return "", failure.Errorf(failure.Usage, "%q is no path in the project at %q", given, s.setup.Dir).WithHint("give a path from the project's folder")
	}
	return name, nil
}

// exists reports whether something stands at a path, or an install has a file there.
func (s *Session) exists(name string) bool {
	if _, _, ok := s.lock.Owner(name); ok {
		return true
	}
	_, err := os.Lstat(filepath.Join(s.setup.Dir, filepath.FromSlash(name)))
	return err == nil
}

// nothingAt is the error for a path at which nothing stands, and that no install has.
func (s *Session) nothingAt(name string) error {
	err := failure.Errorf(failure.Usage, "no install has %q, and there is no such file", name)
	var known []string
	for _, c := range s.lock.Components {
		known = append(known, c.Path)
		for _, f := range c.Files {
			known = append(known, f.Path)
		}
	}
	if beside, readErr := os.ReadDir(filepath.Join(s.setup.Dir, filepath.FromSlash(path.Dir(name)))); readErr == nil {
		for _, e := range beside {
			known = append(known, path.Join(path.Dir(name), e.Name()))
		}
	}
	slices.Sort(known)
	if similar := suggest.Words(name, slices.Compact(known)); len(similar) > 0 {
		return err.WithHint("%s", suggest.DidYouMean(similar))
	}
	return err.WithHint("ppm project list shows what is installed")
}

// whyFile tells of a file that an install has.
func (s *Session) whyFile(ctx context.Context, c lockfile.Component, f lockfile.File, lines lineRange, result *WhyResult) error {
	alone := c
	alone.Files = []lockfile.File{f}
	status, err := s.compare(ctx, []lockfile.Component{alone})
	if err != nil {
		return err
	}
	now := status.Installs[0].Files[0]
	result.State, result.Own = now.State, now.Own
	origin, err := s.originOf(ctx, c, f, result)
	if err != nil {
		return fmt.Errorf("telling where %q comes from: %w", f.Path, err)
	}
	text, err := s.optional(f.Path)
	switch {
	case text == nil && err == nil, now.State == "replaced":
		if lines == (lineRange{}) {
			return nil
		}
		return failure.Errorf(failure.Usage, "%q is not there, so it has no lines", f.Path).
			WithHint("bring it back with ppm project sync")
	case err != nil:
		return err
	}
	if isBinary(text) || isBinary(origin.trace.Data) {
		if lines == (lineRange{}) {
			return nil
		}
		return noLines(f.Path)
	}
	told, count := origin.tell(text, f, lines)
	result.Count = &count
	if total := countOf(text); lines.last > total {
		return tooFew(f.Path, total)
	}
	result.Lines = told
	return nil
}

// An origin knows all that a file of an install was made of.
type origin struct {
	trace  render.Trace
	source string // where the component is in its pack
	dir    bool
	key    func(name string) WhyKey
}

// originOf renders a file again, and puts into the result what it was made of.
func (s *Session) originOf(ctx context.Context, c lockfile.Component, f lockfile.File, result *WhyResult) (origin, error) {
	r, err := s.rendered(ctx, c)
	if err != nil {
		return origin{}, err
	}
	told, err := s.information()
	if err != nil {
		return origin{}, err
	}
	o := origin{source: r.part.Source, dir: r.dir, key: s.whyKey(c, r, told)}
	source := ""
	for rel, from := range r.source {
		if !r.dir || path.Join(c.Path, rel) == f.Rendered() {
			source = from
		}
	}
	if o.trace, err = render.TraceFile(r.from, r.dir, source, render.Context(c.Keys), render.Options{AllowUndefined: true}); err != nil {
		return origin{}, err
	}
	if file, _ := r.files.Lookup(f.Path); !bytes.Equal(file.Data, o.trace.Data) {
		return origin{}, unproven(c, "%q is not what was installed", f.Path)
	}
	result.Template = &WhyTemplate{File: o.inPack(source), Rendered: o.trace.Rendered}
	result.Keys = o.keys(o.trace.Keys)
	result.Name = &WhyName{Placement: c.Path, Moved: f.From, Keys: o.keys(o.trace.NameKeys)}
	if r.dir {
		result.Name.File = source
	}
	byDefault := cmp.Or(r.part.DefaultPath, r.part.Name)
	all := render.Context{}
	for name, value := range told {
		all[name] = value
	}
	for name, value := range c.Keys {
		all[name] = value
	}
	if p, err := render.String("placement", byDefault, all, render.Options{AllowUndefined: true}); err == nil {
		if p, err = place(p, r.dir, path.Base(source)); err == nil && p == c.Path {
			result.Name.Default = byDefault
		}
	}
	return o, nil
}

// inPack returns the path of a component's file from the pack's root.
func (o origin) inPack(file string) string {
	if !o.dir {
		return path.Clean(o.source)
	}
	return path.Join(o.source, file)
}

func (o origin) keys(names []string) []WhyKey {
	var out []WhyKey
	for _, name := range names {
		out = append(out, o.key(name))
	}
	return out
}

// whyKey returns what tells of a key of an install where its value comes from.
func (s *Session) whyKey(c lockfile.Component, r rendering, told metadata.Info) func(string) WhyKey {
	given := s.wanted(c).Keys
	ring := &keyring{told: told}
	preset := func(text, name string, value any) bool {
		rendered, err := ring.render(name, text)
		return err == nil && value == any(rendered)
	}
	return func(name string) WhyKey {
		k := WhyKey{Name: name, Value: c.Keys[name], From: "lock"}
		if text, ok := given[name]; ok && preset(text, name, k.Value) {
			k.From = "manifest"
			return k
		}
		if text, ok := s.layers.Keys[name]; ok && preset(text, name, k.Value) {
			k.From = "settings"
			return k
		}
		for _, key := range r.at.pack.Keys {
			if key.Name == name {
				if preset(key.Default, name, k.Value) {
					k.From = "pack"
				}
				return k
			}
		}
		if value, ok := told[name]; ok && reflect.DeepEqual(value, k.Value) {
			k.From = "project"
		}
		return k
	}
}
