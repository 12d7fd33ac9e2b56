#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# Builds build/release/omzmq.so and build/release/zmqtap, after installing the packages and fetching
# the rsyslog headers that are missing.
#
#   scripts/build.sh [CMAKE ARGUMENT...]
#
# The arguments go to cmake's configuration, such as -DOMZMQ_RSYSLOG_DIR=<rsyslog source tree>.
# The tests are not built: scripts/test.sh does that, in the same folder.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
  -h | --help) usage && exit ;;
esac

"$root/scripts/deps.sh" build
configure release -DOMZMQ_BUILD_TESTS=OFF "$@"
build_preset release
for product in omzmq.so zmqtap; do
  [[ -f $root/build/release/$product ]] || die "the build left no build/release/$product"
done
printf 'built %s\n' "$root/build/release/omzmq.so" "$root/build/release/zmqtap"
