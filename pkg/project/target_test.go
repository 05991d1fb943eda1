package project_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
)

// maxHistories is how many random histories TestOutdatedAgreesWithUpgrade makes.
const maxHistories = 12

// TestOutdatedAgreesWithUpgrade checks with random histories of tags and branches that outdated lists as pending
// exactly what upgrade changes, at the version to which upgrade goes, and that nothing is pending after that.
func TestOutdatedAgreesWithUpgrade(t *testing.T) {
	for range maxHistories {
		seed := rand.Uint64()
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			checkAgreement(t, rand.New(rand.NewPCG(seed, 0)))
		})
	}
}

// A tagHistory is a pack with random tags and a project that uses it.
type tagHistory struct {
	offlineProject
	*rand.Rand
	pack *gittest.Repo
}

func checkAgreement(t *testing.T, random *rand.Rand) {
	root := t.TempDir()
	dir := filepath.Join(root, "work")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	setup := project.Setup{Dir: dir, CacheDir: filepath.Join(root, "cache"), Env: func(string) string { return "" }}
	h := tagHistory{offlineProject{t, setup}, random, gittest.InitRepo(filepath.Join(root, "pack"), t.Fatalf)}
	names := []string{
		"v1.0.0", "v1.0.1", "v1.1.0", "v1.2.0-rc.1", "v2.0.0", "1.5.0", "2022.11.3", "2023.1.1", "cp-0.0.1",
		"cp-0.0.2", "r9", "r10", "1.6.6.4", "1.6.6.10", "focal", "jammy", "v1.1.0-alpine", "v1.2.0-alpine", "v1.3",
	}
	h.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	h.commit()
	h.pack.Git("branch", "main")
	known := 1 + h.IntN(8)
	h.release(names[:known]...)
	for i, version := range append([]string{"main", "latest", "*", ">=1"}, names[:known]...) {
		h.tryAdd("../pack@"+version+"//part", fmt.Sprintf("at%d", i))
	}
	h.release(append(names[known:10], "main")...)
	if h.IntN(2) == 0 {
		h.pack.Git("branch", "-f", "main", "HEAD~1")
	}
	h.compare(h.outdated(), h.upgrade())
	for _, out := range h.outdated().Installs {
		if out.Pending {
			t.Errorf("after the upgrade, %+v is pending", out)
		}
	}
}

// commit commits a version of the component, perhaps with the files of the last one.
func (h tagHistory) commit() {
	h.pack.Write("ppm.toml", "[pack]\ntype = \"components\"\n[pack.components.part]\nsource = \"part\"\n", 0o644)
	h.pack.Write("part/text.txt", fmt.Sprint(h.IntN(3)), 0o644)
	h.pack.Write("notes.txt", fmt.Sprint(h.Uint64()), 0o644)
	h.pack.Commit("next")
}

// release makes tags, or moves the branch main, each at a new commit or at the one before.
func (h tagHistory) release(names ...string) {
	for _, name := range names {
		if h.IntN(4) > 0 {
			h.commit()
		}
		if name == "main" {
			h.pack.Git("branch", "-f", "main")
		} else {
			h.pack.Tag(name)
		}
	}
}

// compare compares what outdated lists with what upgrade does.
func (h tagHistory) compare(outdated *project.OutdatedResult, upgraded *project.UpgradeResult) {
	h.Helper()
	wanted := map[string]string{}
	for _, out := range outdated.Installs {
		if out.Pending {
			wanted[out.Path] = out.Wanted
		} else if out.Wanted != out.Current {
			h.Errorf("not pending, but %+v", out)
		}
	}
	for _, up := range upgraded.Upgrades {
		version, listed := wanted[up.Path]
		if !listed || h.pack.Git("rev-parse", version+"^{commit}") != up.ToCommit {
			h.Errorf("upgrade goes from %s to %s (%s), outdated says %q", up.From, up.To, up.ToCommit, version)
		}
		delete(wanted, up.Path)
	}
	if len(wanted) > 0 {
		h.Errorf("outdated lists %v, which upgrade leaves", wanted)
	}
	if len(outdated.Failed) != len(upgraded.Failed) {
		h.Errorf("outdated fails for %v, upgrade for %v", outdated.Failed, upgraded.Failed)
	}
}

// tryAdd adds a component, if its version means one.
func (o offlineProject) tryAdd(reference, path string) {
	o.Helper()
	p, err := project.Open(o.Context(), o.setup, project.Write)
	if err != nil {
		o.Fatal(err)
	}
	defer p.Close()
	_, tx, err := p.Add(o.Context(), project.AddOptions{Ref: parse(o.T, reference), Path: path})
	if err == nil {
		err = p.Apply(o.Context(), tx, project.ApplyOptions{})
	}
	if err != nil && !strings.Contains(err.Error(), "no tag matches") {
		o.Fatal(err)
	}
}

func (o offlineProject) outdated() *project.OutdatedResult {
	o.Helper()
	p, err := project.Open(o.Context(), o.setup, project.Read)
	if err != nil {
		o.Fatal(err)
	}
	defer p.Close()
	result, err := p.Outdated(o.Context(), nil)
	if err != nil {
		o.Fatal(err)
	}
	return result
}

func (o offlineProject) upgrade() *project.UpgradeResult {
	o.Helper()
	p, err := project.Open(o.Context(), o.setup, project.Write)
	if err != nil {
		o.Fatal(err)
	}
	defer p.Close()
	result, tx, err := p.Upgrade(o.Context(), project.UpgradeOptions{})
	if err == nil {
		err = p.Apply(o.Context(), tx, project.ApplyOptions{})
	}
	if err != nil {
		o.Fatal(err)
	}
	return result
}
