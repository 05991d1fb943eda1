package lockfile_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// full returns a lock with a value in every field. TestEveryFieldIsWritten fails until a new field is set here.
func full() *lockfile.Lock {
	return &lockfile.Lock{Components: []lockfile.Component{{
		Path:   "b/c",
		Source: reference("q@v1//a"),
		URL:    "builtin:q",
		Ref:    "refs/tags/v1",
		Object: tag,
		Commit: commit,
		Signer: "builtin",
		Tree:   tree,
		Digest: sum,
		Render: 3,
		Dir:    true,
		Keys: map[string]lockfile.Key{
			"typed": key("text", lockfile.Typed), "asked": key(true, lockfile.Asked),
			"set": key(false, lockfile.Configured), "user": key("", lockfile.User),
			"list": key([]string{"x", "y"}, lockfile.Project), "detected": key("{{ x }}", lockfile.Detected),
			"default": key("d", lockfile.Default), "odd key": key("o", lockfile.Default),
			"secret": {
				Value: "@env:S", Origin: lockfile.Typed,
				Fingerprint: "v1:0123456789abcdef:" + strings.Repeat("4", 32) + ":" + strings.Repeat("5", 32),
			},
		},
		Via:        []ref.Ref{reference("p//first"), reference("p@v2//second")},
		ViaCommits: []string{strings.Repeat("a", 40), strings.Repeat("b", 40)},
		Files: []lockfile.File{{
			Path: "d", From: "b/c/1", Digest: sha, Mode: "0755", License: true, Found: true,
			LFDigest: "sha256:" + strings.Repeat("1", 64),
			Conflict: "sha256:" + strings.Repeat("0", 64), Marker: 9, Sides: true,
		}},
	}}}
}

func key(value any, o lockfile.Origin) lockfile.Key { return lockfile.Key{Value: value, Origin: o} }

// checkFilled reports the fields below v that are zero or have the value of another field.
func checkFilled(t *testing.T, path string, v reflect.Value, seen map[string]string) {
	t.Helper()
	switch v.Kind() {
	case reflect.Slice:
		if v.Len() == 0 {
			t.Errorf("%s is empty in the full lock", path)
		}
		for i := range v.Len() {
			checkFilled(t, fmt.Sprintf("%s[%d]", path, i), v.Index(i), seen)
		}
		return
	case reflect.Struct:
		if v.Type() != reflect.TypeFor[ref.Ref]() {
			for f := range v.Type().Fields() {
				checkFilled(t, path+"."+f.Name, v.FieldByIndex(f.Index), seen)
			}
			return
		}
	case reflect.Bool:
		if !v.Bool() {
			t.Errorf("%s is false in the full lock", path)
		}
		return
	}
	if v.IsZero() {
		t.Errorf("%s is zero in the full lock", path)
	}
	text := fmt.Sprint(v.Interface())
	if other, ok := seen[text]; ok {
		t.Errorf("%s and %s are both %s in the full lock", path, other, text)
	}
	seen[text] = path
}

func TestEveryFieldIsWritten(t *testing.T) {
	checkFilled(t, "Lock", reflect.ValueOf(*full()), map[string]string{})
	text := full().Format()
	for name, text := range map[string][]byte{"formatted": text, "edited": append([]byte("# a comment\n"), text...)} {
		got, err := lockfile.Parse("ppm.lock", text)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, full()) {
			t.Errorf("%s: Parse(Format(x)) =\n%+v, want\n%+v, from\n%s", name, got, full(), text)
		}
	}
	if l := lockfile.ParseFormatted(text); !reflect.DeepEqual(l, full()) {
		t.Errorf("ParseFormatted(Format(x)) = %+v", l)
	}
}

// BenchmarkParse parses a lock of 1000 installs of 10 files each, as Format wrote it and with a comment.
func BenchmarkParse(b *testing.B) {
	l := &lockfile.Lock{}
	for i := range 1000 {
		c := full().Components[0]
		c.Path, c.Files = fmt.Sprintf("parts/part%d", i), nil
		for j := range 10 {
			c.Files = append(c.Files, lockfile.File{Path: fmt.Sprintf("%s/%d", c.Path, j), Digest: sha, Mode: "0644"})
		}
		l.Put(c)
	}
	text := l.Format()
	for _, c := range []struct {
		name string
		text []byte
	}{{"formatted", text}, {"edited", append([]byte("# a comment\n"), text...)}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := lockfile.Parse("ppm.lock", c.text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
