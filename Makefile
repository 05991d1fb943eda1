# Shortcuts for the commands that CONTRIBUTING.md explains.
.PHONY: short test live update bench ci

short: # tests that take a minute and download only Go modules
	go test -short ./...

test: # all tests
	go test ./...

live: # only the tests of the Python components
	go test ./e2e -run TestLive -v

update: # rewrite generated files
	go test ./e2e ./cmd/ppm ./pkg/project -update \
		-run 'PmfpManifest|ReleasesAreFrozen|PackReadmeIsUpToDate|Documented|MergePage'

bench: # benchmarks of the commands
	go test ./cmd/ppm -run '^$$' -bench . -benchtime 20x

ci: # everything that a change has to pass
	.ci/run
