package ref

import (
	"cmp"
	"net/netip"
	"strconv"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
)

// labelPattern matches one label of a host name.
const labelPattern = `[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?`

var (
	repoPattern      = lazyregexp.New(`^[A-Za-z0-9_.][A-Za-z0-9_.-]*$`)
	namespacePattern = lazyregexp.New(`^~?[A-Za-z0-9_.][A-Za-z0-9_.-]*(/[A-Za-z0-9_.][A-Za-z0-9_.-]*)*$`)
	hostPattern      = lazyregexp.New(`^(` + labelPattern + `\.)*` + labelPattern + `$`)
)

// name parses [[host::]namespace::]repo[@version][//component].
func (p parser) name(s span) (Ref, error) {
	t := split(s, strings.IndexByte)
	if err := cmp.Or(p.checkQuery(), p.checkName(t)); err != nil {
		return Ref{}, err
	}
	var o Origin
	fields := t.origin.split("::")
	last := len(fields) - 1
	repo := fields[last]
	o.Repo = strings.TrimSuffix(repo.text, ".git")
	if err := p.checkRepo(t, repo, o.Repo); err != nil {
		return Ref{}, err
	}
	if last >= 1 {
		o.Namespace = fields[last-1].text
		if !namespacePattern.MatchString(o.Namespace) || hasDots(o.Namespace) {
			return Ref{}, p.fail(fields[last-1], "it is not a valid namespace", "NAMESPACE::"+formName)
		}
	}
	if last == 2 {
		o.Host = strings.ToLower(fields[0].text)
		host, port, _ := strings.Cut(o.Host, ":")
		if isHost(host) && port != "" && !isPort(port) {
			return Ref{}, p.fail(fields[0].from(len(host)+1), badPort, "HOST:PORT::NAMESPACE::"+formName)
		}
		if !isHostPort(o.Host) {
			return Ref{}, p.fail(fields[0], "it is not a valid host name", "HOST::NAMESPACE::"+formName)
		}
	}
	return p.finish(o, t)
}

// checkName checks the origin of a name for common mistakes.
func (p parser) checkName(t parts) error {
	o := t.origin
	fields := o.split("::")
	switch {
	case o.text == "":
		return p.fail(o, "the repository is missing", p.replace(o, "REPO"))
	case strings.HasPrefix(o.text, "~/"):
		return p.fail(o.upto(1), "a local path starts with ./, ../ or /", formLocal)
	case len(fields) > 1 && isRemoteHelper(fields[0].text):
		return p.fail(fields[0], "an address cannot run a program", formURL)
	case len(fields) > 3:
		host, repo := fields[0], fields[len(fields)-1]
		groups := strings.ReplaceAll(o.text[len(host.text)+2:repo.at-2], "::", "/")
		return p.fail(fields[3], "a name has at most three parts", p.replace(o, host.text+"::"+groups+"::"+repo.text))
	}
	if bad := o.index("#"); bad.text != "" {
		return p.fail(bad, "a version starts with @, not with #", p.replace(bad, "@"))
	}
	if bad := o.index(" "); bad.text != "" {
		return p.fail(bad, "a name cannot contain a space", p.replace(bad, ""))
	}
	if bad := o.index(`\`); bad.text != "" {
		return p.fail(bad, `a reference uses / and not \`, strings.ReplaceAll(p.input, `\`, "/"))
	}
	for i, f := range fields {
		colon := f.index(":")
		switch {
		case f.text == "" && i == len(fields)-1:
			return p.fail(f, "the repository is missing", p.replace(f, "REPO"))
		case f.text == "":
			return p.fail(f, "the part before :: is empty", "HOST::NAMESPACE::"+formName)
		case colon.text != "" && (i > 0 || len(fields) < 3):
			return p.errColon(t, colon)
		}
	}
	return nil
}

// forgeNames are short names of forges in other tools, with their hosts.
var forgeNames = map[string]string{
	"gh": "github.com", "github": "github.com", "gl": "gitlab.com", "gitlab": "gitlab.com", "bb": "bitbucket.org",
	"bitbucket": "bitbucket.org",
}

// ForgeName returns the name of the repository that an address HOST:NAMESPACE/REPO means if HOST is the short name of
// a forge, such as gh, or a host, and not an alias in the configuration of ssh. Otherwise it returns "".
func (o Origin) ForgeName() string {
	host, path, found := strings.Cut(o.URL, ":")
	slash := strings.LastIndexByte(path, '/')
	if !found || slash < 1 || strings.ContainsAny(host, "@/") || strings.HasPrefix(path, "/") {
		return ""
	}
	if known := forgeNames[strings.ToLower(host)]; known != "" {
		host = known
	} else if !strings.Contains(host, ".") {
		return ""
	}
	return host + "::" + path[:slash] + "::" + strings.TrimSuffix(path[slash+1:], ".git")
}

// errColon returns the error for a single colon in a name, with the likely intention as the right form.
func (p parser) errColon(t parts, colon span) error {
	const separator = "the parts of a name are separated by ::"
	o := t.origin
	before, after := o.text[:colon.at-o.at], o.text[colon.at-o.at+1:]
	if drivePattern.MatchString(before + ":/") {
		form := p.replace(colon, ":/")
		err := p.fail(colon, "the path on a Windows drive does not start with /", form).(*failure.Error)
		return err.WithHint("write it as %s, or for a pack of the namespace %s as %s",
			form, before, p.replace(colon, "::"))
	}
	if t.hasComponent || strings.ContainsAny(before+after, ":/") { // NAMESPACE:REPO
		return p.fail(colon, separator, p.replace(colon, "::"))
	}
	tail := p.input[o.at+len(o.text):]
	form := before + tail + "//" + after // PACK:COMPONENT
	err := p.fail(colon, separator+", and a component starts with //", form).(*failure.Error)
	return err.WithHint("write it as %s, or for a pack of the namespace %s as %s::%s//COMPONENT",
		form, before, before, after+tail)
}

// checkRepo checks the last part of a name; name is the part without ".git".
func (p parser) checkRepo(t parts, repo span, name string) error {
	if slash := repo.index("/"); slash.text != "" {
		return p.errSlash(t, repo, slash)
	}
	if !repoPattern.MatchString(name) || hasDots(name) {
		return p.fail(repo, "it is not a valid repository name", p.replace(repo, "REPO"))
	}
	return nil
}

// errSlash returns the error for a slash in the last part of a name, with the likely intention as the right form.
func (p parser) errSlash(t parts, repo, slash span) error {
	const separator = "the parts of a name are separated by ::"
	trimmed := strings.Trim(repo.text, "/")
	first, rest, _ := strings.Cut(trimmed, "/")
	switch {
	case strings.Contains(first, ".") && strings.Contains(rest, "/"): // HOST/NAMESPACE/REPO
		i := strings.LastIndexByte(rest, '/')
		return p.fail(slash, separator, p.replace(repo, first+"::"+rest[:i]+"::"+rest[i+1:]))
	case t.hasComponent || t.hasVersion: // NAMESPACE/REPO
		i := max(strings.LastIndexByte(trimmed, '/'), 0)
		return p.fail(slash, separator, p.replace(repo, trimmed[:i]+"::"+strings.TrimPrefix(trimmed[i:], "/")))
	}
	form := p.replace(slash, "//")
	err := p.fail(slash, "a component starts with //", form).(*failure.Error)
	return err.WithHint("write it as %s, or for a pack of the namespace %s as %s::%s//COMPONENT",
		form, first, first, rest)
}

// isRemoteHelper reports whether git runs a program for an address "name::…".
func isRemoteHelper(name string) bool {
	return strings.EqualFold(name, "ext") || strings.EqualFold(name, "fd")
}

// hasDots reports whether a path has a segment "." or "..".
func hasDots(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// isHost reports whether s is a lower-case host name or an IPv4 address. As in the URL standard, a name whose last
// label is a number must be an address, so that "cp-0.0.1" is not a host.
func isHost(s string) bool {
	if len(s) > 253 || !hostPattern.MatchString(s) {
		return false
	}
	last := s[strings.LastIndexByte(s, '.')+1:]
	hex, isHex := strings.CutPrefix(last, "0x")
	if _, err := strconv.Atoi(last); err != nil && !(isHex && strings.Trim(hex, "0123456789abcdef") == "") {
		return true
	}
	_, err := netip.ParseAddr(s)
	return err == nil
}

// isHostPort reports whether s is a host with an optional port.
func isHostPort(s string) bool {
	host, port, ok := strings.Cut(s, ":")
	return isHost(host) && (!ok || isPort(port))
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0 && s == strconv.FormatUint(n, 10)
}
