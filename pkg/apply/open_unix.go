//go:build unix

package apply

import "syscall"

// nonblock prevents that opening a pipe, which replaced a file, waits for a writer.
const nonblock = syscall.O_NONBLOCK
