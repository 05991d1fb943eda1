// Package examples_test runs every file of this folder.
package examples_test

import (
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/e2etest"
)

func TestMain(m *testing.M) { e2etest.Main(m) }
