package wire

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/config"
)

// trustedRoots returns the certificates to trust for a site: the system's and those of SSL_CERT_FILE, SSL_CERT_DIR,
// GIT_SSL_CAINFO, GIT_SSL_CAPATH, http.sslCAInfo and http.sslCAPath.
func trustedRoots(o Options, settings gitConfig, site *url.URL) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	for _, dir := range filepath.SplitList(o.Env("SSL_CERT_DIR")) {
		_ = addCertificates(pool, dir) // one that cannot be read has none, as for OpenSSL
	}
	files := []certSetting{{"SSL_CERT_FILE", o.Env("SSL_CERT_FILE")}, gitSetting(o, settings, site, "sslCAInfo")}
	for _, f := range files {
		if f.path == "" {
			continue
		}
		data, err := configfile.Read(f.path)
		if err == nil && !pool.AppendCertsFromPEM(data) {
			err = fmt.Errorf("%q has no certificate in PEM", f.path)
		}
		if err != nil {
			return nil, f.errRead(err)
		}
	}
	if d := gitSetting(o, settings, site, "sslCAPath"); d.path != "" {
		if err := addCertificates(pool, d.path); err != nil {
			return nil, d.errRead(err)
		}
	}
	return pool, nil
}

// addCertificates adds the certificates in the files of a folder. OpenSSL looks them up by names that are hashes; the
// same files under their own names do no harm.
func addCertificates(pool *x509.CertPool, dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if data, err := configfile.Read(filepath.Join(dir, e.Name())); err == nil {
			pool.AppendCertsFromPEM(data)
		}
	}
	return err
}

// A certSetting names a file or folder with certificates.
type certSetting struct{ name, path string }

func (c certSetting) errRead(err error) *failure.Error {
	return failure.Errorf(failure.LocalIO, "reading the certificates of %s: %w", c.name, err).
		WithHint("correct or remove that setting")
}

// gitSetting returns what a variable of git or the setting http.NAME of its configuration names. The variable wins.
func gitSetting(o Options, settings gitConfig, site *url.URL, name string) certSetting {
	variable := map[string]string{
		"sslCAInfo": "GIT_SSL_CAINFO", "sslCAPath": "GIT_SSL_CAPATH",
		"sslCert": "GIT_SSL_CERT", "sslKey": "GIT_SSL_KEY",
	}[name]
	if path := o.Env(variable); path != "" {
		return certSetting{variable, path}
	}
	value, _ := settings.http(strings.ToLower(name), site)
	return certSetting{"http." + name, configfile.ExpandHome(value, o.Home)}
}

// clientCertificates returns the certificate with which the user authenticates to a site. A site that a redirect leads
// to gets none but one for its URL.
func clientCertificates(o Options, settings gitConfig, site *url.URL, redirected bool) ([]tls.Certificate, error) {
	cert, key := gitSetting(o, settings, site, "sslCert"), gitSetting(o, settings, site, "sslKey")
	if redirected {
		expand := func(name string) string { return configfile.ExpandHome(settings.httpOnly(name, site), o.Home) }
		cert, key = certSetting{"http.sslCert", expand("sslcert")}, certSetting{"http.sslKey", expand("sslkey")}
	}
	if cert.path == "" {
		return nil, nil
	}
	key.path = cmp.Or(key.path, cert.path) // one file may have both
	certData, err := configfile.Read(cert.path)
	if err != nil {
		return nil, cert.errRead(err)
	}
	keyData, err := configfile.Read(key.path)
	if err != nil {
		return nil, key.errRead(err)
	}
	if isEncrypted(keyData) {
		err := fmt.Errorf("the key in %q is encrypted, and ppm cannot ask for its passphrase", key.path)
		return nil, key.errRead(err).
			WithHint("name a file with the decrypted key, such as openssl pkey -in %q writes it", key.path)
	}
	pair, err := tls.X509KeyPair(certData, keyData)
	if err != nil {
		return nil, cert.errRead(fmt.Errorf("%q and %q are not a certificate and its key in PEM", cert.path, key.path))
	}
	return []tls.Certificate{pair}, nil
}

// isEncrypted reports whether a file in PEM has an encrypted private key.
func isEncrypted(data []byte) bool {
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return false
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return true
		}
	}
}

// A verificationError is a certificate that is not valid, although the user wants none to be verified.
type verificationError struct {
	error
	setting string
}

func (e verificationError) Unwrap() error { return e.error }

// explainVerification adds to an error about a certificate which setting, that ppm does not obey, turns off the
// verification of certificates.
func (s *settings) explainVerification(err error, u *url.URL) error {
	if !errors.As(err, new(*tls.CertificateVerificationError)) {
		return err
	}
	if s.options.Env("GIT_SSL_NO_VERIFY") != "" {
		return verificationError{err, "GIT_SSL_NO_VERIFY"}
	}
	settings, configErr := s.config()
	if configErr != nil {
		return err
	}
	if value, ok := settings.http("sslverify", u); ok && !config.IsTrue(value) {
		return verificationError{err, "http.sslVerify"}
	}
	return err
}
