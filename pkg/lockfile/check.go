package lockfile

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

// isHex reports whether s consists of that many lower-case hex digits.
func isHex(s string, digits int) bool {
	return len(s) == digits && strings.Trim(s, "0123456789abcdef") == ""
}

func isSHA256(s string) bool {
	sum, ok := strings.CutPrefix(s, "sha256:")
	return ok && isHex(sum, 64)
}

// checkFiles checks the files of the install at placement. It returns the path of the invalid field.
func checkFiles(placement string, files []File) (field string, err error) {
	if len(files) == 0 {
		return "", fmt.Errorf("it has no files")
	}
	paths := make(map[string]string, len(files)) // path in the rendering → path in the project
	for i, f := range files {
		field, err := f.check(placement)
		rendered := f.Rendered()
		if other, twice := paths[rendered]; err == nil && twice && other != f.Path {
			field, err = ".from", fmt.Errorf("it and %q are both rendered from %q", other, rendered)
		}
		if err != nil {
			return fmt.Sprintf(".file[%d]%s", i, field), fmt.Errorf("file %q: %w", f.Path, err)
		}
		paths[rendered] = f.Path
	}
	own := 0 // files of the component itself
	for _, f := range files {
		if !f.License {
			own++
		}
	}
	if _, isFile := paths[placement]; isFile && own > 1 {
		return ".path", fmt.Errorf("its path is that of a file, but it has more than one file")
	}
	return "", nil
}

func (f File) check(placement string) (field string, err error) {
	if err := fileset.CheckPath(f.Path); err != nil {
		return ".path", err
	}
	field, rendered := ".path", f.Path
	if f.From != "" {
		if err := fileset.CheckPath(f.From); err != nil || f.From == f.Path {
			return ".from", cmp.Or(err, fmt.Errorf("its from is its path"))
		}
		field, rendered = ".from", f.From
	}
	beside := f.License && strings.HasPrefix(rendered, placement+".")
	if rendered != placement && placement != "." && !beside && !strings.HasPrefix(rendered, placement+"/") {
		return field, fmt.Errorf("%q is outside its component", rendered)
	}
	if !isSHA256(f.Digest) {
		return ".digest", fmt.Errorf("digest %q is not \"sha256:\" and 64 hex digits", f.Digest)
	}
	if f.LFDigest != "" && !isSHA256(f.LFDigest) {
		return ".lf_digest", fmt.Errorf("lf_digest %q is not \"sha256:\" and 64 hex digits", f.LFDigest)
	}
	if f.Conflict != "" && !isSHA256(f.Conflict) {
		return ".conflict", fmt.Errorf("conflict %q is not \"sha256:\" and 64 hex digits", f.Conflict)
	}
	if f.Conflict == "" && (f.Marker != 0 || f.Sides) || f.Marker < 0 {
		return ".conflict", fmt.Errorf("it has fields of a conflict, but no conflict")
	}
	_, err = fileset.ParseMode(f.Mode)
	return ".mode", err
}

func checkPlacement(p string) error {
	if p == "." {
		return nil
	}
	if p != path.Clean(p) {
		return fmt.Errorf("its path is missing or not clean")
	}
	return fileset.CheckPath(p)
}

// readReference parses the reference of a component. Package ref refuses passwords.
func readReference(s string, r *ref.Ref) (err error) {
	if s == "" {
		return fmt.Errorf("its source is missing")
	}
	*r, err = ref.Parse(s)
	if err == nil && r.Component == "" {
		err = fmt.Errorf("its source %q names a pack but no component", s)
	}
	return err
}

func readVia(list []string, via *[]ref.Ref) error {
	for _, s := range list {
		var r ref.Ref
		if err := readReference(s, &r); err != nil {
			return err
		}
		*via = append(*via, r)
	}
	return nil
}

// checkViaCommits accepts one commit for each link.
func checkViaCommits(b block) error {
	if len(b.ViaCommits) != len(b.Via) {
		return fmt.Errorf("it has %d via and %d via_commits", len(b.Via), len(b.ViaCommits))
	}
	for _, id := range b.ViaCommits {
		if err := checkID("via_commits", id); err != nil {
			return err
		}
	}
	return nil
}

// checkURL refuses what looks like an option, and passwords and tokens: any user but that of ssh can be a token.
func checkURL(s string) error {
	if s == "" {
		return fmt.Errorf("its url is missing")
	}
	if strings.ContainsFunc(s, unicode.IsControl) || strings.HasPrefix(s, "-") {
		return fmt.Errorf("its url %q is not valid", secreturl.Clean(s))
	}
	if secreturl.Has(s) {
		return fmt.Errorf("its url contains a password or token")
	}
	return nil
}

// checkRef accepts full names of refs, and the empty name of a bare commit.
func checkRef(s *string) error {
	isInvalid := func(r rune) bool { return unicode.IsControl(r) || r == ' ' }
	switch {
	case s == nil:
		return fmt.Errorf("its ref is missing")
	case *s == "" || *s == "HEAD":
		return nil
	case !strings.HasPrefix(*s, "refs/") || strings.ContainsFunc(*s, isInvalid) || !isRefName(*s):
		return fmt.Errorf("its ref %q is not a full ref name", *s)
	}
	return nil
}

// isRefName reports whether git accepts a full name of a ref, by the rules of git check-ref-format.
func isRefName(name string) bool {
	if strings.ContainsAny(name, `~^:?*[\`) || strings.Contains(name, "..") || strings.Contains(name, "@{") ||
		strings.HasSuffix(name, ".") {
		return false
	}
	for segment := range strings.SplitSeq(name, "/") {
		if segment == "" || strings.HasPrefix(segment, ".") || strings.HasSuffix(segment, ".lock") {
			return false
		}
	}
	return true
}

// errRef is wrapped by the error of checkVersion.
var errRef = errors.New("its ref does not match its source")

// checkVersion returns an error about a ref that does not match the version of the source, as in a block with lines
// of two versions of a lock. Package resolver finds the ref of a version.
func checkVersion(c Component) error {
	name := c.Source.Version.String()
	ok := true
	switch c.Source.Version.Kind() {
	case ref.Exact:
		id := strings.ToLower(name)
		isCommit := ref.MayBeCommit(name) && (strings.HasPrefix(c.Commit, id) || strings.HasPrefix(c.Object, id))
		names := []string{name, ref.TagPrefix + name, ref.BranchPrefix + name}
		ok = c.Ref == "" && isCommit || slices.Contains(names, c.Ref)
	case ref.Dev:
		ok = c.Ref == ref.BranchPrefix+"dev"
	case ref.Latest:
		ok = c.Ref == ref.Head || strings.HasPrefix(c.Ref, ref.BranchPrefix)
	case ref.Glob, ref.Range:
		ok = strings.HasPrefix(c.Ref, ref.TagPrefix)
	}
	if !ok {
		return fmt.Errorf("%w: %q cannot be the ref of %q with commit %.12s", errRef, c.Ref, c.Source, c.Commit)
	}
	return nil
}

func checkID(field, id string) error {
	if !isHex(id, 40) && !isHex(id, 64) {
		return fmt.Errorf("its %s %q is not a full git id", field, id)
	}
	return nil
}

func checkObject(b block) error {
	if b.Object == nil {
		return nil
	}
	if *b.Object == b.Commit {
		return fmt.Errorf("its object is its commit")
	}
	return checkID("object", *b.Object)
}

// maxSigner bounds the length of a signer in bytes.
const maxSigner = 512

// checkSigner returns an error about what is not recorded as a signer of a pack at a URL. Package signers makes them.
func checkSigner(s, url string) error {
	_, builtIn := ref.BuiltinName(url)
	kind, key, hasKey := strings.Cut(s, ":")
	isWord := len(s) <= maxSigner && utf8.ValidString(s) &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
	ok := false
	switch kind {
	case Builtin, Unsigned:
		ok = !hasKey
	case Unverified:
		ok = !hasKey || key != ""
	case "ssh", "ssh-ca", "openpgp", "x509":
		ok = key != ""
	case "":
		return fmt.Errorf("its signer is missing")
	}
	if !ok || !isWord {
		return fmt.Errorf("its signer %q is not valid", s)
	}
	if builtIn != (kind == Builtin) {
		return fmt.Errorf("its signer %q does not match its url %q", s, url)
	}
	return nil
}

func checkDigest(s string) error {
	encoded, ok := strings.CutPrefix(s, "h1:")
	sum, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if !ok || err != nil || len(sum) != 32 || strings.ContainsAny(s, "\r\n") { // the decoder ignores line endings
		return fmt.Errorf("its digest %q is not \"h1:\" and a SHA-256 in base64", s)
	}
	return nil
}

func checkRender(n int) error {
	if n < 1 {
		return fmt.Errorf("its version of the rendering rules is missing or below 1")
	}
	return nil
}
