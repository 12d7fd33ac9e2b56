# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# What must hold for a file that is shipped, wherever it was built. Sourced by scripts/check.sh and
# tests/packages.sh. Each says what is wrong and returns 1.

# check_exports FILE: the module exports its entry point and nothing else.
check_exports() {
  local symbols
  symbols=$(nm -D --defined-only "$1" | awk '{ print $NF }')
  if [[ $symbols != modInit ]]; then
    printf '%s must export modInit and nothing else; it exports:\n%s\n' "$1" "$symbols"
    return 1
  fi
}

# check_linked FILE: libraries that each release of Debian since 12 has under the same name.
check_linked() {
  local needed
  # The loader itself is named when there are thread-local variables.
  needed=$(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p' |
    grep -vE '^(libfastjson|liblz4|libzstd|libzmq|libstdc\+\+|libgcc_s|libm|libc|ld-linux[-a-z0-9_]*)\.so\.[0-9]+$' || true)
  if [[ -n $needed ]]; then
    printf '%s is linked to what it must not need:\n%s\n' "$1" "$needed"
    return 1
  fi
}

# check_hardened FILE: stacks and copies are guarded, and nothing that was linked can be written over.
check_hardened() {
  local file=$1 missing=()
  readelf -d "$file" | grep 'BIND_NOW\|Flags: NOW' >/dev/null || missing+=("BIND_NOW")
  readelf -lW "$file" | grep GNU_RELRO >/dev/null || missing+=("RELRO")
  readelf -hW "$file" | grep 'Type: *DYN' >/dev/null || missing+=("a position-independent executable")
  nm -D --undefined-only "$file" | grep '__stack_chk_fail' >/dev/null || missing+=("-fstack-protector-strong")
  nm -D --undefined-only "$file" | grep '__[a-z]*_chk@' >/dev/null || missing+=("_FORTIFY_SOURCE")
  if [[ ${#missing[@]} -gt 0 ]]; then
    printf '%s lacks: %s\n' "$file" "${missing[*]}"
    return 1
  fi
}
