package project

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/audit"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/gitdir"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
)

// AuditResult is what an audit of a project found.
type AuditResult struct {
	Findings  []audit.Finding `json:"findings"`  // sorted by file and position
	Unchecked []Unchecked     `json:"unchecked"` // what could not be checked, which is not a finding
	Failed    []Failed        `json:"failed"`    // the installs whose packs could not be read; see FailedError

	// Folder is the path of the project in its git repository; "." outside of one.
	Folder string `json:"-"`
}

// Unchecked is a rule that could not be checked for an install.
type Unchecked struct {
	Rule   string `json:"rule"`
	Path   string `json:"path"` // of the install, or of a file of it
	Reason string `json:"reason"`
}

// An auditor collects the findings about one project.
type auditor struct {
	*Project
	result *AuditResult
	lines  map[string]int // of the installs in ppm.lock, by path
}

// Audit looks for what should not be in a project: retracted and deprecated versions, tags that were moved, hidden
// characters in installed files, and secrets in ppm.toml and ppm.lock. It asks the servers; offline, it reads what the
// cache has and says what it could not check. It changes nothing.
func (p *Project) Audit(ctx context.Context) (*AuditResult, error) {
	a := auditor{Project: p, lines: lockfile.Lines(p.LockText), result: &AuditResult{
		Findings: []audit.Finding{}, Unchecked: []Unchecked{}, Folder: p.folderInRepository(),
	}}
	var failures Failures
	for _, c := range p.Lock.Components {
		_, err := failures.of(c, c.Typed().String(), func() error { return a.auditVersions(ctx, c) })
		if err == nil {
			err = a.auditFiles(ctx, c)
		}
		if err != nil {
			return nil, err
		}
	}
	a.auditRecord(state.ManifestName, p.ManifestText)
	a.auditRecord(state.LockName, p.LockText)
	if err := failures.only(len(p.Lock.Components)); err != nil && len(a.result.Findings) == 0 {
		return nil, err
	}
	a.result.Failed = failures.all()
	audit.Sort(a.result.Findings)
	return a.result, nil
}

// folderInRepository returns the slash-separated path of the project in its git work tree; "." if it is in none.
func (p *Project) folderInRepository() string {
	dirs, err := gitdir.Locate(p.setup.Dir)
	if err != nil {
		return "."
	}
	return strings.ReplaceAll(dirs.Below, `\`, "/")
}

// add adds a finding about an install, at its block in ppm.lock.
func (a auditor) add(c lockfile.Component, rule string, level audit.Level, format string, args ...any) {
	a.result.Findings = append(a.result.Findings, audit.Finding{
		Rule: rule, Level: level, Install: c.Path, Source: c.Source.String(),
		Path: state.LockName, Line: a.lines[c.Path], Message: fmt.Sprintf(format, args...),
	})
}

func (a auditor) addUnchecked(rule, path, format string, args ...any) {
	a.result.Unchecked = append(a.result.Unchecked, Unchecked{rule, path, fmt.Sprintf(format, args...)})
}

// auditVersions checks what the pack of an install says of its version now.
func (a auditor) auditVersions(ctx context.Context, c lockfile.Component) error {
	if isForbidden, err := a.auditPolicy(ctx, c); isForbidden || err != nil {
		return err
	}
	if err := a.auditKnownTag(ctx, c); err != nil {
		return err
	}
	if err := a.auditSigner(ctx, c); err != nil {
		return err
	}
	offline := a.setup.Offline && !a.packs.IsOnMachine(c.URL)
	if offline && c.Ref != "" {
		a.addUnchecked(audit.MovedTag, c.Path, "the server is not asked with --offline")
		a.addUnchecked(audit.Retracted, c.Path, "newer versions than those in the cache are not known with --offline")
	} else if err := a.auditRef(ctx, c); err != nil {
		return err
	}
	notices, err := a.notices(ctx, c)
	kind := failure.KindOf(err)
	// A newest version that is not a pack, or whose tag moved, is no reason to fail.
	isUnreadable := kind == failure.Usage || kind == failure.Refused || kind == failure.Integrity
	if err != nil && (offline || isUnreadable) && kind != failure.Interrupted {
		a.addUnchecked(audit.Retracted, c.Path, "%v", err)
		err = nil
	}
	for _, n := range notices {
		version, by := shortID(n.Version), ""
		if n.Source != c.Source.String() { // a pack that led to that of the install
			version, by = n.Source, n.Source+" is "
		}
		if n.Retracted != "" {
			a.add(c, audit.Retracted, audit.Error, "%s is retracted: %s", version, n.Retracted)
		}
		if n.Deprecated != "" {
			a.add(c, audit.Deprecated, audit.Warning, "%sdeprecated since %s: %s", by, shortID(n.Newest), n.Deprecated)
		}
	}
	return err
}

// auditPolicy checks the policy for an install. isForbidden is true if its pack must not be read.
func (a auditor) auditPolicy(ctx context.Context, c lockfile.Component) (isForbidden bool, err error) {
	if err := a.packs.CheckInstall(c); failure.KindOf(err) == failure.Refused && err != nil {
		a.add(c, audit.Policy, audit.Error, "%v", err)
		return true, nil
	} else if err != nil || a.packs.Policy().IsEmpty() {
		return false, err
	}
	h, err := a.packs.OpenLocked(ctx, c)
	if err == nil {
		h.Component, err = h.Find(c.Source.Component)
	}
	if err != nil {
		if a.setup.Offline && failure.KindOf(err) == failure.Network {
			a.addUnchecked(audit.Policy, c.Path, "its license is not known: %v", err)
			return false, nil
		}
		return false, err
	}
	if err := a.packs.CheckHop(ctx, h); err != nil {
		a.add(c, audit.Policy, audit.Error, "%v", err)
	}
	return false, nil
}

// shortID shortens a version that is a commit.
func shortID(version string) string {
	if len(version) >= 40 && ref.MayBeCommit(version) {
		return version[:12]
	}
	return version
}

// auditKnownTag compares the locked commit with the one that this machine knows for the tag.
func (a auditor) auditKnownTag(ctx context.Context, c lockfile.Component) error {
	tag, isTag := strings.CutPrefix(c.Ref, ref.TagPrefix)
	if !isTag {
		return nil
	}
	repo, err := a.packs.Repo(c.Source, c.URL)
	if err != nil {
		return err
	}
	if known, ok := repo.KnownTag(ctx, tag); ok && known.Commit != c.Commit {
		a.add(c, audit.MovedTag, audit.Error, "this machine knows tag %q of %s as commit %.12s, and ppm.lock "+
			"has %.12s",
			tag, c.URL, known.Commit, c.Commit)
	}
	return nil
}

// auditRef compares the tag or branch of an install with the server's.
func (a auditor) auditRef(ctx context.Context, c lockfile.Component) error {
	if c.Ref == "" {
		return nil
	}
	commit, err := a.packs.RefCommit(ctx, c)
	if err != nil {
		return err
	}
	tag, isTag := strings.CutPrefix(c.Ref, ref.TagPrefix)
	switch {
	case commit == "":
		a.add(c, audit.GoneRef, audit.Warning, "%q of %s is gone; commit %.12s is installed", c.Ref, c.URL, c.Commit)
	case isTag && commit != c.Commit:
		same, err := a.packs.IsSameAt(ctx, c, commit)
		if err != nil {
			return err
		}
		files := "the component differs there"
		if same {
			files = "the component is the same there"
		}
		a.add(c, audit.MovedTag, audit.Error, "tag %q of %s was moved from commit %.12s to commit %.12s, and %s",
			tag, c.URL, c.Commit, commit, files)
	}
	return nil
}

// auditFiles looks for hidden characters in the files of an install as they are on disk, and in their names.
func (a auditor) auditFiles(ctx context.Context, c lockfile.Component) error {
	for _, f := range c.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, h := range audit.FindHidden([]byte(f.Path)) {
			a.addHidden(c, f.Path, audit.Hidden{Level: h.Level, Message: "the name of the file has " + h.Message})
		}
		data, err := a.tree.ReadFile(f.Path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			a.addUnchecked(audit.HiddenUnicode, f.Path, "%v", err)
			continue
		}
		for _, h := range audit.FindHidden(data) {
			a.addHidden(c, f.Path, h)
		}
	}
	return nil
}

func (a auditor) addHidden(c lockfile.Component, name string, h audit.Hidden) {
	a.result.Findings = append(a.result.Findings, audit.Finding{
		Rule: audit.HiddenUnicode, Level: h.Level, Install: c.Path, Source: c.Source.String(),
		Path: name, Line: h.Line, Column: h.Column, Message: h.Message,
	})
}

// auditRecord looks for secrets and hidden characters in ppm.toml or ppm.lock.
func (a auditor) auditRecord(name string, text []byte) {
	for _, s := range audit.FindSecrets(text) {
		message := "the value looks like " + s.Kind
		if s.Key != "" {
			message = fmt.Sprintf("the value of %s looks like %s", s.Key, s.Kind)
		}
		a.result.Findings = append(a.result.Findings, audit.Finding{
			Rule: audit.Secret, Level: audit.Error, Path: name, Line: s.Line, Column: s.Column, Message: message,
		})
	}
	for _, h := range audit.FindHidden(text) {
		a.result.Findings = append(a.result.Findings, audit.Finding{
			Rule: audit.HiddenUnicode, Level: h.Level, Path: name, Line: h.Line, Column: h.Column, Message: h.Message,
		})
	}
}
