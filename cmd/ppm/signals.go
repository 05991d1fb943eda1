package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// signals are the interrupts, SIGTERMs and SIGHUPs that the process receives. The first one cancels the context of the
// command. A later one ends the process at once, except while a transaction is applied: that is soon done, or taken
// back. After that it ends the process with the code of the command, whose work is done.
type signals struct {
	cancel context.CancelCauseFunc
	exit   func(code int)

	mu   sync.Mutex
	seen bool // the first signal came
	held int  // the number of transactions that are being applied
	done bool // the work of the command is done
	code int  // its exit code
}

// catchSignals handles the signals of the process from now on. The first one cancels the context.
func catchSignals(parent context.Context) (context.Context, *signals) {
	ctx, cancel := context.WithCancelCause(parent)
	s := &signals{cancel: cancel, exit: os.Exit}
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup ignores it
		signal.Notify(caught, syscall.SIGHUP)
	}
	go func() {
		for sig := range caught {
			s.receive(sig)
		}
	}()
	return ctx, s
}

func (s *signals) receive(sig os.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cause, code := context.Canceled, int(failure.Interrupted)
	if sig == syscall.SIGTERM || sig == syscall.SIGHUP {
		cause, code = errTerminated, exitTerminated
	}
	switch {
	case !s.seen:
		s.seen = true
		s.cancel(cause)
	case s.held > 0:
	case s.done:
		s.exit(s.code)
	default:
		s.exit(code)
	}
}

// hold keeps signals from ending the process until release is called. With done, the command has done its work, and a
// later signal ends the process with code.
func (s *signals) hold() (release func(done bool, code int)) {
	if s == nil {
		return func(bool, int) {}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held++
	return func(done bool, code int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.held--
		if done {
			s.done, s.code = true, code
		}
	}
}
