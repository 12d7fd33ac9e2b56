#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# Runs lifecycle.sh in a copy of a minimal Debian of this machine's release that has an rsyslog. The
# original is made once below build/package-test, and keeps what the packages depend on, so that a
# further run needs no network. Needs root; part of tests/packages.sh.
#
#   tests/packages/clean-debian.sh MODULE.deb TAP.deb DEV.deb
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../distros/roots.sh
. "$root/tests/distros/roots.sh"

[[ $# -eq 3 ]] || die "three packages must be named, not $#"
debs=("$@")
release=$(. /etc/os-release && printf '%s\n' "${VERSION_CODENAME-}")
[[ -n $release ]] || die "/etc/os-release names no VERSION_CODENAME: this is no release of Debian"
place=$root/build/package-test/$release
# What roots.sh asks for.
# shellcheck disable=SC2034
mirror='' fresh=0 with_ccache=0

say() { printf 'packages: %s: %s\n' "$release" "$*"; }

# step NAME COMMAND...: shows the end of what the command says only when it fails.
step() {
  say "$1"
  run_logged "$place/logs/$1.log" "${@:2}" || die "$1 failed in a minimal $release"
}

# Installs an rsyslog, and fetches what the packages depend on.
fill_original() {
  # The words are expanded by the inner shell.
  # shellcheck disable=SC2016
  in_root network sh -c '
    export DEBIAN_FRONTEND=noninteractive
    fill() {
      apt-get -q -y install --no-install-recommends rsyslog &&
        apt-get -q -y install --no-install-recommends --download-only /omzmq/*.deb
    }
    fill || { apt-get -q update && fill; }'
}

# higher VERSION TEXT: the module again, of a higher version; TEXT is added to its file for AppArmor.
higher() {
  local work=$place/higher
  rm -rf "$work"
  dpkg-deb -R "${debs[0]}" "$work"
  sed -i "s/^Version: .*/Version: $1/" "$work/DEBIAN/control"
  printf '%s' "$2" >>"$work/etc/apparmor.d/rsyslog.d/omzmq"
  dpkg-deb --root-owner-group -b "$work" "$tree/omzmq/higher-$1.deb" >/dev/null
  rm -rf "$work"
}

mkdir -p "$place/logs"
exec 9>"$place/lock"
flock 9
tree=$place/original
make_root || die "no minimal $release could be made: $place/logs/debootstrap.log"
rm -f "$tree"/omzmq/*
cp "${debs[@]}" "$tree/omzmq/"
step fill fill_original

rm -rf --one-file-system "$place/copy"
cp -a --reflink=auto "$tree" "$place/copy"
tree=$place/copy
version=$(dpkg-deb -f "${debs[0]}" Version)
higher "$version+1" ''
higher "$version+2" $'# A new line of the package\n'
cp "$root/tests/packages/lifecycle.sh" "$tree/omzmq/"
step lifecycle in_root loopback bash lifecycle.sh
grep '^well: ' "$place/logs/lifecycle.log"
rm -rf --one-file-system "$place/copy"
