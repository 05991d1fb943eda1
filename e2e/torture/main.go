// Command torture runs the tests that try to break ppm's promises for as long as one likes, and prints what they
// tried.
//
//	go run ./e2e/torture -effort 10 -fuzz 5m
//
// Each test runs for a sample in every run of all tests. Here it runs with many more faults, kills, random inputs and
// inputs of fuzz targets.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"time"
)

func main() {
	var o options
	flag.Float64Var(&o.effort, "effort", 1, "how often each long test runs, as a multiple of some minutes")
	flag.DurationVar(&o.fuzz, "fuzz", time.Minute, "time for each fuzz target; 0 for none")
	only := flag.String("only", ".", "regular expression of the names of the steps to run")
	flag.BoolVar(&o.list, "list", false, "print the names of the steps")
	flag.Parse()
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		fmt.Fprintln(os.Stderr, "torture: -only:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := torture(ctx, ".", os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		os.Exit(1)
	}
}
