// Package sbom describes what is installed in projects, and writes it as a software bill of materials: as SPDX 2.3 or
// CycloneDX 1.5, both in JSON. Pure: equal inventories give equal bytes.
//
// The formats are plain structs with the fields that ppm has values for. The libraries of both formats read and write
// many more versions and encodings, and are several times as large as ppm's part of the formats.
package sbom

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/license"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// An Inventory is what is installed in one project, or in the members of a workspace.
type Inventory struct {
	Name     string // of the project or the workspace
	Version  string // of the project; may be empty
	Projects []Project
	Tool     string    // the version of ppm
	Created  time.Time // written with a resolution of seconds
}

// A Project is one project of an inventory.
type Project struct {
	Folder   string // slash-separated, in the workspace; "." for a project alone
	Name     string
	Version  string // may be empty
	Installs []Install
}

// An Install is one installed component.
type Install struct {
	Path      string  // in the project
	Source    ref.Ref // the reference to the component itself
	Via       []ref.Ref
	URL       string // clone URL without credentials, or "builtin:NAME"
	Ref       string // full name of the tag or branch; empty for a commit
	Commit    string
	InPack    string // the path of the component in the repository; empty if it is not known
	Digest    string // that of the lockfile
	License   license.Expression
	Signer    string // as in the lockfile; may be empty
	Files     []File // sorted by path
	Committed time.Time
}

// A File is a file of an install.
type File struct {
	Path      string // in the project
	State     string // as ppm project status says it: clean, edited, missing and so on
	Installed string // "sha256:…" of the file as ppm installed it
	Redacted  bool   // it has secrets, and the digests are those of the file with placeholders for them
	SHA1      string // of the file as it is on disk, in hex; empty if it is not there
	SHA256    string
}

// IsOnDisk reports whether the file is there, so that it has digests.
func (f File) IsOnDisk() bool { return f.SHA256 != "" }

// note says how the file differs from what was installed and that it has secrets, or "" if neither is the case.
func (f File) note() string {
	var notes []string
	if change := f.change(); change != "" {
		notes = append(notes, change)
	}
	if f.Redacted {
		notes = append(notes, "the digests are those of the file with placeholders for its secrets")
	}
	return strings.Join(notes, "; ")
}

// change says how the file differs from what was installed.
func (f File) change() string {
	is := f.State
	switch f.State {
	case "clean":
		return ""
	case "conflict":
		is = "edited here, with unresolved conflicts"
	case "edited", "mode changed", "missing", "moved", "replaced":
		is += " here"
	}
	return is + "; ppm installed " + f.Installed
}

// version returns the tag of the install, or the commit.
func (in Install) version() string {
	if tag, ok := strings.CutPrefix(in.Ref, ref.TagPrefix); ok {
		return tag
	}
	return in.Commit
}

// name returns the reference without its version: the pack and the component.
func (in Install) name() string {
	r := in.Source
	r.Version = ref.Version{}
	return r.String()
}

// origin returns how the component came here, in one line.
func (in Install) origin() string {
	text := fmt.Sprintf("installed by ppm at %s from %s", in.Path, in.Source)
	if len(in.Via) > 0 {
		var via []string
		for _, r := range in.Via {
			via = append(via, r.String())
		}
		text += " by way of " + strings.Join(via, " → ")
	}
	text += ", commit " + in.Commit
	if in.Signer != "" {
		text += ", signer " + in.Signer
	}
	return text
}

// repository returns the URL of the repository; "" for a pack that is built in, and for a relative path, which means
// nothing elsewhere.
func (in Install) repository() string {
	if u := cmp.Or(cloneURL(in.URL), in.URL); strings.Contains(u, "://") {
		return u
	}
	return ""
}

// location returns the URL of the repository at the commit as SPDX and package URLs have it, or "".
func (in Install) location() string {
	if u := in.repository(); u != "" {
		return "git+" + u + "@" + in.Commit
	}
	return ""
}

// downloadLocation is location with the path in the repository, or NOASSERTION.
func (in Install) downloadLocation() string {
	at := in.location()
	switch {
	case at == "":
		return noAssertion
	case in.InPack == "" || in.InPack == ".":
		return at
	}
	return at + "#" + (&url.URL{Path: in.InPack}).EscapedPath()
}

// cloneURL returns an absolute path or an address in the scp form as a URL; "" for any other text.
func cloneURL(s string) string {
	if strings.HasPrefix(s, "/") {
		return "file://" + (&url.URL{Path: s}).EscapedPath()
	}
	host, name, ok := strings.Cut(s, ":")
	if !ok || strings.ContainsAny(host, "/\\") || strings.HasPrefix(name, "//") || len(host) < 2 {
		return ""
	}
	if _, builtIn := ref.BuiltinName(s); builtIn {
		return ""
	}
	return "ssh://" + host + "/" + (&url.URL{Path: strings.TrimPrefix(name, "/")}).EscapedPath()
}

// packageURL returns the package URL (purl) of the component: of the type github for github.com, else generic with the
// repository in vcs_url.
func (in Install) packageURL() string {
	repository, version, qualifiers := "", url.QueryEscape(in.version()), ""
	u, err := url.Parse(cmp.Or(cloneURL(in.URL), in.URL))
	if name, builtIn := ref.BuiltinName(in.URL); builtIn {
		repository = "generic/" + escapeSegments(name)
	} else if err == nil && u.Hostname() == "github.com" {
		repository = "github/" + escapeSegments(strings.ToLower(strings.TrimSuffix(strings.Trim(u.Path, "/"), ".git")))
	} else {
		repository = "generic/" + escapeSegments(strings.TrimSuffix(path.Base(strings.TrimRight(in.URL, "/")), ".git"))
		if at := in.location(); at != "" {
			qualifiers = "?vcs_url=" + url.QueryEscape(at)
		}
	}
	text := "pkg:" + repository + "@" + version + qualifiers
	if in.InPack != "" && in.InPack != "." {
		text += "#" + escapeSegments(in.InPack)
	}
	return text
}

func escapeSegments(name string) string {
	segments := strings.Split(name, "/")
	for i, s := range segments {
		segments[i] = strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
	}
	return strings.Join(segments, "/")
}

// id returns an identifier for something that words name: readable, of letters, digits, "-" and ".", and unique.
func id(kind string, words ...string) string {
	var readable strings.Builder
	for _, c := range words[len(words)-1] {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.':
			readable.WriteRune(c)
		default:
			readable.WriteByte('-')
		}
	}
	text := strings.Trim(readable.String(), "-.")
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	return kind + "-" + strings.TrimPrefix(text[max(0, len(text)-40):]+"-", "-") + hex.EncodeToString(sum[:4])
}

// date returns a time as both formats write it.
func (i Inventory) date() string { return i.Created.UTC().Format("2006-01-02T15:04:05Z") }

// sorted returns the inventory with its projects and installs sorted.
func (i Inventory) sorted() Inventory {
	i.Projects = slices.Clone(i.Projects)
	slices.SortFunc(i.Projects, func(a, b Project) int { return cmp.Compare(a.Folder, b.Folder) })
	for n, p := range i.Projects {
		i.Projects[n].Installs = slices.Clone(p.Installs)
		slices.SortFunc(i.Projects[n].Installs, func(a, b Install) int { return cmp.Compare(a.Path, b.Path) })
	}
	return i
}

// Committed returns when the newest commit was made of which something is installed; ok is false if none is known.
func Committed(projects []Project) (newest time.Time, ok bool) {
	for _, p := range projects {
		for _, in := range p.Installs {
			if in.Committed.After(newest) {
				newest = in.Committed
			}
		}
	}
	return newest, !newest.IsZero()
}
