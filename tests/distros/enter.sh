#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# enter.sh ROOT network|loopback COMMAND...: runs the command in /omzmq of the root. Expects namespaces
# of its own for mounts and processes, and with `loopback` for the network; see roots.sh.
set -euo pipefail

tree=$1
[[ $2 != loopback ]] || ip link set lo up
shift 2

# Not just chroot: tests enter mount namespaces of their own making, which leads back to the root of the
# namespace that they were made in.
mount --bind "$tree" "$tree"
cd "$tree"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /dev dev
mount -t tmpfs -o mode=1777 shm dev/shm
mount -t tmpfs -o mode=755 run run
mkdir -p .outside run/lock
pivot_root . .outside
# The words are expanded by the inner shell.
# shellcheck disable=SC2016
exec chroot . /bin/bash -c 'umount -l /.outside && cd /omzmq && exec "$@"' _ "$@"
