package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"strings"
)

// release is the version of this source. A build from a tag of the module has its own.
const release = "0.1.0-dev"

func versionCommand() *command {
	return &command{
		name:     "version",
		usage:    "print the version of ppm",
		examples: []string{"ppm version", "ppm version --json"},
		args:     noArguments(),
		search:   noSearch,
		scope:    noProject,
		plan:     notPlannable,
		complete: noWords,
		run:      runVersion,
	}
}

func runVersion(_ context.Context, in *invocation) (any, error) {
	in.printf("ppm %s %s/%s\n", version(), runtime.GOOS, runtime.GOARCH)
	return map[string]any{
		"version": version(), "os": runtime.GOOS, "arch": runtime.GOARCH, "go": runtime.Version(),
	}, nil
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if ok && strings.HasPrefix(info.Main.Version, "v") && !strings.HasPrefix(info.Main.Version, "v0.0.0-") {
		return strings.TrimPrefix(info.Main.Version, "v")
	}
	return release
}
