package main

import (
	"context"
	"os"
	"slices"
	"syscall"
	"testing"
)

// A second signal ends the process, but neither during a transaction nor with the code of an interrupt after it.
func TestSignals(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	var exits []int
	s := &signals{cancel: cancel, exit: func(code int) { exits = append(exits, code) }}
	s.receive(syscall.SIGTERM)
	if context.Cause(ctx) != errTerminated || len(exits) > 0 {
		t.Fatalf("after the first signal: %v, exits %v", context.Cause(ctx), exits)
	}
	s.receive(syscall.SIGTERM)
	s.receive(os.Interrupt)
	s.receive(syscall.SIGHUP)
	first, second := s.hold(), s.hold()
	s.receive(syscall.SIGTERM)
	first(false, 0)
	s.receive(os.Interrupt)
	second(true, 8)
	s.receive(syscall.SIGTERM)
	if want := []int{143, 130, 143, 8}; !slices.Equal(exits, want) {
		t.Errorf("later signals end the process with %v, want %v", exits, want)
	}
}
