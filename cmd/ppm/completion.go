package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// The scripts ask ppm itself for the words that can follow, so that they never go stale.
const (
	bashCompletion = `_ppm() {
  local words=("${COMP_WORDS[@]:0:COMP_CWORD}")
  local current="${COMP_WORDS[COMP_CWORD]}"
  if [[ "$current" == -* ]]; then words+=("$current"); fi
  COMPREPLY=($(compgen -W "$("${words[@]}" --generate-bash-completion 2>/dev/null)" -- "$current"))
}
complete -o default -F _ppm ppm
`
	zshCompletion = `#compdef ppm
_ppm() {
  local -a candidates
  local current="${words[CURRENT]}"
  local -a line=("${(@)words[1,CURRENT-1]}")
  if [[ "$current" == -* ]]; then line+=("$current"); fi
  candidates=("${(@f)$("${line[@]}" --generate-bash-completion 2>/dev/null)}")
  if [[ -n "${candidates[1]}" ]]; then compadd -a candidates; else _files; fi
}
compdef _ppm ppm
`
)

// choices are the values of flags that take one of a few, by the flag's first name.
var choices = map[string][]string{
	"strategy": texts(manifest.Strategies),
	"conflict": texts(merge.Styles),
	"summary":  {"md"},
	"mode":     cacheModes,
}

// arguments that are installs, or files of them. Other arguments are files of any kind, which the shell itself completes.
var (
	takesInstalls = []string{"status", "outdated", "upgrade", "remove", "diff", "plan"}
	takesFiles    = []string{"diff", "why", "move", "own"}
)

// complete writes the words that can follow in the command line of a command.
func (s *streams) complete(command *cli.Command) cli.BashCompleteFunc {
	plain := cli.DefaultCompleteWithFlags(command)
	return func(c *cli.Context) {
		last := s.line[len(s.line)-2] // the one before --generate-bash-completion
		if !strings.HasPrefix(last, "-") {
			plain(c)
			s.suggest(argumentsOf(c, command.Name))
			return
		}
		if f := find(command.Flags, strings.TrimLeft(last, "-")); f != nil && choices[f.Names()[0]] != nil {
			s.suggest(choices[f.Names()[0]])
			return
		}
		plain(c)
	}
}

// argumentsOf returns the words that a command can take next. A project that cannot be read has none.
func argumentsOf(c *cli.Context, command string) []string {
	if command == "own" && c.NArg() > 0 {
		return texts(manifest.Owns)
	}
	dir := ""
	for _, level := range c.Lineage() { // the line is as it was typed, with the flag behind any of its commands
		dir = cmp.Or(dir, level.String("cwd"))
	}
	data, err := os.ReadFile(filepath.Join(dir, project.LockName))
	if err != nil {
		return nil
	}
	lock, err := lockfile.Parse(project.LockName, data)
	if err != nil {
		return nil
	}
	var words []string
	if command == "plan" {
		words = append(words, plannable...)
	}
	for _, in := range lock.Components {
		if slices.Contains(takesInstalls, command) {
			words = append(words, in.Path)
		}
		for _, f := range in.Files {
			if slices.Contains(takesFiles, command) {
				words = append(words, f.Path)
			}
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

func (s *streams) suggest(words []string) {
	for _, word := range words {
		fmt.Fprintln(s.out, word)
	}
}

func texts[T ~string](values []T) []string {
	var out []string
	for _, v := range values {
		out = append(out, string(v))
	}
	return out
}

func completionCommand(s *streams) *cli.Command {
	scripts := map[string]func(*cli.App) (string, error){
		"bash": func(*cli.App) (string, error) { return bashCompletion, nil },
		"zsh":  func(*cli.App) (string, error) { return zshCompletion, nil },
		"fish": (*cli.App).ToFishCompletion,
	}
	shells := slices.Sorted(maps.Keys(scripts))
	return &cli.Command{
		Name:      "completion",
		Usage:     "print the completion script of a shell",
		ArgsUsage: "bash|zsh|fish",
		Description: examples(
			"echo 'source <(ppm completion bash)' >> ~/.bashrc",
			"echo 'source <(ppm completion zsh)' >> ~/.zshrc",
			"ppm completion fish > ~/.config/fish/completions/ppm.fish"),
		BashComplete: func(*cli.Context) { s.suggest(shells) },
		Action: func(c *cli.Context) error {
			if err := arguments(c, 1, 1, "the name of a shell"); err != nil {
				return err
			}
			script, ok := scripts[c.Args().First()]
			if !ok {
				return failure.Errorf(failure.Usage, "no completion for %q", c.Args().First()).
					WithHint("%s", suggest.Hint("shell", c.Args().First(), shells))
			}
			text, err := script(c.App)
			if err != nil {
				return err
			}
			s.printf("%s", text)
			return s.answer(map[string]any{"shell": c.Args().First(), "script": text})
		},
	}
}
