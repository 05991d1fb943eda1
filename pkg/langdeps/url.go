package langdeps

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
)

// urlPattern matches the URLs that checkURL accepts. The path has only characters that no shell, no requirements file
// (where pip expands ${NAME} to a variable of the environment) and no program in between interprets.
var urlPattern = lazyregexp.New(`^(?:git\+)?https://[A-Za-z0-9][A-Za-z0-9.-]*(?::\d{1,5})?` +
	`(/[A-Za-z0-9._~+=,%/@-]*)(?:#([A-Za-z0-9._=&/-]*))?$`)

// checkURL returns an error if a package must not be installed from a URL: it has to use https, or git over https,
// has no user, password or query, which can hold secrets, and no part that begins with "-", which a program that the
// installer runs could read as an option.
func checkURL(url string) error {
	m := urlPattern.FindStringSubmatch(url)
	if m == nil {
		return fmt.Errorf("its URL must be https://HOST/PATH or git+https://HOST/PATH, without user or query")
	}
	isSeparator := func(r rune) bool { return r == '/' || r == '@' }
	for part := range strings.FieldsFuncSeq(m[1], isSeparator) {
		if strings.HasPrefix(part, "-") || part == ".." {
			return fmt.Errorf("the path of its URL has the part %q", part)
		}
	}
	return checkFragment(m[2])
}

// checkFragment returns an error if the fragment of a URL has other fields than the name, the folder or the hash of a
// package: https://pip.pypa.io/en/stable/topics/vcs-support/#url-fragments.
func checkFragment(fragment string) error {
	if fragment == "" || !strings.Contains(fragment, "=") && !strings.HasPrefix(fragment, "-") {
		return nil // npm: a tag, a branch or a commit
	}
	for field := range strings.SplitSeq(fragment, "&") {
		name, value, _ := strings.Cut(field, "=")
		switch name {
		case "egg", "sha256", "sha384", "sha512":
			if !nodeTag.MatchString(value) {
				return fmt.Errorf("the fragment of its URL has the value %q", value)
			}
		case "subdirectory":
			if strings.HasPrefix(value, "-") || path.IsAbs(value) || path.Clean(value) != value ||
				value == ".." || strings.HasPrefix(value, "../") {
				return fmt.Errorf("the fragment of its URL names the folder %q", value)
			}
		default:
			return errors.New("the fragment of its URL has an unknown field")
		}
	}
	return nil
}
