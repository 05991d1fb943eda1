//go:build unix

package apply

import "syscall"

// nonblock keeps the opening of a pipe that took the place of a file from waiting for a writer.
const nonblock = syscall.O_NONBLOCK
