package wire

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

const again = "try again later"

// causeOf returns the kind of an error, its cause and the next step.
func causeOf(err error) (kind failure.Kind, text, hint string) {
	var (
		status   *statusError
		redirect redirectError
		keys     keyError
		program  programError
	)
	switch {
	case errors.As(err, &status):
		text, hint = statusCause(status)
	case errors.As(err, &redirect):
		text = err.Error()
		hint = "check the URL; a private repository needs credentials: " + credentialHint(redirect.from)
	case errors.As(err, &keys):
		text, hint = err.Error(), keys.hint()
	case errors.As(err, new(sizeError)):
		return failure.Refused, err.Error(), "check that this is the repository you mean"
	case errors.Is(err, errTooMany):
		return failure.Refused, err.Error(), "use a repository that publishes fewer"
	case errors.Is(err, errSHA256):
		return failure.Refused, err.Error(),
			"make a copy with SHA-1 object ids, by git fast-export --all and git fast-import"
	case errors.Is(err, errOld):
		text, hint = err.Error(), "ask the server's owner to update git"
	case errors.As(err, new(stalledError)), errors.As(err, new(slowError)):
		text, hint = err.Error(), "check the network and the proxy settings, or "+again
	case errors.As(err, new(longError)):
		text, hint = err.Error(), "check the network, or raise fetch_time in [limits] of your own ppm.toml"
	case errors.Is(err, errCut), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.EPIPE):
		text, hint = errCut.Error(), again
	case errors.As(err, new(protocolError)):
		text, hint = err.Error(), "check that the URL is that of a git repository"
	case errors.As(err, &program):
		text, hint = err.Error(), "check "+program.setting+" and the URL, and whether you have access"
	case errors.As(err, new(jumpError)):
		text, hint = err.Error(), "check the host in the URL and the ssh configuration"
	case errors.As(err, new(serverError)):
		text, hint = err.Error(), "check the URL and whether you have access"
	default:
		text, hint = connectionCause(err)
	}
	return failure.Network, text, hint
}

// connectionCause explains an error of TLS or of the connection.
func connectionCause(err error) (text, hint string) {
	var (
		off     verificationError
		timeout interface{ Timeout() bool }
	)
	text, hint = tlsCause(err)
	if errors.As(err, &off) {
		text = fmt.Sprintf("%s; %s does not apply: ppm always verifies certificates",
			cmp.Or(text, "its certificate is not valid"), off.setting)
	}
	if text == "" {
		text, hint = networkCause(err)
	}
	if text == "" && errors.As(err, &timeout) && timeout.Timeout() {
		text, hint = "the request timed out", "check the network and the proxy settings, or "+again
	}
	if text == "" {
		text, hint = err.Error(), again
	}
	return text, hint
}

// statusCause explains a response with a status other than 200.
func statusCause(e *statusError) (text, hint string) {
	text = fmt.Sprintf("%s (status %d)", strings.ToLower(http.StatusText(e.code)), e.code)
	switch e.code {
	case http.StatusUnauthorized:
		text = "the server asks for credentials and none were found"
		if e.silent != "" {
			text += " (" + e.silent + " gave none)"
		}
		if len(e.tried) > 0 {
			text = "the server does not accept the credentials from " + strings.Join(e.tried, ", ")
		}
		if offers := schemes(e.challenge); offers != "" {
			text += " (it offers " + offers + ")"
		}
		hint = credentialHint(e.url)
	case http.StatusForbidden:
		text, hint = "access is forbidden", credentialHint(e.url)
		if len(e.tried) > 0 {
			text += " with the credentials from " + strings.Join(e.tried, ", ")
		}
	case http.StatusNotFound, http.StatusGone:
		text = "the repository does not exist or is private"
		hint = "check the URL; for a private repository " + credentialHint(e.url)
	case http.StatusProxyAuthRequired:
		text, hint = proxyCause(e.code)
	case http.StatusNonAuthoritativeInfo: // Azure DevOps answers with a sign-in page
		text, hint = "the server answers with a sign-in page (status 203)", credentialHint(e.url)
	case http.StatusTooManyRequests:
		text, hint = "too many requests (status 429)", "try again later, or "+credentialHint(e.url)
	default:
		if hint = "try again later"; e.code < http.StatusInternalServerError {
			hint = "check the URL and whether you have access"
		}
	}
	if e.retryAfter != "" {
		text += fmt.Sprintf(", and asks to wait: %q", e.retryAfter)
	}
	if e.message != "" {
		text += "; the server says: " + e.message
	}
	return text, hint
}

// credentialHint says how to give credentials for the site of u.
func credentialHint(u *url.URL) string {
	const others = "add %s to ~/.netrc, or set up a git credential helper"
	if variable := tokenVariable(u); variable != "" {
		return fmt.Sprintf("set %s to a token, "+others, variable, u.Hostname())
	}
	return fmt.Sprintf(others, u.Hostname())
}

// schemes lists the authentication schemes that a server offers, when Basic and Bearer are not among them.
func schemes(challenge []string) string {
	var names []string
	for _, c := range challenge {
		name, _, _ := strings.Cut(strings.TrimSpace(c), " ")
		if strings.EqualFold(name, "basic") || strings.EqualFold(name, "bearer") {
			return ""
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func proxyCause(code int) (text, hint string) {
	if code == http.StatusProxyAuthRequired {
		return "the proxy asks for credentials (status 407)",
			"write them into HTTPS_PROXY as http://USER:PASSWORD@HOST:PORT"
	}
	return fmt.Sprintf("the proxy cannot connect (status %d)", code),
		"check HTTPS_PROXY, NO_PROXY and git's http.proxy"
}

// tlsCause explains what is wrong with a server's certificate or with its TLS.
func tlsCause(err error) (text, hint string) {
	var (
		authority x509.UnknownAuthorityError
		invalid   x509.CertificateInvalidError
		name      x509.HostnameError
	)
	switch {
	case alertText(err) != "":
		return "the server refuses the TLS connection: " + alertText(err),
			"if it requires a client certificate, set http.sslCert and http.sslKey in git's configuration"
	case errors.As(err, &authority):
		text = "its certificate is signed by an unknown authority"
		if authority.Cert != nil {
			text += fmt.Sprintf(" (%q)", authority.Cert.Issuer.CommonName)
		}
		return text, "if you trust that authority, name a file with its certificate in SSL_CERT_FILE or http.sslCAInfo"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		from, to := invalid.Cert.NotBefore.UTC(), invalid.Cert.NotAfter.UTC()
		return fmt.Sprintf("its certificate is valid only from %s to %s",
				from.Format(time.DateOnly), to.Format(time.DateOnly)),
			"check this machine's clock, and ask the server's owner to renew the certificate"
	case errors.As(err, &name):
		names := strings.Join(certNames(name.Certificate), ", ")
		return fmt.Sprintf("its certificate is for %s, not for %q", names, name.Host), "check the host in the URL"
	case errors.As(err, &invalid):
		return "its certificate is not valid: " + invalid.Error(), "ask the server's owner to renew the certificate"
	case errors.As(err, new(tls.RecordHeaderError)), errors.Is(err, http.ErrSchemeMismatch):
		return "the server does not use TLS on that port", "check the port in the URL"
	}
	return "", ""
}

// refusals are the alerts of TLS with which servers refuse the certificate of a client, or a client without one, as
// crypto/tls words them.
var refusals = []string{
	"certificate required", "bad certificate", "unknown certificate authority", "unknown certificate",
	"revoked certificate", "expired certificate", "unsupported certificate", "handshake failure", "access denied",
}

// alertText returns the alert that a server sent, when it is one of the refusals.
func alertText(err error) string {
	for _, alert := range refusals {
		if strings.Contains(err.Error(), "remote error: tls: "+alert) {
			return alert
		}
	}
	return ""
}

func certNames(c *x509.Certificate) []string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return []string{"no host"}
	}
	return names[:min(len(names), 5)]
}

// networkCause explains why there is no connection.
func networkCause(err error) (text, hint string) {
	const check = "check the host in the URL, the network and the proxy settings"
	var (
		dns   *net.DNSError
		op    *net.OpError
		proxy proxyError
		via   viaError
	)
	who := "the server"
	if errors.As(err, &via) {
		who = "the jump host " + via.jump
	}
	if errors.As(err, &op) && op.Op == "proxyconnect" {
		who = "the proxy"
	}
	switch {
	case errors.As(err, &proxy):
		return proxyCause(proxy.code)
	case errors.Is(err, errBadProxy):
		return err.Error(), "correct HTTPS_PROXY, HTTP_PROXY, ALL_PROXY or git's http.proxy"
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("cannot resolve host %q", dns.Name), check
	case errors.As(err, &dns):
		return fmt.Sprintf("cannot resolve host %q now", dns.Name), check
	case errors.Is(err, syscall.ECONNREFUSED):
		return who + " refuses the connection", check
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return who + " cannot be reached", check
	case errors.Is(err, syscall.ECONNRESET):
		return errCut.Error(), "try again later"
	}
	return "", ""
}
