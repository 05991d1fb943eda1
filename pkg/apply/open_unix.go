//go:build unix

package apply

import "syscall"

// nonblock keeps opening a pipe that has replaced a file from waiting for a writer.
const nonblock = syscall.O_NONBLOCK
