#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""Measures omzmq beside omczmq and the floor, through a real rsyslogd.

  measure.py --build build/release [--part end_to_end,latency] [--rounds 5] [--scale 1] [--out FILE]

Each run has a stock rsyslogd of its own: imptcp on a unix socket, one ruleset with a FixedArray queue
(200000 messages, 1024 a batch), the template %msg%, and the actions that are measured. Receivers get
everything over tcp on 127.0.0.1. All runs of a round come one after the other (A B C A B C ...), so
that what else the machine does meets all of them alike.

Before the load a probe goes through to every receiver, and everything comes to rest. Then bench_load
sends the numbered lines as fast as rsyslogd reads them, or at a rate. The figures:

  messages_per_s  received, from the first line into rsyslogd's socket to the last arrival; where
                  messages were lost, those that did arrive. The floor has no receiver: from the
                  first line until rsyslogd's processor clock stood still
  daemon_per_s    the same by rsyslogd's clock for all: to the last time that it was seen to compute
  rsyslogd_us     processor time of rsyslogd a message, all threads, user and system
  input_us, worker_us, sender_us, io_us, other_us
                  the parts of it: imptcp, the ruleset's workers (with the module's code that they
                  run), omzmq's sender threads, libzmq's I/O threads, and the rest. What a transport
                  costs over the floor shows more clearly in them than in the difference of two sums
  worker_threads  of the ruleset at the end: rsyslogd starts only as many as it finds work for
  receiver_us     of the receivers, for each message that one of them received
  lost, duplicates by the number in each message; lost_share: of all that had to arrive. A loss is a
                  result, not an error
  rss_mib         the most memory that rsyslogd had
  other_cores     processors that something else used meanwhile: where it is not near 0, the figures of
                  that run say little. Above 0.1 the run is made again, at most twice, and the one
                  with the least of it counts
  p50_us ...      latency from handing the line to rsyslogd's socket until the receiver's program has
                  it. With a rate, lines that a sleep of 50 us made due go out together; sent_per_s is
                  the rate that came about

Parts: end_to_end (sizes, formats, workers, subscribers), latency (one message at a time, and paced),
stalls (commits while the receiver is stopped, without rsyslogd: stall.hpp), actions (1 ... 32 of
them; the floor has as many omfile actions).

With --against, everything that uses omzmq runs with another omzmq.so too, from before a change for
instance, under the name "..., other module".

One line of JSON for each run. Exits with 1 and a text when a configuration does not work at all.
"""

import argparse
import json
import re
import shutil
import signal
import sys
import time

sys.dont_write_bytecode = True  # nothing of it belongs into the source folder

import runs
import scenarios
from daemon import Failure

QUICK_SCALE = 0.02
MOST_OTHER_CORES = 0.1
MOST_TRIES = 3


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", required=True, help="build folder with omzmq.so and the programs")
    parser.add_argument("--part", default=",".join(scenarios.PARTS), help="parts, with commas: %(default)s")
    parser.add_argument("--only", default="", help="only where --verbose tells what this regular expression finds")
    parser.add_argument("--against", help="another omzmq.so, which is measured beside the build's, by turns")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="times the usual number of messages")
    parser.add_argument("--quick", action="store_true", help="one round of few messages: does it work?")
    parser.add_argument("--rsyslogd", default=shutil.which("rsyslogd", path="/usr/sbin:/usr/local/sbin"))
    parser.add_argument("--out", help="file for the results, instead of standard output")
    parser.add_argument("--verbose", action="store_true", help="tell what runs")
    arguments = parser.parse_args()
    arguments.part = arguments.part.split(",")
    for part in arguments.part:
        if part not in scenarios.PARTS:
            parser.error(f"--part {part}: it is one of {', '.join(scenarios.PARTS)}")
    if arguments.rounds < 1 or arguments.scale <= 0:
        parser.error("--rounds is at least 1 and --scale more than 0")
    if not arguments.rsyslogd:
        parser.error("there is no rsyslogd; name it with --rsyslogd")
    if arguments.quick:
        arguments.rounds, arguments.scale = 1, QUICK_SCALE
    return arguments


def measure(arguments, out):
    tools = {"": runs.Tools(arguments.build, arguments.rsyslogd)}
    if arguments.against:
        tools[", other module"] = runs.Tools(arguments.build, arguments.rsyslogd, arguments.against)
    chosen = [scenario for part in arguments.part for scenario in scenarios.of_part(part, arguments.scale)
              if re.search(arguments.only, scenario.describe())]
    if not chosen:
        raise Failure(f"--only {arguments.only}: nothing is called so")
    for number in range(arguments.rounds):
        for scenario in chosen:
            for suffix, tool in tools.items():
                # stall_bench has the module in it, and not all transports are omzmq's.
                if suffix and (scenario.part == "stalls" or tool.modules(scenario.transport) != [tool.omzmq]):
                    continue
                out.write(json.dumps(measure_one(arguments, tool, scenario.renamed(suffix), number)) + "\n")
                out.flush()


def measure_one(arguments, tool, scenario, number):
    begun = time.monotonic()
    try:
        values = least_disturbed(lambda: runs.run(tool, scenario), 1 if arguments.quick else MOST_TRIES)
    except Failure as failure:
        raise Failure(f"{scenario.describe()}: {failure}") from None
    if arguments.verbose:
        print(f"{time.monotonic() - begun:.1f} s  {scenario.describe()}", file=sys.stderr)
    return scenario.line(number, values)


def least_disturbed(run, most_tries):
    """Decides by what others used, never by what else was seen of a run."""
    tries = []
    while len(tries) < most_tries:
        tries.append(run())
        if tries[-1].get("other_cores", 0.0) <= MOST_OTHER_CORES:
            return tries[-1]
    return min(tries, key=lambda values: values["other_cores"])


def main():
    arguments = parse_arguments()
    # So that what runs is ended and its files are removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("measure.py: ended by SIGTERM"))
    try:
        if arguments.out:
            with open(arguments.out, "w", encoding="utf-8") as out:
                measure(arguments, out)
        else:
            measure(arguments, sys.stdout)
    except Failure as failure:
        sys.exit(f"measure.py: {failure}")


if __name__ == "__main__":
    main()
