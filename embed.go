// Package ppm embeds the data that ships inside the binary: the built-in layer of
// the manifest and the packs of the built-in registry.
package ppm

import (
	"embed"
	"io/fs"
)

// Manifest is the built-in layer of ppm.toml: default host and namespace, and the index of the packs in Packs.
//
//go:embed ppm.toml
var Manifest []byte

// The prefix "all:" keeps names that begin with "." and "_", which packs are full of.
//
//go:embed all:registry
var packs embed.FS

// Packs holds the folders that the index names, "registry/PACK/TAG/…".
func Packs() fs.FS { return packs }
