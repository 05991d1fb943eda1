package wire

import (
	"os"
	"path/filepath"
	"testing"
)

// A command of Match exec runs once, however often the configuration is read.
func TestSSHConditionsRunOnce(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	holds := newSSHConditions()
	for range 3 {
		if !holds("echo x >>" + log) {
			t.Error("a command that succeeds does not hold")
		}
		if holds("echo y >>" + log + "; false") {
			t.Error("a command that fails holds")
		}
	}
	if data, err := os.ReadFile(log); err != nil || string(data) != "x\ny\n" {
		t.Errorf("the commands wrote %q, %v", data, err)
	}
}
