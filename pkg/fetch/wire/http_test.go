package wire_test

import (
	"context"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"

	"github.com/Project-Manager-With-Git/ppm/pkg/fetch/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch/wire"
)

func TestSmoke(t *testing.T) {
	r := gittest.NewRepo(t)
	r.Write("a", "hello\n", 0o644)
	id := r.Commit("first")
	r.AnnotatedTag("v1", "one")
	srv := gittest.ServeHTTP(t, filepath.Dir(r.Dir))
	d, err := wire.New(wire.Options{Home: t.TempDir(), Stall: time.Second, Progress: func(s string) { t.Log(s) }})
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.Open(context.Background(), srv.URL+"/pack")
	if err != nil {
		t.Fatal(err)
	}
	refs, err := s.Refs(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Log(refs.References, refs.Peeled, refs.Head, refs.Capabilities)
	req := packp.NewUploadPackRequest()
	req.Wants = []plumbing.Hash{plumbing.NewHash(id)}
	req.Depth = packp.DepthCommits(1)
	resp, err := s.Fetch(context.Background(), req)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(resp)
	t.Log(len(data), string(data[:4]), err, resp.Shallows, resp.Close())
}
