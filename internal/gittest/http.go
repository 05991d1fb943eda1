package gittest

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cgi"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// An HTTPServer publishes repositories over git's smart HTTP protocol.
type HTTPServer struct {
	URL string // without a final slash; a repository at root/a/b has URL + "/a/b"

	server http.Server
	cert   *tls.Certificate
	client *x509.CertPool // authorities of the certificates that clients must have; nil for none
	old    bool
	faults []Fault

	mu   sync.Mutex
	seen []*http.Request
}

// An Option changes how a server is set up.
type Option func(*HTTPServer)

// TLS makes the server use https with the certificate.
func TLS(cert tls.Certificate) Option { return func(s *HTTPServer) { s.cert = &cert } }

// ClientCert makes the server require a certificate of the authority from clients.
func ClientCert(ca *CA) Option {
	return func(s *HTTPServer) {
		s.client = x509.NewCertPool()
		s.client.AddCert(ca.cert)
	}
}

// With makes the server misbehave. Of several faults the first is the outermost.
func With(faults ...Fault) Option {
	return func(s *HTTPServer) { s.faults = append(s.faults, faults...) }
}

// ServeHTTP starts a server for the test and stops it when the test ends.
func ServeHTTP(t testing.TB, root string, opts ...Option) *HTTPServer {
	t.Helper()
	s, err := StartHTTP(root, opts...)
	if err != nil {
		t.Fatalf("gittest: starting an http server: %v", err)
	}
	t.Cleanup(s.Close)
	return s
}

// Version0 makes the server use version 0 of git's protocol, whatever a client asks for.
func Version0() Option { return func(s *HTTPServer) { s.old = true } }

// StartHTTP starts a server of the repositories below root on a port of the loopback address.
func StartHTTP(root string, opts ...Option) (*HTTPServer, error) {
	git := exec.Command("git", "--exec-path")
	git.Env = cleanEnv()
	execPath, err := git.Output()
	if err != nil {
		return nil, err
	}
	silent := log.New(io.Discard, "", 0)
	var handler http.Handler = &cgi.Handler{
		Path:   filepath.Join(strings.TrimSpace(string(execPath)), "git-http-backend"),
		Dir:    root,
		Env:    append(cleanEnv(), "GIT_PROJECT_ROOT="+root, "GIT_HTTP_EXPORT_ALL=1"),
		Logger: silent,
		Stderr: io.Discard,
	}
	s := &HTTPServer{}
	for _, o := range opts {
		o(s)
	}
	for i := len(s.faults) - 1; i >= 0; i-- {
		handler = s.faults[i](handler)
	}
	s.server.ErrorLog = silent
	s.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.seen = append(s.seen, r.Clone(r.Context()))
		s.mu.Unlock()
		if s.old {
			r.Header.Del("Git-Protocol")
		}
		handler.ServeHTTP(w, r)
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.URL = "http://" + l.Addr().String()
	if s.cert != nil {
		s.URL = "https://" + l.Addr().String()
		config := &tls.Config{Certificates: []tls.Certificate{*s.cert}}
		if s.client != nil {
			config.ClientCAs, config.ClientAuth = s.client, tls.RequireAndVerifyClientCert
		}
		l = tls.NewListener(l, config)
	}
	go s.server.Serve(l)
	return s, nil
}

// Addr returns the host and port that the server listens on.
func (s *HTTPServer) Addr() string { return s.URL[strings.Index(s.URL, "//")+2:] }

// Requests returns the requests so far, in order of arrival, including refused ones. Their bodies must not be read.
func (s *HTTPServer) Requests() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*http.Request(nil), s.seen...)
}

// Close stops the server and closes its connections.
func (s *HTTPServer) Close() { s.server.Close() }
