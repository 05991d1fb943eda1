//go:build !linux

package caselesstest

import (
	"errors"
	"testing"
)

func mount(testing.TB, string) (string, error) { return "", errors.New("only implemented for Linux") }
