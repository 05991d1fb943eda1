package wire

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/hostname"
	"github.com/Project-Manager-With-Git/ppm/pkg/policy"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

// The patience with a server.
const (
	maxStall = 30 * time.Second // without a byte
	maxSlow  = time.Minute      // with less than 1 KiB/s
)

// Options say where a Dialer finds the user's settings and what it may do.
type Options struct {
	Home       string              // the user's home folder: .gitconfig, .netrc, .ssh
	Dir        string              // the folder that the user works in; empty when it is in no git repository
	Env        func(string) string // looks up an environment variable; nil for an empty environment
	Policy     policy.Policy       // what may be connected to
	MaxPack    int64               // maximum number of bytes of a response with a pack; 0 is 1 GiB
	Stall      time.Duration       // maximum time without a byte; 0 is 30 seconds
	SlowWindow time.Duration       // time over which less than 1 KiB/s on average is too slow; 0 is a minute
	MaxTime    time.Duration       // maximum time of waiting for all answers of a Dialer's sessions; 0 means no limit
	// AcceptedHosts is the file for the keys of ssh hosts that are accepted because of StrictHostKeyChecking; empty
	// to accept none.
	AcceptedHosts string
	Progress      func(string) // receives one printable line at a time; nil asks servers for none
}

// settings are the options of a Dialer, and the user's git configuration.
type settings struct {
	options      Options
	silent       bool // servers are asked to report no progress
	config       func() (gitConfig, error)
	sshCondition func(command string) bool // of Match exec
	budget       budget
}

func newSettings(o Options) *settings {
	if o.Env == nil {
		o.Env = func(string) string { return "" }
	}
	silent := o.Progress == nil
	if silent {
		o.Progress = func(string) {}
	}
	if o.MaxPack == 0 {
		o.MaxPack = 1 << 30
	}
	if o.Stall == 0 {
		o.Stall = maxStall
	}
	if o.SlowWindow == 0 {
		o.SlowWindow = maxSlow
	}
	s := &settings{options: o, silent: silent, sshCondition: newSSHConditions(), budget: budget{limit: o.MaxTime}}
	s.config = sync.OnceValues(func() (gitConfig, error) { return readGitConfig(o) })
	return s
}

// checkPlace returns an error of kind Refused when the policy forbids a connection to a place.
func (s *settings) checkPlace(at policy.Place) error {
	if err := checkHost(at); err != nil {
		return err
	}
	return policy.Check(s.options.Policy.Connection(at)...)
}

// checkHost returns an error of kind Usage when the host of a place is not the name of one.
func checkHost(at policy.Place) error {
	if hostname.IsValid(at.Host) {
		return nil
	}
	return failure.Errorf(failure.Usage, "connecting to %q: it is not a valid host name",
		secreturl.CleanHost(at.Host)).
		WithHint("write the name of the host, or its address in the usual form")
}

// guard returns a guard of one exchange with a server.
func (s *settings) guard(ctx context.Context) *guard {
	return newGuard(ctx, &s.budget, s.options.Stall, s.options.SlowWindow)
}

// dialer limits the time in which a connection must be made.
func (s *settings) dialer() *net.Dialer {
	return &net.Dialer{Timeout: s.connectTimeout(), KeepAlive: 30 * time.Second}
}

func (s *settings) connectTimeout() time.Duration { return s.options.Stall / 2 }
