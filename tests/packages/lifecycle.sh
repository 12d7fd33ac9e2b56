#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# What happens to a user who installs, uses, upgrades, removes and purges the packages. For a Debian
# that is thrown away afterwards, see clean-debian.sh; the packages lie in the current folder.
set -euo pipefail

export DEBIAN_FRONTEND=noninteractive
own_log=/var/log/own.log
received=/var/log/received
asked=/var/log/asked
apparmor=/etc/apparmor.d/rsyslog.d/omzmq
tap='' daemon=''

die() {
  printf 'NOT WELL: %s\n' "$*"
  tail -n 30 "$own_log" "$received" "$asked" || true
  exit 1
}

well() { printf 'well: %s\n' "$*"; }

# Up to a minute, which is more than anything here takes.
wait_until() {
  local tries=600
  until "$@"; do
    ((tries-- > 0)) || return 1
    sleep 0.1
  done
}

apt() { apt-get -q -y --no-install-recommends "$@"; }

is_logged() { logger -u /run/events.sock "$1" && sleep 0.1 && grep -q "$1" "$own_log"; }
is_received() { logger -u /run/events.sock "$1" && sleep 0.1 && grep -q "$1" "$received"; }
expect_logged() { wait_until is_logged "$1" || die "rsyslogd does not write to $own_log: $1"; }
expect_received() { wait_until is_received "$1" || die "no message came to zmqtap: $1"; }

start_daemon() {
  rsyslogd -n -i /run/rsyslogd.pid >>/var/log/rsyslogd.out 2>&1 &
  daemon=$!
  wait_until test -S /run/events.sock || die "rsyslogd does not start: $(cat /var/log/rsyslogd.out)"
}

restart_daemon() {
  kill "$daemon"
  wait "$daemon" || die "rsyslogd ended with status $?"
  rm -f /run/events.sock
  start_daemon
}

# The user's configuration and process: what no package may touch.
state() {
  find /etc/rsyslog.conf /etc/rsyslog.d -type f -printf '%p %T@ ' -exec sha256sum {} \;
  awk '{ print "process", $1, "started at", $22 }' "/proc/$daemon/stat"
  printf 'HUPs: %s\n' "$(grep -c 'rsyslogd was HUPed' "$own_log" || true)"
  printf 'asked for: %s\n' "$(grep -w rsyslog "$asked" || true)"
}

expect_untouched() {
  local now
  now=$(state) || die "$1: rsyslogd has gone"
  [[ $now == "$before" ]] || die "$1 has touched rsyslog: $(diff <(printf '%s\n' "$before") <(printf '%s\n' "$now"))"
  expect_logged "$1"
}

# Names of files that a package may leave; of folders too.
files() {
  {
    find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /omzmq -o \
      -path /var/log -o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg \) -prune -o -print
    find /var/lib/dpkg/info
  } | sort
}

prepare() {
  # As one does who has no such sockets here, and keeps the rest of Debian's configuration.
  sed -i -e '/load="imklog"/d' \
    -e 's|^module(load="imuxsock").*|module(load="imuxsock" SysSock.Use="off")\ninput(type="imuxsock" Socket="/run/events.sock")|' \
    /etc/rsyslog.conf
  printf 'action(type="omfile" file="%s")\n' "$own_log" >/etc/rsyslog.d/10-own.conf
  # Whoever wants a service restarted has to ask these two, which write it down.
  printf '#!/bin/sh\necho "policy: $*" >>%s\nexit 101\n' "$asked" >/usr/sbin/policy-rc.d
  printf '#!/bin/sh\necho "systemctl: $*" >>%s\n' "$asked" >/usr/bin/systemctl
  chmod 755 /usr/sbin/policy-rc.d /usr/bin/systemctl
  mkdir -p /run/systemd/system
  touch "$own_log" "$received" "$asked"
  start_daemon
  expect_logged "before anything is installed"
  files >/tmp/files-before
  before=$(state)
}

install() {
  apt install ./rsyslog-omzmq_*.deb ./zmqtap_*.deb ./libomzmq-dev_*.deb
  expect_untouched "the installation"
  [[ -z $(dpkg --audit) ]] || die "dpkg --audit: $(dpkg --audit)"
  dpkg --verify rsyslog-omzmq zmqtap libomzmq-dev
  zmqtap --version | grep -qF "$(dpkg-query -W -f '${Version}' zmqtap)" ||
    die "zmqtap --version tells another version than its package"
  well "installed beside a running rsyslogd, which was neither restarted nor changed"
}

# What README.Debian tells the user to do.
use() {
  sed -n '/^    module(load="omzmq")/,/^$/s/^    //p' /usr/share/doc/rsyslog-omzmq/README.Debian \
    >/etc/rsyslog.d/60-omzmq.conf
  grep -q 'type="omzmq"' /etc/rsyslog.d/60-omzmq.conf || die "README.Debian has no example"
  rsyslogd -N1 || die "rsyslogd -N1 does not accept the example of README.Debian"
  restart_daemon
  zmqtap tcp://127.0.0.1:5556 >"$received" 2>/var/log/zmqtap.err &
  tap=$!
  expect_received "the example of README.Debian"
  grep -q '/rsyslog/omzmq.so' "/proc/$daemon/maps" || die "rsyslogd has another omzmq.so"
  before=$(state)
  well "rsyslogd -N1 and rsyslogd take the example of README.Debian; a message came to zmqtap"
}

upgrade() {
  printf '# A line of the user\n' >>"$apparmor"
  cp "$apparmor" /tmp/apparmor-of-user
  apt install ./higher-*+1.deb
  cmp "$apparmor" /tmp/apparmor-of-user || die "the upgrade changed what the user had changed"
  # Both have changed it: dpkg asks, and this user keeps the own one.
  apt -o Dpkg::Options::=--force-confold install ./higher-*+2.deb
  cmp "$apparmor" /tmp/apparmor-of-user || die "the upgrade took the package's file, not the user's"
  grep -q 'A new line of the package' "$apparmor.dpkg-dist" || die "the package's new file is not there"
  [[ $(dpkg-query -W -f '${Version}' rsyslog-omzmq) == *+2 ]] || die "the upgrade did not happen"
  expect_untouched "the upgrade"
  expect_received "after the upgrade, from the rsyslogd that ran all the time"
  restart_daemon
  expect_received "after the upgrade, from a new rsyslogd"
  before=$(state)
  well "upgraded twice under a running rsyslogd; the file that the user had changed is kept"
}

remove() {
  apt remove rsyslog-omzmq zmqtap libomzmq-dev
  cmp "$apparmor" /tmp/apparmor-of-user || die "removing took the user's file away"
  expect_untouched "the removal"
  expect_received "after the removal, from the rsyslogd that ran all the time"
  kill "$tap"
  wait "$tap" || die "zmqtap ended with status $?: $(cat /var/log/zmqtap.err)"
  ! rsyslogd -N1 >/tmp/checked 2>&1 || die "rsyslogd -N1 does not miss the module"
  grep -q "could not load module 'omzmq'" /tmp/checked || die "rsyslogd -N1 says: $(cat /tmp/checked)"
  restart_daemon
  expect_logged "without the module"
  before=$(state)
  well "removed; the user's file is kept, and rsyslogd goes on, with the module and then without it"
}

purge() {
  apt purge rsyslog-omzmq
  expect_untouched "the purge"
  apt autoremove --purge
  files >/tmp/files-after
  # The file that the user has made is the user's.
  diff <(printf '/etc/rsyslog.d/60-omzmq.conf\n' | sort - /tmp/files-before) /tmp/files-after ||
    die "the purge left or took something (<: was there before, >: is there now)"
  well "purged: nothing is left"
}

# That this would have been noticed: the same, asked for as a package does that changes /etc/rsyslog.d.
control() {
  dpkg-trigger --by-package=bash /etc/rsyslog.d
  dpkg --triggers-only --pending
  [[ $(state) != "$before" ]] || die "a restart of rsyslog that a package asks for goes unnoticed here"
  well "a package that wants rsyslog restarted would have been noticed"
}

for part in prepare install use upgrade remove purge control; do
  printf '==== %s\n' "$part"
  "$part"
done
kill "$daemon"
wait "$daemon"
