package index

import "slices"

// varint reads a number in git's offset encoding, and returns how many bytes it has; 0 when there is none.
func varint(data []byte) (value uint64, n int) {
	for n < min(len(data), 8) {
		b := data[n]
		n++
		value = value<<7 | uint64(b&0x7f)
		if b&0x80 == 0 {
			return value, n
		}
		value++
	}
	return 0, 0
}

// appendVarint appends a number in the encoding that varint reads.
func appendVarint(out []byte, value uint64) []byte {
	buf := []byte{byte(value & 0x7f)}
	for value >>= 7; value > 0; value >>= 7 {
		value--
		buf = append(buf, 0x80|byte(value&0x7f))
	}
	slices.Reverse(buf)
	return append(out, buf...)
}
