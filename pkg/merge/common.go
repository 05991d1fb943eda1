package merge

import "bytes"

// CommonBytes returns how many bytes the lines take up that stay when a becomes b: all of them for equal
// texts, and none for two that differ when one is binary.
func CommonBytes(a, b []byte) int {
	switch {
	case bytes.Equal(a, b):
		return len(a)
	case isBinary(a) || isBinary(b):
		return 0
	}
	numbers := make(table, countLines(a))
	before, after := numbers.read(a), numbers.read(b)
	common := len(a)
	for _, h := range newDiffer(len(numbers)).diff(before.lines, after.lines) {
		common -= before.span(h.a).len()
	}
	return common
}
