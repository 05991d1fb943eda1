package wire

import (
	"net/netip"
	"net/url"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/hostname"
)

// tokenVariable returns the environment variable with the token for the site of u. Its value is a token, or a user
// name, a colon and a token. The name is that of the host in upper case, with "_" for "." and "__" for "-", followed
// by "_" and the port unless the site is https on port 443.
//
// No two sites of one scheme have the same variable: in a host, "." and "-" are never next to each other, and the last
// label is not a number, unless the host is an IPv4 address. For other hosts, such as an IPv6 address, the name is "".
func tokenVariable(u *url.URL) string {
	host := hostname.Canonical(u.Hostname())
	if !hasTokenVariable(host) {
		return ""
	}
	name := "PPM_TOKEN_" + strings.ToUpper(strings.NewReplacer(".", "_", "-", "__").Replace(host))
	if port := portOf(u); u.Scheme != "https" || port != "443" {
		name += "_" + port
	}
	return name
}

// hasTokenVariable reports whether a canonical host is an IPv4 address or a name that a variable can be named after.
func hasTokenVariable(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Is4()
	}
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	label := ""
	for label = range strings.SplitSeq(host, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' || strings.Trim(label, letters+"-") != "" {
			return false
		}
	}
	return strings.Trim(label, "0123456789") != ""
}
