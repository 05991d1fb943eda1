package fetch

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/refs"
	"github.com/Project-Manager-With-Git/ppm/pkg/knowntags"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// knownTags compares the tags of one repository on a server with what this machine knows of them. A list that cannot
// be read or written is a note: without it, ppm still compares tags with the cache and the lockfile.
type knownTags struct {
	list   *knowntags.List
	url    string   // of the repository, without credentials
	accept []string // tags that may name another commit than before
	notify func(error)
}

// check returns an error when a tag is known with another object. Other refs are not known.
func (k knownTags) check(is ref.GitRef) error {
	name, isTag := strings.CutPrefix(is.Name, ref.TagPrefix)
	if !isTag {
		return nil
	}
	was, ok, err := k.list.Lookup(k.url, name)
	if err != nil {
		k.notify(err)
	}
	if err != nil || !ok {
		return nil
	}
	return k.checkSame(ref.GitRef{Name: is.Name, Object: was.Object, Commit: was.Commit}, is)
}

// checkSame returns an error when a tag named something else before, unless the user accepts that.
func (k knownTags) checkSame(was, is ref.GitRef) error {
	name := strings.TrimPrefix(is.Name, ref.TagPrefix)
	if was.Object == is.Object || slices.Contains(k.accept, name) {
		return nil
	}
	from, to := "commit "+was.Commit, "commit "+is.Commit
	if was.Commit == is.Commit {
		from, to = "tag object "+was.Object, "tag object "+is.Object
	}
	_, _, repo := splitURL(k.url)
	return failure.Errorf(failure.Integrity, "checking tag %q of %s: it was moved from %s to %s",
		name, quote(k.url), from, to).
		WithHint("ask its author why; to accept the move, pass --accept-moved %s, or run ppm cache clean --repo %s "+
			"--tag %s and try again",
			name, repo, name)
}

// remember adds the tag of a pin that the server has listed. The first process that adds a tag decides what it is
// known as.
func (k knownTags) remember(ctx context.Context, pin ref.Pin) error {
	name, isTag := strings.CutPrefix(pin.Ref, ref.TagPrefix)
	if !isTag {
		return nil
	}
	tag := knowntags.Tag{URL: k.url, Name: name, Object: pin.Object, Commit: pin.Commit}
	known, err := tag, error(nil)
	if slices.Contains(k.accept, name) {
		err = k.list.Replace(ctx, tag)
	} else {
		known, err = k.list.Remember(ctx, tag)
	}
	if err := checkContext(ctx); err != nil {
		return err
	}
	if err != nil {
		k.notify(err)
		return nil
	}
	return k.checkSame(ref.GitRef{Name: pin.Ref, Object: known.Object, Commit: known.Commit},
		ref.GitRef{Name: pin.Ref, Object: pin.Object, Commit: pin.Commit})
}

// noteUnknown reports once that the list of known tags cannot be used.
func (c *Client) noteUnknown(err error) {
	c.unknown.Do(func() {
		c.o.Notify(fmt.Sprintf("moved tags may go unnoticed: the list of known tags cannot be used: %v",
			err))
	})
}

// forgetTags removes the tags that the options name from the list of known tags.
func (c *Client) forgetTags(ctx context.Context, o CleanOptions) error {
	gone, err := c.o.KnownTags.Forget(ctx, func(t knowntags.Tag) bool {
		host, namespace, repo := splitURL(t.URL)
		return slices.Contains(o.Tags, t.Name) && o.selects(host, namespace, repo)
	})
	if err != nil {
		return failure.Errorf(failure.LocalIO, "removing tags from the list of known tags: %w", err).
			WithHint("correct the permissions of the file, or remove its lines about these tags")
	}
	for _, t := range gone {
		c.o.Notify(fmt.Sprintf("tag %q of %s may name another commit from now on", t.Name, t.URL))
	}
	return nil
}

func (r *remote) knownTag(_ context.Context, name string) (ref.GitRef, bool) {
	if tag, ok := refs.Lookup(r.server.listed, ref.TagPrefix+name); ok {
		return tag, true
	}
	cached, err := r.cache.refs()
	if tag, ok := refs.Lookup(cached, ref.TagPrefix+name); ok && err == nil {
		return tag, true
	}
	known, ok, err := r.known.list.Lookup(r.known.url, name)
	return ref.GitRef{Name: ref.TagPrefix + name, Object: known.Object, Commit: known.Commit}, ok && err == nil
}

func (l *local) knownTag(ctx context.Context, name string) (ref.GitRef, bool) {
	list, err := l.repo.Refs(ctx)
	if err != nil {
		return ref.GitRef{}, false
	}
	return refs.Lookup(list, ref.TagPrefix+name)
}

// knownTag knows no tag: nobody signs those of built-in packs.
func (b *builtin) knownTag(context.Context, string) (ref.GitRef, bool) { return ref.GitRef{}, false }
