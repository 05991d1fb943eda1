package project

import (
	"context"
	"crypto/sha1" // SPDX identifies files by it
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/license"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/sbom"
	"github.com/Project-Manager-With-Git/ppm/pkg/status"
)

// Inventory describes what is installed for a software bill of materials: what the lockfile says of each install, what
// its pack says of its license, and the files as they are on disk. folder is that of the project in its workspace, or
// ".". Offline, what a pack that is not in the cache says is left out, with a note.
func (p *Project) Inventory(ctx context.Context, folder string) (sbom.Project, error) {
	info, err := p.metadata(p.Manifest.Project)
	if err != nil {
		return sbom.Project{}, err
	}
	out := sbom.Project{Folder: folder}
	out.Name, _ = info.Values[projectName].(string)
	if info.From["version"] != "" { // else it is the default of templates
		out.Version, _ = info.Values["version"].(string)
	}
	compared, err := p.comparer().Compare(ctx, p.Lock.Components)
	if err != nil {
		return out, err
	}
	for i, c := range p.Lock.Components {
		in := sbom.Install{
			Path: c.Path, Source: c.Source, Via: c.Via, URL: c.URL, Ref: c.Ref, Commit: c.Commit, Digest: c.Digest,
		}
		if c.Signer != lockfile.Builtin {
			in.Signer = c.Signer
		}
		if err := p.describePack(ctx, c, &in); err != nil {
			return out, err
		}
		if in.Files, err = p.describeFiles(c, compared.Installs[i].Files); err != nil {
			return out, err
		}
		out.Installs = append(out.Installs, in)
	}
	return out, nil
}

// describePack adds what the pack says of an install at the locked commit.
func (p *Project) describePack(ctx context.Context, c lockfile.Component, in *sbom.Install) error {
	h, err := p.packs.OpenLocked(ctx, c)
	if err == nil {
		in.Committed, err = h.Snapshot.Date(ctx)
	}
	if err != nil {
		kind := failure.KindOf(err)
		if p.setup.Offline && kind == failure.Network || kind == failure.Refused { // as by the policy
			p.setup.Notify(fmt.Sprintf("%s: its license is not known: %v", c.Path, err))
			return nil
		}
		return err
	}
	component, err := h.Find(c.Source.Component)
	if err != nil {
		return err
	}
	in.InPack = component.Source
	if text := h.Pack.LicenseOf(component); text != "" {
		in.License, err = license.Parse(text)
	}
	return err
}

// describeFiles returns the files of an install, with their digests on disk. states is what status says of them.
func (p *Project) describeFiles(c lockfile.Component, states []status.File) ([]sbom.File, error) {
	var out []sbom.File
	for i, f := range c.Files {
		file := sbom.File{Path: f.Path, State: states[i].State, Installed: f.Digest}
		data, err := p.tree.ReadFile(f.Path)
		switch {
		case err == nil:
			file.Redacted = p.tree.View != nil && p.tree.View.Covers(f.Path)
			one, two := sha1.Sum(data), sha256.Sum256(data)
			file.SHA1, file.SHA256 = hex.EncodeToString(one[:]), hex.EncodeToString(two[:])
		case errors.Is(err, fs.ErrNotExist):
		case errors.Is(err, failure.Refused): // no regular file, which its state says
		default:
			return nil, err
		}
		out = append(out, file)
	}
	return out, nil
}
