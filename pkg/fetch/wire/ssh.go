package wire

import (
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

type sshSettings struct{ host string }

func (d *Dialer) sshSettings(at remote) (sshSettings, error) { return sshSettings{at.host}, nil }

func (d *Dialer) openSSH(at remote) (transport, error) {
	return nil, failure.Errorf(failure.Other, "ssh")
}
