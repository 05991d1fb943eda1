package fileset

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// Bounds of a path. A segment's bound is that of ext4, NTFS and APFS; a path's is Linux's PATH_MAX.
const (
	MaxSegment = 255  // bytes
	MaxPath    = 4096 // bytes
	MaxDepth   = 64   // segments
)

// metadata lists the folders, folded, that belong to a tool: whoever writes there makes that tool run or trust things.
// Files such as .gitignore, .gitattributes and .gitmodules are content that the user reviews, so they are allowed.
var metadata = []string{".git", ".hg", ".svn", ".bzr", ".jj", ".ppm"}

// devices lists the names, folded, that Windows gives to devices in every folder and with every extension.
var devices = []string{
	"con", "prn", "aux", "nul", "conin$", "conout$", "clock$",
	"com0", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
	"lpt0", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
}

// CheckPath returns nil when path is a slash-separated relative path that every system ppm
// runs on takes as exactly these folders and this file, outside any tool's metadata.
// Its errors are of kind Refused and quote the path.
func CheckPath(path string) error {
	if problem := pathProblem(path); problem != "" {
		return failure.Errorf(failure.Refused, "checking the path %.200q: %s", path, problem).
			WithHint("choose a path that every system accepts")
	}
	return nil
}

func pathProblem(path string) string {
	switch {
	case path == "":
		return "it is empty"
	case len(path) > MaxPath:
		return "it is longer than 4096 bytes"
	case strings.Count(path, "/") >= MaxDepth:
		return "it is more than 64 folders deep"
	case path[0] == '/':
		return "it is absolute"
	case !utf8.ValidString(path):
		return "it is not valid UTF-8"
	}
	for segment := range strings.SplitSeq(path, "/") {
		if problem := segmentProblem(segment); problem != "" {
			return problem
		}
	}
	return ""
}

func segmentProblem(s string) string {
	switch {
	case s == "":
		return "it has an empty segment"
	case s == "." || s == "..":
		return "it has a segment that is not a name"
	case len(s) > MaxSegment:
		return "a segment is longer than 255 bytes"
	}
	if i := strings.IndexFunc(s, invisible); i >= 0 {
		return "it has a character that does not show"
	}
	if i := strings.IndexAny(s, `<>:"|?*\`); i >= 0 {
		return "Windows does not allow " + s[i:i+1] + " in a name"
	}
	if last := s[len(s)-1]; last == '.' || last == ' ' {
		return "Windows drops the dot or space at the end of a name"
	}
	// The compatibility form turns the superscript digits that Windows takes for digits, and wide letters, into plain ones.
	folded := fold(norm.NFKC.String(s))
	if slices.Contains(metadata, folded) {
		return "it lies in a tool's own folder"
	}
	stem, _, _ := strings.Cut(folded, ".")
	stem = strings.TrimRight(stem, " ")
	if slices.Contains(devices, stem) {
		return "Windows has a device of this name"
	}
	if shortName(stem) {
		return "Windows may take it for the short form of another name"
	}
	return ""
}

// invisible reports whether r is a control character, a line separator, or a character that
// prints as nothing, such as the joiners that HFS+ skips in names and the marks that reorder text.
func invisible(r rune) bool {
	if r < unicode.MaxASCII {
		return r < ' '
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp,
		unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// shortName reports whether stem has the form of a DOS short name, such as "git~1" for ".git".
func shortName(stem string) bool {
	i := strings.LastIndexByte(stem, '~')
	return i >= 0 && i < len(stem)-1 && len(stem) <= 8 && strings.Trim(stem[i+1:], "0123456789") == ""
}

// fold returns s in the form in which two names are equal when a disk that
// ignores case, or one that stores names in another Unicode form, takes them for one.
func fold(s string) string {
	if ascii(s) {
		return strings.ToLower(s)
	}
	return norm.NFC.String(cases.Fold().String(norm.NFD.String(s)))
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// CheckCollisions returns nil when the paths can stand side by side on every system: no path
// twice, none a folder of another, and no file or folder that differs from another only in
// case or Unicode form. Its errors are of kind Refused and quote both paths.
func CheckCollisions(paths []string) error {
	type entry struct {
		path string // as first spelled
		file bool
	}
	byFold := make(map[string]entry, len(paths))
	folders := make(map[string]bool)                           // as spelled: their parents have been seen too
	for _, file := range slices.Sorted(slices.Values(paths)) { // a folder's name sorts before what is in it
		for p := file; p != "." && p != "/" && !folders[p]; p = path.Dir(p) {
			isFile := p == file
			key := fold(p)
			old, seen := byFold[key]
			switch {
			case seen && old.path == p && old.file && isFile:
				return collision("two files at one path %q", p)
			case seen && old.path == p:
				return collision("%q is both a file and a folder", p)
			case seen:
				return collision("%q and %q are one name on a disk that ignores case or Unicode form", old.path, p)
			}
			byFold[key] = entry{p, isFile}
			if !isFile {
				folders[p] = true
			}
		}
	}
	return nil
}

func collision(format string, args ...any) error {
	return failure.Errorf(failure.Refused, "checking the names: "+format, args...).WithHint("rename one of them")
}
