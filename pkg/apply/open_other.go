//go:build !unix

package apply

const nonblock = 0
