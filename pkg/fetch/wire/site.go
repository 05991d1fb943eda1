package wire

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/Project-Manager-With-Git/ppm/pkg/hostname"
)

// A site is a scheme, host and port that a session sends requests to, with everything that belongs only to it.
type site struct {
	client      *http.Transport
	headers     *extraHeaders
	credentials *credentials
}

// newSite returns the site of a URL. A redirect may lead to any site: one of those gets only what is for its URL or
// host.
func newSite(s *settings, u *url.URL, r remote, redirected bool) (*site, error) {
	config, err := s.config()
	if err != nil {
		return nil, err
	}
	withUser := *u
	if r.user != "" {
		withUser.User = url.User(r.user)
	}
	client, err := newHTTPClient(s, config, &withUser, redirected)
	if err != nil {
		return nil, err
	}
	headers, err := newExtraHeaders(config, &withUser, redirected)
	if err != nil {
		return nil, err
	}
	for _, secret := range headers.secrets() {
		r.secrets.add(secret)
	}
	return &site{client, headers, newCredentials(s.options, config, u, r, headers.authorization)}, nil
}

// siteOf returns the name of the site of a URL.
func siteOf(u *url.URL) string {
	return u.Scheme + "://" + hostname.Canonical(u.Hostname()) + ":" + portOf(u)
}

// portOf returns the port of a URL, by default that of its scheme.
func portOf(u *url.URL) string {
	if n, err := strconv.ParseUint(u.Port(), 10, 16); err == nil {
		return strconv.FormatUint(n, 10) // without leading zeros
	}
	return map[string]string{"https": "443", "http": "80", "ssh": "22"}[u.Scheme]
}
