package pack

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// The words for the values of a boolean key, those of YAML 1.1 and the digits. Upper and lower case mean the same.
const (
	trueWords  = "true yes on y 1"
	falseWords = "false no off n 0"
)

// ParseBool returns the boolean that a word means. ok is false for any other text.
func ParseBool(text string) (value, ok bool) {
	word := strings.ToLower(text)
	value = slices.Contains(strings.Fields(trueWords), word)
	return value, value || slices.Contains(strings.Fields(falseWords), word)
}

// Value returns a value of the key in the key's type: a bool for a boolean key, else a string. given is a string or a
// bool. Errors are of kind Usage: the value is not valid for the key.
func (k Key) Value(given any) (any, error) {
	text, isText := given.(string)
	if !isText {
		text = fmt.Sprint(given)
	}
	if !k.Bool {
		return text, k.CheckValue(text)
	}
	value, ok := ParseBool(text)
	if !ok {
		return nil, failure.Errorf(failure.Usage, "key %q must be true or false, not %q", k.Name, text).
			WithHint("for true pass %s; for false pass %s", anyOf(trueWords), anyOf(falseWords))
	}
	return value, nil
}

func anyOf(words string) string {
	list := strings.Fields(words)
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " or " + list[last]
}
