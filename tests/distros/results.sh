# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# What a run showed: kept in build/distros/RELEASE/results, a line for each thing, and written from there
# to docs/compatibility.md. Sourced by tests/distros.sh.

document=$root/docs/compatibility.md

# keep_result NAME TEXT: with the day and the commit that was tried.
keep_result() {
  local file=$place/results
  touch "$file"
  sed -i "/^$1\t/d" "$file"
  printf '%s\t%s\t%s %s\n' "$1" "$2" "$(date -u +%Y-%m-%d)" "$commit" >>"$file"
}

# test_counts LOG: "N passed[, N failed][, N skipped]" of what ctest said last.
test_counts() {
  awk '
    /tests passed, [0-9]+ tests? failed out of [0-9]+/ {
      failed = $4; total = $NF
      skipped = 0
    }
    / Test +#[0-9]+: .*\*\*\*Skipped/ { skipped_seen++ }
    /\((Skipped|Disabled)\)$/ { skipped++ }
    END {
      if (total == "") exit
      text = (total - failed - skipped) " passed"
      if (failed > 0) text = text ", " failed " failed"
      if (skipped > 0) text = text ", " skipped " skipped"
      print text
    }' "$1"
}

# The versions of what omzmq was built and run with.
keep_versions() {
  # The words are expanded by the inner shell.
  # shellcheck disable=SC2016
  keep_result versions "$(in_root loopback bash -c '
    version_of() { dpkg-query -W -f "\${Version}" "$1" 2>/dev/null | sed "s/^[0-9]*://; s/[-+].*//"; }
    printf "%s|%s|%s|%s" "$(version_of rsyslog)" "$(version_of libzmq5)" "$(g++ -dumpfullversion)" \
      "$(version_of cmake)"')"
}

# result_of RELEASE NAME: the text, or a dash.
result_of() {
  awk -F '\t' -v name="$2" '$1 == name { text = $2 } END { print text == "" ? "–" : text }' \
    "$distros/$1/results" 2>/dev/null || printf '–\n'
}

# seen_of RELEASE: the days and commits of its results.
seen_of() {
  awk -F '\t' '$1 != "versions" { print $3 }' "$distros/$1/results" 2>/dev/null | sort -u |
    paste -s -d ';' | sed 's/;/, /g'
}

result_rows() {
  local one rsyslog libzmq compiler cmake
  printf '| release | rsyslog | libzmq | g++ | CMake | all tests | system tests with its own package | system tests with the package built on bookworm | demo | seen |\n'
  printf '|---|---|---|---|---|---|---|---|---|---|\n'
  for one in "${known_releases[@]}"; do
    # What another machine has seen stays.
    if [[ ! -f $distros/$one/results ]] && grep "^| $one |" "$document"; then continue; fi
    IFS='|' read -r rsyslog libzmq compiler cmake <<<"$(result_of "$one" versions)"
    printf '| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n' "$one" "$rsyslog" "${libzmq:-–}" \
      "${compiler:-–}" "${cmake:-–}" "$(result_of "$one" tests)" "$(result_of "$one" package)" \
      "$(result_of "$one" foreign)" "$(result_of "$one" demo)" "$(seen_of "$one")"
  done
}

# Replaces what stands between the two markers of the document.
write_results() {
  local rows
  rows=$(mktemp)
  result_rows >"$rows"
  awk -v rows="$rows" '
    /<!-- end of results -->/ { inside = 0 }
    !inside { print }
    /<!-- results -->/ { inside = 1; while ((getline line < rows) > 0) print line }' \
    "$document" >"$document.new"
  mv "$document.new" "$document"
  rm -f "$rows"
  say "written: ${document#"$root"/}"
}
