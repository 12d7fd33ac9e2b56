#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors

# Runs system tests, a few short ones unless told otherwise, with the stock rsyslogd under valgrind, and
# fails when a test fails or when a report has a frame of omzmq in its stack. The daemon has reports of
# its own, so that valgrind's exit code says nothing about us.
# usage: run-valgrind.sh PATH-OF-system_test PATH-OF-fault_load_test [FILTER]
# FILTER: as for --gtest_filter, of system_test; '*' is all of them and takes an hour.
set -euo pipefail

usage='usage: run-valgrind.sh PATH-OF-system_test PATH-OF-fault_load_test [FILTER]'
tests=${1:?$usage}
load_tests=${2:?$usage}
subset='Ways/Delivery.*/PUSHConnectsTcp:Ways/Delivery.*/PUBBindsTcp:Ways/Delivery.*/DEALERConnectsIpc'
subset+=':Payload.WithNulBytesIsByteIdentical:Payload.InLinesHasItsLineFeedsEscapedAndTheLastTakenOff'
subset+=':Topics.AreRenderedForEachMessageWithDynaTopic:Life.AReceiverThatComesLateGetsWhatWasWaiting'
subset+=':Life.StopWithoutAReceiverTellsHowManyMessagesWereLeft'
subset+=':Handoff.DropOldestKeepsTheLastMessagesAndCountsTheRest'
subset+=':DeadLetters.HoldWhatIsLongerThanTheLimitAndTheRestIsSent'
subset+=':WhereTo/WrongValue.*/SockTypeUnknown'
filter=${3:-$subset}

command -v valgrind >/dev/null || { echo "run-valgrind.sh: valgrind is not installed" >&2; exit 2; }
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# Each process has a log of its own. Reachable memory at the end is no leak: rsyslogd has plenty.
export OMZMQ_TEST_WRAPPER="valgrind --quiet --leak-check=full --show-leak-kinds=definite \
--num-callers=40 --fullpath-after= --log-file=$logs/%p.log"

# Two at a time: even and odd shards. The workers' test beside them sleeps most of the time.
status=0
"$load_tests" --gtest_filter='Four/Workers.*' >"$logs/workers.txt" 2>&1 &
workers=$!
GTEST_TOTAL_SHARDS=2 GTEST_SHARD_INDEX=0 "$tests" --gtest_filter="$filter" >"$logs/first.txt" 2>&1 &
first=$!
GTEST_TOTAL_SHARDS=2 GTEST_SHARD_INDEX=1 "$tests" --gtest_filter="$filter" >"$logs/second.txt" 2>&1 || status=1
wait "$first" || status=1
wait "$workers" || status=1
grep -h -E '^\[ +(OK|FAILED) +\]' "$logs"/*.txt || true
if [ "$status" -ne 0 ]; then
  cat "$logs"/*.txt "$logs"/*.log
  echo "run-valgrind.sh: a test failed under valgrind" >&2
fi

shopt -s nullglob
processes=("$logs"/*.log)
if [ "${#processes[@]}" -eq 0 ]; then
  echo "run-valgrind.sh: no process ran under valgrind" >&2
  exit 1
fi

# Sources are named with their full path, so that a frame of ours is known by its folder.
# A report is what stands between two lines with nothing but the process number.
ours=$(awk '
  function flush_report() {
    if (report ~ /omzmq|\/src\/(core|zmq|plugin)\//) printf "%s\n", report
    report = ""
  }
  FNR == 1 { flush_report() }
  /^==[0-9]+== *$/ { flush_report(); next }
  { report = report $0 "\n" }
  END { flush_report() }' "${processes[@]}")
if [ -n "$ours" ]; then
  printf '%s\n' "$ours"
  echo "run-valgrind.sh: valgrind reports omzmq" >&2
  exit 1
fi
total=$(cat "${processes[@]}" | grep -c '^==[0-9]*== *$' || true)
echo "valgrind: ${#processes[@]} processes, $total reports about the daemon itself, none about omzmq"
exit "$status"
