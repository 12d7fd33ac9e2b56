# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""The processor time of processes, of ours and of others."""

import ctypes
import os
import signal
import time


PR_SET_PDEATHSIG = 1


def die_with_parent():
    """For preexec_fn: the kernel kills the process when the one that started it is gone."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def cpu_ns(pid):
    """Processor time of a process so far, all its threads; None once it is gone."""
    try:
        # The kernel's number of the clock of another process.
        return time.clock_gettime_ns((~pid << 3) | 2)
    except OSError:
        return None


class Rest:
    """Watches processes until none of them computes any more."""

    STEP_SECONDS = 0.002

    def __init__(self, pids):
        self.last_ns = {pid: cpu_ns(pid) for pid in pids}
        now = time.monotonic_ns()
        self.rise_ns = {pid: now for pid in pids}  # when each was last seen to have computed

    def look(self):
        """Returns the time since when all are at rest, in ns."""
        now = time.monotonic_ns()
        for pid, before in self.last_ns.items():
            cpu = cpu_ns(pid)
            if cpu is not None and cpu != before:
                self.last_ns[pid] = cpu
                self.rise_ns[pid] = now
        return now - max(self.rise_ns.values())

    def wait(self, quiet_seconds, deadline, goes_on=lambda: True):
        """Until all are at rest for so long, or goes_on() is false; False when the deadline came first."""
        while goes_on():
            if self.look() >= quiet_seconds * 1e9:
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(self.STEP_SECONDS)
        return True


# What the threads of rsyslogd are called, and what they do. libzmq names its own alike for all modules.
ROLES = {"in:imptcp": "input", "imptcp": "input", "rs:": "worker", "omzmq": "sender", "ZMQbg": "io"}


def role_of(thread):
    return next((role for name, role in ROLES.items() if thread.startswith(name)), "other")


def cpu_ns_by_role(pid):
    """Processor time so far of a process, by what its threads do."""
    found = dict.fromkeys([*ROLES.values(), "other"], 0)
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/comm", encoding="utf-8", errors="replace") as name, \
                    open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as times:
                found[role_of(name.read())] += int(times.read().split()[0])
        except OSError:
            pass  # it has just ended
    return found


class Others:
    """How much of the machine's processors went to what is not ours, since it was made."""

    def __init__(self, pids):
        self.before = {pid: cpu_ns(pid) for pid in pids}
        self.begun = time.monotonic(), machine_busy_seconds(), time.process_time()

    def cores(self, new_pids):
        """Processors that were in use on average, by others or by the machine's host for other machines.

        The kernel counts in hundredths of a second: a few per cent of a core are nothing.
        """
        wall, busy, own = (now - then for now, then in
                           zip((time.monotonic(), machine_busy_seconds(), time.process_time()), self.begun))
        for pid in [*self.before, *new_pids]:
            own += ((cpu_ns(pid) or 0) - (self.before.get(pid) or 0)) / 1e9
        return max(0.0, (busy - own) / wall)


def machine_busy_seconds():
    """Of all processors: everything but idle and waiting for a disk."""
    with open("/proc/stat", encoding="ascii") as stat:
        user, nice, system, _, _, interrupts, soft_interrupts, stolen = map(int, stat.readline().split()[1:9])
    return (user + nice + system + interrupts + soft_interrupts + stolen) / os.sysconf("SC_CLK_TCK")
