#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# Checks lane.pml exhaustively, and that faults put into it are found. Needs spin and gcc, about 2 GB
# of memory and half a minute.
#
#   tests/model/run.sh
set -euo pipefail

model=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/lane.pml
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

fail() {
  printf 'tests/model/run.sh: %s\n' "$*" >&2
  exit 1
}

for tool in spin gcc; do
  command -v "$tool" >/dev/null ||
    fail "there is no $tool; scripts/deps.sh check installs Debian's package of that name"
done

# search GCC_FLAG PAN_FLAG SPIN_FLAG...: leaves what the verifier says in search.log.
search() {
  local gcc_flag=$1 pan_flag=$2
  shift 2
  rm -f pan pan.* ./*.trail
  spin -a "$@" "$model" >spin.log 2>&1 || fail "spin does not take the model: $(cat spin.log)"
  # The generated code is not ours to warn about.
  gcc -w "$optimize" "$gcc_flag" -DCOLLAPSE -DMEMLIM=4096 -o pan pan.c >gcc.log 2>&1 ||
    fail "gcc does not take the verifier: $(cat gcc.log)"
  ./pan -m20000 -w24 "$pan_flag" >search.log 2>&1 || true
}

# A verifier that ran out of depth or memory, or was ended, says so in one of these ways.
is_complete() {
  grep -q '^State-vector .* errors: [0-9]' search.log && grep -q ' states, stored' search.log &&
    ! grep -qE 'Search not completed|max search depth too small|out of memory|hash array' search.log
}

# expect_none WHAT GCC_FLAG PAN_FLAG SPIN_FLAG...: every state is reached, and none is wrong.
expect_none() {
  local what=$1
  shift
  search "$@"
  if ! grep -q 'errors: 0' search.log; then
    cat search.log
    if [[ -f lane.pml.trail ]]; then
      cp "$model" .
      spin -t -p -g "${@:3}" lane.pml | tail -n 80 || true
    fi
    fail "$what: the verifier found an error: see above for the way to it"
  fi
  is_complete || fail "$what: the search was not complete: $(cat search.log)"
  unreached_lines >>unreached
  searches=$((searches + 1))
  printf '%-62s no error in %s states\n' "$what" \
    "$(awk '/ states, stored/ { print $1; exit }' search.log)"
}

# The steps that the last search never came to.
unreached_lines() {
  sed -n '/^unreached/,/^$/s/^.*\(lane\.pml:[0-9]*\), state [0-9]*, \(.*\)$/\1 \2/p' search.log | sort -u
}

# expect_fault NUMBER WHAT SPIN_FLAG...
expect_fault() {
  search -DSAFETY -n -DFIRST=2 -DSECOND=1 "-DBROKEN=$1" "${@:3}"
  grep -q 'errors: 1' search.log ||
    fail "fault $1 ($2) was not found, so the model cannot be trusted: $(cat search.log)"
  printf 'fault: %-55s found, %s\n' "$2" \
    "$(sed -nE 's/^pan:[0-9]+: (invalid end state|assertion violated).*/\1/p' search.log | head -n 1)"
}

optimize=-O2
searches=0
expect_none "transactions of all sizes, patience that ends" -DSAFETY -v -DFIRST=2 -DSECOND=1
expect_none "both workers wait for room" -DSAFETY -v -DFIRST=2 -DSECOND=2 -DFEW_SIZES
left_out=$(sort unreached | uniq -c | awk -v all="$searches" '$1 == all')
[[ -z $left_out ]] || fail "none of the searches comes to these steps of the model:
$left_out"
expect_none "workers wait for confirmation" -DSAFETY -v -DFIRST=2 -DSECOND=1 -DFEW_SIZES -DCONFIRM
left_out=$(unreached_lines | awk -v model="$model" '
  BEGIN { while ((getline line < model) > 0) text[++n] = line }
  { split($1, at, ":"); if (text[at[2] + 0] ~ /confirmed|awaits|unsettled/) print }')
[[ -z $left_out ]] || fail "the search for confirmations does not come to these steps of the model:
$left_out"
# -l looks for cycles without progress; as nothing is marked as progress, every cycle is one.
expect_none "no run goes on for ever" -DNP -l -DFIRST=2 -DSECOND=1 -DFEW_SIZES
optimize=-O0 # they are found before that matters
expect_fault 1 "the sender looks at the lanes before it announces its sleep"
expect_fault 2 "a worker looks at the threshold before it publishes"
expect_fault 3 "a worker looks for room before it asks for it"
expect_fault 4 "the sender looks for a request before it releases"
expect_fault 5 "a worker takes a word more than there is room for"
expect_fault 6 "a transaction is published before it is written"
expect_fault 7 "the sender looks for a request before it confirms" -DCONFIRM
expect_fault 8 "a worker looks for confirmation before it asks for it" -DCONFIRM
expect_fault 9 "a lane is dropped while a frame holds a share of it" -DCONFIRM
expect_fault 10 "a worker begins again in a lane that is not empty"
