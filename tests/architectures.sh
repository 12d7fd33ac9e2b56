#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# Compiles omzmq for other architectures with Debian's cross compilers and runs its tests there: arm64 and
# armhf under qemu, i386 on the processor itself.
#
#   tests/architectures.sh [arm64|armhf|i386]...     default: all three
#
# The libraries of each and its rsyslogd, of the machine's own release and from where apt has that, go to
# build/architectures; only the packages of `scripts/deps.sh cross` are installed on the machine. The
# tests are those that need no rsyslogd, and insight_test with that rsyslogd;
# tests/architectures/left-out.txt names those that are left out, and why. What ran is said at the end;
# the log of each step is in build/logs.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

targets=(omzmq zmqtap unit_test memory_test c_api_test counters_test property_test wire_verdicts
  fuzz_replays stress_tests zmq_test tap_test zmqtap_test insight_test)

# prepare ARCHITECTURE: leaves its packages, unpacked, in build/architectures/ARCHITECTURE.
prepare() {
  local foreign=$root/build/architectures/$1 wanted release archives try
  # What omzmq and its tests are linked to; the tools are the machine's own.
  wanted=$("$root/scripts/deps.sh" --list test |
    grep -E '^((lib|cppzmq|zlib).*-dev|rsyslog)$' | sort -u | paste -sd,)
  [[ -f $foreign.packages && $(<"$foreign.packages") == "$wanted" ]] && return
  release=$(. /etc/os-release && printf '%s\n' "${VERSION_CODENAME:-}")
  # The release as it was made, without updates: the cross compilers' libraries are of that too.
  # shellcheck disable=SC2016  # the format is apt's, not the shell's
  mapfile -t archives < <(apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
    'Created-By: Packages' 'Origin: Debian' "Codename: $release" | sort -u)
  [[ ${#archives[@]} -gt 0 ]] ||
    die "apt has no list of Debian '$release', which /etc/os-release names; apt-get update fetches it"
  mkdir -p "$root/build/architectures"
  rm -f "$foreign.packages"
  apt-config dump --format '%F "%v";%n' Acquire >"$foreign.apt.conf"
  printf '%s: fetching its packages\n' "$1"
  for try in 1 2 3; do
    rm -rf "$foreign"
    # Of programs only rsyslogd stays: see enter.sh.
    # shellcheck disable=SC2016  # expanded by the hook
    run_logged "$logs/$1-packages.log" mmdebstrap --variant=extract --architectures="$1" \
      --aptopt="$foreign.apt.conf" --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
      --customize-hook='find "$1/usr/bin" "$1/usr/sbin" ! -type d ! -name rsyslogd -delete' \
      --include="$wanted" "$release" "$foreign" "${archives[@]}" && break
    [[ $try -lt 3 ]] || die "the packages of $1 cannot be had; the reason is above"
    sleep $((try * 3))
  done
  printf '%s\n' "$wanted" >"$foreign.packages"
}

# qemu_name ARCHITECTURE: how qemu calls it.
qemu_name() {
  case $1 in
    arm64) printf 'aarch64\n' ;;
    armhf) printf 'arm\n' ;;
    *) printf '%s\n' "$1" ;;
  esac
}

# left_out ARCHITECTURE: a pattern of the names of its tests that are left out.
left_out() {
  awk -v architecture="$1" '
    /^#/ || NF == 0 { next }
    $1 == architecture || $1 == "all" { printf "%s%s", (n++ ? "|" : ""), "^(" $2 ")$" }' \
    "$root/tests/architectures/left-out.txt"
}

# Where the packages of an architecture are those of the machine: builds and tests.
inside() {
  local architecture=$1 log=$logs/$1-test.log status=0
  : >"$log"
  # CMake warns of a toolchain file when it has read it already.
  configure "$architecture" --no-warn-unused-cli
  build_preset "$architecture" "${targets[@]}"
  ctest --test-dir "$root/build/$architecture" --output-on-failure --no-tests=error -j 2 \
    -L '^(unit|stress|fuzz|zmq|tap|system)$' -E "$(left_out "$architecture")" </dev/null |
    tee "$log" || status=$?
  # There is an instruction for the sum of a batch, and it has to be what was tested.
  if [[ $status -eq 0 && $architecture == arm64 ]]; then
    grep -q ' Ways/Crc32c\..*/Instruction .* Passed ' "$log" ||
      die "no test of the CRC by instruction ran on arm64: see $log"
  fi
  return "$status"
}

# report ARCHITECTURE: how it came out, and with what.
report() {
  local log=$logs/$1-test.log build=$root/build/$1
  printf '%s: %s; %s were skipped; g++ %s, libzmq %s, %s\n' "$1" \
    "$(grep '^[0-9]*% tests passed' "$log" || printf 'no test ran')" \
    "$(grep -c '^ *[0-9]*/[0-9]* Test .*\*\*\*Skipped' "$log" || true)" \
    "$(sed -n 's/^set(CMAKE_CXX_COMPILER_VERSION "\(.*\)")/\1/p' "$build"/CMakeFiles/*/CMakeCXXCompiler.cmake)" \
    "$(sed -n 's/^libzmq_VERSION:INTERNAL=//p' "$build/CMakeCache.txt")" \
    "$(sed -n 's/^-- \(rsyslog\) headers: \([^,;]*\).*/\1 \2/p' "$logs/$1-configure.log")"
}

case ${1:-} in
  -h | --help) usage && exit ;;
  --inside) inside "$2" && exit ;;
esac
[[ $# -gt 0 ]] || set -- arm64 armhf i386
for architecture in "$@"; do
  [[ " arm64 armhf i386 " == *" $architecture "* ]] ||
    die "there is no architecture '$architecture' here; right would be arm64, armhf or i386"
done

mkdir -p "$logs"
"$root/scripts/deps.sh" cross
"$root/scripts/rsyslog-headers.sh"
failed=()
for architecture in "$@"; do
  prepare "$architecture"
  "$root/tests/architectures/enter.sh" "$root/build/architectures/$architecture" \
    "$(qemu_name "$architecture")" "$0" --inside "$architecture" || failed+=("$architecture")
done
for architecture in "$@"; do report "$architecture"; done
[[ ${#failed[@]} -eq 0 ]] || die "failed: ${failed[*]}"
