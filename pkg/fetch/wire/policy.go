package wire

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"golang.org/x/net/idna"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// A hostPattern is a canonical host, "*." and a canonical host, or "*".
type hostPattern string

var hostForm = regexp.MustCompile(`^[a-z0-9._:-]+$`)

func parseHostPattern(s string) (hostPattern, error) {
	if s == "*" {
		return "*", nil
	}
	host, below := strings.CutPrefix(s, "*.")
	if host = canonicalHost(host); !hostForm.MatchString(host) || strings.Contains(host, ":") && !isAddress(host) {
		return "", fmt.Errorf("%q is not a host pattern", s)
	}
	if below {
		host = "*." + host
	}
	return hostPattern(host), nil
}

func (p hostPattern) matches(host string) bool {
	below, ok := strings.CutPrefix(string(p), "*")
	return string(p) == host || ok && strings.HasSuffix(host, below)
}

func anyMatches(patterns []hostPattern, host string) bool {
	for _, p := range patterns {
		if p.matches(host) {
			return true
		}
	}
	return false
}

// canonicalHost gives the one spelling that a host is compared by: lower case,
// in its ASCII form, without the final dot of a full name or the brackets of an address.
func canonicalHost(host string) string {
	host = strings.TrimSuffix(strings.Trim(host, "[]"), ".")
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Unmap().String()
	}
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		return ascii
	}
	return strings.ToLower(host)
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// permit checks the host policy for a connection with a scheme to a host.
func (d *Dialer) permit(scheme, host string) error {
	host = canonicalHost(host)
	switch {
	case anyMatches(d.deny, host):
		return failure.Errorf(failure.Refused, "connecting to %q: the host is denied", host).
			WithHint("remove it from [sources] deny_hosts to allow it")
	case len(d.allow) > 0 && !anyMatches(d.allow, host):
		return failure.Errorf(failure.Refused, "connecting to %q: the host is not among the allowed ones", host).
			WithHint("add it to [sources] allow_hosts to allow it")
	case scheme == "http" && !isLoopback(host) && !anyMatches(d.plain, host):
		return failure.Errorf(failure.Refused, "connecting to %q: plain http is neither encrypted nor authenticated", host).
			WithHint("use https, or add the host to [sources] allow_http")
	}
	return nil
}

// Rewrite applies git's url.*.insteadOf to url, the longest match as git does,
// and checks the host policy. It returns the URL that is really to be used, which
// may carry credentials that the user's git configuration put there, and may be
// a local path or a file URL, for which no policy is needed.
//
// Rewrite fails with kind Usage for a malformed URL and Refused for what the policy forbids.
func (d *Dialer) Rewrite(url string) (string, error) {
	config, err := d.config()
	if err != nil {
		return "", err
	}
	url = config.insteadOf(url)
	if isLocal(url) {
		return url, nil
	}
	at, err := parseRemote(url)
	if err != nil {
		return "", err
	}
	host := at.host
	if at.scheme == "ssh" {
		settings, err := d.sshSettings(at)
		if err != nil {
			return "", err
		}
		host = settings.host
	}
	if err := d.permit(at.scheme, host); err != nil {
		return "", err
	}
	return url, nil
}
