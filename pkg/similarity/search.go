package similarity

import (
	"maps"
	"slices"
)

// maxTrials is the maximum number of renderings that a search compares.
const maxTrials = 128

// A Finding is the result of one trial of a search.
type Finding struct {
	Values map[string]string
	Score
}

// Search finds the values of keys whose rendering is most similar to given files. choices holds the candidates of each
// key: the default value first, then the others, the most likely first. try renders with one value for each key and
// compares the result; it reports false if these values cannot be rendered.
//
// The search tries the default values and the most likely ones, and then changes one key at a time as long as that
// improves the result. It returns the findings, the most similar first, equal ones in the order of the trials.
func Search(
	choices map[string][]string, try func(map[string]string) (l Score, ok bool, err error),
) ([]Finding, error) {
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
		better = before.Less(s.best(start).Score)
	}
	return s.found, nil
}

type search struct {
	keys  []string
	try   func(map[string]string) (Score, bool, error)
	tried map[string]bool
	found []Finding // the most similar first
}

// best returns the best finding so far. Without one it returns the values of start.
func (s *search) best(start map[string]string) Finding {
	if len(s.found) == 0 {
		return Finding{Values: start}
	}
	return s.found[0]
}

// attempt tries the values, unless that was done before or maxTrials is reached.
func (s *search) attempt(values map[string]string) error {
	id := ""
	for _, key := range s.keys {
		id += values[key] + "\x00"
	}
	if s.tried[id] || len(s.tried) >= maxTrials {
		return nil
	}
	s.tried[id] = true
	score, ok, err := s.try(values)
	if err != nil || !ok {
		return err
	}
	i := slices.IndexFunc(s.found, func(f Finding) bool { return f.Less(score) })
	if i < 0 {
		i = len(s.found)
	}
	s.found = slices.Insert(s.found, i, Finding{values, score})
	return nil
}
