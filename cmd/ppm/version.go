package main

import (
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v2"
)

// release is the version of this source. A build from a tag of the module says its own.
const release = "0.1.0-dev"

func versionCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "version",
		Usage:       "print the version of ppm",
		Description: examples("ppm version", "ppm version --json"),
		Action: func(c *cli.Context) error {
			if err := arguments(c, 0, 0, "nothing"); err != nil {
				return err
			}
			s.printf("ppm %s %s/%s\n", version(), runtime.GOOS, runtime.GOARCH)
			return s.answer(map[string]any{"version": version(), "os": runtime.GOOS, "arch": runtime.GOARCH, "go": runtime.Version()})
		},
	}
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && strings.HasPrefix(info.Main.Version, "v") && !strings.HasPrefix(info.Main.Version, "v0.0.0-") {
		return strings.TrimPrefix(info.Main.Version, "v")
	}
	return release
}
