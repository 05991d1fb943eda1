package similarity

import (
	"maps"
	"slices"
)

// maxTrials bounds how many renderings one search compares.
const maxTrials = 128

// A Finding is what a search found for one choice of values.
type Finding struct {
	Values map[string]string
	Likeness
}

// Search finds the values of keys that bring a rendering nearest. choices holds what each key may be: what it is
// when nothing is said first, then the guesses, the likeliest first. try renders with a choice of one value for
// each key and compares; it reports false when those values cannot be rendered.
//
// The search starts from the first values and from the likeliest guesses, and then changes one key at a time for
// the better until nothing helps. It returns what it found, the nearest first, and of equally near ones what
// was tried first; nothing when no trial was possible.
func Search(choices map[string][]string, try func(map[string]string) (l Likeness, possible bool, err error)) ([]Finding, error) {
	s := search{keys: slices.Sorted(maps.Keys(choices)), try: try, tried: map[string]bool{}}
	var start map[string]string
	for _, preferred := range []int{0, 1} {
		start = map[string]string{}
		for _, key := range s.keys {
			start[key] = choices[key][min(preferred, len(choices[key])-1)]
		}
		if err := s.attempt(start); err != nil {
			return nil, err
		}
	}
	for better := true; better; {
		before := s.best(start)
		for _, key := range s.keys {
			for _, value := range choices[key] {
				next := maps.Clone(s.best(start).Values)
				next[key] = value
				if err := s.attempt(next); err != nil {
					return nil, err
				}
			}
		}
		better = before.Less(s.best(start).Likeness)
	}
	return s.found, nil
}

type search struct {
	keys  []string
	try   func(map[string]string) (Likeness, bool, error)
	tried map[string]bool
	found []Finding // the nearest first
}

// best returns the nearest so far; before there is one, the start, which is like nothing.
func (s *search) best(start map[string]string) Finding {
	if len(s.found) == 0 {
		return Finding{Values: start}
	}
	return s.found[0]
}

// attempt tries a choice of values, once.
func (s *search) attempt(values map[string]string) error {
	id := ""
	for _, key := range s.keys {
		id += values[key] + "\x00"
	}
	if s.tried[id] || len(s.tried) >= maxTrials {
		return nil
	}
	s.tried[id] = true
	likeness, possible, err := s.try(values)
	if err != nil || !possible {
		return err
	}
	at := slices.IndexFunc(s.found, func(f Finding) bool { return f.Less(likeness) })
	if at < 0 {
		at = len(s.found)
	}
	s.found = slices.Insert(s.found, at, Finding{values, likeness})
	return nil
}
