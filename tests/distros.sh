#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# Tries omzmq on whole Debian releases, each in a minimal root that debootstrap makes: the README's two
# commands from a clean copy of HEAD, then the Debian packages, against that release's own rsyslogd,
# libzmq and compiler.
#
#   tests/distros.sh [OPTION]... [RELEASE]... [-- CTEST ARGUMENT...]
#
#   RELEASE          bookworm, trixie, forky; without any: these three
#   --steps LIST     of demo,tests,package,foreign; default: all, in this order
#                      demo      scripts/demo.sh, which installs and builds
#                      tests     scripts/test.sh
#                      package   scripts/package.sh, install, system tests with the installed module
#                      foreign   the same with the packages that the step `package` left on bookworm,
#                                on a release that is not bookworm
#   --package DIR    the .deb files for the step `foreign` instead of those
#   --rsyslog DIR    an unpacked source tree of the release's rsyslog, for its headers: where the mirror
#                    has no sources. Then scripts/build.sh runs first and is told of it
#   --fresh          makes the root anew; else what was installed there stays, and only omzmq's own
#                    files are replaced
#   --keep           keeps the build folder in the root too: for development, says nothing about a
#                    clean copy
#   --ccache         compiles through ccache, which is installed in the root for it
#   --mirror URL     of Debian; default: the one that apt uses on this machine
#   --write          writes what the last run of each release showed to docs/compatibility.md; with
#                    no RELEASE it does nothing else
#
# Needs root. Everything is below build/distros; the root's mounts are in a mount namespace that ends
# with the step. Packages, headers and npm's packages come through the network; the tests themselves
# run in a network namespace with nothing but loopback. Arguments behind -- go to ctest, and then no
# result is kept.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"
# shellcheck source-path=SCRIPTDIR source=distros/roots.sh
. "$root/tests/distros/roots.sh"
# shellcheck source-path=SCRIPTDIR source=distros/results.sh
. "$root/tests/distros/results.sh"

known_releases=(bookworm trixie forky)
known_steps=(demo tests package foreign)
all_tests=(-LE '^(bench|valgrind)$')
system_tests=(-L '^(system|hostile|receivers)$')

say() { printf '%s: %s\n' "${release:-distros}" "$*"; }

# step_log NAME COMMAND...: keeps what the command says, shows the end of it when it fails.
step_log() {
  local log=$place/logs/$1.log
  shift
  run_logged "$log" "$@"
}

copy_sources() {
  local staging=$place/sources file
  rm -rf "$staging"
  mkdir -p "$staging"
  # What is committed meanwhile is not what is tried.
  commit=$(git -C "$root" rev-parse --short HEAD)
  git -C "$root" archive "$commit" | tar -x -C "$staging"
  if [[ $keep -eq 0 || ! -d $tree/omzmq ]]; then
    rm -rf "$tree/omzmq"
    mv -T "$staging" "$tree/omzmq"
    return
  fi
  # What has not changed keeps its time, and so is not compiled again.
  (cd "$staging" && find . -type f -print0) | while IFS= read -r -d '' file; do
    cmp -s "$staging/$file" "$tree/omzmq/$file" && continue
    mkdir -p "$(dirname "$tree/omzmq/$file")"
    cp -p "$staging/$file" "$tree/omzmq/$file"
    touch "$tree/omzmq/$file"
  done
  rm -rf "$staging"
}

# The build remembers what it was told of once.
name_rsyslog_tree() {
  rm -rf "$tree/rsyslog"
  cp -r "$rsyslog_tree" "$tree/rsyslog"
  step_log build in_root network scripts/build.sh -DOMZMQ_RSYSLOG_DIR=/rsyslog
}

step_demo() {
  step_log demo in_root network env DEMO_SECONDS=5 scripts/demo.sh || return 1
  keep_result demo "$(sed -n 's/^demo: \(sent .*\)/\1/p' "$place/logs/demo.log")"
}

# Builds the tests and fetches what some of them need: all that takes the network.
prepare_tests() {
  step_log tests-build in_root network scripts/test.sh -R '^receivers_(go|node)_ready$'
}

# run_tests NAME [VARIABLE=VALUE]... -- CTEST ARGUMENT...: without the network; keeps the counts.
run_tests() {
  local name=$1 variables=() status=0
  shift
  while [[ $1 != -- ]]; do
    variables+=("$1")
    shift
  done
  shift
  [[ ${#ctest_arguments[@]} -eq 0 ]] || set -- "${ctest_arguments[@]}"
  step_log "$name" in_root loopback env "${variables[@]}" scripts/test.sh "$@" || status=$?
  local counts
  counts=$(test_counts "$place/logs/$name.log")
  say "$name: ${counts:-no test ran}"
  [[ ${#ctest_arguments[@]} -gt 0 ]] || keep_result "$name" "$counts"
  return "$status"
}

step_tests() {
  prepare_tests && run_tests tests -- "${all_tests[@]}"
}

# install_packages FOLDER NAME...: those of the folder's packages, as a user would. The folder is the
# root's.
install_packages() {
  local folder=$1
  shift
  # The words are expanded by the inner shell.
  # shellcheck disable=SC2016
  in_root network bash -c '
    set -e
    folder=$1
    shift
    files=()
    for name; do files+=("$folder/$name"_*.deb); done
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q purge -y "$@" || true
    apt-get -q install -y --no-install-recommends "${files[@]}"
    dpkg-query -W "$@"' _ "$folder" "$@"
}

# The path of the module that the package has installed, from the package itself.
installed_module() {
  in_root loopback dpkg -L rsyslog-omzmq | grep '/omzmq\.so$'
}

# The shortest configuration that uses the module, by its name, and the program.
check_installed() {
  # The words are expanded by the inner shell.
  # shellcheck disable=SC2016
  in_root loopback bash -c '
    conf=$(mktemp)
    printf "%s\n" "module(load=\"omzmq\")" \
      "action(type=\"omzmq\" sockType=\"PUSH\" endpoints=\"tcp://127.0.0.1:5555\")" >"$conf"
    PATH=$PATH:/usr/sbin
    rsyslogd -N1 -f "$conf" && zmqtap --version'
}

# try_packages NAME FOLDER PACKAGE...: installs them and runs the system tests with their module.
try_packages() {
  local name=$1 folder=$2 module
  shift 2
  step_log "$name-install" install_packages "$folder" "$@" || return 1
  step_log "$name-check" check_installed || return 1
  module=$(installed_module) || die "$release: the package rsyslog-omzmq has installed no omzmq.so"
  prepare_tests || return 1
  run_tests "$name" OMZMQ_TEST_MODULE="$module" -- "${system_tests[@]}"
}

step_package() {
  step_log package-build in_root network scripts/package.sh || return 1
  rm -rf "$place/packages"
  mkdir -p "$place/packages"
  cp "$tree"/omzmq/build/packages/*.deb "$place/packages/" || return 1
  try_packages package /omzmq/build/packages rsyslog-omzmq zmqtap
}

step_foreign() {
  local from=${package_folder:-$distros/bookworm/packages}
  if [[ $release == bookworm && -z $package_folder ]]; then return; fi
  if ! compgen -G "$from/rsyslog-omzmq_*.deb" >/dev/null; then
    say "no rsyslog-omzmq_*.deb in $from; the step 'package' on bookworm leaves it there, or --package DIR"
    return 1
  fi
  rm -rf "$tree/foreign"
  mkdir "$tree/foreign"
  cp "$from"/*.deb "$tree/foreign/"
  try_packages foreign /foreign rsyslog-omzmq zmqtap
}

# try_release RELEASE: all steps, each even when one before it has failed.
try_release() {
  local step failed=()
  release=$1
  place=$distros/$release
  tree=$place/root
  mkdir -p "$place/logs"
  exec 9>"$place/lock"
  flock -n 9 || die "another run works on $release"
  make_root || die "$release: no root could be made"
  copy_sources
  if [[ -n $rsyslog_tree ]]; then
    name_rsyslog_tree || die "$release: the build with $rsyslog_tree failed"
  fi
  for step in "${steps[@]}"; do
    say "$step"
    "step_$step" || failed+=("$step")
  done
  keep_versions
  [[ ${#failed[@]} -eq 0 ]] || say "FAILED: ${failed[*]}"
  [[ ${#failed[@]} -eq 0 ]]
}

releases=()
steps=("${known_steps[@]}")
ctest_arguments=()
package_folder='' rsyslog_tree='' mirror='' fresh=0 keep=0 with_ccache=0 write=0
while [[ $# -gt 0 ]]; do
  case $1 in
    -h | --help) usage && exit ;;
    --steps) IFS=, read -r -a steps <<<"${2:?--steps needs a list}" && shift ;;
    --package) package_folder=$(realpath -e "${2:?--package needs a folder}") && shift ;;
    --rsyslog) rsyslog_tree=$(realpath -e "${2:?--rsyslog needs a folder}") && shift ;;
    --mirror) mirror=${2:?--mirror needs a URL} && shift ;;
    --fresh) fresh=1 ;;
    --keep) keep=1 ;;
    --ccache) with_ccache=1 ;;
    --write) write=1 ;;
    --) shift && ctest_arguments=("$@") && break ;;
    *)
      [[ " ${known_releases[*]} " == *" $1 "* ]] ||
        die "'$1' is no release and no option; right would be: ${known_releases[*]}, or see --help"
      releases+=("$1")
      ;;
  esac
  shift
done
for step in "${steps[@]}"; do
  [[ " ${known_steps[*]} " == *" $step "* ]] ||
    die "there is no step '$step'; right would be one of: ${known_steps[*]}"
done
if [[ $write -eq 1 && ${#releases[@]} -eq 0 ]]; then
  write_results
  exit
fi
[[ ${#releases[@]} -gt 0 ]] || releases=("${known_releases[@]}")
[[ $EUID -eq 0 ]] || die "a root with mounts and namespaces takes root: sudo tests/distros.sh"
[[ -z $(git -C "$root" status --porcelain) ]] || say "not committed changes are not tried: HEAD is"

"$root/scripts/deps.sh" distros
bad=()
for one in "${releases[@]}"; do
  # A subshell: what ends one release must not end the others. Not in a condition: there, errexit would
  # be off inside as well.
  set +e
  (
    set -e
    try_release "$one"
  )
  status=$?
  set -e
  [[ $status -eq 0 ]] || bad+=("$one")
done
[[ $write -eq 0 ]] || write_results
[[ ${#bad[@]} -eq 0 ]] || die "not green: ${bad[*]}"
