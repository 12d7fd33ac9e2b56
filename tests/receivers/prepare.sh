#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# Makes a receiver of conf/receivers ready to run in a folder of the build.
#
#   prepare.sh go SOURCE TARGET      builds TARGET/receive; exits 77 when there is no Go here
#   prepare.sh node SOURCE TARGET    copies it, and installs its packages when they are not there yet
set -euo pipefail

die() {
  printf 'prepare.sh: %s\n' "$*" >&2
  exit 1
}

prepare_go() {
  if ! command -v go >/dev/null; then
    printf 'no Go here (package golang-go; scripts/deps.sh test installs it): skipped\n'
    exit 77
  fi
  cd "$source"
  local unformatted
  unformatted=$(gofmt -l .)
  [[ -z $unformatted ]] || die "gofmt would change: $unformatted"
  # No module is needed, so that none may be fetched.
  export GOFLAGS='-mod=mod -buildvcs=false' GOPROXY=off GOCACHE="$target/cache" GOTOOLCHAIN=local
  go vet .
  go build -o "$target/receive" .
}

prepare_node() {
  command -v node >/dev/null ||
    die "node is missing (package nodejs; scripts/deps.sh test installs it)"
  command -v npm >/dev/null || die "npm is missing (package npm; scripts/deps.sh test installs it)"
  cp "$source/receive.mjs" "$target/"
  cmp -s "$source/package.json" "$target/installed.json" && return
  cp "$source/package.json" "$target/"
  rm -rf "$target/node_modules"
  (cd "$target" && npm install --ignore-scripts --no-audit --no-fund --no-package-lock) ||
    die "npm could not install what $source/package.json names: is the registry within reach?"
  cp "$target/package.json" "$target/installed.json"
}

[[ $# -eq 3 && ($1 == go || $1 == node) ]] || die "usage: prepare.sh go|node SOURCE TARGET"
mkdir -p "$3"
source=$(cd "$2" && pwd -P)
target=$(cd "$3" && pwd -P)
"prepare_$1"
