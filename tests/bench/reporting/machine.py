# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""On what was measured: hardware, versions, and how busy it was with other things.

A line of the results, part "machine": its parameters are texts. Each line that is added later has
the processors in use at that time by anybody else; the measuring programs do not run then.
"""

import datetime
import os
import platform
import subprocess
import time

from end_to_end.processors import machine_busy_seconds
from reporting.results import Seen
from reporting.table import Table, digits

PART = "machine"
NAME = "machine"
LOOK_SECONDS = 3
UNKNOWN = "unknown"
VERSIONS = (("rsyslog", "rsyslog"), ("libzmq", "libzmq5"), ("omczmq", "rsyslog-czmq"), ("czmq", "libczmq4"))


def describe(root, compiler, flags, command, number):
    """One line of the results; takes a few seconds. `number` is 0 before the measurements."""
    return {"part": PART, "name": NAME, "parameters": {
        "processors": f"{os.cpu_count()} × {_processor()}", "memory": _memory(),
        "system": f"{_system()}, Linux {platform.release()}",
        "versions": ", ".join(f"{name} {_package(package)}" for name, package in VERSIONS),
        "compiler": f"{_first_line([compiler, '--version'])}, {flags.strip()}",
        "commit": _commit(root), "command": command,
    }, "round": number, "values": {"other_cores": others_cores(), "date": time.time()}}


def others_cores():
    """Processors in use while nothing of ours runs."""
    busy, begun = machine_busy_seconds(), time.monotonic()
    time.sleep(LOOK_SECONDS)
    return max(0.0, (machine_busy_seconds() - busy) / (time.monotonic() - begun))


def table(results):
    rows = results.of(PART)
    if not rows:
        return None
    # The tree may have changed meanwhile; what was built is the first.
    shown = [[name, text] for name, text in rows[0].parameters.items()]
    dates = [date for row in rows for date in row.numbers("date").values()]
    shown.append(["date", datetime.datetime.fromtimestamp(min(dates), datetime.timezone.utc).strftime("%Y-%m-%d")])
    shown.append(["time taken", f"{(max(dates) - min(dates)) / 60:.1f} minutes"])
    shown.append(["busy with other things", _busy(results, rows)])
    return Table(PART, "The machine", ["", ""], shown)


def _busy(results, rows):
    alone = Seen.of(number for row in rows for number in row.numbers("other_cores").values())
    while_measuring = Seen.of(number for row in results.of("end_to_end")
                              for number in row.numbers("other_cores").values())
    text = f"{digits(alone.low)} to {digits(alone.high)} of {os.cpu_count()} processors between the programs"
    if while_measuring:
        text += f"; during the runs of rsyslogd {digits(while_measuring.median)} (most {digits(while_measuring.high)})"
    # One processor more or less is what decides a measurement with two.
    usual = max(alone.median, while_measuring.median if while_measuring else 0)
    return text + (". Not a quiet machine: compare within a table only" if usual > 0.1 else "")


def _first_line(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")[0]
    except (OSError, subprocess.CalledProcessError):
        return UNKNOWN


def _package(name):
    return _first_line(["dpkg-query", "-W", "-f", "${Version}\n", name])


def _commit(root):
    # Another user than the owner of the files may measure.
    git = ["git", "-c", "safe.directory=*", "-C", root]
    commit = _first_line([*git, "rev-parse", "--short=10", "HEAD"])
    if commit != UNKNOWN and _first_line([*git, "status", "--porcelain", "--untracked-files=no"]):
        commit += ", with changes"
    return commit


def _field(path, name):
    try:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                key, _, value = line.replace("=", ":", 1).partition(":")
                if key.strip() == name:
                    return value.strip().strip('"')
    except OSError:
        pass
    return UNKNOWN


def _processor():
    name = _field("/proc/cpuinfo", "model name")
    hertz = _field("/proc/cpuinfo", "cpu MHz")
    return f"{name}, {platform.machine()}" + (f", {float(hertz) / 1000:.1f} GHz" if hertz != UNKNOWN else "")


def _memory():
    kilobytes = _field("/proc/meminfo", "MemTotal").split()[0]
    return f"{int(kilobytes) / 1048576:.1f} GiB" if kilobytes != UNKNOWN else UNKNOWN


def _system():
    return _field("/etc/os-release", "PRETTY_NAME")
