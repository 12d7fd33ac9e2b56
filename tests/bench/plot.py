#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""Draws what the benchmarks have measured: a picture of the comparison, and one of each curve.

  plot.py --out DIRECTORY RESULTS...    end_to_end.svg, topics.svg, subscribers.svg, actions.svg,
                                        sizes.svg, of what there are results for
  plot.py --script NAME RESULTS...      prints what gnuplot is given for one of them

Medians of the rounds, with bars from the least to the most. Needs gnuplot (package gnuplot-nox).
"""

import argparse
import dataclasses
import os
import subprocess
import sys

sys.dont_write_bytecode = True  # nothing of it belongs into the source folder

from reporting import results, scaling

COMPARED = ("floor", "omczmq", "omzmq raw", "omzmq lines", "omzmq packed")
# Told apart by those who do not see red and green, too, and by their brightness.
COLOURS = {"floor": "#9a9a9a", "omczmq": "#d55e00", "raw libzmq messages": "#d55e00", "omzmq raw": "#56b4e9",
           "omzmq lines": "#0072b2", "omzmq packed": "#003a5d", "omzmq packed over the floor": "#009e73"}
OTHER_COLOUR = "#cc79a7"
LOOK = """set terminal svg size {width},{height} enhanced font "Helvetica,14" background "#ffffff"
set encoding utf8
set output {out}
set border 3 linecolor "#444444"
set grid ytics linecolor "#dddddd" linewidth 1
set tics nomirror
set key noenhanced outside center top horizontal samplen 2 maxrows 2
"""


def quoted(text):
    """As gnuplot has a string in which nothing is special."""
    return "'" + text.replace("'", "''") + "'"


def with_ends(seen, scale=1):
    return " ".join(f"{number / scale:.6g}" for number in (seen.median, seen.low, seen.high))


def data(name, lines):
    return "\n".join([f"${name} << END", *lines, "END"]) + "\n"


def curve_script(chart, out):
    """Both axes grow by factors: what bends then is the cost and not the paper. None: nothing to draw."""
    text = LOOK.format(width=900, height=480, out=quoted(out))
    text += f"set title {quoted(chart.title)} noenhanced\nset xlabel {quoted(chart.growing)}\n"
    text += f"set ylabel {quoted(chart.unit)}\nset logscale xy\n"
    steps = sorted({at for curve in chart.curves for at, _ in curve.points})
    text += "set xtics (" + ", ".join(f"{quoted(tick(at))} {at}" for at in steps) + ")\n"
    text += f"set xrange [{steps[0] * 0.8}:{steps[-1] * 1.25}]\nset format y '%g'\n"
    # A cost of nothing or less is the noise of a difference, for which this paper has no place: a point
    # is left out, a bar ends at the edge.
    curves = [(curve.name, [(at, seen) for at, seen in curve.points if seen.median > 0]) for curve in chart.curves]
    curves = [(name, points) for name, points in curves if points]
    if not curves:
        return None
    edge = min(seen.low if seen.low > 0 else seen.median for _, points in curves for _, seen in points) / 2
    curves = [(name, [(at, dataclasses.replace(seen, low=max(seen.low, edge))) for at, seen in points])
              for name, points in curves]
    text += f"set yrange [{edge:.6g}:*]\n"
    for number, (_, points) in enumerate(curves):
        text += data(f"curve{number}", [f"{at} {with_ends(seen)}" for at, seen in points])
    parts = []
    drawn = []
    for number, (name, _) in enumerate(curves):
        colour = COLOURS.get(name.split(",")[0], OTHER_COLOUR)
        drawn.append(colour)
        parts.append(f'$curve{number} using 1:2:3:4 with yerrorlines linecolor "{colour}" linewidth 2 '
                     f"dashtype {drawn.count(colour)} pointtype {5 + number * 2} pointsize 0.7 title {quoted(name)}")
    return text + "plot " + ", \\\n     ".join(parts) + "\n"


def tick(number):
    """1, 100, 16k, 1M: sizes are powers of two, counts of ten."""
    for unit, letter in ((1 << 20, "Mi"), (1 << 10, "Ki"), (10 ** 6, "M"), (10 ** 3, "k")):
        if number >= unit and number % unit == 0:
            return f"{number // unit} {letter}"
    return str(number)


def comparison_script(found, out):
    """Above the rate, below the processor time of both sides; None when nothing was measured."""
    rows = {(row.name, row.parameters["bytes"]): row for row in found.of("end_to_end")
            if row.name in COMPARED and row.parameters.get("socket", "PUSH") == "PUSH"
            and row.parameters.get("workers") == 1}
    sizes = sorted({size for _, size in rows})
    names = [name for name in COMPARED if any(key[0] == name for key in rows)]
    if not sizes:
        return None
    text = LOOK.format(width=900, height=960, out=quoted(out))
    text += "set style fill solid 0.9 border -1\nset style histogram errorbars gap 2 linewidth 1.5\n"
    text += "set style data histograms\nset bars 0.5\nset yrange [0:*]\n"
    text += f"set xrange [-0.6:{len(sizes) - 0.4}]\nset lmargin 9\nset multiplot layout 3,1\n"
    for panel, (value, title, scale) in enumerate((
            ("messages_per_s", "received, 1000 messages/s", 1e3),
            ("rsyslogd_us", "rsyslogd, µs of CPU a message", 1),
            ("receiver_us", "receiver, µs of CPU a message", 1))):
        lines = []
        for size in sizes:
            seen = [rows[name, size].seen(value) if (name, size) in rows else None for name in names]
            lines.append(f'"{size} B" ' + " ".join(with_ends(one, scale) if one else "0 0 0" for one in seen))
        text += data(f"panel{panel}", lines) + f"set ylabel {quoted(title)}\n"
        text += "unset key\n" if panel else "set key maxrows 1\n"
        text += "plot " + ", \\\n     ".join(
            f'$panel{panel} using {number * 3 + 2}:{number * 3 + 3}:{number * 3 + 4}:xtic(1) '
            f'linecolor "{COLOURS[name]}" title {quoted(name)}' for number, name in enumerate(names)) + "\n"
    return text + "unset multiplot\n"


def scripts(found, directory):
    """{name: what gnuplot is given}"""
    made = {"end_to_end": comparison_script(found, os.path.join(directory, "end_to_end.svg"))}
    for chart in scaling.charts(found):
        made[chart.part] = curve_script(chart, os.path.join(directory, f"{chart.part}.svg"))
    return {name: text for name, text in made.items() if text}


def draw(made, directory):
    os.makedirs(directory, exist_ok=True)
    for name, text in made.items():
        try:
            subprocess.run(["gnuplot"], input=text, text=True, encoding="utf-8", check=True, capture_output=True)
        except FileNotFoundError:
            raise results.BadResults("there is no gnuplot; it is in the package gnuplot-nox "
                                     "(scripts/deps.sh bench)") from None
        except subprocess.CalledProcessError as error:
            raise results.BadResults(f"gnuplot refuses {name}: {error.stderr.strip()}") from None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", metavar="DIRECTORY", default=".", help="where the pictures go")
    parser.add_argument("--script", metavar="NAME", help="only print what gnuplot would be given")
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    try:
        made = scripts(results.read(arguments.files), arguments.out)
        if arguments.script:
            if arguments.script not in made:
                parser.error(f"--script {arguments.script}: there is {', '.join(made) or 'nothing'}")
            print(made[arguments.script], end="")
            return
        draw(made, arguments.out)
    except (OSError, results.BadResults) as problem:
        sys.exit(f"plot.py: {problem}")


if __name__ == "__main__":
    main()
