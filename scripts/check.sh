#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# The checks that are stricter than the tests; stops at the first that fails.
#
#   scripts/check.sh [NAME...]   all but tidy_tests, or those named, in the order given
#   scripts/check.sh --list      what there is
#
# The log of each is build/logs/check-NAME.log.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=binaries.sh
. "$root/scripts/binaries.sh"

# Name, and what it says; the cheap ones first.
checks=(
  "format      clang-format leaves every C and C++ file as it is"
  "shell       shellcheck on every script"
  "layout      the rules of scripts/check-layout.sh: includes, sizes, licence lines, lone headers"
  "binary      what omzmq.so exports; what it and zmqtap are linked to, and their guards"
  "package     the Debian packages: made, looked through by lintian, installed, upgraded and removed in
              a minimal Debian (tests/packages.sh)"
  "model       the exhaustive model of the lane and the wake-up (tests/model/run.sh)"
  "tidy        clang-tidy on every source of what is shipped, and of the demo"
  "asan        unit, stress, zmq and tap tests, and the module in rsyslogd, under AddressSanitizer and
              UndefinedBehaviorSanitizer"
  "tsan        unit and stress tests under ThreadSanitizer"
  "fuzz        the fuzzers of tests/fuzz, a short time each, from their corpora"
  "bench       the benchmarks run, whatever their numbers"
  "instructions  what a message costs in instructions, beside what is kept in
              tests/bench/instructions/expected.txt"
  "valgrind    the plugin in the stock rsyslogd under valgrind"
  "tidy_tests  clang-tidy on the sources of the tests; takes longer than all of the others may"
)
default_checks=(format shell layout binary package model tidy asan tsan fuzz bench instructions valgrind)
needs_release=" layout binary asan bench instructions valgrind "
skipped_status=77

# run_tests PRESET LABELS [COMMAND...]: ctest on the tests that carry one of the labels, and on none
# that needs a rsyslogd; COMMAND runs ctest.
run_tests() {
  local preset=$1 labels=$2
  shift 2
  "$@" ctest --test-dir "$root/build/$preset" --output-on-failure --no-tests=error -j 2 \
    -L "^($labels)\$" -LE '^(system|valgrind)$'
}

check_release() {
  configure release -DOMZMQ_BUILD_TESTS=ON
  build_preset release
}

check_format() {
  project_files '*.c' '*.h' '*.cpp' '*.hpp' | (cd "$root" && xargs -r clang-format --dry-run -Werror)
}

check_shell() {
  project_files '*.sh' .ci/run | (cd "$root" && xargs -r shellcheck -x)
}

check_layout() {
  "$root/scripts/check-layout.sh"
}

check_binary() {
  check_exports "$root/build/release/omzmq.so"
  local file
  for file in omzmq.so zmqtap; do
    check_linked "$root/build/release/$file"
    check_hardened "$root/build/release/$file"
  done
}

check_package() {
  "$root/tests/packages.sh"
}

check_model() {
  run_if_there tests/model/run.sh
}

check_tidy() {
  tidy_sources 'src/*.c' 'src/*.cpp' 'demo/*.c' 'demo/*.cpp'
}

check_tidy_tests() {
  tidy_sources 'tests/*.c' 'tests/*.cpp'
}

# tidy_sources PATTERN...
tidy_sources() {
  local database=$root/build/clang/compile_commands.json sources compiled lost
  configure clang
  sources=$(project_files "$@")
  compiled=$(sed -n "s|^ *\"file\": \"$root/\(.*\)\",\{0,1\}\$|\1|p" "$database" | sort -u)
  lost=$(grep -vxF -f <(printf '%s\n' "$compiled") <<<"$sources" || true)
  if [[ -n $lost ]]; then
    printf 'no target of the preset clang compiles these sources:\n%s\n' "$lost"
    return 1
  fi
  # One process a file; what it says comes in one piece. The words are expanded by the inner shell.
  # shellcheck disable=SC2016
  printf '%s\n' "$sources" | (cd "$root" && xargs -P "$(jobs_number)" -I '{}' bash -c '
    if ! said=$(clang-tidy --quiet -p build/clang "$1" 2>&1); then
      printf "%s\n" "==== $1" "$said"
      exit 1
    fi' _ '{}')
}

check_asan() {
  local runtime
  export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
  export UBSAN_OPTIONS=print_stacktrace=1
  configure asan
  build_preset asan unit_test counters_test c_api_test wire_consumer wire_verdicts fuzz_replays \
    property_test stress_tests zmq_test tap_test omzmq
  run_tests asan 'unit|stress|fuzz|zmq|tap'
  # The module in the stock rsyslogd, which has to load the sanitizer first.
  runtime=$(clang -print-file-name="libclang_rt.asan-$(uname -m).so")
  OMZMQ_TEST_MODULE=$root/build/asan/omzmq.so OMZMQ_TEST_WRAPPER="env LD_PRELOAD=$runtime" \
    "$root/build/release/tests/system/faults/fault_load_test" --gtest_filter='Four/Workers.*'
}

check_tsan() {
  export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
  local fixed=()
  # ThreadSanitizer of that age cannot run where the kernel spreads addresses widely. The build runs
  # the tests too, to list them.
  if setarch "$(uname -m)" -R true 2>/dev/null; then
    fixed=(setarch "$(uname -m)" -R)
  fi
  configure tsan
  mkdir -p "$logs"
  run_logged "$logs/tsan-build.log" "${fixed[@]}" cmake --build "$root/build/tsan" \
    -j "$(jobs_number)" --target unit_test wire_consumer wire_verdicts stress_tests
  run_tests tsan 'unit|stress' "${fixed[@]}"
}

check_fuzz() {
  local target found=$root/build/fuzz/found running=()
  configure fuzz
  build_preset fuzz fuzzers
  for target in "$root"/tests/fuzz/corpus/*; do
    target=${target##*/}
    mkdir -p "$found/$target"
    # What is new goes to the first folder, an input that breaks something to build/fuzz.
    "$root/build/fuzz/tests/fuzz/$target" -max_total_time=20 -max_len=2048 -timeout=10 \
      -print_final_stats=1 -artifact_prefix="$root/build/fuzz/$target-" \
      "$found/$target" "$root/tests/fuzz/corpus/$target" &
    running+=($!)
  done
  for target in "${running[@]}"; do wait "$target"; done
}

check_bench() {
  ctest --test-dir "$root/build/release" --output-on-failure --no-tests=error -L '^bench$'
}

check_instructions() {
  /usr/bin/python3 "$root/tests/bench/instructions/check.py"
}

check_valgrind() {
  ctest --test-dir "$root/build/release" --output-on-failure --no-tests=error -L '^valgrind$'
}

run_if_there() {
  if [[ ! -f $root/$1 ]]; then
    printf 'there is no %s\n' "$1"
    return "$skipped_status"
  fi
  bash "$root/$1"
}

# run_check NAME: prints its name, result and time; exits when it failed.
run_check() {
  local name=$1 log=$logs/check-$1.log status started=$SECONDS
  printf 'check %-12s ' "$name"
  # Not in a condition: there, errexit would be off inside the check as well.
  set +e
  (
    set -e
    "check_$name"
  ) >"$log" 2>&1 </dev/null
  status=$?
  set -e
  case $status in
    0) printf 'ok %5s s\n' $((SECONDS - started)) ;;
    "$skipped_status") printf 'SKIPPED: %s\n' "$(tail -n 1 "$log")" ;;
    *)
      printf 'FAILED after %s s\n' $((SECONDS - started))
      tail -n 80 "$log" >&2
      die "check '$name' failed; the whole log: $log; alone: scripts/check.sh $name"
      ;;
  esac
}

case ${1:-} in
  -h | --help) usage && exit ;;
  --list) printf '%s\n' "${checks[@]}" && exit ;;
esac
if [[ $# -eq 0 ]]; then
  set -- "${default_checks[@]}"
fi
for name in "$@"; do
  [[ " ${checks[*]%% *} " == *" $name "* ]] ||
    die "there is no check '$name'; right would be one of: ${checks[*]%% *}"
done

mkdir -p "$logs"
"$root/scripts/deps.sh" check
built=0
for name in "$@"; do
  if [[ $built -eq 0 && $needs_release == *" $name "* ]]; then
    run_check release
    built=1
  fi
  run_check "$name"
done
printf 'check.sh: all passed (%s) in %s s\n' "$*" "$SECONDS"
