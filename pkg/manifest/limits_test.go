package manifest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
)

func TestParseSize(t *testing.T) {
	for s, want := range map[string]int64{
		"": 0, "1 KiB": 1 << 10, "512 MiB": 512 << 20, "512MiB": 512 << 20, "3 GiB": 3 << 30,
		"0 MiB": -1, "-1 MiB": -1, "1": -1, "MiB": -1, "1 MB": -1, "1.5 GiB": -1, "1  MiB": -1,
		"9223372036854775807 KiB": -1,
	} {
		got, err := manifest.ParseSize(s)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("ParseSize(%q) = %d, %v; want %d", s, got, err, want)
		}
	}
}

func TestParseTime(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"": 0, "1 s": time.Second, "90 min": 90 * time.Minute, "2 h": 2 * time.Hour,
		"0 s": -1, "-1 min": -1, "1": -1, "1min": -1, "1 m": -1, "1.5 h": -1, "1  h": -1, "2147483647 h": -1,
	} {
		got, err := manifest.ParseTime(s)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("ParseTime(%q) = %v, %v; want %v", s, got, err, want)
		}
	}
}

// The lowest limit of all layers counts, whatever their order.
func TestMergeLimits(t *testing.T) {
	low := manifest.Limits{Files: 5, FileSize: "1 MiB", FetchTime: "1 h"}
	high := manifest.Limits{Refs: 7, Files: 6, FileSize: "2000 KiB", PackSize: "1 GiB", FetchTime: "61 min"}
	want := manifest.Limits{Refs: 7, Files: 5, FileSize: "1 MiB", PackSize: "1 GiB", FetchTime: "1 h"}
	for _, order := range [][2]manifest.Limits{{low, high}, {high, low}} {
		got := manifest.Merge(&manifest.Manifest{Limits: order[0]}, &manifest.Manifest{Limits: order[1]})
		if got.Limits != want {
			t.Errorf("Merge of %v = %v; want %v", order, got.Limits, want)
		}
	}
}

func TestLimitsRefuse(t *testing.T) {
	for _, c := range []struct {
		layer manifest.Layer
		text  string
		want  string
	}{
		{manifest.User, "[limits]\nfiles = -1\n", "-1 is not a limit"},
		{manifest.User, "[limits]\npack_size = \"2 TB\"\n", `"2 TB" is not a size`},
		{manifest.User, "[limits]\nfetch_time = \"5\"\n", `"5" is not a time`},
		{manifest.ProjectLayer, "[limits]\nfiles = 1\n", "[limits] does not belong in a project's ppm.toml"},
	} {
		_, err := manifest.Parse("ppm.toml", []byte(c.text), c.layer)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Parse(%q) = %v; want %q", c.text, err, c.want)
		}
	}
}
