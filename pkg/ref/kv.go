package ref

import (
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// A KV is a key with its value: KEY::VALUE.
type KV struct{ Key, Value string }

// ParseKV parses KEY::VALUE. The first "::" separates key and value. The value may be empty, and may contain "::",
// commas and spaces. Errors are of kind Usage.
func ParseKV(s string) (KV, error) {
	key, value, ok := strings.Cut(s, "::")
	switch {
	case !ok:
		form := "KEY::VALUE"
		if i := strings.IndexAny(s, ":="); i > 0 {
			form = s[:i] + "::" + s[i+1:]
		}
		return KV{}, failure.Errorf(failure.Usage, "reading key and value %q: there is no :: between them", s).
			WithHint("write it as %s", form)
	case strings.TrimSpace(key) == "":
		return KV{}, failure.Errorf(failure.Usage, "reading key and value %q: the key before :: is empty", s).
			WithHint("write it as KEY::VALUE")
	case strings.TrimSpace(key) != key:
		return KV{}, failure.Errorf(failure.Usage, "reading key and value %q: the key starts or ends with a space", s).
			WithHint("write it as %s::%s", strings.TrimSpace(key), value)
	}
	return KV{Key: key, Value: value}, nil
}
