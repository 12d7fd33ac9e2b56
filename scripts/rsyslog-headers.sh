#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# Fetches the source of the installed rsyslogd's upstream version with apt-get source and leaves it
# unpacked in build/rsyslog-<version>, for its headers; silent and immediate when it is there.
#
#   scripts/rsyslog-headers.sh [--print]
#
#   --print  then print the folder's path
#
# Needs no root and changes nothing of the system's: the list of source packages is derived from the
# machine's own entries, with apt's state in the build folder. The upstream tarball is the same in
# each Debian revision of a version, so when the newest revision's cannot be had the older ones are
# tried. To use a tree of your own instead: cmake -DOMZMQ_RSYSLOG_DIR=<tree>.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
export LC_ALL=C

hint="-DOMZMQ_RSYSLOG_DIR=<tree> makes cmake use an unpacked rsyslog source tree of yours"

installed_version() {
  rsyslogd -v 2>/dev/null | awk 'NR == 1 && $1 == "rsyslogd" { sub(/,$/, "", $2); print $2 }'
}

is_complete() {
  [[ -f $1/configure.ac && -f $1/runtime/module-template.h ]]
}

# Reads entries of one line; prints each deb or deb-src entry as deb-src. The options that would
# keep the list of sources from being fetched are left out.
derive_one_line() {
  awk '
    { sub(/#.*/, "") }
    $1 != "deb" && $1 != "deb-src" { next }
    {
      sub(/^[ \t]*deb(-src)?[ \t]+/, "")
      options = ""
      if (/^\[/) {
        end = index($0, "]")
        count = split(substr($0, 2, end - 2), part, /[ \t]+/)
        $0 = substr($0, end + 1)
        for (i = 1; i <= count; i++)
          if (part[i] != "" && part[i] !~ /^(arch|lang|target)[+-]?=/) options = options " " part[i]
        if (options != "") options = "[" options " ] "
      }
      if ($1 ~ /^cdrom:/) next
      $1 = $1
      line = "deb-src " options $0
      if (!seen[line]++) print line
    }'
}

# The same for the stanzas of deb822 files.
derive_stanzas() {
  awk '
    function flush_stanza() {
      if (has_deb && enabled && !cdrom) printf "%sTypes: deb-src\n\n", stanza
      stanza = ""; field = ""; has_deb = 0; enabled = 1; cdrom = 0
    }
    BEGIN { flush_stanza() }
    { sub(/\r$/, "") }
    /^#/ { next }
    /^[ \t]*$/ { flush_stanza(); next }
    /^[^ \t]/ { field = tolower($0); sub(/[ \t]*:.*/, "", field) }
    field == "types" { if (tolower($0) ~ /(^|[ \t:])deb(-src)?([ \t]|$)/) has_deb = 1; next }
    field == "enabled" {
      if (tolower($0) ~ /:[ \t]*(no|false|without|off|disable|0)[ \t]*$/) enabled = 0
      next
    }
    field == "uris" && /(^|[ \t:])cdrom:/ { cdrom = 1 }
    field == "architectures" || field == "languages" || field == "targets" { next }
    { stanza = stanza $0 "\n" }
    END { flush_stanza() }'
}

# Writes the derived entries and apt's configuration below $scratch.
derive_sources() {
  local list='' parts='' file number=0
  # apt itself knows where the machine keeps its entries.
  eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
  mkdir -p "$scratch"/{parts,lists/partial,cache/archives/partial,download,tree}
  for file in "$list" "${parts%/}"/*.list "${parts%/}"/*.sources; do
    # An entry with a password in it may be readable by root only.
    [[ -f $file && -r $file ]] || continue
    number=$((number + 1))
    case $file in
      *.sources) derive_stanzas <"$file" >"$scratch/parts/$number.sources" ;;
      *) derive_one_line <"$file" >"$scratch/parts/$number.list" ;;
    esac
  done
  find "$scratch/parts" -type f -empty -delete
  [[ -n $(ls -A "$scratch/parts") ]] ||
    die "apt's lists on this machine (${list:-none}, ${parts:-none}) name no package archive that
could hold rsyslog's source; $hint"
  # The hooks of an update belong to the system's lists: they refresh or empty caches of the system.
  cat >"$scratch/apt.conf" <<END
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$scratch/parts";
Dir::State::lists "$scratch/lists";
Dir::Cache "$scratch/cache";
Acquire::Languages "none";
Acquire::Retries "3";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
END
}

# Prints all Debian versions of rsyslog's source that are offered, the newest first.
offered() {
  apt-cache -c "$scratch/apt.conf" showsrc rsyslog 2>>"$log" |
    awk '$1 == "Version:" { print $2 }' | sort -rVu || true
}

# Reads Debian versions; passes on those whose upstream part is $version.
of_this_version() {
  local revision upstream
  while read -r revision; do
    upstream=${revision#*:}
    upstream=${upstream%-*}
    if [[ $upstream == "$version" || $upstream == "$version"+* ]]; then
      printf '%s\n' "$revision"
    fi
  done
}

# fetch_revision DEBIAN_VERSION: leaves the unpacked tarball in $scratch/tree, or returns 1.
fetch_revision() {
  local tarball
  rm -rf "$scratch/download" "$scratch/tree"
  mkdir "$scratch/download" "$scratch/tree"
  (cd "$scratch/download" && apt-get -q -c "$scratch/apt.conf" source --tar-only --download-only \
    "rsyslog=$1") >>"$log" 2>&1 </dev/null || return 1
  for tarball in "$scratch/download"/*.orig.tar.*; do
    [[ $tarball == *.asc ]] && continue
    tar -xf "$tarball" -C "$scratch/tree" --strip-components=1 --no-same-owner >>"$log" 2>&1 ||
      return 1
    is_complete "$scratch/tree" && return 0
    printf 'no configure.ac or no runtime/module-template.h in %s\n' "$tarball" >>"$log"
  done
  return 1
}

# One round over all revisions. An archive that cannot be updated is only noted in the log: what
# counts is whether the source can be had from another.
try_fetch() {
  local revision
  apt-get -q -c "$scratch/apt.conf" update >>"$log" 2>&1 </dev/null || true
  mapfile -t versions_offered < <(offered)
  mapfile -t candidates < <(printf '%s\n' "${versions_offered[@]}" | of_this_version)
  for revision in "${candidates[@]}"; do
    fetch_revision "$revision" && return 0
  done
  return 1
}

explain_failure() {
  grep -aE '^(E|W|Err)[: ]' "$log" | tail -n 12 >&2 || true
  if [[ ${#candidates[@]} -gt 0 ]]; then
    die "the source of rsyslog $version could not be fetched (tried: ${candidates[*]}; log: $log);
$hint"
  fi
  die "no source of rsyslog $version, the version of the installed rsyslogd, is offered by this
machine's archives; offered: ${versions_offered[*]:-none} (log: $log);
$hint"
}

fetch() {
  local try
  scratch=$root/build/.rsyslog-headers
  log=$logs/rsyslog-headers.log
  # Whoever holds the lock owns the folder, so what is there was left by a run that was killed.
  rm -rf "$scratch"
  trap 'rm -rf "$scratch"' EXIT
  trap 'exit 130' INT TERM HUP
  mkdir -p "$logs" "$scratch"
  : >"$log"
  derive_sources
  printf 'fetching the source of rsyslog %s, for its headers\n' "$version"
  for try in 1 2 3; do
    if try_fetch; then
      rm -rf "$tree"
      mv -T "$scratch/tree" "$tree"
      return
    fi
    # Where every archive answered, another try finds no more than this one did.
    grep -q '^Err' "$log" || break
    [[ $try -eq 3 ]] || sleep $((try * 3))
  done
  explain_failure
}

print=0
case ${1:-} in
  '') ;;
  --print) print=1 ;;
  -h | --help) usage && exit ;;
  *) die "unknown argument '$1'; right would be --print or nothing" ;;
esac

command -v rsyslogd >/dev/null ||
  die "rsyslogd is not installed, so it is not known which version's headers are wanted.
scripts/deps.sh installs it; $hint"
version=$(installed_version || true)
[[ $version =~ ^[0-9][0-9A-Za-z.~+]*$ ]] ||
  die "the first line of 'rsyslogd -v' names no version: '$(rsyslogd -v 2>&1 | head -n 1)'; $hint"
tree=$root/build/rsyslog-$version

if ! is_complete "$tree"; then
  for tool in apt-get apt-cache apt-config; do
    command -v "$tool" >/dev/null || die "this is not a Debian system (no $tool); $hint"
  done
  mkdir -p "$root/build"
  exec 9>"$root/build/.rsyslog-headers.lock"
  flock 9
  # Another run may have fetched it while this one waited.
  is_complete "$tree" || fetch >&2
fi
if [[ $print -eq 1 ]]; then
  printf '%s\n' "$tree"
fi
