package project

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A Notice is what the authors of a pack say about a version that is installed. They say it in the newest version of
// the series, or of the branch.
type Notice struct {
	Source     string `json:"source"`               // the reference to the pack's component
	Version    string `json:"version"`              // the tag or the commit that the notice is about
	Newest     string `json:"newest"`               // the tag or the commit that has the notice
	Retracted  string `json:"retracted,omitempty"`  // why the version should not be used
	Deprecated string `json:"deprecated,omitempty"` // why the component should not be used
}

// notices returns the notices about an install: about its own pack, and about those that led there by the name of a
// tag. Without a network, it reads what the cache has.
func (p *Project) notices(ctx context.Context, c lockfile.Component) ([]Notice, error) {
	var out []Notice
	own, err := p.ownNewest(ctx, c)
	if err != nil {
		return nil, err
	}
	out = addNotice(out, own, c.Source, strings.TrimPrefix(c.Ref, ref.TagPrefix), c.Commit)
	for _, r := range c.Via {
		if r.Version.Kind() != ref.Exact {
			continue
		}
		list, err := p.packs.List(ctx, r)
		if err != nil {
			return nil, err
		}
		tag := r.Version.String()
		if _, isTag := list.Find(ref.TagPrefix + tag); !isTag {
			continue
		}
		newest, err := p.packs.Newest(ctx, list, r, tag)
		if err != nil {
			return nil, err
		}
		out = addNotice(out, newest, r, tag, "")
	}
	return out, nil
}

// addNotice adds what a pack says about a version of a component, if it says something.
func addNotice(out []Notice, newest install.Hop, r ref.Ref, version, commit string) []Notice {
	n := Notice{
		Source: r.String(), Version: version, Newest: strings.TrimPrefix(newest.Pin.Ref, ref.TagPrefix),
		Retracted: newest.Retracts(version), Deprecated: newest.Deprecation(r.Component),
	}
	if !strings.HasPrefix(newest.Pin.Ref, ref.TagPrefix) {
		n.Version, n.Newest, n.Retracted = commit, newest.Pin.Commit, ""
	}
	if n.Retracted+n.Deprecated == "" {
		return out
	}
	return append(out, n)
}

// ownNewest opens the pack with the files of an install at the newest version of the series of its tag, at the head of
// its branch, or at its commit if that is all there is.
func (p *Project) ownNewest(ctx context.Context, c lockfile.Component) (install.Hop, error) {
	if c.Ref == "" {
		return p.packs.OpenLocked(ctx, c)
	}
	list, err := p.packs.ListURL(ctx, c.Source, c.URL)
	if err != nil {
		return install.Hop{}, err
	}
	if tag, isTag := strings.CutPrefix(c.Ref, ref.TagPrefix); isTag {
		if _, there := list.Find(c.Ref); !there && len(newerThan(list, tag)) == 0 {
			return p.packs.OpenLocked(ctx, c) // the tag was deleted
		}
		return p.packs.Newest(ctx, list, c.Source, tag)
	}
	g, there := list.Lookup(c.Ref)
	if !there {
		return p.packs.OpenLocked(ctx, c)
	}
	return p.packs.OpenPin(ctx, c.Source, ref.Pin{URL: c.URL, Ref: g.Name, Object: g.Object, Commit: g.Commit})
}

func newerThan(list install.Listing, tag string) []string {
	newer, _ := list.Newer(tag)
	return newer
}

// noticesIfKnown returns why an install should not be used, with a note if the packs cannot be read.
func (p *Project) noticesIfKnown(ctx context.Context, c lockfile.Component) (retracted, deprecated string, err error) {
	notices, err := p.notices(ctx, c)
	if err != nil {
		if failure.KindOf(err) == failure.Interrupted {
			return "", "", err
		}
		p.setup.Notify(fmt.Sprintf("%s: cannot tell whether its version is retracted: %v", c.Path, err))
	}
	for _, n := range notices {
		retracted, deprecated = cmp.Or(retracted, n.Retracted), cmp.Or(deprecated, n.Deprecated)
	}
	return retracted, deprecated, nil
}
