package wire

import (
	"context"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// agentSigners returns the keys of the agent at a socket. They can be used until ctx ends. An agent that does not
// answer has none.
func agentSigners(ctx context.Context, socket string) []ssh.Signer {
	if socket == "" {
		return nil
	}
	conn, err := dialAgent(socket)
	if err != nil {
		return nil
	}
	context.AfterFunc(ctx, func() { conn.Close() })
	signers, err := agent.NewClient(conn).Signers()
	if err != nil {
		return nil
	}
	return signers
}
