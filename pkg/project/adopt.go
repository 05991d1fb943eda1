package project

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// PmfpName is the file in which pmfp records what it added to a project.
const PmfpName = "pmfprc.json"

// AdoptOptions say what to take over.
type AdoptOptions struct {
	Ref           ref.Ref  // what stands at Path; the zero value takes what pmfprc.json lists. Without a version all tags are looked at, with a glob or range those that match
	Path          string   // a file or folder of the project
	Keys          []ref.KV // values that are known
	MinSimilarity int      // percent: what is less alike is no copy
	DryRun        bool
	AcceptMoved   []string // tags that may name another commit than the lockfile says
}

// AdoptResult is what Adopt took over, or with DryRun would.
type AdoptResult struct {
	Adopted []Adopted `json:"adopted"`
	Skipped []Skipped `json:"skipped"` // entries of pmfprc.json with nothing to take over
	Changes []Change  `json:"changes"`
	DryRun  bool      `json:"dry_run"`
}

// An Adopted is a copy that became an install: its base is the nearest rendering of the component.
type Adopted struct {
	Path         string         `json:"path"`
	Source       string         `json:"source"` // as the manifest has it now
	URL          string         `json:"url"`
	Ref          string         `json:"ref,omitempty"`
	Commit       string         `json:"commit"`
	Keys         map[string]any `json:"keys,omitempty"` // each a string or a []string
	Similarity   float64        `json:"similarity"`     // percent of the bytes, in lines that both sides have; rounded down
	Exact        bool           `json:"exact"`          // every byte is that of the rendering
	Files        []AdoptedFile  `json:"files"`
	Alternatives []Alternative  `json:"alternatives"` // the next best
}

// An AdoptedFile is a file of the rendering, compared with the one on the disk.
type AdoptedFile struct {
	Path       string  `json:"path"`
	Similarity float64 `json:"similarity"`
	Exact      bool    `json:"exact"`
	Missing    bool    `json:"missing,omitempty"`   // there is no such file that could be compared
	LineEnds   bool    `json:"line_ends,omitempty"` // one side has CRLF line ends and the other LF
}

// An Alternative is another version, or the same with other keys.
type Alternative struct {
	Source     string            `json:"source"`
	Commit     string            `json:"commit"`
	Keys       map[string]string `json:"keys,omitempty"`
	Similarity float64           `json:"similarity"`
}

// A Skipped is an entry of pmfprc.json that was passed over.
type Skipped struct {
	Path   string `json:"path"`
	Source string `json:"source"`
	Reason string `json:"reason"`
}

// An adoptee is a path that is to become an install.
type adoptee struct {
	ref  ref.Ref
	path string // clean
	hint bool   // the version is where to look first; all others are looked at, too
}

// Adopt takes over copies of components that ppm did not install. For each it finds the version and the values of
// the keys whose rendering is nearest to what is on the disk, and records that as the base, so that all else counts
// as the user's edits. It writes the manifest and the lockfile, and no other file.
func (s *Session) Adopt(ctx context.Context, o AdoptOptions) (result *AdoptResult, err error) {
	end, err := s.begin(ctx, !o.DryRun)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)
	if err := s.settled(); err != nil {
		return nil, err
	}
	result = &AdoptResult{Adopted: []Adopted{}, Skipped: []Skipped{}, Changes: []Change{}, DryRun: o.DryRun}
	adoptees, problems, err := s.adoptees(ctx, o, result)
	if err != nil {
		return nil, err
	}
	base, err := s.newBatch(o.Keys)
	if err != nil {
		return nil, err
	}
	base.keys.ask, base.undefined, base.accept = nil, true, o.AcceptMoved // pmfp rendered what was undefined as nothing
	command := "adopt"
	var coming []install
	for _, e := range adoptees {
		in, adopted, err := s.adopt(ctx, e, base, o.MinSimilarity)
		if ctx.Err() != nil || err != nil && o.Path != "" {
			return nil, err
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%q: %w", e.path, err))
			continue
		}
		coming = append(coming, in)
		result.Adopted = append(result.Adopted, *adopted)
		command += " " + e.path
	}
	if len(problems) > 0 {
		return nil, oneByOne(problems, len(coming))
	}
	if len(coming) == 0 {
		return result, nil
	}
	result.Changes, err = s.commit(ctx, coming, nil, commitOptions{command: command, adopt: true, dryRun: o.DryRun})
	return result, err
}

// oneByOne makes one error of what keeps entries of pmfprc.json from being taken over.
func oneByOne(problems []error, good int) error {
	var texts []string
	for _, p := range problems {
		texts = append(texts, p.Error())
	}
	hint := "nothing was recorded; to take over the others, run ppm project adopt --ref REFERENCE PATH for each"
	if good == 0 {
		hint = failure.Hint(problems[0])
	}
	return failure.Errorf(failure.KindOf(problems[0]), "adopting what %s lists: %s", PmfpName, strings.Join(texts, "; ")).WithHint("%s", hint)
}

// adoptees returns what is to be taken over. The problems are entries that cannot be read.
func (s *Session) adoptees(ctx context.Context, o AdoptOptions, result *AdoptResult) (list []adoptee, problems []error, err error) {
	if o.Path != "" {
		e := adoptee{ref: o.Ref}
		if e.path, err = place(strings.TrimSuffix(o.Path, "/"), true, ""); err != nil {
			return nil, nil, err
		}
		if _, installed := s.lock.Component(e.path); installed {
			return nil, nil, failure.Errorf(failure.Refused, "adopting %q: it is an install of ppm already", e.path).
				WithHint("change its version or keys with ppm project upgrade %s", shellQuote(e.path))
		}
		return []adoptee{e}, nil, nil
	}
	added, err := s.addedComponents()
	if err != nil {
		return nil, nil, err
	}
	seen := map[string]bool{}
	for _, source := range slices.Sorted(maps.Keys(added)) {
		at := strings.TrimSuffix(strings.ReplaceAll(added[source], `\`, "/"), "/") // pmfp writes paths as the system does
		e := adoptee{hint: true}
		if e.ref, err = ref.Parse(source); err == nil {
			e.path, err = place(at, true, "")
		}
		switch {
		case at == "":
			problems = append(problems, failure.Errorf(failure.Usage, "%q: %s has no path for it", source, PmfpName).WithHint("take the entry out"))
			continue
		case err != nil:
			problems = append(problems, err)
			continue
		case seen[e.path]:
			problems = append(problems, failure.Errorf(failure.Usage, "%q: %s lists it twice", e.path, PmfpName).WithHint("take one entry out"))
			continue
		}
		seen[e.path] = true
		reason, err := s.nothingToAdopt(ctx, e.path)
		if err != nil {
			return nil, nil, err
		}
		if reason != "" {
			result.Skipped = append(result.Skipped, Skipped{Path: e.path, Source: source, Reason: reason})
			continue
		}
		list = append(list, e)
	}
	return list, problems, nil
}

// addedComponents returns what pmfp recorded: paths by reference.
func (s *Session) addedComponents() (map[string]string, error) {
	data, err := s.optional(PmfpName)
	if err != nil {
		return nil, err
	}
	if data == nil {
		return nil, failure.Errorf(failure.Usage, "adopting what pmfp installed: there is no %s", PmfpName).
			WithHint("to take over one path, run ppm project adopt --ref REFERENCE PATH")
	}
	var file struct {
		Added map[string]string `json:"added_components"`
	}
	err = json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &file)
	if wrong := new(json.UnmarshalTypeError); errors.As(err, &wrong) {
		err = fmt.Errorf("it has a JSON %s where it should not", wrong.Value)
	}
	if err != nil {
		return nil, failure.Errorf(failure.Usage, "reading %q: %w", PmfpName, err).
			WithHint("it holds paths by reference, as in \"added_components\": {\"pack@v1//part\": \"app/part\"}")
	}
	return file.Added, nil
}

// nothingToAdopt says why an entry of pmfprc.json is passed over, or "".
func (s *Session) nothingToAdopt(ctx context.Context, at string) (string, error) {
	if _, installed := s.lock.Component(at); installed {
		return "it is an install of ppm already", nil
	}
	kind, err := s.kindOf(ctx, at)
	if err == nil && kind == plan.Absent {
		return "nothing is there any more", nil
	}
	return "", err
}

// adopt finds the rendering that is nearest to what stands at a path.
func (s *Session) adopt(ctx context.Context, e adoptee, base *batch, least int) (install, *Adopted, error) {
	c, err := s.copied(ctx, e.path)
	if err != nil {
		return install{}, nil, err
	}
	search := &adoption{session: s, adoptee: e, base: base, copied: c, least: least}
	candidates, err := search.candidates(ctx)
	if err != nil {
		return install{}, nil, err
	}
	best := candidates[0]
	if best.Common == 0 || best.Percent() < float64(least) {
		hint := "name another component with --ref, or the path of its copy"
		if best.Common > 0 {
			hint = fmt.Sprintf("if it is a copy of that all the same, pass --min-similarity %d; else %s", int(best.Percent()), hint)
		}
		return install{}, nil, failure.Errorf(failure.Refused, "adopting %q: the nearest is %s, and only %.1f %% of it is alike", e.path, best.name(), best.Percent()).WithHint("%s", hint)
	}
	b := *base
	b.keys = base.keys.with(best.values)
	b.found = []finding{{best.trail, best.typed, best.root}}
	if err := b.prepare(ctx); err != nil {
		return install{}, nil, err
	}
	in := b.installs[0]
	if in.locked.Path != best.root {
		return install{}, nil, failure.Errorf(failure.Refused, "adopting %q: as a placement it means %q", best.root, in.locked.Path).
			WithHint("rename it: braces in a placement are read as a template")
	}
	return in, search.describe(in, candidates), nil
}

// describe says what was found.
func (a *adoption) describe(in install, candidates []candidate) *Adopted {
	const shown = 3
	best := candidates[0]
	out := &Adopted{
		Path: in.locked.Path, Source: in.want.Source.String(), URL: in.locked.URL, Ref: in.locked.Ref, Commit: in.locked.Commit, Keys: in.locked.Keys,
		Similarity: best.Percent(), Exact: true, Alternatives: []Alternative{},
	}
	for _, f := range in.locked.Files {
		found, ok := best.files[f.Path]
		file := AdoptedFile{Path: f.Path, Similarity: found.Percent(), Exact: found.Exact, LineEnds: found.LineEnds, Missing: !ok}
		out.Files = append(out.Files, file)
		out.Exact = out.Exact && file.Exact
	}
	others := append([]candidate{}, candidates[1:]...)
	for _, f := range best.runnersUp[:min(len(best.runnersUp), 1)] {
		others = append(others, candidate{trail: best.trail, typed: best.typed, values: f.Values, Likeness: f.Likeness})
	}
	slices.SortStableFunc(others, nearestFirst)
	for _, c := range others[:min(len(others), shown)] {
		if c.Common > 0 {
			out.Alternatives = append(out.Alternatives, Alternative{Source: c.name(), Commit: c.trail.last().pin.Commit, Keys: c.values, Similarity: c.Percent()})
		}
	}
	return out
}
