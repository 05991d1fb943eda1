package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/e2etest"
)

// The Python suite follows the rules of ruff that its pyproject.toml sets.
func TestLiveSuiteIsFormatted(t *testing.T) {
	e2etest.SkipInShort(t)
	ruff := e2etest.Tool(t, "ruff")
	e2etest.Output(t, e2etest.Command(t, "live", ruff, "check", "--no-cache", "."))
	e2etest.Output(t, e2etest.Command(t, "live", ruff, "format", "--check", "--no-cache", "."))
}

// Each file of the Python suite in live runs in a process of its own. See live/conftest.py.
func TestLive(t *testing.T) {
	e2etest.SkipInShort(t)
	files, err := filepath.Glob("live/test_*.py")
	if err != nil || len(files) == 0 {
		t.Fatalf("files %q, error %v", files, err)
	}
	python, ppm := e2etest.Python(t), e2etest.Binary(t)
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(strings.TrimSuffix(strings.TrimPrefix(name, "test_"), ".py"), func(t *testing.T) {
			t.Parallel()
			pytest := exec.CommandContext(t.Context(), python, "-m", "pytest", "-q", name)
			pytest.Dir = "live"
			pytest.Env = append(os.Environ(), "PPM="+ppm, "PYTHONDONTWRITEBYTECODE=1")
			out, err := pytest.CombinedOutput()
			t.Logf("%s", out)
			if err != nil {
				t.Fatalf("pytest: %v", err)
			}
		})
	}
}
