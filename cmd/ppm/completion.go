package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/nearest"
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
			"ppm completion bash > ~/.local/share/bash-completion/completions/ppm",
			`source <(ppm completion zsh)`,
			"ppm completion fish > ~/.config/fish/completions/ppm.fish"),
		BashComplete: func(*cli.Context) {
			for _, name := range shells {
				fmt.Fprintln(s.out, name)
			}
		},
		Action: func(c *cli.Context) error {
			if err := arguments(c, 1, 1, "the name of a shell"); err != nil {
				return err
			}
			script, ok := scripts[c.Args().First()]
			if !ok {
				return failure.Errorf(failure.Usage, "no completion for %q", c.Args().First()).
					WithHint("%s", nearest.Hint("shell", c.Args().First(), shells))
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
