package wire

import "net/url"

// portOf returns the port of a URL, by default that of its scheme.
func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return map[string]string{"https": "443", "http": "80", "ssh": "22"}[u.Scheme]
}
