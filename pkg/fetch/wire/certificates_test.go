package wire_test

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch/wire"
)

// clientCert writes a certificate of the authority, its key, both in one file and an encrypted key into a folder.
func clientCert(t *testing.T, ca *gittest.CA, dir string) {
	t.Helper()
	cert, key, err := gittest.PEM(ca.Cert(time.Hour, "client"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "cert", string(cert))
	keyFile := write(t, dir, "key", string(key))
	write(t, dir, "both", string(key)+string(cert))
	encrypt := exec.Command("openssl", "pkcs8", "-topk8", "-in", keyFile, "-out", filepath.Join(dir, "encrypted"),
		"-passout", "pass:x")
	if out, err := encrypt.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func TestClientCertificates(t *testing.T) {
	gittest.NeedProgram(t, "openssl")
	root, _ := packs(t)
	ca, caFile := gittest.NewCA(t)
	other, _ := gittest.NewCA(t)
	s := gittest.ServeHTTP(t, root, gittest.TLS(ca.Cert(time.Hour, "127.0.0.1")), gittest.ClientCert(ca))
	home := t.TempDir()
	clientCert(t, ca, home)
	clientCert(t, other, filepath.Join(home, "other"))
	for _, c := range []struct {
		name, config  string
		env           []string
		kind          failure.Kind
		message, hint string
	}{
		{"settings", "[http]\nsslCert = ~/cert\nsslKey = ~/key", nil, 0, "", ""},
		{"settings for the host", "[http \"" + s.URL + "\"]\nsslCert = ~/cert\nsslKey = ~/key", nil, 0, "", ""},
		{"one file", "[http]\nsslCert = ~/both", nil, 0, "", ""},
		{"variables before settings", "[http]\nsslCert = ~/none\nsslKey = ~/none",
			[]string{"GIT_SSL_CERT", home + "/cert", "GIT_SSL_KEY", home + "/key"}, 0, "", ""},
		{"none", "", nil, failure.Network, "the server refuses the TLS connection: certificate required",
			"http.sslCert and http.sslKey"},
		{"for another host", "[http \"https://example.com\"]\nsslCert = ~/both", nil, failure.Network,
			"certificate required", "http.sslCert and http.sslKey"},
		{"of another authority", "[http]\nsslCert = ~/other/both", nil, failure.Network, "refuses the TLS connection",
			"http.sslCert and http.sslKey"},
		{"a missing file", "[http]\nsslCert = ~/none", nil, failure.LocalIO,
			"reading the certificates of http.sslCert", "correct or remove"},
		{"a missing key", "", []string{"GIT_SSL_CERT", home + "/cert", "GIT_SSL_KEY", home + "/none"}, failure.LocalIO,
			"reading the certificates of GIT_SSL_KEY", "correct or remove"},
		{"an encrypted key", "[http]\nsslCert = ~/cert\nsslKey = ~/encrypted", nil, failure.LocalIO,
			"http.sslKey: the key in", "openssl pkey -in"},
		{"another key", "[http]\nsslCert = ~/cert\nsslKey = ~/other/key", nil, failure.LocalIO,
			"not a certificate and its key", "correct or remove"},
	} {
		t.Run(c.name, func(t *testing.T) {
			write(t, home, ".gitconfig", c.config)
			d := newDialer(t, wire.Options{Home: home, Env: env(append(c.env, "GIT_SSL_CAINFO", caFile)...)})
			_, _, err := get(t.Context(), d, s.URL+"/pack")
			if c.message == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			checkFailure(t, err, c.kind, c.message, c.hint)
		})
	}
}

// A folder of authorities is read whatever its files are called.
func TestFolderOfAuthorities(t *testing.T) {
	root, _ := packs(t)
	ca, caFile := gittest.NewCA(t)
	s := gittest.ServeHTTP(t, root, gittest.TLS(ca.Cert(time.Hour, "127.0.0.1")))
	dir := filepath.Dir(caFile)
	write(t, dir, "README", "no certificate")
	for _, c := range []struct {
		config string
		env    []string
		ok     bool
	}{
		{"[http]\nsslCAPath = " + dir, nil, true},
		{"[http \"" + s.URL + "\"]\nsslCAPath = " + dir, nil, true},
		{"[http]\nsslCAPath = /none", []string{"GIT_SSL_CAPATH", dir}, true},
		{"[http \"https://example.com\"]\nsslCAPath = " + dir, nil, false},
		{"[http]\nsslCAPath = /none", nil, false},
	} {
		home := t.TempDir()
		write(t, home, ".gitconfig", c.config)
		_, _, err := get(t.Context(), newDialer(t, wire.Options{Home: home, Env: env(c.env...)}), s.URL+"/pack")
		if (err == nil) != c.ok {
			t.Errorf("%s %q: %v, want success %v", c.config, c.env, err, c.ok)
		}
	}
}

// Certificates are always verified. An error says which setting does not change that.
func TestVerificationCannotBeTurnedOff(t *testing.T) {
	root, _ := packs(t)
	ca, caFile := gittest.NewCA(t)
	s := gittest.ServeHTTP(t, root, gittest.TLS(ca.Cert(time.Hour, "127.0.0.1")))
	expired := gittest.ServeHTTP(t, root, gittest.TLS(ca.Cert(-time.Hour, "127.0.0.1")))
	home := t.TempDir()
	for _, c := range []struct {
		url, config   string
		env           []string
		message, hint string
	}{
		{s.URL, "", []string{"GIT_SSL_NO_VERIFY", "1"}, "unknown authority (\"gittest authority\"); " +
			"GIT_SSL_NO_VERIFY does not apply: ppm always verifies certificates", "http.sslCAInfo"},
		{s.URL, "[http]\nsslVerify = false", nil, "http.sslVerify does not apply", "http.sslCAInfo"},
		{expired.URL, "[http \"" + expired.URL + "\"]\nsslVerify = false", []string{"SSL_CERT_FILE", caFile},
			"http.sslVerify does not apply", "clock"},
		{s.URL, "[http]\nsslVerify = true", nil, "unknown authority (\"gittest authority\")", "http.sslCAInfo"},
	} {
		write(t, home, ".gitconfig", c.config)
		_, _, err := get(t.Context(), newDialer(t, wire.Options{Home: home, Env: env(c.env...)}), c.url+"/pack")
		checkFailure(t, err, failure.Network, c.message, c.hint)
	}
}
