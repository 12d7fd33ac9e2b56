#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# Installs and fetches what is missing, builds the release with its tests and runs them all.
#
#   scripts/test.sh [CTEST ARGUMENT...]
#
# The arguments go to ctest: `scripts/test.sh -R lane`, `scripts/test.sh -L system`. Without any, all
# tests run except those labelled bench and valgrind, which scripts/check.sh runs. What ctest says at
# its end is kept in build/logs/test-summary.txt.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
  -h | --help) usage && exit ;;
esac
[[ $# -gt 0 ]] || set -- -LE '^(bench|valgrind)$'

mkdir -p "$logs"
rm -f "$logs/test-summary.txt"
"$root/scripts/deps.sh" test
configure release -DOMZMQ_BUILD_TESTS=ON
build_preset release

status=0
ctest --test-dir "$root/build/release" --output-on-failure --no-tests=error -j 2 "$@" </dev/null |
  tee "$logs/test.log" || status=$?
sed -n '/^[0-9]*% tests passed/,$p' "$logs/test.log" >"$logs/test-summary.txt"
exit "$status"
