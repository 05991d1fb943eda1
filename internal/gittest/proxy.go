package gittest

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
)

// A Proxy is an HTTP proxy that connects to one address for every host. With it a test can use any host name and still
// connect only to the loopback address.
type Proxy struct {
	URL string // without credentials

	server http.Server
	mu     sync.Mutex
	hosts  []string
}

// ServeProxy starts a proxy to addr, a host and port, for the test and stops it when the test ends. When user is not
// empty, the proxy asks for credentials.
func ServeProxy(t testing.TB, addr, user, password string) *Proxy {
	t.Helper()
	p, err := StartProxy(addr, user, password)
	if err != nil {
		t.Fatalf("gittest: starting a proxy: %v", err)
	}
	t.Cleanup(p.Close)
	return p
}

// StartProxy is ServeProxy without a test.
func StartProxy(addr, user, password string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{URL: "http://" + l.Addr().String()}
	forward := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: addr})
	p.server.ErrorLog = log.New(io.Discard, "", 0)
	p.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.hosts = append(p.hosts, r.Host)
		p.mu.Unlock()
		asProxy := &http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}
		u, pw, _ := asProxy.BasicAuth()
		switch {
		case u != user || pw != password:
			w.Header().Set("Proxy-Authenticate", `Basic realm="proxy"`)
			w.WriteHeader(http.StatusProxyAuthRequired)
		case r.Method == http.MethodConnect:
			tunnel(w, addr)
		default:
			forward.ServeHTTP(w, r)
		}
	})
	go p.server.Serve(l)
	return p, nil
}

func tunnel(w http.ResponseWriter, addr string) {
	far, err := net.Dial("tcp", addr)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer far.Close()
	near, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer near.Close()
	io.WriteString(near, "HTTP/1.1 200 OK\r\n\r\n")
	go func() {
		io.Copy(far, near)
		far.Close()
	}()
	io.Copy(near, far)
}

// Hosts returns the hosts, with ports, that clients asked for, in order.
func (p *Proxy) Hosts() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.hosts...)
}

// Close stops the proxy.
func (p *Proxy) Close() { p.server.Close() }
