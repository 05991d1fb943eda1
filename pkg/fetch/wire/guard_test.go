package wire

import (
	"errors"
	"testing"
	"time"
)

// The time of all exchanges counts, and nothing is asked of the server when it is spent.
func TestBudgetIsForAllExchanges(t *testing.T) {
	s := newSettings(Options{MaxTime: time.Hour})
	asked := 0
	ask := func() (int, error) {
		asked++
		return 1, nil
	}
	first, second := s.guard(t.Context()), s.guard(t.Context())
	if n, err := first.wait(ask); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if s.budget.spent.Load() <= 0 {
		t.Error("no time was spent")
	}
	s.budget.spent.Add(int64(time.Hour))
	for _, g := range []*guard{first, second, s.guard(t.Context())} {
		if n, err := g.wait(ask); n != 0 || !errors.As(err, new(longError)) || asked != 1 {
			t.Errorf("%d, %v after %d operations", n, err, asked)
		}
	}
}

// A stalled request is repeated once, also when it fails in other ways before or after.
func TestRetryAfterStall(t *testing.T) {
	stall := error(stalledError{time.Second})
	for _, c := range []struct {
		name  string
		fails []error // of one try after the other; those after them succeed
		tries int
		ok    bool
	}{
		{"no failure", nil, 1, true},
		{"a stall", []error{stall}, 2, true},
		{"two stalls", []error{stall, stall}, 2, false},
		{"a stall and a cut", []error{stall, errCut}, 3, true},
		{"a cut and a stall", []error{errCut, stall}, 3, true},
		{"a stall, a cut and a stall", []error{stall, errCut, stall}, 3, false},
		{"a slow server", []error{slowError{time.Second}}, 1, false},
		{"a spent budget", []error{longError{time.Second}}, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			transport := &httpTransport{settings: newSettings(Options{})}
			tries := 0
			err := transport.retry(t.Context(), func() error {
				if tries++; tries <= len(c.fails) {
					return c.fails[tries-1]
				}
				return nil
			})
			if tries != c.tries || (err == nil) != c.ok {
				t.Errorf("%d tries and %v, want %d and success %v", tries, err, c.tries, c.ok)
			}
		})
	}
}
