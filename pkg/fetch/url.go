package fetch

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

const fileScheme = "file://"

var drivePath = lazyregexp.New(`^[A-Za-z]:[/\\]`)

// isLocal reports whether url names a repository on a disk of this or, with a drive of Windows, of another machine.
func isLocal(url string) bool {
	for _, prefix := range []string{fileScheme, "/", "./", "../", `.\`, `..\`} {
		if strings.HasPrefix(url, prefix) {
			return true
		}
	}
	return url == "." || url == ".." || filepath.IsAbs(url) || drivePath.MatchString(url)
}

// localPath returns the absolute path that a path, relative to dir, or a file URL means.
func localPath(dir, location string) (string, error) {
	if drivePath.MatchString(location) && runtime.GOOS != "windows" {
		return "", errors.New("it is a path on a Windows drive")
	}
	if !strings.HasPrefix(location, fileScheme) {
		if !filepath.IsAbs(location) {
			location = filepath.Join(dir, location)
		}
		return filepath.Abs(location)
	}
	u, err := url.Parse(location)
	if err != nil {
		return "", errors.New("the URL is malformed")
	}
	if u.Host != "" && u.Host != "localhost" {
		return "", fmt.Errorf("it names the host %q; the URL of a local repository has no host", u.Host)
	}
	path := u.Path
	if runtime.GOOS == "windows" {
		path = strings.TrimPrefix(path, "/")
	}
	return filepath.Abs(filepath.FromSlash(path))
}

var scpURL = lazyregexp.New(`^(?:[^@/]*@)?([^:/]+):(.*)$`)

// splitURL returns the parts of a clone URL that a reference would name.
func splitURL(s string) (host, namespace, repo string) {
	if name, ok := ref.BuiltinName(s); ok {
		return "", "", name
	}
	dir := strings.TrimPrefix(s, fileScheme)
	if isLocal(s) {
		dir = filepath.ToSlash(dir)
	} else if u, err := url.Parse(s); err == nil && u.Host != "" {
		host, dir = u.Host, u.Path
	} else if m := scpURL.FindStringSubmatch(s); m != nil {
		host, dir = m[1], m[2]
	}
	namespace, repo = path.Split(strings.Trim(dir, "/"))
	return host, strings.Trim(namespace, "/"), strings.TrimSuffix(repo, ".git")
}
