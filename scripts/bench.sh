#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# Measures omzmq beside its peers, in about eight minutes after the build, and prints the tables.
#
#   scripts/bench.sh                 everything
#   scripts/bench.sh --write         everything; then puts the tables into docs/benchmarks.md and
#                                    draws the pictures in docs/benchmarks/
#   scripts/bench.sh --quick         one round of few messages: does it work? Its figures are nothing
#   scripts/bench.sh --only PART     only this; can be given again. A part is one of: end_to_end,
#                                    latency, stalls, actions (through a real rsyslogd, but stalls);
#                                    pipeline, scaling (the module without rsyslogd); micro (the lane,
#                                    the encoder, the check sum)
#   scripts/bench.sh --rounds N      rounds (5); what is compared is measured by turns in each
#
# It installs nothing: what is missing is named, and `scripts/deps.sh bench` installs it. The release
# is built in build/release, only what is measured, with rsyslog's headers as scripts/build.sh fetches
# them. Every result is a line of JSON in build/bench/results.jsonl. A run through rsyslogd during
# which something else used the processors is made again, at most twice. Figures of a machine that
# does other things too are compared with their neighbours in the table or not at all; the tables say
# how busy it was.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

all_parts=(end_to_end latency stalls actions pipeline scaling micro)
targets=(omzmq ombare bench_load bench_receive bench_latency stall_bench pipeline_bench scaling_bench lane_bench
  core_bench sender_bench wire_bench)
# Times the usual number of messages through rsyslogd: what makes five rounds of all of it eight minutes.
scale=0.8
work=$root/build/bench
results=$work/results.jsonl
programs=$root/build/release/tests/bench
command_line="scripts/bench.sh${*:+ $*}"

parts=()
rounds=5
quick=0
write=0
while [[ $# -gt 0 ]]; do
  case $1 in
    -h | --help) usage && exit ;;
    --quick) quick=1 ;;
    --write) write=1 ;;
    --only | --rounds)
      [[ $# -ge 2 ]] || die "$1 needs a value"
      if [[ $1 == --only ]]; then parts+=("$2"); else rounds=$2; fi
      shift
      ;;
    *) die "unknown argument '$1'; --help tells what there is" ;;
  esac
  shift
done
[[ $rounds =~ ^[1-9][0-9]{0,2}$ ]] || die "--rounds '$rounds': it is a number from 1 to 999"
for part in "${parts[@]}"; do
  [[ " ${all_parts[*]} " == *" $part "* ]] || die "--only '$part': it is one of ${all_parts[*]}"
done
if [[ $write -eq 1 ]] && [[ $quick -eq 1 || ${#parts[@]} -gt 0 ]]; then
  die "--write is for a whole run: without --quick and --only"
fi
[[ ${#parts[@]} -gt 0 ]] || parts=("${all_parts[@]}")

is_asked_for() {
  [[ " ${parts[*]} " == *" $1 "* ]]
}

# require_packages: names those that are missing, and ends.
require_packages() {
  local missing
  missing=$("$root/scripts/deps.sh" --missing bench | tr '\n' ' ')
  [[ -z ${missing// /} ]] || die "missing: $missing
Install them with:
  scripts/deps.sh bench"
}

report() {
  python3 "$root/tests/bench/report.py" "$@"
}

# cached NAME: a value of the release build's configuration.
cached() {
  sed -n "s/^$1:[A-Z]*=//p" "$root/build/release/CMakeCache.txt"
}

# look_at_machine NUMBER: takes a few seconds, in which nothing of ours runs.
look_at_machine() {
  report --machine "$root" --compiler "$(cached CMAKE_CXX_COMPILER)" \
    --flags="$(cached CMAKE_CXX_FLAGS) $(cached CMAKE_CXX_FLAGS_RELWITHDEBINFO)" \
    --command "$command_line" --number "$1" >>"$results"
}

# measure NAME COMMAND...: COMMAND writes its lines to $work/NAME.jsonl. What fails does not take the
# rest with it: the tables show what there is.
measure() {
  local name=$1 begun=$SECONDS
  shift
  printf 'measuring %-12s' "$name" >&2
  run_logged "$logs/bench-$name.log" "$@" || failed+=("$name")
  [[ ! -f $work/$name.jsonl ]] || cat "$work/$name.jsonl" >>"$results"
  printf '%5s s\n' $((SECONDS - begun)) >&2
}

through_rsyslogd() {
  local part
  for part in end_to_end latency stalls actions; do
    is_asked_for "$part" || continue
    measure "$part" python3 "$root/tests/bench/end_to_end/measure.py" --build "$root/build/release" --part "$part" \
      --rounds "$rounds" --scale "$scale" ${quick_option:+"$quick_option"} --verbose --out "$work/$part.jsonl"
  done
}

without_rsyslogd() {
  if is_asked_for pipeline; then
    measure pipeline "$programs/pipeline/pipeline_bench" --rounds "$rounds" ${quick_option:+"$quick_option"} \
      --out "$work/pipeline.jsonl"
  fi
  if is_asked_for scaling; then
    measure scaling "$programs/pipeline/scaling_bench" --rounds "$rounds" ${quick_option:+"$quick_option"} \
      --out "$work/scaling.jsonl"
  fi
}

# google PROGRAM [FILTER]: its benchmarks by turns, converted.
google() {
  local seconds=0.04
  [[ $quick -eq 0 ]] || seconds=0.001
  "$programs/$1" --benchmark_min_time="$seconds" --benchmark_repetitions="$rounds" ${2:+--benchmark_filter="$2"} \
    --benchmark_enable_random_interleaving=true --benchmark_out="$work/$1.json" --benchmark_out_format=json &&
    report --convert "$work/$1.json" >>"$work/micro.jsonl"
}

# Called where errexit is off.
micro() {
  : >"$work/micro.jsonl"
  google lane_bench '/1024' && google core_bench '^(copy_into_blocks|batch_(raw|lines|packed/.*))/' &&
    google sender_bench && google wire_bench '/(80|256|1024|4096|65536)$'
}

quick_option=
if [[ $quick -eq 1 ]]; then
  quick_option=--quick
  rounds=1
fi
require_packages
printf 'building build/release\n' >&2
configure release -DOMZMQ_BUILD_TESTS=ON
build_preset release "${targets[@]}"

mkdir -p "$work"
rm -f "$work"/*.json "$work"/*.jsonl
begun=$SECONDS
failed=()
look_at_machine 0
through_rsyslogd
without_rsyslogd
if is_asked_for micro; then
  measure micro micro
fi
look_at_machine 1

report "$results"
if [[ $quick -eq 1 ]]; then
  printf '\nQuick: these figures only show that everything works.\n'
fi
[[ ${#failed[@]} -eq 0 ]] || die "failed: ${failed[*]}; why is told above. Nothing is written"
if [[ $write -eq 1 ]]; then
  report --write "$root/docs/benchmarks.md" "$results"
  python3 "$root/tests/bench/plot.py" --out "$root/docs/benchmarks" "$results"
  printf '\nwritten: docs/benchmarks.md and docs/benchmarks/*.svg\n'
fi
printf '\nmeasured in %s s; every result: %s\n' $((SECONDS - begun)) "${results#"$root/"}"
