package gittest

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// A Fault wraps a server's handler so that it misbehaves.
type Fault func(next http.Handler) http.Handler

// Refs limits a fault to requests for the list of refs.
func Refs(f Fault) Fault { return only(f, false) }

// Packs limits a fault to requests for a pack.
func Packs(f Fault) Fault { return only(f, true) }

func only(f Fault, packs bool) Fault {
	return func(next http.Handler) http.Handler {
		faulty := f(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if asksForPack(r) == packs {
				faulty.ServeHTTP(w, r)
			} else {
				next.ServeHTTP(w, r)
			}
		})
	}
}

// asksForPack reports whether a request is for a pack. A request for refs has its command at the start of the body.
func asksForPack(r *http.Request) bool {
	const lsRefs = "0014command=ls-refs"
	if r.Method != http.MethodPost {
		return false
	}
	start := make([]byte, len(lsRefs))
	n, _ := io.ReadFull(r.Body, start)
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start[:n]), r.Body), r.Body}
	return string(start[:n]) != lsRefs
}

// Times limits a fault to the first n requests that reach it.
func Times(n int64, f Fault) Fault {
	var count atomic.Int64
	return func(next http.Handler) http.Handler {
		faulty := f(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if count.Add(1) <= n {
				faulty.ServeHTTP(w, r)
			} else {
				next.ServeHTTP(w, r)
			}
		})
	}
}

// Answer answers every request with f instead of the server.
func Answer(f func(w http.ResponseWriter, r *http.Request)) Fault {
	return func(http.Handler) http.Handler { return http.HandlerFunc(f) }
}

// Status answers with a status code and header fields, given as name, value, name, value.
func Status(code int, header ...string) Fault {
	return Answer(func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	})
}

// Redirect sends every request to the same path and query below another base URL.
func Redirect(base string) Fault {
	return Answer(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", base+r.URL.RequestURI())
		w.WriteHeader(http.StatusMovedPermanently)
	})
}

// RedirectBelow sends requests whose path starts with from to the same URL with to in its place.
func RedirectBelow(code int, from, to string) Fault {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rest, ok := strings.CutPrefix(r.URL.RequestURI(), from)
			if !ok {
				next.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Location", to+rest)
			w.WriteHeader(code)
		})
	}
}

// Garbage answers with data, and with the content type of a real response.
func Garbage(data string) Fault {
	return Answer(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType(r))
		io.WriteString(w, data)
	})
}

// Endless answers with head and then repeats unit until the client closes the connection.
func Endless(head, unit string) Fault {
	chunk := []byte(strings.Repeat(unit, 1+32<<10/len(unit)))
	return Answer(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType(r))
		io.WriteString(w, head)
		for {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
}

func contentType(r *http.Request) string {
	if r.Method == http.MethodPost {
		return "application/x-git-upload-pack-result"
	}
	return "application/x-git-upload-pack-advertisement"
}

// BasicAuth asks for a user name and password.
func BasicAuth(user, password string) Fault {
	return auth(`Basic realm="test"`, func(r *http.Request) bool {
		u, p, ok := r.BasicAuth()
		return ok && u == user && p == password
	})
}

// Bearer asks for a token, and offers no other scheme.
func Bearer(token string) Fault {
	return auth(`Bearer realm="test"`, func(r *http.Request) bool {
		return r.Header.Get("Authorization") == "Bearer "+token
	})
}

func auth(challenge string, ok func(*http.Request) bool) Fault {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if ok(r) {
				next.ServeHTTP(w, r)
				return
			}
			w.Header().Set("WWW-Authenticate", challenge)
			w.WriteHeader(http.StatusUnauthorized)
		})
	}
}

// MultiACK refuses requests for a pack in version 0 whose first want has no multi_ack, as Azure DevOps does.
func MultiACK() Fault {
	const text = "TF401041: The Git protocol sent is not as expected (Clients must support multi-ack.)."
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			want, _, _ := bytes.Cut(body, []byte("\n"))
			if r.Method == http.MethodPost && !bytes.Contains(want, []byte(" multi_ack")) {
				http.Error(w, text, http.StatusBadRequest)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			next.ServeHTTP(w, r)
		})
	}
}

// Says answers every request with a status code and a text of that content type.
func Says(code int, contentType, text string) Fault {
	return Answer(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(code)
		io.WriteString(w, text)
	})
}

// Hangup closes the connection without a response.
func Hangup() Fault {
	return Answer(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
}

// Cut closes the connection after n bytes of the response's body. Shorter responses are complete.
func Cut(n int) Fault {
	return limit(n, func(*http.Request) { panic(http.ErrAbortHandler) })
}

// Stall sends n bytes of the response's body and then nothing until the client closes the connection. With a negative
// n it does not even send the header.
func Stall(n int) Fault {
	wait := func(r *http.Request) {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
	if n < 0 {
		return Answer(func(_ http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body) // only then does the server notice that the client closes the connection
			wait(r)
		})
	}
	return limit(n, wait)
}

// limit passes on n bytes of the response and calls full before the next.
func limit(n int, full func(*http.Request)) Fault {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			left, isFull := n, false
			next.ServeHTTP(&bodyWriter{w, func(p []byte) (int, error) {
				if len(p) <= left {
					left -= len(p)
					return w.Write(p)
				}
				w.Write(p[:left])
				http.NewResponseController(w).Flush()
				isFull = true
				return left, io.ErrClosedPipe // ends the git process behind the handler
			}}, r)
			if isFull {
				full(r)
			}
		})
	}
}

// Slow sends the response's body in chunks of n bytes with a pause after each.
func Slow(n int, pause time.Duration) Fault {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(&bodyWriter{w, func(p []byte) (int, error) {
				for sent := 0; sent < len(p); {
					k, err := w.Write(p[sent:min(sent+n, len(p))])
					if sent += k; err != nil {
						return sent, err
					}
					http.NewResponseController(w).Flush()
					select {
					case <-time.After(pause):
					case <-r.Context().Done():
						return sent, r.Context().Err()
					}
				}
				return len(p), nil
			}}, r)
		})
	}
}

// A bodyWriter passes the bytes of the body to a function.
type bodyWriter struct {
	http.ResponseWriter
	write func([]byte) (int, error)
}

func (w *bodyWriter) Write(p []byte) (int, error) { return w.write(p) }
