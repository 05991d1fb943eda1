package wire

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/net/http/httpproxy"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// A proxyError is the status of a proxy that does not connect.
type proxyError struct{ code int }

func (e proxyError) Error() string { return fmt.Sprintf("the proxy answers with status %d", e.code) }

var errBadProxy = errors.New("the proxy setting is not a URL")

// newHTTPClient returns the HTTP client of one session: a transport, which follows no redirect and keeps no cookies.
// It uses HTTP/1.1, because a session sends two or three requests, one after the other.
func newHTTPClient(s *settings, base *url.URL) (*http.Transport, error) {
	config, err := s.config()
	if err != nil {
		return nil, err
	}
	roots, err := trustedRoots(s.options, config, base)
	if err != nil {
		return nil, err
	}
	proxy := func(r *http.Request) (*url.URL, error) { return proxyFor(r.URL, config, s.options.Env) }
	return &http.Transport{
		Proxy:                  proxy,
		OnProxyConnectResponse: checkProxy,
		DialContext:            s.dialer().DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
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
	if p, err := url.Parse(value); err != nil || p.Host == "" { // httpproxy would connect without it
		return nil, errBadProxy // err would repeat the value, which may hold a password
	}
	choice := httpproxy.Config{HTTPProxy: value, HTTPSProxy: value, NoProxy: env("no_proxy", "NO_PROXY")}
	return choice.ProxyFunc()(u)
}

// trustedRoots returns the certificates to trust: the system's and those of SSL_CERT_FILE, SSL_CERT_DIR,
// GIT_SSL_CAINFO and http.sslCAInfo.
func trustedRoots(o Options, config gitConfig, base *url.URL) (*x509.CertPool, error) {
	if base.Scheme != "https" {
		return nil, nil
	}
	type source struct{ name, file string }
	sources := []source{{"SSL_CERT_FILE", o.Env("SSL_CERT_FILE")}}
	for _, dir := range filepath.SplitList(o.Env("SSL_CERT_DIR")) {
		entries, _ := os.ReadDir(dir) // like OpenSSL, which looks files up by name
		for _, e := range entries {
			sources = append(sources, source{"", filepath.Join(dir, e.Name())})
		}
	}
	info := o.Env("GIT_SSL_CAINFO")
	if value, ok := config.http("sslcainfo", base); ok && info == "" {
		info = value
	}
	sources = append(sources, source{"http.sslCAInfo", configfile.ExpandHome(info, o.Home)})

	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	for _, s := range sources {
		if s.file == "" {
			continue
		}
		data, err := configfile.Read(s.file)
		if err == nil && !pool.AppendCertsFromPEM(data) {
			err = fmt.Errorf("%s: no certificate in it", s.file)
		}
		if err != nil && s.name != "" {
			return nil, failure.Errorf(failure.LocalIO, "reading the certificates of %s: %w", s.name, err).
				WithHint("correct or remove that setting")
		}
	}
	return pool, nil
}
