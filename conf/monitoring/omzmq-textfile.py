#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""Writes omzmq's counters of the last impstats report as a file for Prometheus' node_exporter.

    omzmq-textfile.py STATISTICS TEXTFILE

STATISTICS is the log.file of impstats with format="json" and resetCounters="off"; TEXTFILE a *.prom in
the directory of node_exporter's textfile collector, which is replaced as a whole. Run it at the
interval of impstats. Exit code: 0; 1 when there is no report or a file cannot be used, with a text on
standard error; 2 when called wrongly.
"""
import json
import os
import sys
import tempfile

# What goes up and down; all else only grows.
GAUGES = ("lane.", "latency.", "peers", "actions")
# A report of a thousand actions is smaller.
TAIL_BYTES = 1 << 20


def objects(path):
    """omzmq's objects in the end of the file, in their order."""
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(max(0, size - TAIL_BYTES))
        lines = file.read().split(b"\n")
    for line in lines[:-1]:  # the last one is empty, or still being written
        try:
            found = json.loads(line[line.index(b"{"):])
        except ValueError:
            continue
        if found.get("origin") == "omzmq":
            yield found


def last_report(path):
    """The newest report that is complete: the object named omzmq, which says how many follow."""
    reports = []
    for found in objects(path):
        if found["name"] == "omzmq" and "actions" in found:
            reports.append([found])
        elif reports:
            reports[-1].append(found)
    for report in reversed(reports):
        if len(report) > int(report[0]["actions"]):
            return report
    return None


def metric(counter, value):
    """Its name in Prometheus' words, its type and its value there: times are seconds."""
    kind = "gauge" if counter.startswith(GAUGES) else "counter"
    if counter.endswith(".us"):
        counter, value = counter[: -len("us")] + "seconds", int(value) / 1e6
    name = "omzmq_" + counter.replace(".", "_")
    return (name + "_total" if kind == "counter" else name), kind, value


def label(text):
    for char, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n")):
        text = text.replace(char, escaped)
    return text


def exposition(report, time):
    """The samples of a metric stand together, as the format asks."""
    metrics = {("omzmq_report_timestamp_seconds", "gauge", "time of the report"): [f" {time:.3f}"]}
    for found in report:
        where = "" if found is report[0] else f'{{action="{label(found["name"])}"}}'
        for counter, total in found.items():
            if counter in ("name", "origin"):
                continue
            name, kind, value = metric(counter, total)
            help_text = f"counter {counter} of omzmq's docs/statistics.md"
            metrics.setdefault((name, kind, help_text), []).append(f"{where} {value}")
    lines = []
    for (name, kind, help_text), samples in metrics.items():
        lines += [f"# HELP {name} {help_text}", f"# TYPE {name} {kind}"]
        lines += [name + sample for sample in samples]
    return "\n".join(lines) + "\n"


def replace(path, text):
    """A reader finds the old file or the new one."""
    with tempfile.NamedTemporaryFile("w", dir=os.path.dirname(path) or ".", prefix=".omzmq-",
                                     encoding="utf-8", delete=False) as file:
        try:
            file.write(text)
            os.fchmod(file.fileno(), 0o644)
            file.close()
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    statistics, textfile = arguments
    try:
        report = last_report(statistics)
        if report is None:
            print(f"{statistics}: no complete report of omzmq; is impstats' format \"json\"?",
                  file=sys.stderr)
            return 1
        replace(textfile, exposition(report, os.stat(statistics).st_mtime))
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
