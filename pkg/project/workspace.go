package project

import (
	"context"
	"errors"
)

// errNoInstall is what the error about a name that no install has wraps.
var errNoInstall = errors.New("no install")

// Holds returns those of the names that mean an install of this project, or a file of one.
func (s *Session) Holds(ctx context.Context, names []string) (held []string, err error) {
	end, err := s.begin(ctx, false)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)
	for _, name := range names {
		if _, _, err := s.concerned([]string{name}); !errors.Is(err, errNoInstall) {
			held = append(held, name)
		}
	}
	return held, nil
}

// Unsettled reports whether an upgrade left conflicts that are not settled yet.
func (s *Session) Unsettled(ctx context.Context) (open bool, err error) {
	end, err := s.begin(ctx, false)
	if err != nil {
		return false, err
	}
	defer closing(end, &err)
	return s.settled() != nil, nil
}

// Last returns the command that Undo takes back, or the zero value when there is none.
func (s *Session) Last(ctx context.Context) (last PastCommand, err error) {
	end, err := s.begin(ctx, false)
	if err != nil {
		return last, err
	}
	defer closing(end, &err)
	return s.undoable()
}
