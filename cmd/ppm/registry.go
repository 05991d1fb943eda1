package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

func registryCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "registry",
		Usage:       "look at packs: those inside ppm, and any other",
		Description: examples("ppm registry list", "ppm registry show tp_py_grpc@cp-0.0.1//aiowscli"),
		Subcommands: []*cli.Command{registryListCommand(s), registryShowCommand(s), registryExportCommand(s)},
	}
}

func registryListCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "list",
		Usage:       "list the packs inside ppm, or the components of a pack",
		ArgsUsage:   "[PACK[@TAG]]",
		Description: examples("ppm registry list", "ppm registry list tp_py_grpc@cp-0.0.1"),
		Action: func(c *cli.Context) error {
			if err := arguments(c, 0, 1, ""); err != nil {
				return err
			}
			session, err := s.session(c)
			if err != nil {
				return err
			}
			if c.Args().Len() == 0 {
				return listPacks(s, session)
			}
			r, err := ref.Parse(c.Args().First())
			if err != nil {
				return err
			}
			return listComponents(c, s, session, r)
		},
	}
}

func listPacks(s *streams, session *project.Session) error {
	packs := session.Packs()
	s.printf("%s", table(func(w io.Writer) {
		for _, p := range packs {
			fmt.Fprintf(w, "%s\t%s\t%s\n", p.Name, strings.Join(p.Tags, ", "), p.Description)
		}
	}))
	return s.answer(map[string]any{"packs": orEmpty(packs)})
}

func listComponents(c *cli.Context, s *streams, session *project.Session, r ref.Ref) error {
	pack, err := session.ShowPack(c.Context, r)
	if err != nil {
		return err
	}
	s.printf("%s", table(func(w io.Writer) {
		for _, component := range pack.Components {
			fmt.Fprintf(w, "%s\t%s\n", component.Name, component.Description)
		}
	}))
	return s.answer(pack)
}

func registryShowCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "show",
		Usage:       "show what a component is, what it asks for and what it installs",
		ArgsUsage:   "PACK[@TAG]//COMPONENT",
		Description: examples("ppm registry show tp_py_grpc@cp-0.0.1//sync_serv_interceptor"),
		Action: func(c *cli.Context) error {
			r, err := reference(c)
			if err != nil {
				return err
			}
			session, err := s.session(c)
			if err != nil {
				return err
			}
			if r.Component == "" {
				return listComponents(c, s, session, r)
			}
			view, err := session.ShowComponent(c.Context, r)
			if err != nil {
				return err
			}
			printComponent(s, view)
			return s.answer(view)
		},
	}
}

func printComponent(s *streams, v *project.ComponentView) {
	s.printf("%s\n  %s\n", v.Reference, v.Description)
	if v.DefaultPath != "" {
		s.printf("\nplaced at %s unless --located-path says otherwise\n", v.DefaultPath)
	}
	if len(v.Keys) > 0 {
		s.printf("\nkeys\n%s", table(func(w io.Writer) {
			for _, k := range v.Keys {
				allowed := ""
				if len(k.Choices) > 0 {
					allowed = "one of " + strings.Join(k.Choices, ", ")
				} else if k.Pattern != "" {
					allowed = "matching " + k.Pattern
				}
				fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", k.Name, shown(k.Default), k.Description, allowed)
			}
		}))
	}
	s.printf("\nfiles\n  %s\n", strings.Join(v.Files, "\n  "))
	if len(v.Requires) > 0 {
		s.printf("\nneeds\n  %s\n", strings.Join(v.Requires, "\n  "))
	}
	s.printf("\nadd it with\n  %s\n", v.Example)
}

// shown writes a default on one line: one that is computed can be long.
func shown(value string) string {
	line, rest, _ := strings.Cut(value, "\n")
	switch {
	case value == "":
		return "(empty)"
	case rest != "" || strings.HasPrefix(line, "{%"):
		return "(computed)"
	}
	return line
}

func registryExportCommand(s *streams) *cli.Command {
	return &cli.Command{
		Name:        "export",
		Usage:       "write the packs inside ppm as bare git repositories, ready to push",
		ArgsUsage:   "FOLDER",
		Description: examples("ppm registry export packs", "ppm registry export packs --pack tp_py_grpc"),
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "pack", Usage: "write the pack `NAME` alone; repeatable"},
		},
		Action: func(c *cli.Context) error {
			if err := arguments(c, 1, 1, "a folder"); err != nil {
				return err
			}
			session, err := s.session(c)
			if err != nil {
				return err
			}
			written, err := session.Export(c.Context, c.StringSlice("pack"), c.Args().First())
			if err != nil {
				return err
			}
			for _, dir := range written {
				s.printf("%s\n", dir)
			}
			if len(written) == 0 {
				return failure.Errorf(failure.Usage, "there is no pack to export")
			}
			return s.answer(map[string]any{"repositories": written})
		},
	}
}
