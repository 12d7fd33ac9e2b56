# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""A table, for a terminal or as Markdown, and how numbers look in it."""

import dataclasses

NOTHING = "-"


@dataclasses.dataclass
class Table:
    """Rows of texts under a head, with sentences below."""
    name: str   # of its place in docs/benchmarks.md
    title: str
    head: list
    rows: list
    notes: list = dataclasses.field(default_factory=list)

    def text(self):
        rows = [self.head, *self.rows]
        widths = [max(len(row[column]) for row in rows) for column in range(len(self.head))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        lines.insert(1, "  ".join("-" * width for width in widths))
        return "\n".join([self.title, "", *lines, *([""] if self.notes else []), *self.notes, ""])

    def markdown(self):
        lines = [_markdown_row(self.head), "|" + "---|" * len(self.head), *map(_markdown_row, self.rows)]
        # Without a list the sentences would run together.
        notes = [f"- {note}" for note in self.notes] if len(self.notes) > 1 else self.notes
        return "\n".join([*lines, *([""] if notes else []), *notes])


def _markdown_row(cells):
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def rate(number):
    """Things a second: 5.12 M, 345 k."""
    if number is None:
        return NOTHING
    for limit, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= limit:
            return digits(number / limit) + unit
    return digits(number)


def digits(number):
    """Three of them that count, no more than three behind the point."""
    if number is None:
        return NOTHING
    size = abs(number)
    places = 0 if size >= 99.95 else 1 if size >= 9.995 else 2 if size >= 0.9995 else 3
    return f"{number:,.{places}f}"


def signed(number):
    return NOTHING if number is None else ("+" if number >= 0 else "") + digits(number)


def share(number):
    """Of a whole: 0, 0.02 %, 12 %."""
    if number is None:
        return NOTHING
    if number == 0:
        return "0"
    return f"{number * 100:.2g} %" if number < 0.1 else f"{number * 100:.0f} %"


def spread(seen, shown=digits):
    """The median, and from where to where the rounds went."""
    if seen is None:
        return NOTHING
    if seen.rounds == 1:
        return shown(seen.median)
    return f"{shown(seen.median)} ({shown(seen.low)} to {shown(seen.high)})"


def whole(number):
    return NOTHING if number is None else f"{number:,.0f}"
