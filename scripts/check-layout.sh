#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# The rules of the house that a program can see: what a folder may include, sizes, licence lines,
# tabs, and that each header compiles alone. Prints every breach; exits 1 when there is one.
#
#   scripts/check-layout.sh
#
# The headers are compiled with the flags of build/release/compile_commands.json, so the release must
# have been configured. Part of scripts/check.sh.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
  -h | --help) usage && exit ;;
esac
cd "$root"
breaches=$(mktemp -d)
trap 'rm -rf "$breaches"' EXIT
database=build/release/compile_commands.json
[[ -f $database ]] || die "no $database; scripts/test.sh makes it"

report() {
  printf '%s\n' "$*" >>"$breaches/list"
}

# forbid_includes FILES... -- PATTERN REASON: no include's name in the files may match the pattern.
forbid_includes() {
  local files=() line
  while [[ $1 != -- ]]; do
    files+=("$1")
    shift
  done
  [[ ${#files[@]} -gt 0 ]] || return 0
  while IFS= read -r line; do
    report "$line: $3"
  done < <(grep -nHE "^[ \t]*#[ \t]*include[ \t]*[<\"]($2)[>\"]" "${files[@]}" || true)
}

check_includes() {
  local common core zmq plugin tap tap_parts public formatters
  # The names of rsyslog's headers that a module comes near to, and of the string library behind them.
  local rsyslog='rsyslog\.h|config\.h|conf\.h|module-template\.h|modules\.h|msg\.h|template\.h|obj.*\.h'
  rsyslog+='|errmsg\.h|statsobj\.h|glbl\.h|cfsysline\.h|srUtils\.h|syslogd-types\.h|typedefs\.h'
  rsyslog+='|libestr\.h'
  local libzmq='zmq\.hpp|zmq_addon\.hpp|zmq\.h|czmq\.h'
  mapfile -t common < <(project_files 'src/common/*.?pp')
  mapfile -t core < <(project_files 'src/core/*.?pp' 'src/core/*.h')
  mapfile -t zmq < <(project_files 'src/zmq/*.?pp' 'src/zmq/*.h')
  mapfile -t plugin < <(project_files 'src/plugin/*.?pp' 'src/plugin/*.[ch]')
  mapfile -t tap < <(project_files 'src/tap/*.?pp')
  mapfile -t tap_parts < <(project_files 'src/tap/records/*.?pp' 'src/tap/count/*.?pp' \
    'src/tap/screen/*.?pp' 'src/tap/text/*.?pp')
  mapfile -t public < <(project_files 'include/*.h' 'include/*.hpp')
  forbid_includes "${common[@]}" -- "$libzmq|$rsyslog|(\\.\\./)?(core|zmq|plugin|tap)/.*" \
    "src/common is for everybody: it knows nothing but C++"
  mapfile -t formatters < <(project_files 'src/*.?pp' | grep -v '^src/common/format\.')
  forbid_includes "${formatters[@]}" -- 'fmt/.*' \
    "formatted() of src/common/format.hpp stands for fmt, which is compiled there alone"
  forbid_includes "${core[@]}" "${public[@]}" -- "$libzmq|$rsyslog" \
    "src/core and include/ know neither ZeroMQ nor rsyslog"
  forbid_includes "${core[@]}" "${public[@]}" -- '(\.\./)?(zmq|plugin|tap)/.*' \
    "src/core and include/ use no other folder of src but src/common"
  forbid_includes "${zmq[@]}" -- "$rsyslog|(\\.\\./)?(plugin|tap)/.*" \
    "src/zmq knows neither rsyslog nor the plugin"
  forbid_includes "${plugin[@]}" -- "$libzmq" "only src/zmq and src/tap use ZeroMQ"
  forbid_includes "${tap[@]}" -- "$rsyslog|(\\.\\./)?(zmq|plugin)/.*" \
    "src/tap is a receiver like any other: it knows neither rsyslog nor the plugin"
  forbid_includes "${tap_parts[@]}" -- "$libzmq|tap/(sockets/)?[a-z_]*\\.hpp" \
    "only src/tap itself and src/tap/sockets use ZeroMQ, and no part uses the program"
}

# limit_lines LIMIT FILES...
limit_lines() {
  local limit=$1 file lines
  shift
  for file in "$@"; do
    [[ -f $file ]] || continue
    lines=$(wc -l <"$file")
    [[ $lines -le $limit ]] || report "$file: $lines lines, more than $limit"
  done
}

check_sizes() {
  local files
  mapfile -t files < <(project_files 'src/*.c' 'src/*.h' 'src/*.cpp' 'src/*.hpp' 'include/*')
  limit_lines 400 "${files[@]}"
  limit_lines 250 src/plugin/module.c
  limit_lines 100 CMakeLists.txt
}

check_text() {
  local file
  while IFS= read -r file; do
    # A script's first line is that of its interpreter.
    if ! awk 'NR > 3 { exit } /SPDX-License-Identifier: Apache-2\.0/ { found++ }
              /SPDX-FileCopyrightText: The omzmq authors/ { found++ }
              END { exit found != 2 }' "$file"; then
      report "$file: does not begin with the two SPDX lines"
    fi
    if grep -q $'\t' "$file"; then
      report "$file:$(grep -n $'\t' "$file" | head -n 1 | cut -d: -f1): a tab"
    fi
  done < <(project_files '*.c' '*.h' '*.cpp' '*.hpp' '*.sh' '*.py' '*.cmake' '*CMakeLists.txt' '*.pml' \
    '*.map' .ci/run)
}

# flags_for HEADER: the flags of a source that stands beside the header, its namesake if there is one;
# of a public header: those of the core.
flags_for() {
  local header=$1 folder language commands
  folder=$(dirname "$header")
  [[ $folder == include/* ]] && folder=src/core
  language='cpp'
  # A folder may have sources of both languages; a header's name tells which it is for.
  [[ $header == *.h && $header != include/* ]] && language='c'
  commands=$(grep -E "^ *\"command\": .* -c $root/$folder/[^/ ]*\\.$language\"" "$database" || true)
  { grep -F "/$(basename "${header%.*}").$language\"" <<<"$commands" || head -n 1 <<<"$commands"; } |
    head -n 1 | { grep -oE -- '(-I|-isystem )[^ "]+' || true; } | tr '\n' ' '
}

# Whether the source of the header's name includes it before anything else: so each build compiles it
# alone already.
is_first_in_its_source() {
  local source=${1%.*}.cpp
  [[ $1 == *.hpp && -f $source ]] &&
    grep -m 1 '^ *# *include' "$source" | grep -qF "/$(basename "$1")\""
}

# Compiles the header as the only thing that a source includes.
compile_alone() {
  local header=$1 flags said modes mode compiler
  is_first_in_its_source "$header" && return
  read -r -a flags < <(flags_for "$header"; printf '\n')
  modes=(c++)
  [[ $header == *.h ]] && modes=(c)
  # The public C header is for both.
  [[ $header == include/*.h ]] && modes=(c c++)
  for mode in "${modes[@]}"; do
    compiler=(g++ -std=c++20)
    [[ $mode == c ]] && compiler=(gcc -std=c11)
    if ! said=$(printf '#include "%s"\n' "$root/$header" |
      "${compiler[@]}" -x "$mode" -fsyntax-only -Wall -Wextra -Werror "${flags[@]}" - 2>&1); then
      printf '%s: does not compile alone as %s:\n%s\n' "$header" "$mode" "$said"
    fi
  done
}

check_headers() {
  export -f compile_alone flags_for is_first_in_its_source
  export root database
  # The words are expanded by the inner shell.
  # shellcheck disable=SC2016
  project_files 'src/*.h' 'src/*.hpp' 'include/*.h' 'include/*.hpp' |
    xargs -r -P "$(jobs_number)" -I '{}' bash -c '
      compile_alone "$1" >"$2/$(tr / _ <<<"$1").said"' _ '{}' "$breaches"
  cat "$breaches"/*.said >>"$breaches/list" 2>/dev/null || true
}

touch "$breaches/list"
check_includes
check_sizes
check_text
check_headers
if [[ -s $breaches/list ]]; then
  cat "$breaches/list"
  die "rules of the layout are broken: see above"
fi
