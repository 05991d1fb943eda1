//go:build !windows

package wire

import "net"

// defaultAgent is where the agent listens when SSH_AUTH_SOCK does not say.
const defaultAgent = ""

func dialAgent(socket string) (net.Conn, error) { return net.Dial("unix", socket) }
