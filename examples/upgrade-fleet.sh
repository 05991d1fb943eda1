#!/bin/sh
# upgrade-fleet.sh upgrades the components of many projects, each on its own branch, and opens a change request for each.
#
#   upgrade-fleet.sh [-b BRANCH] [-r COMMAND] [-s] [-n] [LIST [ARGUMENT...]]
#
#   LIST        a file with one project per line: a clone URL, or a folder in a checkout, whose remote "origin" is
#               cloned. Empty lines and lines that start with # are ignored. Without LIST, or with "-", the list is read
#               from standard input
#   ARGUMENT    passed to "ppm project upgrade", such as --to cp-0.0.2
#   -b BRANCH   the branch to push to; default: "ppm-upgrade". For a project below the root of its repository, the path
#               is appended, as in "ppm-upgrade-services-api"
#   -r COMMAND  a shell command that opens the change request or updates the open one. It runs in the clone, with these
#               variables:
#                 REQUEST_PROJECT  the line of LIST             REQUEST_TITLE  one line
#                 REQUEST_BRANCH   the branch that was pushed   REQUEST_BODY   a Markdown file
#                 REQUEST_BASE     the branch to merge it into  REQUEST_STATE  clean, or conflicts
#   -s          skip projects whose upgrade causes conflicts
#   -n          dry run: push nothing and open no request
#
# The script works on fresh clones and changes no checkout. If a project fails, it continues with the others. When it
# runs again, it updates its branches. It does not change a branch that somebody else has worked on: its own branches
# have one commit, with a trailer that names the commit's tree.
#
# Exit codes: 0; 1 if a project failed; 2 if the command line is wrong.
set -u

wanted=ppm-upgrade request='' skip='' dry=''
usage() {
  echo "usage: ${0##*/} [-b BRANCH] [-r COMMAND] [-s] [-n] [LIST [ARGUMENT...]]" >&2
  exit 2
}
while getopts b:r:sn option; do
  case $option in
  b) wanted=$OPTARG ;;
  r) request=$OPTARG ;;
  s) skip=yes ;;
  n) dry=yes ;;
  *) usage ;;
  esac
done
shift $((OPTIND - 1))
list=-
if [ $# -gt 0 ]; then
  list=$1
  shift
fi
git check-ref-format --branch "$wanted" >/dev/null || usage

scratch=$(mktemp -d) || exit
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
export GIT_TERMINAL_PROMPT=0 LANGUAGE=C
# In a git hook, these variables name the repository of the hook.
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_COMMON_DIR GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_NAMESPACE GIT_PREFIX

# outcome WORD [DETAIL] records the result for the project.
outcome() {
  printf '%s\t%s\n' "$1" "${2-}" >"$scratch/outcome"
}

# locate PROJECT sets url to the clone URL, and inside to the folder of the project in its repository.
locate() {
  url=$1 inside=''
  if ! [ -d "$1" ]; then
    return 0
  fi
  if [ "$(git -C "$1" rev-parse --is-bare-repository)" = true ]; then
    url=$(cd "$1" && pwd)
    return
  fi
  inside=$(git -C "$1" rev-parse --show-prefix) && url=$(git -C "$1" remote get-url origin) || return
  case $url in
  ./* | ../*) url=$(git -C "$1" rev-parse --show-toplevel)/$url ;;
  esac
}

# upgrade PROJECT [ARGUMENT...] upgrades one project and publishes the result. If it fails, its last line of output says
# why.
upgrade() {
  project=$1
  shift
  locate "$project" || return
  branch=$wanted
  if [ -n "$inside" ]; then
    branch=$wanted-$(printf %s "${inside%/}" | tr / -)
  fi
  git clone -q --depth 1 -- "$url" "$scratch/clone" || return
  cd "$scratch/clone" || return
  base=$(git symbolic-ref --short HEAD) || return
  if [ "$branch" = "$base" ]; then
    echo "$branch is the branch that the change would be merged into"
    return 1
  fi
  if ! [ -f "${inside}ppm.toml" ]; then
    echo "there is no ${inside}ppm.toml on the branch $base"
    return 1
  fi

  state=clean incomplete=''
  ppm project upgrade --yes --cwd "./$inside" --summary md "$@" >"$scratch/summary"
  code=$?
  case $code in
  0) ;;
  8) state=conflicts ;;
  *) # Some installs may be upgraded even so.
    git diff --quiet -- . && return "$code"
    incomplete="exit $code: $(sed -n 's/^ppm: error: //p' "$scratch/log" | tail -n 1)"
    if grep -q '^conflict = ' "${inside}ppm.lock"; then
      state=conflicts
    fi
    ;;
  esac
  # Commit everything that ppm wrote, even files that the project's .gitignore excludes.
  git add -A -f -- . ':(exclude,glob)**/.ppm/**' && tree=$(git write-tree) || return
  if [ "$tree" = "$(git rev-parse 'HEAD^{tree}')" ]; then
    outcome 'nothing to do'
    return
  fi
  if [ $state = conflicts ] && [ -n "$skip" ]; then
    outcome skipped conflicts
    return
  fi
  publish || return
  if [ -n "$incomplete" ]; then
    outcome incomplete "$branch ($incomplete)"
    return "$code"
  fi
}

# publish updates the branch on the server, and the request.
publish() {
  # The summary of one project begins with a title. The summary of a workspace has a title for each member.
  title=$(sed -n 's/^# Upgrade /Upgrade /p' "$scratch/summary")
  if [ "$(printf '%s\n' "$title" | wc -l)" -gt 1 ]; then
    title="Upgrade components in $(printf '%s\n' "$title" | wc -l | tr -d ' ') projects"
  fi
  # Forges reject a text of more than 64 KiB.
  sed '1{/^# Upgrade /d;}' "$scratch/summary" | sed '/./,$!d' |
    awk '{ size += length($0) + 1 } size > 60000 { print "\nThe rest is too long to be shown."; exit } { print }' >"$scratch/body"
  if [ $state = conflicts ]; then
    title="$title (unresolved conflicts)"
  fi
  if [ -n "$dry" ]; then
    outcome 'would be requested' "$branch$([ $state = clean ] || echo ' (conflicts)')"
    return
  fi
  theirs=$(git ls-remote origin "refs/heads/$branch") || return
  if [ -n "$theirs" ]; then
    git fetch -q --depth 1 origin "refs/heads/$branch" && theirs=$(git rev-parse FETCH_HEAD) || return
    if [ "$(git log -1 --format='%(trailers:key=Upgraded-Tree,valueonly)' "$theirs")" != "$(git rev-parse "$theirs^{tree}")" ]; then
      outcome 'left alone' "somebody else has worked on $branch"
      return
    fi
  fi
  if ! upToDate; then
    git commit -q --no-verify -m "$title" -m "Upgraded-Tree: $tree" &&
      git push -q --force-with-lease="refs/heads/$branch:$theirs" origin "HEAD:refs/heads/$branch" || return
  fi
  done=pushed
  if [ -n "$request" ]; then
    done=requested
    REQUEST_PROJECT=$project REQUEST_BRANCH=$branch REQUEST_BASE=$base REQUEST_TITLE=$title \
      REQUEST_BODY=$scratch/body REQUEST_STATE=$state sh -c "$request" || return
  fi
  if [ $state = conflicts ]; then
    done=conflicts
  fi
  outcome $done "$branch"
}

# upToDate reports whether the branch on the server equals what would be pushed: the same files on the same commit.
upToDate() {
  [ -n "$theirs" ] && [ "$tree" = "$(git rev-parse "$theirs^{tree}")" ] &&
    [ "$(git rev-parse HEAD)" = "$(git cat-file commit "$theirs" | sed -n '/^$/q; s/^parent //p')" ]
}

# mask hides the credentials in URLs.
mask() {
  sed 's#://[^/@[:space:]]*@#://#g'
}

cat -- "$list" | tr -d '\r' | awk '{ gsub(/^[ \t]+|[ \t]+$/, "") } /^[^#]/' >"$scratch/list"
if ! [ -s "$scratch/list" ]; then
  echo "${0##*/}: no project in ${list}" >&2
  exit 2
fi

printf 'RESULT\tPROJECT\tDETAIL\n' >"$scratch/table"
failed=0
while IFS= read -r project; do
  rm -rf "$scratch/clone" "$scratch/outcome"
  (upgrade "$project" "$@") >"$scratch/log" 2>&1 </dev/null
  code=$?
  if [ $code -ne 0 ] && grep -q '^incomplete' "$scratch/outcome" 2>/dev/null; then
    failed=1
    printf '%s:\n' "$project" | cat - "$scratch/log" | mask >&2
  elif [ $code -ne 0 ]; then
    failed=1
    why=$(sed -n 's/^ppm: error: //p; /^fatal: /p; /^error: /p' "$scratch/log" | head -n 1)
    outcome failed "exit $code: ${why:-$(tail -n 1 "$scratch/log")}"
    printf '%s:\n' "$project" | cat - "$scratch/log" | mask >&2
  fi
  printf '%s\t%s\t%s\n' "$(cut -f 1 "$scratch/outcome")" "$project" "$(cut -f 2 "$scratch/outcome")" | mask >>"$scratch/table"
done <"$scratch/list"

awk -F '\t' '
  NR == FNR { for (i = 1; i < 3; i++) if (length($i) > width[i]) width[i] = length($i); next }
  { line = sprintf("%-" width[1] "s  %-" width[2] "s  %s", $1, $2, $3); sub(/ +$/, "", line); print line }
' "$scratch/table" "$scratch/table"
exit $failed
