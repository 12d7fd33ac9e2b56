# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""Runs one scenario through a real rsyslogd and gives its values."""

import contextlib
import os
import tempfile
import time

from daemon import Daemon, Failure, input_of
from processors import Others, Rest, cpu_ns, cpu_ns_by_role
from programs import Program, free_endpoint

READY_SECONDS = 20
RUN_SECONDS = 120
QUIET_SECONDS = 0.05       # without any computing: all is done
LOST_QUIET_SECONDS = 0.15  # the same, once messages are missing
PROBE_SECONDS = 0.02


class Tools:
    """Where the programs are."""

    def __init__(self, build, rsyslogd, module=""):
        self.build = os.path.abspath(build)
        self.rsyslogd = rsyslogd
        self.omzmq = os.path.abspath(module or os.path.join(build, "omzmq.so"))

    def path(self, name):
        return os.path.join(self.build, "tests", "bench", "end_to_end", name)

    def program(self, name, *arguments):
        return Program(self.path(name), arguments)

    def modules(self, transport):
        if transport.module == "omzmq":
            return [self.omzmq]
        if transport.module == "ombare":
            return [self.path("ombare.so")]
        return [transport.module] if transport.module else []

    def daemon(self, scenario, directory, actions):
        return Daemon(self.rsyslogd, directory, self.modules(scenario.transport), actions, scenario.workers)


def action(transport, endpoint, curve=""):
    """The text of one action."""
    if not transport.module:
        return 'action(type="omfile" file="/dev/null" template="bench")'
    if transport.module == "ombare":
        return f'action(type="ombare" endpoint="{endpoint}" template="bench")'
    own = f'format="{transport.format}" {transport.parameters}' if transport.module == "omzmq" else ""
    sign = "@" if transport.socket == "PUB" else ">"
    return (f'action(type="{transport.module}" socktype="{transport.socket}" endpoints="{sign}{endpoint}" '
            f'template="bench" {own} {curve})')


def certificate(key, directory):
    """Parameters for a CURVE client of who has this public key."""
    path = os.path.join(directory, "receiver.key")
    with open(path, "w", encoding="ascii") as out:
        out.write(f'curve\n    public-key = "{key}"\n')
    return f'curve.mode="client" curve.serverKey="{path}"'


def new_directory():
    return tempfile.TemporaryDirectory(prefix="omzmq-bench-")


class Receivers:
    """The receivers of a scenario and what they have said."""

    def __init__(self, stack, tools, scenario):
        transport = scenario.transport
        self.programs = []
        self.results = {}
        common = ["--format", transport.format, "--messages", scenario.messages]
        if scenario.rate:
            common.append("--latency")
        if not transport.module:
            self.endpoints, self.key = [""] * scenario.actions, ""
        elif transport.socket == "PUB":
            self.endpoints, self.key = [free_endpoint()], ""
            for _ in range(scenario.subscribers):
                self.start(stack, tools, [*common, "--sub", "--connect", self.endpoints[0]])
        else:
            more = ["--curve"] if transport.curve else []
            said = self.start(stack, tools, [*common, "--sockets", scenario.actions, *more])
            self.endpoints, self.key = said["endpoints"], said["key"]

    def start(self, stack, tools, arguments):
        self.programs.append(stack.enter_context(tools.program("bench_receive", *arguments)))
        return self.programs[-1].answer(READY_SECONDS)

    def wait_until_ready(self, daemon):
        """Sends probes until one came through to every socket; nothing is on its way then."""
        deadline = time.monotonic() + READY_SECONDS
        daemon.probe()
        while not all(program.has_answer() for program in self.programs):
            if time.monotonic() > deadline:
                raise Failure(f"a receiver gets nothing:\n{daemon.errors()}\n{daemon.text}")
            daemon.require_alive()
            time.sleep(PROBE_SECONDS)
            daemon.probe()
        for program in self.programs:
            program.answer(READY_SECONDS)
        if not Rest([daemon.pid, *self.pids()]).wait(QUIET_SECONDS, deadline):
            raise Failure("rsyslogd does not come to rest before the load")

    def pids(self):
        return [program.pid for program in self.programs]

    def all_done(self):
        """True when each has got everything."""
        return bool(self.programs) and all(program.has_answer() for program in self.programs)

    def finish(self):
        for program in self.programs:
            if not program.has_answer():
                program.ask_to_end()
        return [program.answer(READY_SECONDS) for program in self.programs]


def run_load(tools, scenario):
    """One load from its start until all is at rest."""
    with contextlib.ExitStack() as stack:
        receivers = Receivers(stack, tools, scenario)
        directory = stack.enter_context(new_directory())
        curve = certificate(receivers.key, directory) if receivers.key else ""
        actions = [action(scenario.transport, endpoint, curve) for endpoint in receivers.endpoints]
        daemon = stack.enter_context(tools.daemon(scenario, directory, actions))
        receivers.wait_until_ready(daemon)
        cpu_before = cpu_ns(daemon.pid)
        threads_before = cpu_ns_by_role(daemon.pid)
        others = Others([daemon.pid, *receivers.pids()])
        arguments = ["--path", daemon.input, "--messages", scenario.messages, "--bytes", scenario.bytes]
        if scenario.rate:
            arguments += ["--rate", scenario.rate]
        load = stack.enter_context(tools.program("bench_load", *arguments))
        rest = watch(daemon, load, receivers)
        cpu = rest.last_ns[daemon.pid] - cpu_before
        other_cores = others.cores([load.pid])
        values = values_of(scenario, load.answer(0), receivers.finish(), rest.rise_ns[daemon.pid])
        threads = {f"{role}_us": (now - threads_before[role]) / 1000 / scenario.messages
                   for role, now in cpu_ns_by_role(daemon.pid).items()}
        return {**values, "rsyslogd_us": cpu / 1000 / scenario.messages, **threads,
                "worker_threads": daemon.worker_threads(), "rss_mib": daemon.most_memory_mib(),
                "other_cores": other_cores}


def watch(daemon, load, receivers):
    """Until the load is sent and everybody is at rest."""
    deadline = time.monotonic() + RUN_SECONDS
    rest = Rest([daemon.pid, *receivers.pids()])
    while not load.has_answer():
        daemon.require_alive()
        if time.monotonic() > deadline:
            raise Failure("rsyslogd takes no more lines")
        rest.look()
        time.sleep(Rest.STEP_SECONDS)
    # Without receivers, and where one of them misses something, rest is the only sign of the end.
    patience = LOST_QUIET_SECONDS if receivers.programs else QUIET_SECONDS
    if not rest.wait(patience, deadline, lambda: not receivers.all_done()):
        raise Failure("rsyslogd does not come to rest after the load")
    if not rest.wait(QUIET_SECONDS, deadline):
        raise Failure("rsyslogd does not come to rest after the load")
    daemon.require_alive()
    return rest


def values_of(scenario, load, results, rest_ns):
    """What the load, the receivers and the time when rsyslogd came to rest say of a run."""
    messages = scenario.messages
    lost = sum(result["lost"] for result in results)
    expected = messages * max(1, scenario.subscribers * scenario.actions)
    values = {"daemon_per_s": messages / (rest_ns - load["first_ns"]) * 1e9}
    if not results:
        values["messages_per_s"] = values["daemon_per_s"]
        return values
    end_ns = max(result["last_ns"] for result in results)
    values["messages_per_s"] = 0.0
    if end_ns > load["first_ns"]:
        share = 1 - lost / expected
        values["messages_per_s"] = messages * share / (end_ns - load["first_ns"]) * 1e9
    values["lost"] = lost
    values["lost_share"] = lost / expected
    for name in ("duplicates", "foreign", "corrupt", "frames"):
        values[name] = sum(result[name] for result in results)
    received = sum(result["received"] for result in results)
    values["receiver_us"] = sum(result["cpu_us"] for result in results) / max(1, received)
    if scenario.rate:
        values["sent_per_s"] = messages / (load["last_ns"] - load["first_ns"]) * 1e9
        values.update({key: value for key, value in results[0].items() if key.endswith("_us") and key[0] in "pm"})
    return values


def run_ping(tools, scenario):
    """One message at a time."""
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(new_directory())
        ping = stack.enter_context(tools.program(
            "bench_latency", "--path", input_of(directory), "--format", scenario.transport.format,
            "--messages", scenario.messages, "--bytes", scenario.bytes))
        endpoint = ping.answer(READY_SECONDS)["endpoints"][0]
        stack.enter_context(tools.daemon(scenario, directory, [action(scenario.transport, endpoint)]))
        ping.go()
        return ping.answer(RUN_SECONDS)


def run_stall(tools, scenario):
    """Commits while the receiver stands still."""
    settings = ["format=packed", *scenario.settings]
    arguments = [word for setting in settings for word in ("--set", setting)]
    with tools.program("stall_bench", "--commits", scenario.messages, *arguments) as program:
        return program.answer(RUN_SECONDS)


def run(tools, scenario):
    if scenario.part == "stalls":
        return run_stall(tools, scenario)
    return run_ping(tools, scenario) if scenario.ping else run_load(tools, scenario)
