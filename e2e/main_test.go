// Package e2e_test tests the built-in packs: what they install, and the services and programs made of it.
package e2e_test

import (
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/e2etest"
)

func TestMain(m *testing.M) { e2etest.Main(m) }
