# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""What is measured beside what."""

import dataclasses

# Lines of one run; about 0.7 s of load on two cores of 2 GHz.
MESSAGES = {80: 280_000, 256: 240_000, 1024: 130_000}
PARTS = ("end_to_end", "latency", "stalls", "actions")


@dataclasses.dataclass(frozen=True)
class Transport:
    """How messages leave rsyslogd."""
    name: str
    module: str = ""  # "" is the floor: no transport, omfile into /dev/null
    format: str = "raw"
    socket: str = "PUSH"
    parameters: str = ""
    curve: bool = False
    peer: str = ""


FLOOR = Transport("floor", socket="")
BARE = Transport("bare libzmq frames", "ombare", "lines", peer="floor")  # ombare.c
OMCZMQ = Transport("omczmq", "omczmq", peer="floor")
RAW = Transport("omzmq raw", "omzmq", peer="omczmq")
LINES = Transport("omzmq lines", "omzmq", "lines", peer="floor")
PACKED = Transport("omzmq packed", "omzmq", "packed", peer="floor")
ZSTD = Transport("omzmq packed zstd", "omzmq", "packed", parameters='compression.driver="zstd"', peer="floor")
CURVE = Transport("omzmq packed CURVE", "omzmq", "packed", curve=True, peer="floor")


def pub(transport):
    return dataclasses.replace(transport, socket="PUB")


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One measurement of one configuration."""
    part: str
    transport: Transport
    messages: int
    bytes: int = 256
    workers: int = 1
    subscribers: int = 1
    actions: int = 1
    rate: int = 0  # messages a second; 0: full speed
    ping: bool = False  # one message at a time
    linger: int | None = None
    settings: tuple = ()  # of stalls: parameters of the action

    def line(self, number, values):
        """The result in the form that all benchmarks of the tree have."""
        result = {"part": self.part, "name": self.transport.name}
        if self.transport.peer:
            result["peer"] = self.transport.peer
        return {**result, "parameters": self.parameters(), "round": number, "values": values}

    def parameters(self):
        if self.part == "stalls":
            return dict(setting.split("=", 1) for setting in self.settings)
        found = {"bytes": self.bytes, "messages": self.messages}
        if self.transport.socket:
            found["socket"] = self.transport.socket
        if self.part == "end_to_end":
            found["workers"] = self.workers
            if self.transport.socket == "PUB":
                found["subscribers"] = self.subscribers
        if self.part == "actions":
            found["actions"] = self.actions
        if self.part == "latency":
            found["load"] = "one at a time" if self.ping else f"{self.rate}/s"
            if self.linger is not None:
                found["linger_ms"] = self.linger
        return found

    def renamed(self, suffix):
        transport = dataclasses.replace(self.transport, name=self.transport.name + suffix)
        return dataclasses.replace(self, transport=transport)

    def describe(self):
        shown = ", ".join(f"{key} {value}" for key, value in self.parameters().items())
        return f"{self.part}: {self.transport.name} ({shown})"


def end_to_end(scale):
    def scenario(transport, size=256, **more):
        return Scenario("end_to_end", transport, count(MESSAGES[size], scale), size, **more)

    for transport in (FLOOR, BARE, OMCZMQ, RAW, LINES, PACKED, ZSTD, CURVE):
        yield scenario(transport)
    for size in (80, 1024):
        for transport in (FLOOR, BARE, OMCZMQ, RAW, LINES, PACKED):
            yield scenario(transport, size)
    for transport in (FLOOR, OMCZMQ, PACKED):
        yield scenario(transport, workers=4)
    for subscribers in (1, 2, 8):
        for transport in (OMCZMQ, RAW, PACKED):
            # Each message is received as often as there are subscribers.
            yield dataclasses.replace(scenario(pub(transport), subscribers=subscribers),
                                      messages=count(MESSAGES[256] / subscribers ** 0.5, scale))


def latency(scale):
    for rate in (10_000, 100_000):  # has no latency, but shows what the rate itself costs
        yield Scenario("latency", FLOOR, count(rate * 0.6, scale), rate=rate)
    for transport, lingers in ((OMCZMQ, [None]), (RAW, [None]), (PACKED, [0, 2, 10])):
        transport = dataclasses.replace(transport, peer="" if transport is OMCZMQ else "omczmq")
        for linger in lingers:
            parameters = "" if linger is None else f'batch.linger="{linger}"'
            found = dataclasses.replace(transport, parameters=parameters)
            # One message at a time takes at least its linger.
            pings = 2000 if not linger else 500 // linger
            yield Scenario("latency", found, count(pings, scale), linger=linger, ping=True)
            for rate in (10_000, 100_000):
                yield Scenario("latency", found, count(rate * 0.6, scale), linger=linger, rate=rate)


def stalls(scale):
    transport = Transport("omzmq packed", "omzmq", "packed")
    for settings in (("handoff.full=suspend", "handoff.timeout=0"), ("handoff.full=suspend", "handoff.timeout=100"),
                     ("handoff.full=dropNewest", "handoff.timeout=100"),
                     ("handoff.full=dropOldest", "handoff.timeout=100")):
        yield Scenario("stalls", transport, count(2500, scale), settings=settings)


def actions(scale):
    for number in (1, 2, 4, 8, 16, 32):
        messages = count(MESSAGES[256] / number ** 0.6, scale)
        for transport in (FLOOR, PACKED):
            yield Scenario("actions", transport, messages, actions=number)


def count(messages, scale):
    return max(20, int(messages * scale))


def of_part(part, scale):
    return list({"end_to_end": end_to_end, "latency": latency, "stalls": stalls, "actions": actions}[part](scale))
