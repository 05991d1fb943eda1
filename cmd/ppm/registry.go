package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/catalog"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/shell"
)

func registryCommand() *command {
	return &command{
		name:     "registry",
		usage:    "browse packs, built-in or remote",
		examples: []string{"ppm registry list", "ppm registry show tp_py_grpc@cp-0.0.1//aiowscli"},
		commands: []*command{registryListCommand(), registryShowCommand(), registryExportCommand()},
	}
}

func registryListCommand() *command {
	return &command{
		name:     "list",
		usage:    "list the built-in packs, or the components of a pack",
		examples: []string{"ppm registry list", "ppm registry list tp_py_grpc@cp-0.0.1"},
		args:     &arguments{usage: "[PACK[@TAG]]", most: 1},
		search:   noSearch,
		scope:    noProject,
		plan:     notPlannable,
		complete: noWords,
		run:      runRegistryList,
	}
}

func runRegistryList(ctx context.Context, in *invocation) (any, error) {
	packs, err := in.openPacks()
	if err != nil {
		return nil, err
	}
	if len(in.args) == 0 {
		list := catalog.BuiltIn(packs)
		printPacks(in, list)
		return map[string]any{"packs": orEmpty(list)}, nil
	}
	r, err := in.reference()
	if err != nil {
		return nil, err
	}
	if r.Component != "" {
		return nil, failure.Errorf(failure.Usage, "%q names a component", in.args[0]).
			WithHint("show it with ppm registry show %s, or list its pack without //%s",
				shell.Quote(in.args[0]), r.Component)
	}
	return listComponents(ctx, in, packs, r)
}

func printPacks(in *invocation, packs []catalog.Summary) {
	in.printf("%s", table(func(w io.Writer) {
		for _, p := range packs {
			fmt.Fprintf(w, "%s\t%s\t%s\n", p.Name, strings.Join(p.Tags, ", "), p.Description)
		}
	}))
}

func listComponents(ctx context.Context, in *invocation, packs *install.Packs, r ref.Ref) (any, error) {
	pack, err := catalog.ShowPack(ctx, packs, r)
	if err != nil {
		return nil, err
	}
	in.printf("%s", table(func(w io.Writer) {
		for _, c := range pack.Components {
			fmt.Fprintf(w, "%s\t%s\n", c.Name, c.Description)
		}
	}))
	return pack, nil
}

func registryShowCommand() *command {
	return &command{
		name:     "show",
		usage:    "show the keys, files and requirements of a component",
		examples: []string{"ppm registry show tp_py_grpc@cp-0.0.1//sync_serv_interceptor"},
		args:     &arguments{usage: "PACK[@TAG]//COMPONENT", least: 1, most: 1, missing: "a reference"},
		search:   noSearch,
		scope:    noProject,
		plan:     notPlannable,
		complete: noWords,
		run:      runRegistryShow,
	}
}

func runRegistryShow(ctx context.Context, in *invocation) (any, error) {
	r, err := in.reference()
	if err != nil {
		return nil, err
	}
	packs, err := in.openPacks()
	if err != nil {
		return nil, err
	}
	if r.Component == "" {
		return listComponents(ctx, in, packs, r)
	}
	view, err := catalog.ShowComponent(ctx, packs, r)
	if err != nil {
		return nil, err
	}
	printComponent(in, view)
	return view, nil
}

func printComponent(in *invocation, v *catalog.Component) {
	in.printf("%s\n  %s\n", v.Reference, v.Description)
	if len(v.RenamedFrom) > 0 {
		in.printf("\nrenamed from %s\n", strings.Join(v.RenamedFrom, ", "))
	}
	if v.Deprecated != "" {
		in.printf("\ndeprecated: %s\n", v.Deprecated)
	}
	if v.License != "" {
		in.printf("\nlicense %s\n", v.License)
	}
	if v.DefaultPath != "" {
		in.printf("\ninstalled at %s unless --located-path names another path\n", v.DefaultPath)
	}
	if len(v.Keys) > 0 {
		in.printf("\nkeys\n%s", table(func(w io.Writer) {
			for _, k := range v.Keys {
				allowed := ""
				if len(k.Choices) > 0 {
					allowed = "one of " + strings.Join(k.Choices, ", ")
				} else if k.Pattern != "" {
					allowed = "matching " + k.Pattern
				}
				if len(k.RenamedFrom) > 0 {
					allowed = strings.TrimSpace(allowed + " (renamed from " + strings.Join(k.RenamedFrom, ", ") + ")")
				}
				fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", k.Name, formatDefault(k.Default), k.Description, allowed)
			}
		}))
	}
	in.printf("\nfiles\n  %s\n", strings.Join(v.Files, "\n  "))
	if len(v.Requires) > 0 {
		in.printf("\nrequires\n  %s\n", strings.Join(v.Requires, "\n  "))
	}
	in.printf("\nadd it with\n  %s\n", v.Example)
}

// formatDefault formats a default in one line. One that is computed can be long.
func formatDefault(value string) string {
	line, rest, _ := strings.Cut(value, "\n")
	switch {
	case value == "":
		return "(empty)"
	case rest != "" || strings.HasPrefix(line, "{%"):
		return "(computed)"
	}
	return line
}

func registryExportCommand() *command {
	return &command{
		name:     "export",
		usage:    "write the built-in packs as bare git repositories, ready to push",
		examples: []string{"ppm registry export packs", "ppm registry export packs --pack tp_py_grpc"},
		args:     &arguments{usage: "FOLDER", least: 1, most: 1, missing: "a folder"},
		flags:    []flag{{name: "pack", kind: listFlag, usage: "only write the pack `NAME`; can be repeated"}},
		search:   noSearch,
		scope:    noProject,
		plan:     notPlannable,
		complete: noWords,
		run:      runRegistryExport,
	}
}

func runRegistryExport(ctx context.Context, in *invocation) (any, error) {
	packs, err := in.openPacks()
	if err != nil {
		return nil, err
	}
	written, err := catalog.Export(ctx, packs, in.flags.StringSlice("pack"), in.options.path(in.args[0]))
	if err != nil {
		return nil, err
	}
	in.report.changed = len(written) > 0
	for _, dir := range written {
		in.printf("%s\n", dir)
	}
	if len(written) == 0 {
		return nil, failure.Errorf(failure.Usage, "no pack to export")
	}
	return map[string]any{"repositories": written}, nil
}
