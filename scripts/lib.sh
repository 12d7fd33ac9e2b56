# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# What the scripts share. Sourced, never run.

# Read by the scripts that source this file.
# shellcheck disable=SC2034
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
script_name=$(basename "$0")
logs=$root/build/logs

# An ordinary user's PATH often lacks the folders where Debian puts rsyslogd.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

die() {
  printf '%s: %s\n' "$script_name" "$*" >&2
  exit 1
}

# Prints the comment at the top of the script: it is the help text.
usage() {
  awk 'NR == 1 || /^# SPDX-/ { next } /^#/ { sub(/^# ?/, ""); if (NF || text) print; text = 1; next }
       { exit }' "$0"
}

# run_logged LOG COMMAND...: quiet when it succeeds; else shows the end of LOG and returns 1.
run_logged() {
  local log=$1
  shift
  mkdir -p "$(dirname "$log")"
  if "$@" >"$log" 2>&1 </dev/null; then
    return 0
  fi
  {
    printf -- '---- the end of %s\n' "$log"
    tail -n 60 "$log"
    printf -- '---- failed: %s\n' "$*"
  } >&2
  return 1
}

jobs_number() {
  nproc 2>/dev/null || printf '2\n'
}

# The rsyslog tree of the user's that the release build was configured with, or nothing.
chosen_rsyslog_tree() {
  sed -n 's/^OMZMQ_RSYSLOG_DIR:[A-Z]*=//p' "$root/build/release/CMakeCache.txt" 2>/dev/null || true
}

# configure PRESET [CMAKE ARGUMENT...]: fetches rsyslog's headers unless a tree of the user's is
# named here or was named for the release build, then configures build/PRESET.
configure() {
  local preset=$1 tree
  shift
  case " $* " in
    *" -DOMZMQ_RSYSLOG_DIR"*) ;;
    *)
      tree=$(chosen_rsyslog_tree)
      if [[ -n $tree ]]; then
        set -- "-DOMZMQ_RSYSLOG_DIR=$tree" "$@"
      else
        "$root/scripts/rsyslog-headers.sh" || return 1
      fi
      ;;
  esac
  (cd "$root" && run_logged "$logs/$preset-configure.log" cmake --preset "$preset" "$@") || return 1
  # CMake's warnings (headers of another version than the daemon's) must not drown in the log.
  sed -n '/^CMake Warning/,/^$/p' "$logs/$preset-configure.log" >&2
}

# build_preset PRESET [TARGET...]
build_preset() {
  local preset=$1
  shift
  run_logged "$logs/$preset-build.log" cmake --build "$root/build/$preset" -j "$(jobs_number)" \
    ${1:+--target "$@"}
}

# project_files PATTERN...: the files of the project that match git's patterns, one a line: those
# under version control or new, never what is ignored. Outside of git: all but build/.
project_files() {
  local pattern
  cd "$root" || return 1
  # CI often works as another user than the owner of the files.
  if git -c safe.directory='*' rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git -c safe.directory='*' ls-files --cached --others --exclude-standard -- "$@"
  else
    for pattern in "$@"; do
      find . -path ./build -prune -o -type f -path "./$pattern" -print | sed 's|^\./||'
    done
  fi | sort -u | while IFS= read -r file; do
    # What was deleted but is still in git's index is not there to be read.
    [[ ! -f $file ]] || printf '%s\n' "$file"
  done
}
