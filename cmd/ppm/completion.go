package main

import (
	"context"
	"slices"
)

// The scripts ask ppm itself for the words that can follow.
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

// completionCommand returns the command completion. The script for fish lists all commands, and fish returns it.
func completionCommand(fish func() (string, error)) *command {
	shells := []string{"bash", "fish", "zsh"}
	return &command{
		name:  "completion",
		usage: "print the completion script of a shell",
		examples: []string{
			"echo 'source <(ppm completion bash)' >> ~/.bashrc",
			"echo 'source <(ppm completion zsh)' >> ~/.zshrc",
			"ppm completion fish > ~/.config/fish/completions/ppm.fish",
		},
		args:     &arguments{usage: "bash|zsh|fish", least: 1, most: 1, missing: "the name of a shell"},
		search:   noSearch,
		scope:    noProject,
		plan:     notPlannable,
		complete: func(installed, []string) []string { return slices.Clone(shells) },
		run: func(_ context.Context, in *invocation) (any, error) {
			shell, err := choose("shell", in.args[0], shells)
			if err != nil {
				return nil, err
			}
			return printCompletion(in, shell, fish)
		},
	}
}

func printCompletion(in *invocation, shell string, fish func() (string, error)) (any, error) {
	script := bashCompletion
	switch shell {
	case "zsh":
		script = zshCompletion
	case "fish":
		var err error
		if script, err = fish(); err != nil {
			return nil, err
		}
	}
	in.printf("%s", script)
	return map[string]any{"shell": shell, "script": script}, nil
}
