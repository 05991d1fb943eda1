package wire

import (
	"net"
	"strings"

	"github.com/Microsoft/go-winio"
)

// defaultAgent is where the agent listens when SSH_AUTH_SOCK does not say.
const defaultAgent = `\\.\pipe\openssh-ssh-agent`

func dialAgent(socket string) (net.Conn, error) {
	if strings.HasPrefix(socket, `\\.\pipe\`) {
		return winio.DialPipe(socket, nil)
	}
	return net.Dial("unix", socket)
}
