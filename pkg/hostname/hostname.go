// Package hostname compares the names of hosts: in different spellings, and with patterns.
//
// A pattern is a host name, which means only that host; "*." and a name, which means every host below that name but
// not the name itself; or "*", which means every host. A host is written without port and may be an IP address.
package hostname

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

// A Pattern is a canonical host, "*." and a canonical host, or "*".
type Pattern string

var form = lazyregexp.New(`^[a-z0-9._:-]+$`)

// ParsePattern parses a pattern. Its error quotes the text.
func ParsePattern(s string) (Pattern, error) {
	if s == "*" {
		return "*", nil
	}
	host, below := strings.CutPrefix(s, "*.")
	if host = Canonical(host); !form.MatchString(host) || strings.Contains(host, ":") && !isAddress(host) {
		return "", fmt.Errorf("%q is not a host pattern", secreturl.CleanHost(s))
	}
	if below {
		host = "*." + host
	}
	return Pattern(host), nil
}

// Matches reports whether the pattern means a canonical host.
func (p Pattern) Matches(host string) bool {
	below, ok := strings.CutPrefix(string(p), "*")
	return string(p) == host || ok && strings.HasSuffix(host, below)
}

// AnyMatches reports whether any of the patterns means a canonical host.
func AnyMatches(patterns []Pattern, host string) bool {
	return slices.ContainsFunc(patterns, func(p Pattern) bool { return p.Matches(host) })
}

// Canonical returns the form in which hosts are compared: lower-case ASCII, without the final dot of a name or the
// brackets of an address.
func Canonical(host string) string {
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

// IsLoopback reports whether a canonical host is this machine.
func IsLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}
