# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""Curves: what a message costs as something grows, and where the curve bends."""

import dataclasses
import math

from reporting.results import Seen, difference, ratio
from reporting.table import Table, digits, spread, whole

# Costs that differ less are said to be alike: more than what else runs on a machine makes of them.
ALIKE = 1.5


@dataclasses.dataclass(frozen=True)
class Curve:
    """Points (what grows, cost as Seen), by what grows."""
    name: str
    points: list


@dataclasses.dataclass(frozen=True)
class Chart:
    """The curves of one part."""
    part: str
    title: str
    growing: str   # what grows: the first column, and an axis
    unit: str      # what a cost is: the other axis
    curves: list
    ratios: list = dataclasses.field(default_factory=list)  # curves too, but only for the table

    def table(self):
        steps = sorted({at for curve in self.curves for at, _ in curve.points})
        columns = [dict(curve.points) for curve in [*self.curves, *self.ratios]]
        rows = [[whole(at), *(spread(column.get(at)) for column in columns)] for at in steps]
        head = [self.growing, *(curve.name for curve in [*self.curves, *self.ratios])]
        return Table(self.part, f"{self.title}, {self.unit}", head, rows,
                     [f"In {self.unit}.", *filter(None, (sentence(curve, self.growing) for curve in self.curves))])


def charts(results):
    return [chart for chart in (make(results) for make in (topics, subscribers, actions, sizes))
            if any(curve.points for curve in chart.curves)]


def tables(results):
    return [chart.table() for chart in charts(results)]


def _curve(rows, name, growing, value, divide=False):
    points = []
    for row in rows:
        seen = row.seen(value)
        at = row.parameters[growing]
        if seen:
            parts = at if divide else 1
            points.append((at, Seen(seen.median / parts, seen.low / parts, seen.high / parts, seen.rounds)))
    return Curve(name, sorted(points, key=lambda point: point[0]))


def topics(results):
    rows = results.of("topics")
    orders = dict.fromkeys((row.name, row.parameters["order"]) for row in rows)
    return Chart("topics", "Dynamic topics, PUB, 256 B: CPU of all that sends", "topics", "µs of CPU a message", [
        _curve([row for row in rows if (row.name, row.parameters["order"]) == both], ", ".join(both), "topics",
               "sending_us") for both in orders])


def subscribers(results):
    rows = results.of("subscribers")
    return Chart("subscribers", "Subscribers of one PUB, 256 B: CPU of all that sends", "subscribers",
                 "µs of CPU a message and subscriber", [
                     _curve([row for row in rows if row.name == name], name, "subscribers", "sending_us", divide=True)
                     for name in dict.fromkeys(row.name for row in rows)])


def actions(results):
    """The floor has as many actions, so the difference is what the transport costs."""
    rows = results.of("actions")
    curves = [_curve([row for row in rows if row.name == name], name, "actions", "rsyslogd_us", divide=True)
              for name in dict.fromkeys(row.name for row in rows)]
    over = []
    for row in rows:
        seen = difference(row, results.peer_of(row), "rsyslogd_us")
        if seen:
            at = row.parameters["actions"]
            over.append((at, Seen(seen.median / at, seen.low / at, seen.high / at, seen.rounds)))
    if over:
        curves.append(Curve("omzmq packed over the floor", sorted(over, key=lambda point: point[0])))
    return Chart("actions", "Actions in one ruleset, 256 B: CPU of rsyslogd", "actions",
                 "µs of CPU a message and action", curves)


def sizes(results):
    rows = results.of("sizes")
    return Chart("sizes", "Sizes of messages, PUSH, without rsyslogd: CPU of all that sends", "bytes",
                 "µs of CPU a message", [_curve([row for row in rows if row.name == name], name, "bytes", "sending_us")
                                         for name in dict.fromkeys(row.name for row in rows)],
                 [_ratios(results, [row for row in rows if row.name == name], name)
                  for name in dict.fromkeys(row.name for row in rows if row.peer)])


def _ratios(results, rows, name):
    """Of messages a second: above 1, omzmq is faster than its peer."""
    points = ((row.parameters["bytes"], ratio(row, results.peer_of(row), "messages_per_s")) for row in rows)
    return Curve(f"{name}: rate of its peer's",
                 sorted(((at, seen) for at, seen in points if seen), key=lambda point: point[0]))


def sentence(curve, growing):
    """Where it bends, in words; None with too few points or figures that cost nothing."""
    points = [(at, seen.median) for at, seen in curve.points]
    if len(points) < 3 or any(cost <= 0 for _, cost in points):
        return None
    (first, first_cost), (last, last_cost) = points[0], points[-1]
    at_lowest, (lowest, lowest_cost) = min(enumerate(points), key=lambda point: point[1][1])
    words = []
    rising = points
    if first_cost / lowest_cost > ALIKE:
        words.append(f"falls to {digits(lowest_cost / first_cost)} times that of {first:,} until {lowest:,} {growing}")
        rising = points[at_lowest:]
    if max(cost for _, cost in rising) / rising[0][1] > ALIKE:
        flat = _last_alike(rising)
        if flat != rising[0][0]:
            words.append(f"stays within {ALIKE} times that of {rising[0][0]:,} up to {flat:,} {growing}")
        (start, low), (end, high) = max(zip(rising, rising[1:]), key=lambda step: _slope(*step))
        words.append(f"bends up most between {start:,} and {end:,} ({digits(high / low)} times)")
    elif rising is points:
        words.append(f"stays within {ALIKE} times that of {first:,} {growing}")
    if at_lowest + 1 < len(points) or rising is points:
        words.append(f"is {digits(last_cost / first_cost)} times that of {first:,} at {last:,}")
    return f"{curve.name}: {', '.join(words)}."


def _last_alike(points):
    """How far the cost stays near that of the first point."""
    last = points[0][0]
    for at, cost in points:
        if cost / points[0][1] > ALIKE:
            break
        last = at
    return last


def _slope(start, end):
    """Of cost to what grows, each as logarithms: 1 where both grow alike."""
    return math.log(end[1] / start[1]) / math.log(end[0] / start[0])
