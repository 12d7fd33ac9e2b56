# shellcheck shell=bash disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# A minimal Debian in a folder, and running a command in it. Sourced by tests/distros.sh, which sets
# release, place (the release's folder below build/distros) and tree (the root in it).

distros=$root/build/distros

# The mirror of Debian that apt uses on this machine.
machine_mirror() {
  # The format is apt's, not the shell's.
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' |
    head -n 1
}

# What this machine's apt is told of proxies, certificates and checks, as lines of its configuration.
machine_apt_settings() {
  apt-config dump --no-empty |
    grep -E '^Acquire::(http|https|socks|ftp|Check-|Max-|ForceIPv|Retries|AllowReleaseInfo)' || true
}

# The files that these settings name, such as a certificate.
machine_apt_files() {
  local file
  machine_apt_settings | sed -n 's|^[^"]*"\(/[^"]*\)";$|\1|p' | while IFS= read -r file; do
    [[ ! -f $file ]] || printf '%s\n' "$file"
  done
}

# VARIABLE=VALUE words of what this machine's programs are told of proxies and certificates.
machine_environment() {
  env | grep -E '^(https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY|SSL_CERT_FILE|SSL_CERT_DIR|NODE_EXTRA_CA_CERTS|npm_config_registry)=' ||
    true
}

# Makes the release's root unless it is there.
make_root() {
  local arguments=(--variant=minbase) script=() proxy=''
  mirror=${mirror:-$(machine_mirror)}
  [[ -n $mirror ]] ||
    die "apt on this machine knows no mirror of Debian (apt-get update may help); --mirror URL names one"
  [[ $fresh -eq 0 ]] || rm -rf --one-file-system "$tree"
  if [[ ! -f $tree/etc/omzmq-root ]]; then
    rm -rf --one-file-system "$tree"
    mkdir -p "$place/debs" "$tree"
    # A root that fetches by https needs certificates before its apt can fetch anything.
    [[ $mirror != https:* ]] || arguments+=(--include=ca-certificates)
    # An older debootstrap does not know the name of a newer release, which is made as sid is.
    [[ -e /usr/share/debootstrap/scripts/$release ]] || script=(/usr/share/debootstrap/scripts/sid)
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    say "debootstrap from $mirror"
    run_logged "$place/logs/debootstrap.log" env ${proxy:+"http_proxy=$proxy"} \
      debootstrap "${arguments[@]}" --cache-dir="$place/debs" "$release" "$tree" "$mirror" \
      "${script[@]}" || return 1
  fi
  settle_root
  touch "$tree/etc/omzmq-root"
}

# What the root has to know of this machine; anew each time, since it may have changed.
settle_root() {
  local file
  cp --remove-destination /etc/resolv.conf "$tree/etc/resolv.conf"
  printf '127.0.0.1 localhost %s\n::1 localhost\n' "$(hostname)" >"$tree/etc/hosts"
  printf 'deb %s %s main\n' "$mirror" "$release" >"$tree/etc/apt/sources.list"
  machine_apt_settings >"$tree/etc/apt/apt.conf.d/90machine"
  while IFS= read -r file; do
    mkdir -p "$tree$(dirname "$file")"
    cp "$file" "$tree$file"
  done < <(machine_apt_files)
  # It need not outlive a loss of power.
  printf 'force-unsafe-io\n' >"$tree/etc/dpkg/dpkg.cfg.d/unsafe-io"
  # No service is started when its package is installed.
  printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
  chmod 755 "$tree/usr/sbin/policy-rc.d"
  # The package ca-certificates adds these to Debian's when it is installed.
  mkdir -p "$tree/usr/local/share/ca-certificates"
  find /usr/local/share/ca-certificates -name '*.crt' \
    -exec cp -t "$tree/usr/local/share/ca-certificates/" {} + 2>/dev/null || true
  mkdir -p "$tree/omzmq" "$tree/ccache"
  [[ $with_ccache -eq 0 || -x $tree/usr/bin/ccache ]] ||
    step_log ccache in_root network sh -c \
      'apt-get -q update && apt-get -q install -y --no-install-recommends ccache'
}

# in_root network|loopback COMMAND...: the command as root, in /omzmq of the root, with nothing of this
# machine's environment but proxies and certificates. Whatever it starts ends with it.
in_root() {
  local namespaces=(--mount --propagation private --pid --fork --kill-child --uts --ipc)
  local variables=(HOME=/root TERM=dumb LANG=C.UTF-8
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
  [[ $1 != loopback ]] || namespaces+=(--net)
  mapfile -t -O "${#variables[@]}" variables < <(machine_environment)
  if [[ $with_ccache -eq 1 ]]; then
    variables+=(CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
      CCACHE_DIR=/ccache "CCACHE_SLOPPINESS=pch_defines,time_macros")
  fi
  unshare "${namespaces[@]}" -- bash "$root/tests/distros/enter.sh" "$tree" "$1" \
    env -i "${variables[@]}" "${@:2}"
}
