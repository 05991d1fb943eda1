package project

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/status"
)

// VerifyOptions are the options of Verify.
type VerifyOptions struct {
	Remote bool // ask the servers, too, whether the tags still name what was installed
}

// A VerifyResult says what could be proven of each install.
type VerifyResult struct {
	Installs []VerifiedInstall `json:"installs"`
	Failed   []Failed          `json:"failed"` // those that could not be rendered or looked up
}

// A VerifiedInstall is an install whose files were rendered again.
type VerifiedInstall struct {
	status.Install
	Problem string     `json:"problem,omitempty"` // why the lockfile cannot be right
	Unasked string     `json:"unasked,omitempty"` // why the server could not be asked whether the ref has the commit
	Remote  *RemoteRef `json:"remote,omitempty"`  // nil when no server was asked, or a bare commit was installed

	Signature *Signature `json:"signature,omitempty"` // nil when it was not verified
}

// A RemoteRef is what a server has now for the tag or branch that an install came from.
type RemoteRef struct {
	State  string `json:"state"`            // same or moved of a tag, branch of a branch, gone of both
	Commit string `json:"commit,omitempty"` // that it names now; empty when it is gone
}

// States of a RemoteRef.
const (
	remoteSame   = "same"
	remoteMoved  = "moved"
	remoteGone   = "gone"
	remoteBranch = "branch"
)

// Verify proves each install: that the locked commit, rendered with the locked keys,
// gives exactly the files that the lockfile lists. What the user edited since is
// reported and no failure; a file that is missing is one of kind Differs, and an
// install that cannot be proven one of kind Integrity, which names the first. What the
// policy forbids is in Failed.
//
// With Remote, a tag that names another commit now is of kind Integrity when the
// component's files there are others, and a note when they are the same. A tag or
// branch that is gone is a note.
func (p *Project) Verify(ctx context.Context, o VerifyOptions) (*VerifyResult, error) {
	if o.Remote && p.setup.Offline {
		return nil, failure.Errorf(failure.Usage, "cannot contact the servers with --offline").
			WithHint("omit --remote or --offline")
	}
	compared, err := p.comparer().Compare(ctx, p.Lock.Components)
	if err != nil {
		return nil, err
	}
	result := &VerifyResult{Installs: []VerifiedInstall{}}
	var broken, missing error
	var failures Failures
	for i, c := range p.Lock.Components {
		in := VerifiedInstall{Install: compared.Installs[i]}
		_, err := failures.of(c, c.Typed().String(), func() error {
			err := p.prove(ctx, c)
			if err == nil {
				in.Signature, err = p.verifySigner(ctx, c)
			}
			if err != nil {
				in.Problem = err.Error()
			}
			if reason := p.packs.Unasked(c); err == nil && reason != nil && !o.Remote {
				in.Unasked = reason.Error()
			}
			if failure.KindOf(err) == failure.Integrity {
				broken, err = firstError(broken, err), nil
			}
			if err != nil || !o.Remote {
				return err
			}
			var moved error
			in.Remote, moved, err = p.verifyRef(ctx, c)
			broken = firstError(broken, moved)
			return err
		})
		if err != nil {
			return nil, err
		}
		missing = firstError(missing, p.errOtherSource(c))
		for _, f := range in.Files {
			if (f.State == "missing" || f.State == "replaced") && f.IsChanged() {
				hint := p.HintMissing(compared.Installs)
				if f.State == "replaced" {
					hint = p.hintMoveAway(f.Path)
				}
				missing = firstError(missing, failure.Errorf(failure.Differs, "%q of %s is %s",
					f.Path, c.Source, f.State).
					WithHint("%s", hint))
			}
		}
		result.Installs = append(result.Installs, in)
	}
	if err := failures.only(len(p.Lock.Components)); err != nil {
		return nil, err
	}
	result.Failed = failures.all()
	return result, firstError(broken, missing)
}

// prove renders an install again, and checks the policy.
func (p *Project) prove(ctx context.Context, c lockfile.Component) error {
	base, err := p.base(ctx, c)
	if err != nil {
		return err
	}
	return cmp.Or(p.packs.CheckInstall(c), p.packs.CheckHop(ctx, base.Hop))
}

// verifyRef asks the server what the ref of an install names now. moved is the error to end with when a tag
// names other files than those that were installed.
func (p *Project) verifyRef(ctx context.Context, c lockfile.Component) (now *RemoteRef, moved, err error) {
	if c.Ref == "" {
		return nil, nil, nil
	}
	commit, err := p.packs.RefCommit(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	now = &RemoteRef{State: remoteSame, Commit: commit}
	if commit == "" {
		now.State = remoteGone
	}
	tag, isTag := strings.CutPrefix(c.Ref, ref.TagPrefix)
	if !isTag || now.State == remoteGone {
		err := p.packs.CheckReached(ctx, c)
		if failure.KindOf(err) == failure.Integrity {
			return now, err, nil
		}
		if err != nil {
			return nil, nil, err
		}
	}
	switch {
	case now.State == remoteGone:
		p.setup.Notify(fmt.Sprintf("%s: %q was deleted from %s; keep the cache, because a fresh clone may not be "+
			"able to fetch commit %.12s, or upgrade to another version: ppm project upgrade %s --to VERSION",
			c.Path, c.Ref, c.URL, c.Commit, p.Quote(c.Path)))
	case !isTag:
		now.State = remoteBranch
	case now.Commit != c.Commit:
		now.State = remoteMoved
		moved, err = p.verifyMoved(ctx, c, tag, now.Commit)
	}
	return now, moved, err
}

// verifyMoved tells a tag that was moved to other files of the component from one that was moved and does no harm.
func (p *Project) verifyMoved(ctx context.Context, c lockfile.Component, tag, commit string) (moved, err error) {
	same, err := p.packs.IsSameAt(ctx, c, commit)
	if err != nil {
		return nil, err
	}
	if same {
		p.setup.Notify(fmt.Sprintf("%s: tag %q of %s was moved from commit %s to commit %s, and the component is "+
			"the same there",
			c.Path, tag, c.URL, c.Commit, commit))
		return nil, nil
	}
	return failure.Errorf(failure.Integrity, "verifying %q: tag %q of %s was moved from commit %s to commit %s, "+
		"and the component differs there",
		c.Path, tag, c.URL, c.Commit, commit).
		WithHint("ask its author why; what is installed is still what was locked. To see what is new there, run "+
			"ppm project outdated %s",
			p.Quote(c.Path)), nil
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
