// Package hostname compares the names of hosts: in different spellings, and with patterns.
//
// A pattern is a host name, which means only that host; "*." and a name, which means every host below that name but
// not the name itself; or "*", which means every host. A host is written without port and may be an IP address.
package hostname

import (
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"

	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

// A Pattern is a canonical host, "*." and a canonical host, or "*".
type Pattern string

// ParsePattern parses a pattern. Its error quotes the text.
func ParsePattern(s string) (Pattern, error) {
	if s == "*" {
		return "*", nil
	}
	host, below := strings.CutPrefix(s, "*.")
	if host = Canonical(host); !IsValid(host) {
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

// Canonical returns the form in which hosts are compared: lower-case ASCII, without the final dot of a name or the
// brackets of an address.
func Canonical(host string) string {
	host = strings.Trim(host, "[]")
	if name, ok := strings.CutSuffix(host, "."); ok && !strings.HasSuffix(name, ".") {
		host = name
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Unmap().String()
	}
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		return ascii
	}
	return strings.ToLower(host)
}

// IsValid reports whether a canonical host is a name or an IP address. As in the URL standard, a name whose last label
// is a number must be an IPv4 address: resolvers accept other forms, such as 127.1 and 0x7f.1, and no pattern of the
// address means them. An IPv6 address has no zone.
func IsValid(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Zone() == ""
	}
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789_-"
	label := ""
	for label = range strings.SplitSeq(host, ".") {
		if label == "" || strings.Trim(label, letters) != "" {
			return false
		}
	}
	return len(host) <= 253 && !isNumber(label)
}

// isNumber reports whether a label is a decimal or hexadecimal number.
func isNumber(label string) bool {
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}

// IsLoopback reports whether a canonical host is this machine.
func IsLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}
