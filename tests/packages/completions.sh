#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# Asks bash, zsh and fish, each with nothing but the packaged completion, what follows `zmqtap -`, and
# compares it with what `zmqtap --help` says; then looks at some completions of values.
#
#   tests/packages/completions.sh FOLDER
#
#   FOLDER  where the package zmqtap was unpacked
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
tree=$(realpath -e "${1:?usage: tests/packages/completions.sh FOLDER}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
touch "$scratch/events.log"
mkdir "$scratch/keys"
failures=0

# ask SHELL WORD...: what the shell offers for the last word, one a line.
ask() {
  local shell=$1
  shift
  # Not all of them show that a folder is one.
  (cd "$scratch" && env -i HOME="$scratch" TERM=dumb LC_ALL=C.UTF-8 PATH="$tree/usr/bin:/usr/bin:/bin" \
    XDG_DATA_DIRS="$tree/usr/share:/usr/local/share:/usr/share" ZSH_COMPLETIONS="$tree/usr/share/zsh/vendor-completions" \
    timeout 60 "$shell" "$here/complete.$shell" "$@" </dev/null) | sed "s|/\$||" | sort -u
}

# expect SHELL WORD... -- OFFERED...: exactly that is offered, in any order.
expect() {
  local asked=() offered
  while [[ $1 != -- ]]; do
    asked+=("$1")
    shift
  done
  shift
  offered=$(ask "${asked[@]}") || offered="($? is what ${asked[0]} ended with)"
  if ! diff <(printf '%s\n' "$@" | sort -u) <(printf '%s\n' "$offered") >"$scratch/difference"; then
    printf '%s offers something else after:' "${asked[0]}"
    printf ' %q' zmqtap "${asked[@]:1}"
    printf '   (< is missing, > is too much)\n'
    cat "$scratch/difference"
    failures=$((failures + 1))
  fi
}

# What the examples and the exit codes name are no further options.
mapfile -t options < <("$tree/usr/bin/zmqtap" --help | sed '/^Exit codes/,$d' |
  grep -oE '(^|[ ,[])--?[A-Za-z0-9][a-z0-9-]*' | sed 's/^[^-]*//' | sort -u)
mapfile -t receiving < <(printf '%s\n' "${options[@]}" | grep -vxF -e --directory)
[[ ${#receiving[@]} -ge 30 ]] || { printf 'zmqtap --help names only: %s\n' "${receiving[*]}" && exit 1; }
mapfile -t socket_options < <("$tree/usr/bin/zmqtap" -X list | awk 'NF == 2 { print $1 "=" }')

for shell in bash zsh fish; do
  expect "$shell" - -- "${receiving[@]}"
  expect "$shell" --rot -- --rotate-size --rotate-every --rotate-keep
  expect "$shell" keygen --dir -- --directory
  expect "$shell" keyg -- keygen
  expect "$shell" --format '' -- auto raw lines packed
  expect "$shell" --pull --format l -- lines
  expect "$shell" -X '' -- list "${socket_options[@]}"
  expect "$shell" --output ev -- events.log
  expect "$shell" keygen --directory k -- keys
done
[[ $failures -eq 0 ]] || exit 1
printf 'completions: bash, zsh and fish offer the %s options of zmqtap --help\n' "${#options[@]}"
