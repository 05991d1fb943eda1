package wire_test

import (
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch/wire"
	"github.com/Project-Manager-With-Git/ppm/pkg/policy"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

// oddURLs are URLs that different programs read differently. References cannot have them, but git's configuration and
// mirrors can.
var oddURLs = []string{
	`https://good.example.com\@evil.example.com/pack`, `https://evil.example.com\@good.example.com/pack`,
	`https://good.example.com\.evil.example.com/pack`, `https:\\evil.example.com/pack`,
	"https://good.example.com@evil.example.com/pack", "https://good.example.com:443@evil.example.com/pack",
	"https://evil.example.com@good.example.com/pack", "https://good.example.com;@evil.example.com/pack",
	"https://good.example.com#@evil.example.com/pack", "https://evil.example.com#@good.example.com/pack",
	"https://good.example.com?@evil.example.com/pack", "https://good.example.com/@evil.example.com/pack",
	"https://good%2eexample.com/pack", "https://evil%2eexample.com/pack",
	"https://good.example.com%2f@evil.example.com/pack", "https://good.example.com%00.evil.example.com/pack",
	"https://good.example.com%20/pack", "https://good.example.com./pack", "https://evil.example.com./pack",
	"https://good.example.com../pack", "https://GOOD.example.COM/pack", "https://EVIL.example.com/pack",
	"https://ｅvil.example.com/pack", "https://evil。example.com/pack", "https://ev\u00adil.example.com/pack",
	"https://goоd.example.com/pack", "https://good.example.com:8443/pack",
	"https://good.example.com:0443/pack", "https://evil.example.com:/pack", "https://[good.example.com]/pack",
	"https://[evil.example.com]/pack", "https://[evil.example.com:443]/pack",
	"https://[fe80::bad%25eth0]/pack", "https://[FE80::0BAD]/pack", "https://[::ffff:10.9.8.7]/pack",
	"https://10.9.8.7/pack", "https://10.591879/pack", "https://0x0a.9.8.7/pack", "https://168363015/pack",
	"https://012.9.8.7/pack", "https://10.9.8.7./pack", "https://.good.example.com/pack",
	"https://good..example.com/pack", "https:///evil.example.com/pack", "https:evil.example.com/pack",
	"HTTPS://evil.example.com/pack", "git@good%2eexample.com:pack", "git@evil%2eexample.com:pack",
	"git@EVIL.example.com:pack", "[evil.example.com]:pack", "[evil.example.com:22]:pack",
	"git@evil.example.com.:pack", "git@ｅvil.example.com:pack", "ssh://git@evil%2eexample.com/p",
	"ssh://good.example.com@evil.example.com/p", "C:pack", "c:pack/x", "C:%2e%2e/x",
}

// However a URL is written, the host that the policy is asked about is the host that is connected to.
func TestOddHosts(t *testing.T) {
	root, _ := packs(t)
	ca, caFile := gittest.NewCA(t)
	s := gittest.ServeHTTP(t, root, gittest.TLS(ca.Cert(time.Hour, "good.example.com")))
	proxy := gittest.ServeProxy(t, s.Addr(), "", "")
	vars := env("HTTPS_PROXY", proxy.URL, "SSL_CERT_FILE", caFile)
	allowed := []string{"good.example.com"}
	denies := policy.Rules{DenyHosts: []string{"evil.example.com", "10.9.8.7", "fe80::bad"}}
	for _, c := range []struct {
		policy  string
		options wire.Options
		isRight func(host string) bool
	}{
		{"allow_hosts", wire.Options{Env: vars, Policy: rules(policy.Rules{AllowHosts: allowed})},
			func(host string) bool { return host == "good.example.com" }},
		{"deny_hosts", wire.Options{Env: vars, Policy: rules(denies)}, func(host string) bool {
			return !strings.HasPrefix(host, "evil.") && !strings.HasPrefix(host, "10.") &&
				!strings.HasPrefix(host, "[") && !strings.Contains(host, "%")
		}},
	} {
		t.Run(c.policy, func(t *testing.T) {
			d := newDialer(t, c.options)
			before := len(proxy.Hosts())
			for _, u := range oddURLs {
				if _, err := d.Open(t.Context(), secreturl.New(u)); err != nil {
					if kind := failure.KindOf(err); kind != failure.Refused && kind != failure.Usage {
						t.Errorf("Open(%q): %v", u, err)
					}
					continue
				}
				if !strings.HasPrefix(strings.ToLower(u), "https://") {
					t.Errorf("%q is allowed", u)
					continue
				}
				if _, _, err := get(t.Context(), d, u); err != nil && failure.KindOf(err) != failure.Network {
					t.Errorf("%q: %v", u, err)
				}
			}
			reached := proxy.Hosts()[before:]
			if len(reached) == 0 {
				t.Error("no host was reached")
			}
			for _, hostPort := range reached {
				if host := hostPort[:strings.LastIndexByte(hostPort, ':')]; !c.isRight(host) {
					t.Errorf("the host %q was reached", hostPort)
				}
			}
		})
	}
}
