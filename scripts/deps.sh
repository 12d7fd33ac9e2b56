#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# Installs the Debian packages that omzmq needs, those that are missing; silent when none is.
#
#   scripts/deps.sh [SET]              default: build
#   scripts/deps.sh --list [SET]
#   scripts/deps.sh --missing [SET]
#
#   build    what compiles omzmq.so and zmqtap (scripts/build.sh, scripts/demo.sh)
#   test     that, and what the tests use (scripts/test.sh)
#   check    that, and the tools of scripts/check.sh
#   package  what compiles, and makes the Debian packages (scripts/package.sh)
#   bench    what compiles, and what scripts/bench.sh measures and draws with
#   cross    what the tests use, and what tests/architectures.sh compiles and runs other architectures with
#   distros  what tests/distros.sh makes other releases of Debian with, and nothing else
#   --list     only print the names of the set, one a line
#   --missing  only print those of them that are not installed
#
# It runs apt-get as root or through sudo, and never asks a question. Some of these packages bring a
# service of the system (rsyslog, postgresql, redis-server). Nothing here needs these, and none is
# started by the installation: /usr/sbin/policy-rc.d, Debian's way to say so, forbids it meanwhile,
# unless there is one already. But Debian enables them, so that they start with the machine:
# `systemctl disable rsyslog postgresql redis-server` keeps them from it.
#
# Environment: OMZMQ_NO_DEPS=1 installs nothing and trusts that everything needed is there, for
# systems without apt-get.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

build_packages=(g++ cmake ninja-build pkg-config libzmq3-dev cppzmq-dev libfmt-dev libcli11-dev
  libestr-dev libfastjson-dev libzstd-dev liblz4-dev zlib1g-dev rsyslog dpkg-dev ca-certificates)
test_packages=(libgtest-dev rsyslog-czmq python3 python3-zmq python3-zstandard python3-lz4 python3-crc32c
  golang-go nodejs iproute2 jq postgresql groff bsdutils
  redis-server rsyslog-hiredis rsyslog-kafka librdkafka-dev)
# Debian's nodejs has no npm with it; others' packages of it do, and cannot be installed beside Debian's.
command -v npm >/dev/null || test_packages+=(npm)
check_packages=(apparmor bash-completion binutils clang clang-format clang-tidy fish gcc libbenchmark-dev
  libclang-rt-dev libconcurrentqueue-dev lintian shellcheck spin systemd valgrind zsh)
package_packages=(debhelper)
bench_packages=(gnuplot-nox iproute2 libbenchmark-dev libconcurrentqueue-dev libgtest-dev python3 rsyslog-czmq)
distros_packages=(debootstrap debian-archive-keyring git iproute2 util-linux)
cross_packages=(g++-aarch64-linux-gnu g++-arm-linux-gnueabihf g++-i686-linux-gnu mmdebstrap mount
  qemu-user-static util-linux)

packages_of() {
  [[ $1 == distros ]] || printf '%s\n' "${build_packages[@]}"
  case $1 in
    test) printf '%s\n' "${test_packages[@]}" ;;
    check) printf '%s\n' "${test_packages[@]}" "${package_packages[@]}" "${distros_packages[@]}" \
      "${check_packages[@]}" ;;
    package) printf '%s\n' "${package_packages[@]}" ;;
    bench) printf '%s\n' "${bench_packages[@]}" ;;
    cross) printf '%s\n' "${test_packages[@]}" "${cross_packages[@]}" ;;
    distros) printf '%s\n' "${distros_packages[@]}" ;;
  esac
}

# Prints those of the named packages that are not installed.
missing_of() {
  local installed package
  # dpkg-query fails when it does not know one of the names; it still prints the others.
  # shellcheck disable=SC2016  # the format is dpkg's, not the shell's
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
  for package in "$@"; do
    grep -qxF -- "$package installed" <<<"$installed" || printf '%s\n' "$package"
  done
}

# Sets as_root to the words that make a command run as root.
find_root() {
  as_root=()
  [[ $EUID -eq 0 ]] && return
  command -v sudo >/dev/null ||
    die "missing: ${missing[*]}
Not root, and there is no sudo. Have root run:
  apt-get install --no-install-recommends ${missing[*]}"
  as_root=(sudo)
  # Only a terminal can give a password.
  [[ -t 0 ]] || as_root+=(-n)
  "${as_root[@]}" true 2>/dev/null ||
    die "missing: ${missing[*]}
Not root, and sudo refuses. Have root run:
  apt-get install --no-install-recommends ${missing[*]}"
}

apt_get() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l LC_ALL=C \
    apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@"
}

# Updates apt's lists and installs the missing packages; returns 1 for what another try may cure,
# 2 for what it will not.
try_install() {
  local updated=1
  apt_get update >>"$log" 2>&1 </dev/null || updated=0
  if apt_get install -y --no-install-recommends "${missing[@]}" >"$log.install" 2>&1 </dev/null; then
    return 0
  fi
  cat "$log.install" >>"$log"
  if [[ $updated -eq 1 ]] &&
    grep -qE '^E: (Unable to locate package|Package .* has no installation candidate)' "$log.install"
  then
    return 2
  fi
  return 1
}

# Until the end of this script no installation starts a service that does not run: one that runs may
# be restarted, by an upgrade that these packages ask for. A policy that is there stays in force, but
# one that a killed run of this script has left.
forbid_services() {
  local mark='# Of omzmq, scripts/deps.sh, for the time of an installation.'
  if [[ -e $policy ]] && ! grep -qxF "$mark" "$policy"; then
    return
  fi
  trap '"${as_root[@]}" rm -f "$policy" || printf "%s: remove %s, please\n" "$script_name" "$policy" >&2' EXIT
  "${as_root[@]}" tee "$policy" >/dev/null <<EOF
#!/bin/sh
$mark
[ "\$2" = stop ] || systemctl --quiet is-active "\$1" 2>/dev/null && exit 0
exit 101
EOF
  "${as_root[@]}" chmod 755 "$policy"
}

install_missing() {
  local try status
  log=$logs/deps.log
  mkdir -p "$logs"
  : >"$log"
  for try in 1 2 3 4; do
    status=0
    try_install || status=$?
    if [[ $status -eq 0 ]]; then
      rm -f "$log.install"
      return
    fi
    [[ $status -eq 2 || $try -eq 4 ]] && break
    printf '%s: apt-get failed (try %s of 4), again in %s s\n' "$script_name" "$try" $((try * 5)) >&2
    sleep $((try * 5))
  done
  tail -n 30 "$log.install" >&2
  rm -f "$log.install"
  die "apt-get could not install: ${missing[*]} (the whole log: $log)"
}

set_name=
list=0
only_missing=0
for argument in "$@"; do
  case ${argument#--} in
    help | -h) usage && exit ;;
    list) list=1 ;;
    missing) only_missing=1 ;;
    build | test | check | package | bench | cross | distros) set_name=${argument#--} ;;
    *) die "unknown argument '$argument'; right would be build, test, check, package, bench, cross, distros, --list or --missing" ;;
  esac
done
set_name=${set_name:-build}

mapfile -t packages < <(packages_of "$set_name")
if [[ $list -eq 1 ]]; then
  printf '%s\n' "${packages[@]}"
  exit
fi
[[ ${OMZMQ_NO_DEPS:-} == 1 ]] && exit
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  die "this is not a Debian system (no dpkg-query or no apt-get). Install what these packages hold,
then set OMZMQ_NO_DEPS=1: ${packages[*]}"
fi
mapfile -t missing < <(missing_of "${packages[@]}")
[[ ${#missing[@]} -eq 0 ]] && exit
if [[ $only_missing -eq 1 ]]; then
  printf '%s\n' "${missing[@]}"
  exit
fi
find_root
policy=/usr/sbin/policy-rc.d
printf 'installing: %s\n' "${missing[*]}"
forbid_services
install_missing
