#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""Measures what a publisher pays for its subscribers: served by itself, and over proxies.

  fanout.py --build build/release [--rounds 3] [--subscribers 1000] [--proxies 4] [--quick]

A stock rsyslogd with one PUB action; subscribers are the sockets of bench_receive, 250 in a process;
proxies are `zmqtap --proxy`. All are on this machine, over tcp on 127.0.0.1. Before the load a probe
goes through to each subscriber. Then numbered lines go in as fast as rsyslogd reads them, no more than
it holds for a subscriber (the queues of proxies and subscribers have no bound here), until each
subscriber has each of them.

The figures, medians of the rounds: processor time of rsyslogd a message, all threads, user and
system; that of all proxies together; of rsyslogd the open descriptors while all subscribers are
there, and the most memory that it had. What is lost ends the run: its cost would be that of another
task.
"""

import argparse
import contextlib
import os
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # nothing of it belongs into the source folder

from daemon import Daemon, Failure, stop_process
from processors import Others, Rest, cpu_ns, die_with_parent
from programs import free_endpoint
from runs import QUIET_SECONDS, PROBE_SECONDS, Tools, new_directory

BYTES = 256
SOCKETS_OF_A_PROCESS = 250
READY_SECONDS = 60
RUN_SECONDS = 120
WORK = 4_000_000                       # messages times subscribers of a run
LEAST = {"raw": 4000, "packed": 20_000}  # messages of a run
MOST = 50_000                          # less than rsyslogd holds for a subscriber: 100,000, or 256 frames


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", required=True, help="build folder with omzmq.so, zmqtap and the programs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--subscribers", type=int, default=1000, help="at most; powers of ten below it, too")
    parser.add_argument("--proxies", type=int, default=4, help="between rsyslogd and the most subscribers")
    parser.add_argument("--quick", action="store_true", help="one round, 20 subscribers: does it work?")
    parser.add_argument("--rsyslogd", default=shutil.which("rsyslogd", path="/usr/sbin:/usr/local/sbin"))
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds, arguments.subscribers, arguments.proxies = 1, 20, 2
    for name in ("rounds", "subscribers", "proxies"):
        if getattr(arguments, name) < 1:
            parser.error(f"--{name} {getattr(arguments, name)}: must be 1 or more")
    if not arguments.rsyslogd:
        parser.error("there is no rsyslogd; --rsyslogd names it")
    return arguments


def shapes_of(arguments):
    """Pairs of subscribers and proxies."""
    counts = [count for count in (1, 10, 100) if count < arguments.subscribers]
    return [(count, 0) for count in [*counts, arguments.subscribers]] + [(arguments.subscribers, arguments.proxies)]


class Proxy:
    """One `zmqtap --proxy`; ended at the end of `with`."""

    def __init__(self, build, publisher):
        self.endpoint = free_endpoint()
        command = [os.path.join(build, "zmqtap"), "-q", "-X", "rcvhwm=0", "-X", "sndhwm=0", "--proxy", self.endpoint,
                   publisher]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop_process(self.process)


def start_receivers(stack, tools, form, endpoints, subscribers, messages):
    """The subscribers, spread evenly over the endpoints."""
    receivers = []
    for index, endpoint in enumerate(endpoints):
        left = subscribers // len(endpoints) + (index < subscribers % len(endpoints))
        while left:
            sockets = min(left, SOCKETS_OF_A_PROCESS)
            receivers.append(stack.enter_context(tools.program(
                "bench_receive", "--format", form, "--messages", messages, "--sub", "--connect", endpoint,
                "--sockets", sockets)))
            receivers[-1].answer(READY_SECONDS)
            left -= sockets
    return receivers


def wait_for_answers(receivers, seconds, meanwhile):
    deadline = time.monotonic() + seconds
    while not all(receiver.has_answer() for receiver in receivers):
        if time.monotonic() > deadline:
            for receiver in receivers:
                receiver.process.send_signal(signal.SIGTERM)
            raise Failure(f"not everything came: {[receiver.answer(5) for receiver in receivers]}")
        meanwhile()
        time.sleep(PROBE_SECONDS)
    return [receiver.answer(1) for receiver in receivers]


def run(tools, form, subscribers, proxies):
    """Processor time a message, in us: of rsyslogd, and of all proxies."""
    messages = min(MOST, max(LEAST[form], WORK // subscribers))
    with contextlib.ExitStack() as stack:
        publisher = free_endpoint()
        between = [stack.enter_context(Proxy(tools.build, publisher)) for _ in range(proxies)]
        receivers = start_receivers(stack, tools, form, [proxy.endpoint for proxy in between] or [publisher],
                                    subscribers, messages)
        action = f'action(type="omzmq" socktype="PUB" endpoints="@{publisher}" template="bench" format="{form}")'
        daemon = stack.enter_context(Daemon(tools.rsyslogd, stack.enter_context(new_directory()), [tools.omzmq],
                                            [action], 1))
        wait_for_answers(receivers, READY_SECONDS, daemon.probe)
        ours = [proxy.process.pid for proxy in between]
        rest = Rest([daemon.pid, *ours])
        if not rest.wait(QUIET_SECONDS, time.monotonic() + READY_SECONDS):
            raise Failure("rsyslogd does not come to rest before the load")
        descriptors = len(os.listdir(f"/proc/{daemon.pid}/fd"))
        before = {pid: cpu_ns(pid) for pid in [daemon.pid, *ours]}
        others = Others([daemon.pid, *ours, *(receiver.pid for receiver in receivers)])
        load = stack.enter_context(tools.program("bench_load", "--path", daemon.input, "--messages", messages,
                                                 "--bytes", BYTES))
        results = wait_for_answers(receivers, RUN_SECONDS, daemon.require_alive)
        if not Rest([daemon.pid, *ours]).wait(QUIET_SECONDS, time.monotonic() + READY_SECONDS):
            raise Failure("rsyslogd does not come to rest after the load")
        took = {pid: (cpu_ns(pid) - then) / 1000 / messages for pid, then in before.items()}
        for result in results:
            if result["lost"] or result["duplicates"] or result["foreign"] or result["corrupt"]:
                raise Failure(f"a receiver did not get each message once: {result}")
        return {"rsyslogd": took[daemon.pid], "proxies": sum(took[pid] for pid in ours),
                "descriptors": descriptors, "mib": daemon.most_memory_mib(),
                "messages": messages, "others": others.cores([load.pid])}


def spread(values):
    form = ".3g" if max(values) < 1000 else ",.0f"
    text = format(statistics.median(values), form)
    return text if len(values) == 1 else f"{text} ({min(values):{form}} to {max(values):{form}})"


def main():
    arguments = parse_arguments()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # a connection is a descriptor, also of rsyslogd
    tools = Tools(arguments.build, arguments.rsyslogd)
    shapes = [(form, *shape) for form in ("raw", "packed") for shape in shapes_of(arguments)]
    runs = {shape: [] for shape in shapes}
    try:
        for _ in range(arguments.rounds):
            for shape in shapes:
                runs[shape].append(run(tools, *shape))
    except Failure as failure:
        print(f"fanout.py: {failure}", file=sys.stderr)
        return 1
    print("| format | subscribers | over | rsyslogd, µs CPU a message | of all proxies | descriptors | MiB | "
          "messages |")
    print("|---|---|---|---|---|---|---|---|")
    for (form, subscribers, proxies), values in runs.items():
        of_proxies = spread([value["proxies"] for value in values]) if proxies else "-"
        print(f"| `{form}` | {subscribers:,} | {f'{proxies} proxies' if proxies else 'nothing'} | "
              f"{spread([value['rsyslogd'] for value in values])} | {of_proxies} | {values[-1]['descriptors']:,} | "
              f"{max(value['mib'] for value in values):.0f} | {values[0]['messages']:,} |")
    busy = [value["others"] for values in runs.values() for value in values]
    print(f"\nProcessors that something else used meanwhile: {min(busy):.2f} to {max(busy):.2f} "
          f"of {os.cpu_count()}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
