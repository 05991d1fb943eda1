package wire

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// A proxyError is the status of a proxy that does not connect.
type proxyError struct{ code int }

func (e proxyError) Error() string { return fmt.Sprintf("the proxy answers with status %d", e.code) }

var errBadProxy = errors.New("the proxy setting is not a URL")

// newHTTPClient returns the HTTP client for one site: a transport, which follows no redirect and keeps no cookies.
// It uses HTTP/1.1, because a session sends two or three requests, one after the other.
func newHTTPClient(s *settings, config gitConfig, site *url.URL, redirected bool) (*http.Transport, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if site.Scheme == "https" {
		var err error
		if settings.RootCAs, err = trustedRoots(s.options, config, site); err != nil {
			return nil, err
		}
		if settings.Certificates, err = clientCertificates(s.options, config, site, redirected); err != nil {
			return nil, err
		}
	}
	proxy := func(r *http.Request) (*url.URL, error) { return proxyFor(r.URL, config, s.options.Env) }
	return &http.Transport{
		Proxy:                  proxy,
		OnProxyConnectResponse: checkProxy,
		DialContext:            s.dialer().DialContext,
		TLSClientConfig:        settings,
		TLSHandshakeTimeout:    s.connectTimeout(),
		MaxResponseHeaderBytes: 256 << 10,
	}, nil
}

func checkProxy(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return proxyError{resp.StatusCode}
	}
	return nil
}

// proxyFor returns the proxy for a request, nil for none: http.proxy of git's configuration, else HTTPS_PROXY or
// HTTP_PROXY, else ALL_PROXY; none for hosts that NO_PROXY lists and for this machine. Lower-case names of the
// variables come first, as in curl.
func proxyFor(u *url.URL, config gitConfig, getenv func(string) string) (*url.URL, error) {
	env := func(lower, upper string) string { return cmp.Or(getenv(lower), getenv(upper)) }
	value, ok := config.http("proxy", u)
	if !ok && u.Scheme == "https" {
		value = env("https_proxy", "HTTPS_PROXY")
	} else if !ok && getenv("REQUEST_METHOD") == "" { // in a CGI program a client can set HTTP_PROXY
		value = env("http_proxy", "HTTP_PROXY")
	}
	if !ok && value == "" {
		value = env("all_proxy", "ALL_PROXY")
	}
	if value == "" {
		return nil, nil
	}
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	// httpproxy would connect without a proxy that it cannot parse.
	if p, err := url.Parse(value); err != nil || p.Host == "" || !isPort(p.Port()) {
		return nil, errBadProxy // err would repeat the value, which may hold a password
	}
	choice := httpproxy.Config{HTTPProxy: value, HTTPSProxy: value, NoProxy: env("no_proxy", "NO_PROXY")}
	return choice.ProxyFunc()(u)
}
