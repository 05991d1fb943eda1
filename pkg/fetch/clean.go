package fetch

import (
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/resolver"
)

// What Clean removes of a repository.
const (
	CleanAll          = "all"           // everything, or just the tag that is named
	CleanOnlyHash     = "only_hash"     // what no tag names: branches and commits asked for by id or by "latest"
	CleanExceptLatest = "except_latest" // all but the newest tag of each series, such as "cp-v1.2.0" and "v3"
)

// CleanOptions selects what Clean removes. Empty fields select everything.
type CleanOptions struct {
	Host, Namespace, Repo string   // of the repository
	Tags                  []string // only these tags, when the mode would remove them
	Mode                  string   // empty is CleanAll
	DryRun                bool     // remove nothing, return what would be removed
}

// checkMode returns an error of kind Usage for an unknown mode.
func (o CleanOptions) checkMode() error {
	if slices.Contains([]string{"", CleanAll, CleanOnlyHash, CleanExceptLatest}, o.Mode) {
		return nil
	}
	return failure.Errorf(failure.Usage, "cleaning the cache: there is no mode %q", o.Mode).
		WithHint("choose all, only_hash or except_latest")
}

// selects reports whether a repository is to be cleaned.
func (o CleanOptions) selects(host, namespace, repo string) bool {
	matches := func(option, value string) bool { return option == "" || option == value }
	return matches(o.Host, host) && matches(o.Namespace, namespace) && matches(o.Repo, repo)
}

// removesAll reports whether nothing of a selected repository is kept.
func (o CleanOptions) removesAll() bool {
	return len(o.Tags) == 0 && (o.Mode == "" || o.Mode == CleanAll)
}

// removesNamedTags reports whether everything about the tags that are named is removed.
func (o CleanOptions) removesNamedTags() bool {
	return len(o.Tags) > 0 && (o.Mode == "" || o.Mode == CleanAll) && !o.DryRun
}

// removesEverything reports whether nothing of the cache is kept.
func (o CleanOptions) removesEverything() bool { return o.removesAll() && o.selects("", "", "") }

// split divides the refs of a repository into those that stay and those that the options remove. A
// commit stays as long as a ref that stays names it.
func (o CleanOptions) split(list []ref.GitRef) (keep, gone []ref.GitRef) {
	newest := newestTags(list)
	var commits []ref.GitRef
	for _, r := range list {
		name, isTag := strings.CutPrefix(r.Name, ref.TagPrefix)
		switch {
		case strings.HasPrefix(r.Name, keptPrefix):
			commits = append(commits, r)
		case len(o.Tags) > 0 && !slices.Contains(o.Tags, name),
			o.Mode == CleanOnlyHash && isTag,
			o.Mode == CleanExceptLatest && newest[name]:
			keep = append(keep, r)
		default:
			gone = append(gone, r)
		}
	}
	for _, r := range commits {
		named := func(g ref.GitRef) bool { return g.Commit == r.Commit }
		if slices.ContainsFunc(keep, named) || len(o.Tags) > 0 && !slices.ContainsFunc(gone, named) {
			keep = append(keep, r)
		} else {
			gone = append(gone, r)
		}
	}
	return keep, gone
}

// newestTags returns the names of the tags that are the newest of their series.
func newestTags(list []ref.GitRef) map[string]bool {
	var tags []string
	for _, r := range list {
		if name, ok := strings.CutPrefix(r.Name, ref.TagPrefix); ok {
			tags = append(tags, name)
		}
	}
	newest := map[string]bool{}
	for _, name := range resolver.Newest(tags) {
		newest[name] = true
	}
	return newest
}
