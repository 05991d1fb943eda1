// Package architecture checks rules that hold for the whole repository: which packages may import which,
// and that every field of a file format is documented.
package architecture
