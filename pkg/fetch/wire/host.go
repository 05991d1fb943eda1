package wire

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/idna"

	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
)

// A hostPattern is a canonical host, "*." and a canonical host, or "*".
type hostPattern string

var hostForm = lazyregexp.New(`^[a-z0-9._:-]+$`)

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

// canonicalHost returns the form in which hosts are compared: lower-case ASCII, without the final dot of a name or the
// brackets of an address.
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

// portOf returns the port of a URL, by default that of its scheme.
func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return map[string]string{"https": "443", "http": "80", "ssh": "22"}[u.Scheme]
}
