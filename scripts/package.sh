#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# Makes the Debian packages rsyslog-omzmq, zmqtap and libomzmq-dev in build/packages, with their debug
# symbols and the .changes file that names them all. Installs what is missing for that, and fetches the
# rsyslog headers; changes nothing else.
#
#   scripts/package.sh
#
# What debian/ says is run by dpkg-buildpackage in a copy of the files below build/. A source tree of
# rsyslog that was named to scripts/build.sh is used here too. Built twice by the same compiler the
# packages have the same bytes, wherever the project lies; not with ccache and its CCACHE_BASEDIR, which
# writes other names of files into them.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
  '') ;;
  -h | --help) usage && exit ;;
  *) die "unknown argument '$1'; there are none but --help" ;;
esac

work=$root/build/packaging
packages=$root/build/packages
log=$logs/package.log

# The project's version stands in CMakeLists.txt; dpkg wants it in its changelog as well.
check_version() {
  local project packaged
  project=$(sed -n 's/^project(omzmq VERSION \([0-9.]*\) .*/\1/p' "$root/CMakeLists.txt")
  packaged=$(dpkg-parsechangelog -l "$root/debian/changelog" -S Version)
  [[ -n $project && $packaged == "$project" ]] ||
    die "debian/changelog begins with version '$packaged', project() in CMakeLists.txt says '$project'; \
they must be the same"
}

# Into the copy: the compiler notes where headers lie, and only what is below the folder of the build
# is written down the same everywhere.
copy_rsyslog_headers() {
  local tree
  tree=$(chosen_rsyslog_tree)
  [[ -n $tree ]] || tree=$("$root/scripts/rsyslog-headers.sh" --print)
  [[ -d $tree ]] || die "the source tree of rsyslog '$tree' is not there; OMZMQ_RSYSLOG_DIR of \
build/release names it"
  mkdir "$work/omzmq/rsyslog"
  (cd "$tree" && find . -name '*.h' -o -path ./configure.ac) |
    tar -C "$tree" -cf - -T - | tar -C "$work/omzmq/rsyslog" -xf -
}

build() {
  cd "$work/omzmq"
  # debhelper gives the build a HOME of its own, where ccache would find nothing.
  if command -v ccache >/dev/null; then
    CCACHE_DIR=${CCACHE_DIR:-$(ccache -k cache_dir)}
    export CCACHE_DIR
  fi
  # -d: scripts/deps.sh has seen to what it needs, also where that is no package.
  OMZMQ_RSYSLOG_DIR=$work/omzmq/rsyslog DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS-} parallel=$(jobs_number)" \
    dpkg-buildpackage -b -d -us -uc
}

"$root/scripts/deps.sh" package
check_version
rm -rf "$work" "$packages"
mkdir -p "$work/omzmq" "$packages"
# As of now: what is newer than the changelog gets its time from there, in each build the same.
project_files '*' | tar -C "$root" -cf - -T - | tar -C "$work/omzmq" -xmf -
copy_rsyslog_headers
(run_logged "$log" build)
# What is not ours to move, dpkg would have told.
mv "$work"/*.deb "$work"/*.changes "$work"/*.buildinfo "$packages"
rm -rf "$work"
printf 'packaged %s\n' "$packages"/*.deb
