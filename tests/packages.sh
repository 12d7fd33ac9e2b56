#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# Makes the Debian packages and tries them: lintian, what is in them and what it is linked to, the
# completions in their shells, a program that uses the -dev package; then, in a minimal Debian of this
# machine's release, installing beside a running rsyslogd, upgrading, removing and purging.
#
#   tests/packages.sh [--built]
#
#   --built   tries what is in build/packages instead of making it anew
#
# The minimal Debian is below build/package-test, made once; that takes root, or sudo without a
# password. Without either all else is tried and the exit code is 77. Part of scripts/check.sh.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../scripts/binaries.sh
. "$root/scripts/binaries.sh"

packages=$root/build/packages
place=$root/build/package-test
unpacked=$place/unpacked

only_one() {
  [[ $# -eq 1 && -f $1 ]] || die "there must be one package of that name, there is: $*"
  printf '%s\n' "$1"
}

find_packages() {
  module_deb=$(only_one "$packages"/rsyslog-omzmq_*.deb)
  tap_deb=$(only_one "$packages"/zmqtap_*.deb)
  dev_deb=$(only_one "$packages"/libomzmq-dev_*_all.deb)
}

check_lintian() {
  # As root it only says that it would rather not be.
  lintian --allow-root --fail-on error,warning "$(only_one "$packages"/omzmq_*.changes)" ||
    die "lintian has something to say: see above"
}

# What is in the control part: a maintainer script could touch the user's rsyslog, so there is none.
check_control() {
  local deb=$1 found
  found=$(dpkg-deb --ctrl-tarfile "$deb" | tar -t | sed 's|^\./||; /^$/d' | sort | tr '\n' ' ')
  [[ $found == "$2" ]] || die "$(basename "$deb"): the control part has '$found', and should have '$2'"
}

unpack() {
  local deb
  rm -rf "$unpacked"
  for deb in "$module_deb" "$tap_deb" "$dev_deb"; do
    mkdir -p "$unpacked/$(dpkg-deb -f "$deb" Package)"
    dpkg-deb -x "$deb" "$unpacked/$(dpkg-deb -f "$deb" Package)"
  done
}

# check_files PACKAGE PATTERN...: each pattern is met by a file, each file by a pattern, and none is
# empty.
check_files() {
  local folder=$unpacked/$1 pattern wrong expected=(-false)
  shift
  for pattern in "$@"; do
    [[ -n $(find "$folder" -type f -path "$folder/$pattern" -print -quit) ]] ||
      die "$(basename "$folder") lacks $pattern"
    expected+=(-o -path "$folder/$pattern")
  done
  wrong=$(find "$folder" ! -type d ! \( "${expected[@]}" \))
  [[ -z $wrong ]] || die "$(basename "$folder") has what nobody expects: $wrong"
  wrong=$(find "$folder" -type f -empty)
  [[ -z $wrong ]] || die "$(basename "$folder") has files with nothing in them: $wrong"
}

check_contents() {
  local multiarch example
  multiarch=$(dpkg-architecture -q DEB_HOST_MULTIARCH)
  check_control "$module_deb" "conffiles control md5sums "
  check_control "$tap_deb" "control md5sums "
  check_control "$dev_deb" "control md5sums "
  # Nothing in /etc/rsyslog.d: Debian's rsyslog restarts itself when a package changes that.
  check_files rsyslog-omzmq "usr/lib/$multiarch/rsyslog/omzmq.so" etc/apparmor.d/rsyslog.d/omzmq \
    'usr/share/doc/rsyslog-omzmq/*.md.gz' 'usr/share/doc/rsyslog-omzmq/examples/*' \
    usr/share/doc/rsyslog-omzmq/{README.Debian,changelog.gz,copyright}
  check_files zmqtap usr/bin/zmqtap usr/share/man/man1/zmqtap.1.gz \
    usr/share/bash-completion/completions/zmqtap usr/share/zsh/vendor-completions/_zmqtap \
    usr/share/fish/vendor_completions.d/zmqtap.fish usr/share/doc/zmqtap/{changelog.gz,copyright}
  check_files libomzmq-dev usr/include/omzmq/{wire,crc32c}.hpp \
    usr/share/cmake/omzmq/omzmq-config{,-version}.cmake usr/share/pkgconfig/omzmq.pc \
    usr/share/doc/libomzmq-dev/{changelog.gz,copyright}
  while IFS= read -r example; do
    cmp "$root/conf/$example" "$unpacked/rsyslog-omzmq/usr/share/doc/rsyslog-omzmq/examples/$example" ||
      die "the example $example is not in the package as it is in conf/"
  done < <(cd "$root" && project_files 'conf/*' | sed -n '/^conf\/apparmor/!s|^conf/||p')
  # Where this machine's rsyslogd has its own modules.
  [[ -f /usr/lib/$multiarch/rsyslog/imuxsock.so ]] ||
    die "this machine's rsyslogd has its modules elsewhere than in /usr/lib/$multiarch/rsyslog"
}

# One binary for several releases: nothing that a later one calls by another name.
check_binaries() {
  local binary
  for binary in "$unpacked"/rsyslog-omzmq/usr/lib/*/rsyslog/omzmq.so "$unpacked/zmqtap/usr/bin/zmqtap"; do
    check_linked "$binary" || exit 1
    check_hardened "$binary" || exit 1
    ! readelf -d "$binary" | grep -E 'RPATH|RUNPATH' || die "$binary: has a search path for libraries"
  done
  check_exports "$unpacked"/rsyslog-omzmq/usr/lib/*/rsyslog/omzmq.so || exit 1
}

# The same by both ways: the program finds its header where the package has it, compiles and runs.
check_consumer() {
  local prefix=$unpacked/libomzmq-dev/usr version flags
  version=$(dpkg-deb -f "$dev_deb" Version)
  rm -rf "$place/consumer"
  mkdir -p "$place/consumer"
  run_logged "$logs/package-consumer.log" cmake -S "$root/tests/packages/consumer" -B "$place/consumer" \
    "-DCMAKE_PREFIX_PATH=$prefix" "-DOMZMQ_WANTED=$version" -G Ninja || exit 1
  run_logged "$logs/package-consumer.log" cmake --build "$place/consumer" || exit 1
  [[ $("$place/consumer/consumer") == hello ]] || die "the program with find_package(omzmq) fails"
  # It does not claim to be what it is not.
  ! cmake -S "$root/tests/packages/consumer" -B "$place/consumer/later" -G Ninja \
    "-DCMAKE_PREFIX_PATH=$prefix" -DOMZMQ_WANTED=99.0 >"$logs/package-consumer.log" 2>&1 ||
    die "find_package(omzmq 99.0) finds version $version"
  [[ $(PKG_CONFIG_PATH=$prefix/share/pkgconfig pkg-config --modversion omzmq) == "$version" ]] ||
    die "pkg-config omzmq tells another version than $version"
  read -r -a flags < <(PKG_CONFIG_PATH=$prefix/share/pkgconfig pkg-config --cflags --libs omzmq)
  g++ -std=c++20 -o "$place/consumer/by-pkg-config" "$root/tests/packages/consumer/consumer.cpp" \
    "${flags[@]}"
  [[ $("$place/consumer/by-pkg-config") == hello ]] || die "the program with pkg-config omzmq fails"
}

# What is there to be copied or switched on: systemd and AppArmor understand it.
check_snippets() {
  local drop_in=$place/unit/rsyslog.service.d snippet said
  rm -rf "$place/unit"
  mkdir -p "$drop_in"
  cp "$unpacked/rsyslog-omzmq/usr/share/doc/rsyslog-omzmq/examples/systemd/omzmq.conf" "$drop_in"
  cp /lib/systemd/system/rsyslog.service "$place/unit"
  said=$(systemd-analyze verify --man=no "$place/unit/rsyslog.service" 2>&1 || true)
  [[ -z $said ]] || die "systemd on the drop-in: $said"
  snippet=$unpacked/rsyslog-omzmq/etc/apparmor.d/rsyslog.d/omzmq
  # As it is, and with each line that waits for its # to be removed.
  cp "$snippet" "$place/unit/as-it-is"
  sed 's|^  # \(/.*,\)$|  \1|' "$snippet" >"$place/unit/all"
  ! cmp -s "$place/unit/as-it-is" "$place/unit/all" || die "$snippet: no line waits to be switched on"
  for snippet in as-it-is all; do
    printf '%s\n' 'include <tunables/global>' 'profile rsyslogd /usr/sbin/rsyslogd {' \
      '  include <abstractions/base>' "  include \"$place/unit/$snippet\"" '}' >"$place/unit/profile"
    apparmor_parser --skip-kernel-load --skip-cache --skip-read-cache "$place/unit/profile" \
      2>"$place/unit/said" || die "apparmor_parser on the snippet ($snippet): $(cat "$place/unit/said")"
  done
}

# in_clean_debian: the part that takes root.
in_clean_debian() {
  local words=(bash "$root/tests/packages/clean-debian.sh" "$module_deb" "$tap_deb" "$dev_deb")
  [[ $EUID -eq 0 ]] || words=(sudo -n "--preserve-env=http_proxy,https_proxy,no_proxy" "${words[@]}")
  if [[ $EUID -ne 0 ]] && ! sudo -n true 2>/dev/null; then
    printf '%s\n' "not tried, as it takes root or sudo without a password: installing, upgrading, removing"
    exit 77
  fi
  "${words[@]}"
}

built=0
case ${1:-} in
  '') ;;
  --built) built=1 ;;
  -h | --help) usage && exit ;;
  *) die "unknown argument '$1'; right would be --built or nothing" ;;
esac
mkdir -p "$logs" "$place"
[[ $built -eq 1 ]] || "$root/scripts/package.sh"
find_packages
for part in lintian contents binaries snippets consumer; do
  # What is not there yet is not to be missed by what comes before it.
  [[ $part != contents ]] || unpack
  "check_$part"
  printf 'packages: %s: well\n' "$part"
done
"$root/tests/packages/completions.sh" "$unpacked/zmqtap"
in_clean_debian
