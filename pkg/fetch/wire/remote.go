package wire

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/hostname"
	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

// A remote is the parsed URL of a repository.
type remote struct {
	scheme   string // "https", "http" or "ssh"
	user     string
	password string
	host     string // as typed, without port and brackets
	port     string // as typed; empty for the scheme's own
	path     string // ssh: what upload-pack is asked for. http: still escaped
	public   string // the URL as typed, without its credentials
	secrets  *secrets
}

var (
	helperForm = lazyregexp.New(`^[A-Za-z0-9+.-]*::`)
	schemeForm = lazyregexp.New(`^([A-Za-z][A-Za-z0-9+.-]*)://`)
	scpForm    = lazyregexp.New(`^(?:([^@/:]*)@)?(\[[^\]/]+\]|[^:/\[\]@]+):(.*)$`)
	driveForm  = lazyregexp.New(`^[A-Za-z]:[\\/]`)
	noSlashes  = lazyregexp.New(`^(?i:https?|ssh|file|ftp):`)
	driveLess  = lazyregexp.New(`^[A-Za-z]:[^\\/]`) // relative to the current folder of a drive
)

// isLocal reports whether url names a repository on this machine's disk.
func isLocal(url string) bool {
	if m := schemeForm.FindStringSubmatch(url); m != nil {
		return strings.EqualFold(m[1], "file")
	}
	return !helperForm.MatchString(url) && (driveForm.MatchString(url) || !scpForm.MatchString(url))
}

func parseRemote(u secreturl.URL) (remote, error) {
	r, err := splitRemote(u.Reveal())
	if err != nil {
		return remote{}, failure.Errorf(failure.Usage, "reading the URL %q: %w", u, err).
			WithHint("write https://HOST/PATH, ssh://[USER@]HOST/PATH or [USER@]HOST:PATH")
	}
	r.public = u.String()
	r.secrets = &secrets{}
	r.secrets.add(r.password)
	if r.scheme != "ssh" && len(r.user) >= 8 { // may be a token
		r.secrets.add(r.user)
	}
	return r, nil
}

func splitRemote(raw string) (remote, error) {
	switch {
	case strings.ContainsFunc(raw, unicode.IsControl):
		return remote{}, errors.New("it has a control character in it")
	case helperForm.MatchString(raw):
		return remote{}, errors.New("remote helpers are not supported")
	case isLocal(raw):
		return remote{}, errors.New("it is not the URL of a remote repository")
	case schemeForm.MatchString(raw):
		return splitURL(raw)
	case secreturl.Has(raw):
		return remote{}, errors.New("it has a password or a query, which an ssh address cannot have")
	case driveLess.MatchString(raw):
		return remote{}, errors.New("it is a path on a Windows drive without a / after the colon")
	case noSlashes.MatchString(raw):
		return remote{}, errors.New("there is no // after its scheme")
	}
	m := scpForm.FindStringSubmatch(raw)
	return remote{scheme: "ssh", user: m[1], host: strings.Trim(m[2], "[]"), path: m[3]}.check()
}

// isPort reports whether s is the port of a URL, or empty.
func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return s == "" || err == nil && n > 0
}

func splitURL(raw string) (remote, error) {
	u, err := url.Parse(raw)
	if err != nil {
		var e *url.Error // its own text repeats the URL, credentials included
		if errors.As(err, &e) && !strings.Contains(raw, "@") {
			return remote{}, e.Err
		}
		return remote{}, errors.New("it is malformed")
	}
	r := remote{scheme: strings.ToLower(u.Scheme), host: u.Hostname(), port: u.Port(), path: u.EscapedPath()}
	if !isPort(r.port) {
		return remote{}, fmt.Errorf("the port %s is not a number from 1 to 65535", r.port)
	}
	r.user = u.User.Username()
	r.password, _ = u.User.Password()
	switch r.scheme {
	case "git+ssh", "ssh+git", "ssh":
		r.scheme = "ssh"
		r.path = u.Path
		if strings.HasPrefix(r.path, "/~") {
			r.path = r.path[1:] // ~user/path, relative to that user's home
		}
	case "https", "http":
		if u.RawQuery != "" || u.Fragment != "" {
			return remote{}, errors.New("it has a query or a fragment")
		}
	default:
		return remote{}, errors.New("its scheme is not supported")
	}
	if strings.ContainsFunc(u.Path+r.user+r.password, unicode.IsControl) {
		return remote{}, errors.New("it has a control character in it")
	}
	return r.check()
}

// check returns r, or what is wrong with it.
func (r remote) check() (remote, error) {
	switch {
	case r.host == "":
		return remote{}, errors.New("it has no host")
	case r.host[0] == '-' || strings.HasPrefix(r.path, "-") || strings.HasPrefix(r.user, "-"):
		return remote{}, errors.New("a part of it starts with a dash")
	case strings.Trim(r.path, "/") == "":
		return remote{}, errors.New("it has no path")
	}
	return r, r.checkSSHNames()
}

// checkSSHNames returns an error when the host or the user of an ssh remote has characters that no such name has, but
// that mean something in the commands of the ssh configuration. They are those that ssh refuses, too.
func (r remote) checkSSHNames() error {
	isBad := func(c rune) bool {
		return unicode.IsSpace(c) || unicode.IsControl(c) || strings.ContainsRune("'`\"$\\;&<>|(){}", c)
	}
	isForeign := func(c rune) bool { return c > unicode.MaxASCII } // it is not what the host policy is about
	if r.scheme == "ssh" && (strings.ContainsFunc(r.host+r.user, isBad) || strings.ContainsFunc(r.host, isForeign)) {
		return errors.New("its host or user has a character that is not allowed there")
	}
	return nil
}

// url returns the http URL of the repository without credentials.
func (r remote) url() *url.URL {
	host := hostname.Canonical(r.host) // which the host policy is about
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if r.port != "" {
		host += ":" + r.port
	}
	path := strings.TrimRight(r.path, "/")
	u := &url.URL{Scheme: r.scheme, Host: host, RawPath: path}
	u.Path, _ = url.PathUnescape(path) // it was made by EscapedPath
	return u
}
