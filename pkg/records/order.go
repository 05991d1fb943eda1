package records

import "slices"

// order returns the ids of the units of both sides, in the order of the merged units. It is that of the side that
// changed the order of the base, and in doubt that of ours. Where both sides have units that the other does not have,
// these are in the order of their ids, so that it does not matter which side is merged into which.
func order(base, ours, theirs []unit) []string {
	b, frame, other := idsOf(base), idsOf(ours), idsOf(theirs)
	if isReordered(b, other) && !isReordered(b, frame) {
		frame, other = other, frame
	}
	const front = ""
	added := map[string][]string{} // id in both, or front → the ids that only other has after it
	at := front
	for _, id := range other {
		if slices.Contains(frame, id) {
			at = id
		} else {
			added[at] = append(added[at], id)
		}
	}
	var out, run []string // run has the ids that only frame has
	at = front
	for _, id := range frame {
		if !slices.Contains(other, id) {
			run = append(run, id)
			continue
		}
		out = append(interleave(out, run, added[at]), id)
		at, run = id, nil
	}
	return interleave(out, run, added[at])
}

func idsOf(units []unit) []string {
	ids := make([]string, len(units))
	for i, u := range units {
		ids[i] = u.id
	}
	return ids
}

// isReordered reports whether a side has the ids of the base in another order.
func isReordered(base, side []string) bool {
	return !slices.Equal(intersect(base, side), intersect(side, base))
}

// intersect returns the elements of a that b has, too.
func intersect(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(id string) bool { return !slices.Contains(b, id) })
}

// interleave appends two lists to out. Both keep their order.
func interleave(out, a, b []string) []string {
	for len(a) > 0 && len(b) > 0 {
		if a[0] <= b[0] {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}
