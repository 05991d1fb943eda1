package main

import "testing"

func TestMachineFile(t *testing.T) {
	for _, c := range []struct{ system, programData, want string }{
		{"linux", "", "/etc/ppm/ppm.toml"},
		{"freebsd", "", "/etc/ppm/ppm.toml"},
		{"darwin", "", "/Library/Application Support/ppm/ppm.toml"},
		{"windows", `D:\Data`, `D:\Data\ppm\ppm.toml`},
		{"windows", "", `C:\ProgramData\ppm\ppm.toml`},
	} {
		getenv := func(name string) string {
			if name == "ProgramData" {
				return c.programData
			}
			return ""
		}
		if got := machineFile(c.system, getenv); got != c.want {
			t.Errorf("machineFile(%q) = %q, want %q", c.system, got, c.want)
		}
	}
}
