#!/bin/sh
# request-gitlab.sh opens a merge request for upgrade-fleet.sh, or updates the open one. It needs curl, and GITLAB_TOKEN
# with the scope "api". With conflicts, the merge request is a draft. Outside of GitLab jobs, set CI_API_V4_URL for a
# server other than gitlab.com.
set -eu

path=$(git remote get-url origin | sed 's#^[a-z+]*://[^/]*/##; s#^[^:/]*:##; s#\.git$##; s#/#%2F#g')
requests=${CI_API_V4_URL:-https://gitlab.com/api/v4}/projects/$path/merge_requests
title=$REQUEST_TITLE
if [ "$REQUEST_STATE" = conflicts ]; then
  title="Draft: $title"
fi

# api METHOD URL [ARGUMENT...] sends a request to GitLab. The token does not appear in the arguments of a process.
api() {
  method=$1 url=$2
  shift 2
  printf 'header = "PRIVATE-TOKEN: %s"\n' "$GITLAB_TOKEN" |
    curl --config - --silent --show-error --fail-with-body --request "$method" "$@" "$url"
}

open=$(api GET "$requests" --get --data state=opened --data-urlencode "source_branch=$REQUEST_BRANCH")
number=$(printf %s "$open" | grep -o '"iid":[0-9]*' | head -n 1 | cut -d : -f 2)
if [ -z "$number" ]; then
  api POST "$requests" --data-urlencode "source_branch=$REQUEST_BRANCH" --data-urlencode "target_branch=$REQUEST_BASE" \
    --data-urlencode "title=$title" --data-urlencode "description@$REQUEST_BODY" --data remove_source_branch=true
else
  api PUT "$requests/$number" --data-urlencode "title=$title" --data-urlencode "description@$REQUEST_BODY"
fi
