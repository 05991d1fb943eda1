package ref

import (
	"net/url"
	"slices"
	"strings"
)

// forge parses the web address of a folder, file, tag or commit on a forge. base is SCHEME://HOST and path is the rest
// of the input. It returns false if the address has none of these forms:
//
//	/OWNER/REPO/tree/TAG/PATH          GitHub, also blob, raw, commit and releases/tag
//	/GROUP/…/REPO/-/tree/TAG/PATH      GitLab, also blob, raw, commit, tags and releases
//	/OWNER/REPO/src/tag/TAG/PATH       Gitea and Forgejo, also branch and commit
//	/OWNER/REPO/src/TAG/PATH           Bitbucket
//
// It ignores a query or fragment, such as a line number.
func (p parser) forge(base string, path span) (Ref, bool, error) {
	end := strings.IndexAny(path.text, "?#")
	if i := strings.Index(path.text, "//"); end < 0 || i >= 0 && i < end {
		end = i
	}
	rest := path.from(len(path.text))
	if end >= 0 {
		path, rest = path.upto(end), path.from(end)
	}
	segments := path.trimRight("/").split("/")[1:]
	repo, tag := forgeShape(base, segments)
	if tag == 0 {
		return Ref{}, false, nil
	}
	root := path.upto(segments[repo-1].at + len(segments[repo-1].text) - path.at)
	clone, err := p.path(root)
	if err != nil {
		return Ref{}, true, err
	}
	r := Ref{Origin: Origin{URL: base + strings.TrimSuffix(clone, ".git") + ".git"}}
	if segments[tag].text == "refs" && len(segments) > tag+2 &&
		slices.Contains([]string{"tags", "heads"}, segments[tag+1].text) {
		tag += 2
	}
	if segments[tag].text != "HEAD" { // the default branch
		if r.Version, err = p.forgeVersion(segments[tag]); err != nil {
			return Ref{}, true, err
		}
	}
	r.Component, err = p.forgeComponent(segments[tag+1:], rest)
	return r, true, err
}

// forgeShape returns the number of segments of the repository and the index of the tag, or 0, 0.
func forgeShape(base string, segments []span) (repo, tag int) {
	is := func(i int, words ...string) bool {
		return i < len(segments) && slices.Contains(words, segments[i].text)
	}
	dash := slices.IndexFunc(segments, func(s span) bool { return s.text == "-" })
	switch {
	case dash >= 2 && is(dash+1, "tree", "blob", "raw", "commit", "tags", "releases"):
		repo, tag = dash, dash+2
	case is(2, "src", "raw") && is(3, "tag", "branch", "commit"), is(2, "releases") && is(3, "tag"):
		repo, tag = 2, 4
	case is(2, "tree", "blob", "raw", "commit"), is(2, "src") && strings.HasSuffix(base, "://bitbucket.org"):
		repo, tag = 2, 3
	}
	if tag >= len(segments) || strings.HasSuffix(segments[len(segments)-1].text, ".git") { // a clone URL
		return 0, 0
	}
	for _, s := range segments[:repo] {
		if s.text == "" || strings.Contains(s.text, "@") { // the rest is a tag that contains slashes
			return 0, 0
		}
	}
	return repo, tag
}

// forgeVersion parses the tag, branch or commit in a web address.
func (p parser) forgeVersion(s span) (Version, error) {
	text, err := url.PathUnescape(s.text)
	if err != nil || text == "" || strings.ContainsFunc(text, isNotPrintable) {
		return Version{}, p.fail(s, "the address does not contain a tag, branch or commit", formURL)
	}
	v, err := ParseVersion(text)
	if err != nil || v.Kind() == Glob || v.Kind() == Range {
		return Version{}, p.fail(s, "the address does not contain a tag, branch or commit", formURL)
	}
	return v, nil
}

// forgeComponent parses the path after the tag in a web address, or a component that is appended to the address.
func (p parser) forgeComponent(segments []span, rest span) (string, error) {
	_, appended, ok := rest.cut("//")
	if len(segments) == 0 {
		if !ok {
			return "", nil
		}
		return p.component(parts{component: appended, hasVersion: true})
	}
	if ok {
		return "", p.fail(appended, "the address already contains a path", p.input[:rest.at])
	}
	var names []string
	for _, s := range segments {
		name, err := url.PathUnescape(s.text)
		if err != nil || strings.ContainsFunc(name, isNotPrintable) || strings.Contains(name, "/") {
			return "", p.fail(s, "the address contains an invalid path", formURL)
		}
		if err := p.checkComponent(s, name); err != nil {
			return "", err
		}
		names = append(names, name)
	}
	return strings.Join(names, "/"), nil
}
