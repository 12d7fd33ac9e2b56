# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""What the measuring programs have said: lines of JSON, all in one form.

{"part": "end_to_end", "name": "omzmq packed", "peer": "floor", "parameters": {"bytes": 256},
 "round": 0, "values": {"messages_per_s": 400000.0}}

A peer is compared within a round: both then met the same machine.
"""

import dataclasses
import json
import statistics

# Without the same values in these a peer is no peer; in the others the nearest one is taken: the
# floor, for instance, has no socket.
DECISIVE = ("bytes", "load", "actions", "window", "program", "argument")


class BadResults(Exception):
    """A file that is not what it should be; the text is for people."""


@dataclasses.dataclass(frozen=True)
class Seen:
    """The middle and the ends of what the rounds gave."""
    median: float
    low: float
    high: float
    rounds: int

    @staticmethod
    def of(numbers):
        """None when there are none."""
        numbers = list(numbers)
        return Seen(statistics.median(numbers), min(numbers), max(numbers), len(numbers)) if numbers else None


@dataclasses.dataclass
class Row:
    """One thing that was measured, with its values in each round."""
    part: str
    name: str
    peer: str
    parameters: dict
    rounds: dict = dataclasses.field(default_factory=dict)

    def numbers(self, value):
        """{round: number}, of the rounds that have it."""
        return {number: values[value] for number, values in self.rounds.items() if value in values}

    def seen(self, value):
        return Seen.of(self.numbers(value).values())

    def median(self, value):
        """None where it was not measured."""
        seen = self.seen(value)
        return seen and seen.median


def ratio(row, peer, value):
    """Of the row to its peer, from those of each round; None where there is nothing to compare."""
    return _compared(row, peer, value, lambda own, other: own / other if other else None)


def difference(row, peer, value):
    return _compared(row, peer, value, lambda own, other: own - other)


def transport_us(row, floor):
    """Processor time a message that a transport adds to rsyslogd, from the threads that it works in.

    What else the machine does moves it less than the difference of rsyslogd's whole times.
    """
    if floor is None:
        return None
    others = floor.numbers("worker_us")
    return Seen.of(values["worker_us"] - others[number] + values["sender_us"] + values["io_us"]
                   for number, values in row.rounds.items() if number in others and "worker_us" in values)


def _compared(row, peer, value, compare):
    if row is None or peer is None:
        return None
    others = peer.numbers(value)
    found = (compare(own, others[number]) for number, own in row.numbers(value).items() if number in others)
    return Seen.of(number for number in found if number is not None)


class Results:
    """All rows, in the order in which they were first measured."""

    def __init__(self, lines=()):
        self._rows = {}
        for line in lines:
            self.add(line)

    def add(self, line):
        key = (line["part"], line["name"], json.dumps(line["parameters"], sort_keys=True))
        row = self._rows.setdefault(key, Row(line["part"], line["name"], line.get("peer", ""), line["parameters"]))
        row.rounds[line["round"]] = line["values"]

    def of(self, part):
        return [row for row in self._rows.values() if row.part == part]

    def find(self, part, name, **parameters):
        """The first with this name and these parameters, or None."""
        for row in self.of(part):
            if row.name == name and all(row.parameters.get(key) == value for key, value in parameters.items()):
                return row
        return None

    def nearest(self, row, name):
        """The row of this name that was measured under the most similar conditions, or None."""
        best, most = None, -1
        for other in self.of(row.part):
            if other.name != name or any(other.parameters.get(key) != row.parameters.get(key) for key in DECISIVE):
                continue
            alike = sum(other.parameters.get(key) == value for key, value in row.parameters.items())
            if alike > most:
                best, most = other, alike
        return best

    def peer_of(self, row):
        return self.nearest(row, row.peer) if row.peer else None


def read(paths):
    """The results in these files. Raises BadResults."""
    results = Results()
    for path in paths:
        try:
            with open(path, encoding="utf-8") as lines:
                for number, text in enumerate(lines, 1):
                    if text.strip():
                        results.add(_checked(text, f"{path}:{number}"))
        except (OSError, UnicodeDecodeError) as error:
            raise BadResults(f"{path}: {error}") from None
    return results


def _checked(text, place):
    try:
        line = json.loads(text)
    except ValueError as error:
        raise BadResults(f"{place}: no JSON: {error}") from None
    wanted = {"part": str, "name": str, "parameters": dict, "round": int, "values": dict}
    for key, kind in wanted.items():
        if not isinstance(line, dict) or not isinstance(line.get(key), kind):
            raise BadResults(f"{place}: '{key}' is not there or not of the type {kind.__name__}")
    for key, value in line["values"].items():
        if not isinstance(value, (int, float)):
            raise BadResults(f"{place}: the value '{key}' is {value!r}; it is a number")
    return line
