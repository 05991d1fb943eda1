#!/bin/sh
# request-github.sh opens a pull request for upgrade-fleet.sh, or updates the open one. It needs gh, and GH_TOKEN or a
# login with gh auth. With conflicts, the pull request is a draft.
set -eu

number=$(gh pr list --head "$REQUEST_BRANCH" --base "$REQUEST_BASE" --state open --json number --jq '.[0].number // empty')
if [ -z "$number" ]; then
  draft=''
  if [ "$REQUEST_STATE" = conflicts ]; then
    draft=--draft
  fi
  gh pr create --head "$REQUEST_BRANCH" --base "$REQUEST_BASE" --title "$REQUEST_TITLE" --body-file "$REQUEST_BODY" ${draft:+"$draft"}
  exit
fi
gh pr edit "$number" --title "$REQUEST_TITLE" --body-file "$REQUEST_BODY"
if [ "$REQUEST_STATE" = conflicts ]; then
  gh pr ready "$number" --undo
else
  gh pr ready "$number"
fi
