package ref

import "strings"

const builtinScheme = "builtin:"

// BuiltinURL returns the URL of the pack of that name that is inside the binary.
func BuiltinURL(name string) string { return builtinScheme + name }

// BuiltinName returns the name of the built-in pack that url stands for, and whether it stands for one.
func BuiltinName(url string) (name string, ok bool) { return strings.CutPrefix(url, builtinScheme) }
