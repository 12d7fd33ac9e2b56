#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""Counts the instructions that a message costs and compares them with those kept in expected.txt.

Time on a shared machine is noise; instructions under valgrind repeat to the last digits. What grew by
more than the margin fails; what shrank by more is told of, so that somebody lowers what is kept.

Exit status: 0 all is well, 1 something grew or does not work, 77 nothing could be compared.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
EXPECTED = HERE / "expected.txt"
MARGIN = 0.10
SKIPPED = 77
PATIENCE_S = 120
COUNTED = "omzmq_counted"

# memcpy() and its like are chosen by processor. These leave the ones that each x86-64 has, and that
# valgrind counts by vectors instead of by bytes.
SAME_EVERYWHERE = {
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX_Fast_Unaligned_Load,-AVX512F,-AVX512VL,-ERMS,-FSRM,-SSSE3"
}
PLATFORM = "# platform: "
HEAD = f"""\
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# Instructions for each message of 256 bytes, as tests/bench/instructions/check.py counts them; its
# option --update writes this file. The workloads are in core_workloads.cpp and socket_workloads.cpp.
#
"""


class Failure(Exception):
    """Something that is no growth: a program is not there or does not work."""


def output_of(command, **options):
    try:
        done = subprocess.run(command, check=True, timeout=PATIENCE_S, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    except FileNotFoundError as error:
        raise Failure(f"{error.filename} is not there") from None
    except subprocess.TimeoutExpired:
        raise Failure(f"not done after {PATIENCE_S} s: {' '.join(map(str, command))}") from None
    except subprocess.CalledProcessError as error:
        raise Failure(f"{' '.join(map(str, command))}: exit status {error.returncode}\n{error.stderr}") from None
    return done


def count(program, name):
    """Instructions for each message of the workload."""
    with tempfile.TemporaryDirectory() as folder:
        done = output_of(["valgrind", "--tool=callgrind", "--collect-atstart=no",
                          f"--toggle-collect={COUNTED}", f"--callgrind-out-file={folder}/out",
                          program, name],
                         env={**os.environ, **SAME_EVERYWHERE})
    collected = re.search(r"Collected : (\d+)", done.stderr)
    if not collected or int(collected[1]) == 0:
        raise Failure(f"{name}: valgrind counted nothing in {COUNTED}():\n{done.stderr}")
    return int(collected[1]) / int(done.stdout)


def read_expected():
    """The platform and the values by name; both empty when nothing is kept yet."""
    platform, values = "", {}
    lines = EXPECTED.read_text().splitlines() if EXPECTED.exists() else []
    for number, line in enumerate(lines, 1):
        if line.startswith(PLATFORM):
            platform = line.removeprefix(PLATFORM)
        elif line and not line.startswith("#"):
            try:
                name, value = line.split()
                values[name] = float(value)
            except ValueError:
                raise Failure(f"{EXPECTED.name}:{number}: '{line}' is not a name and a number") from None
    return platform, values


def write_expected(platform, values):
    rows = "".join(f"{name:<16}{value:9.2f}\n" for name, value in values.items())
    EXPECTED.write_text(f"{HEAD}{PLATFORM}{platform}\n{rows}")
    print(f"{EXPECTED} is written")


def compare(counted, kept):
    """Prints a line for each workload. Returns whether none grew, came, or went."""
    good = True
    for name in [*counted, *(name for name in kept if name not in counted)]:
        if name not in counted or name not in kept:
            print(f"{name:<16} FAILED: is only {'counted' if name in counted else 'kept'}; "
                  "--update writes what is counted")
            good = False
            continue
        change = counted[name] / kept[name] - 1
        verdict = "ok"
        if change > MARGIN:
            verdict = f"FAILED: more than {MARGIN:.0%} above what is kept"
            good = False
        elif change < -MARGIN:
            verdict = "shrank: lower what is kept by --update"
        print(f"{name:<16}{counted[name]:9.2f} instructions a message, kept{kept[name]:9.2f}, {change:+7.1%}  {verdict}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="keep what is counted now")
    parser.add_argument("--program", type=pathlib.Path, metavar="PATH",
                        default=ROOT / "build/release/tests/bench/instructions/instruction_workloads",
                        help="instruction_workloads of a release build")
    parser.add_argument("names", nargs="*", metavar="WORKLOAD", help="only these; not with --update")
    arguments = parser.parse_args()
    if arguments.update and arguments.names:
        parser.error("--update keeps all workloads or none")

    platform, *names = output_of([arguments.program]).stdout.splitlines()
    for name in arguments.names:
        if name not in names:
            parser.error(f"there is no workload '{name}'; right would be one of: {', '.join(names)}")
    kept_platform, kept = read_expected()
    if not arguments.update and platform != kept_platform:
        print(f"nothing is compared: this is {platform}; what is kept was counted with {kept_platform or 'nothing'}")
        return SKIPPED
    counted = {name: count(arguments.program, name) for name in arguments.names or names}
    if arguments.names:
        kept = {name: value for name, value in kept.items() if name in counted}
    if arguments.update:
        write_expected(platform, counted)
        return 0
    return 0 if compare(counted, kept) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        print(f"check.py: {failure}", file=sys.stderr)
        sys.exit(1)
