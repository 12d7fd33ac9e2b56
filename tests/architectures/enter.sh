#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# Runs a command with the packages of another architecture installed beside the machine's own, and with
# programs of that architecture able to run.
#
#   tests/architectures/enter.sh ROOT QEMU COMMAND [ARGUMENT...]
#
#   ROOT   a folder with usr/, what those packages hold; it goes before what the machine has. Programs in
#          it should be those only that the command shall find instead of the machine's: rsyslogd
#   QEMU   how qemu calls the architecture (aarch64, arm, i386): qemu runs what the kernel cannot itself
#
# All of it happens in namespaces of the command's own: for everybody else /usr and what the kernel runs
# stay what they are, and with the command it is gone. The command is root there, and may do no more
# than whoever called. qemu needs Linux 6.7, or to be known to the kernel already, as where systemd or
# binfmt-support have run since the package qemu-user-static was installed.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

case ${1:-} in
  -h | --help) usage && exit ;;
  --inside) shift ;;
  *)
    [[ $# -ge 3 ]] || die "too few arguments; right would be: ROOT QEMU COMMAND [ARGUMENT...]"
    exec unshare --user --map-root-user --mount -- "$0" --inside "$@"
    ;;
esac

foreign=$1
qemu=$2
shift 2

# A relative path, because colons separate the list.
(cd "$foreign" && mount -t overlay overlay -o lowerdir=usr:/usr /usr) ||
  die "this kernel does not let $foreign/usr be laid over /usr in a namespace of our own"

if ! rsyslogd -v >/dev/null 2>&1; then
  { mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc &&
    cat "/usr/lib/binfmt.d/qemu-$qemu.conf" >/proc/sys/fs/binfmt_misc/register; } 2>/dev/null || true
  said=$(rsyslogd -v 2>&1) || die "this kernel cannot run $foreign/usr/sbin/rsyslogd: $said
Linux 6.7 or newer takes qemu in a namespace of our own. To an older one the package binfmt-support
makes it known: apt-get install binfmt-support"
fi
exec "$@"
