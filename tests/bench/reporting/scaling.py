# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""Curves: what a message costs as something grows, and where the curve bends."""

import dataclasses
import math

from reporting.results import Seen, difference, ratio, transport_us
from reporting.table import Table, digits, spread, whole

# Costs that differ less are said to be alike: more than what else runs on a machine makes of them.
ALIKE = 1.5
# Of two neighbouring slopes: a smaller difference is no bend.
LEAST_TURN = 0.1


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
    beside: list = dataclasses.field(default_factory=list)  # curves too, but only for the table

    def table(self):
        steps = sorted({at for curve in self.curves for at, _ in curve.points})
        columns = [dict(curve.points) for curve in [*self.curves, *self.beside]]
        rows = [[whole(at), *(spread(column.get(at)) for column in columns)] for at in steps]
        head = [self.growing, *(curve.name for curve in [*self.curves, *self.beside])]
        return Table(self.part, f"{self.title}, {self.unit}", head, rows,
                     [f"In {self.unit}.", *filter(None, (sentence(curve, self.growing) for curve in self.curves))])


def charts(results):
    return [chart for chart in (make(results) for make in (topics, subscribers, actions, sizes))
            if any(curve.points for curve in chart.curves)]


def tables(results):
    return [chart.table() for chart in charts(results)]


def _points(rows, growing, value):
    """(what grows, Seen), by what grows."""
    found = ((row.parameters[growing], row.seen(value)) for row in rows)
    return sorted(((at, seen) for at, seen in found if seen), key=lambda point: point[0])


def _each(points):
    """Costs that are shared by as many as there are."""
    return [(at, Seen(seen.median / at, seen.low / at, seen.high / at, seen.rounds)) for at, seen in points]


def _by_name(rows):
    """{name: its rows}"""
    return {name: [row for row in rows if row.name == name] for name in dict.fromkeys(row.name for row in rows)}


def topics(results):
    curves, frames = [], []
    for name, named in _by_name(results.of("topics")).items():
        for order in dict.fromkeys(row.parameters["order"] for row in named):
            rows = [row for row in named if row.parameters["order"] == order]
            curves.append(Curve(f"{name}, {order}", _points(rows, "topics", "sending_us")))
            if name == "omzmq packed":
                frames.append(Curve(f"messages a frame, {order}", _points(rows, "topics", "messages_per_frame")))
    return Chart("topics", "Dynamic topics, PUB, 256 B: CPU of all that sends", "topics", "µs of CPU a message", curves,
                 [curve for curve in frames if curve.points])


def subscribers(results):
    return Chart("subscribers", "Subscribers of one PUB, 256 B: CPU of all that sends", "subscribers",
                 "µs of CPU a message and subscriber",
                 [Curve(name, _each(_points(rows, "subscribers", "sending_us")))
                  for name, rows in _by_name(results.of("subscribers")).items()])


def actions(results):
    """The floor has as many actions, so the difference is what the transport costs."""
    rows = results.of("actions")
    curves = [Curve(name, _each(_points(named, "actions", "rsyslogd_us"))) for name, named in _by_name(rows).items()]
    over = ((row.parameters["actions"], transport_us(row, results.peer_of(row))
             or difference(row, results.peer_of(row), "rsyslogd_us")) for row in rows)
    curves.append(Curve("omzmq packed over the floor", _each(sorted(
        ((at, seen) for at, seen in over if seen), key=lambda point: point[0]))))
    return Chart("actions", "Actions in one ruleset, 256 B: CPU of rsyslogd", "actions",
                 "µs of CPU a message and action", [curve for curve in curves if curve.points])


def sizes(results):
    named = _by_name(results.of("sizes"))
    return Chart("sizes", "Sizes of messages, PUSH, without rsyslogd: CPU of all that sends", "bytes",
                 "µs of CPU a message",
                 [Curve(name, _points(rows, "bytes", "sending_us")) for name, rows in named.items()],
                 [_ratios(results, rows, name) for name, rows in named.items() if rows[0].peer])


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
        words.append(_bend(rising))
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


def _bend(points):
    """At which of them it turns up most, and what the step to it and that from it cost."""
    turns = [(_slope(here, behind) - _slope(before, here), before, here, behind)
             for before, here, behind in zip(points, points[1:], points[2:]) if points[-1][1] / here[1] > ALIKE]
    turn, before, here, behind = max(turns, default=(0, None, None, None))
    if turn >= LEAST_TURN:
        return (f"bends up most at {here[0]:,} ({digits(here[1] / before[1])} times from {before[0]:,} to it, "
                f"{digits(behind[1] / here[1])} times from it to {behind[0]:,})")
    slopes = [_slope(*step) for step in zip(points, points[1:])]
    if max(slopes) - min(slopes) < LEAST_TURN:
        return "rises evenly"
    (start, low), (end, high) = max(zip(points, points[1:]), key=lambda step: _slope(*step))
    return f"rises most between {start:,} and {end:,} ({digits(high / low)} times)"


def _slope(start, end):
    """Of cost to what grows, each as logarithms: 1 where both grow alike."""
    return math.log(end[1] / start[1]) / math.log(end[0] / start[0])
