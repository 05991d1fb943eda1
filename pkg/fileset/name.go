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

// Limits of a path. That of a segment is the limit of ext4, NTFS and APFS; that of a path is PATH_MAX of Linux.
const (
	maxSegment = 255  // bytes
	maxPath    = 4096 // bytes
	maxDepth   = 64   // segments
)

// toolDirs lists the folders of other tools, case-folded. A file in one can make the tool run or trust something.
// Files such as .gitignore, .gitattributes and .gitmodules are content that the user reviews, so they are allowed.
var toolDirs = []string{".git", ".hg", ".svn", ".bzr", ".jj", ".ppm"}

// devices lists the names, case-folded, that Windows reserves for devices in every folder and with every extension.
var devices = []string{
	"con", "prn", "aux", "nul", "conin$", "conout$", "clock$",
	"com0", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
	"lpt0", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
}

// CheckPath returns nil if path is a slash-separated relative path that names the same folders and file on every
// system ppm runs on, outside the folders of other tools. Its errors are of kind Refused and quote the path.
func CheckPath(path string) error {
	if problem := pathProblem(path); problem != "" {
		return failure.Errorf(failure.Refused, "checking the path %.200q: %s", path, problem).
			WithHint("choose a path that is valid on all systems")
	}
	return nil
}

func pathProblem(path string) string {
	switch {
	case path == "":
		return "it is empty"
	case len(path) > maxPath:
		return "it is longer than 4096 bytes"
	case strings.Count(path, "/") >= maxDepth:
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
		return "it has a \".\" or \"..\" segment"
	case len(s) > maxSegment:
		return "a segment is longer than 255 bytes"
	}
	if strings.ContainsFunc(s, isInvisible) {
		return "it contains an invisible character"
	}
	if i := strings.IndexAny(s, `<>:"|?*\`); i >= 0 {
		return "Windows does not allow " + s[i:i+1] + " in a name"
	}
	if last := s[len(s)-1]; last == '.' || last == ' ' {
		return "Windows removes a dot or space at the end of a name"
	}
	// Compatibility normalization maps wide letters, and superscript digits, which Windows reads as digits, to ASCII.
	folded := fold(norm.NFKC.String(s))
	if slices.Contains(toolDirs, folded) {
		return "it is in a tool's own folder"
	}
	stem, _, _ := strings.Cut(folded, ".")
	stem = strings.TrimRight(stem, " ")
	if slices.Contains(devices, stem) {
		return "Windows reserves this name for a device"
	}
	if isShortName(stem) {
		return "Windows may treat it as the short form of another name"
	}
	return ""
}

// isInvisible reports whether r is a control character, a line separator, or a character that
// is not shown, such as the joiners that HFS+ ignores in names and the marks that reorder text.
func isInvisible(r rune) bool {
	if r < unicode.MaxASCII {
		return r < ' '
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp,
		unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// isShortName reports whether stem has the form of a DOS short name, such as "git~1" for ".git".
func isShortName(stem string) bool {
	i := strings.LastIndexByte(stem, '~')
	return i >= 0 && i < len(stem)-1 && len(stem) <= 8 && strings.Trim(stem[i+1:], "0123456789") == ""
}

// fold returns a form of s that is equal for two names if a file system that ignores
// case, or that stores names in another Unicode form, treats them as one.
func fold(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	return norm.NFC.String(cases.Fold().String(norm.NFD.String(s)))
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// CheckCollisions returns nil if files at all of the paths can exist together on every system: the paths are unique,
// none is a parent folder of another, and no file or folder differs from another only in case or Unicode form.
// Its errors are of kind Refused and quote both paths.
func CheckCollisions(paths []string) error {
	type entry struct {
		path   string // in its first spelling
		isFile bool
	}
	byFold := make(map[string]entry, len(paths))
	dirs := make(map[string]bool)                              // the folders whose parents are in byFold already
	for _, file := range slices.Sorted(slices.Values(paths)) { // a folder sorts before its files
		for p := file; p != "." && p != "/" && !dirs[p]; p = path.Dir(p) {
			isFile := p == file
			key := fold(p)
			old, seen := byFold[key]
			switch {
			case seen && old.path == p && old.isFile && isFile:
				return errCollision("two files at one path %q", p)
			case seen && old.path == p:
				return errCollision("%q is both a file and a folder", p)
			case seen:
				return errCollision("%q and %q are one name on a file system that ignores case or Unicode form",
					old.path, p)
			}
			byFold[key] = entry{p, isFile}
			if !isFile {
				dirs[p] = true
			}
		}
	}
	return nil
}

func errCollision(format string, args ...any) error {
	return failure.Errorf(failure.Refused, "checking the names: "+format, args...).WithHint("rename one of them")
}
