package ref

import "strings"

const builtinScheme = "builtin:"

// BuiltinURL returns the URL of a built-in pack.
func BuiltinURL(name string) string { return builtinScheme + name }

// BuiltinName returns the name of the built-in pack at url. ok is false if url is not that of a built-in pack.
func BuiltinName(url string) (name string, ok bool) { return strings.CutPrefix(url, builtinScheme) }
