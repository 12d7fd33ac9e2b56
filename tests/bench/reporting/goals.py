# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""The goals S1 to S9: what was wanted, what was seen, reached or not."""

import dataclasses

from reporting import google
from reporting.results import difference, ratio, transport_us
from reporting.table import Table, digits, rate

PARTS = ("end_to_end", "latency", "stalls", "pipeline", google.PART)
SIZES = (80, 256, 1024)
# Defaults of omzmq: one lane, and as many full frames as the socket's high-water mark lets through.
LANE_MIB = 8
FRAMES_MIB = 256 * 64 / 1024
SPARE_MIB = 16
MOST_MIB = LANE_MIB + FRAMES_MIB + SPARE_MIB


@dataclasses.dataclass(frozen=True)
class Finding:
    """One number beside its goal."""
    text: str
    is_reached: bool


def table(results):
    rows = []
    for name, goal, judge in GOALS:
        findings = judge(results)
        rows.append([name, goal, "; ".join(finding.text for finding in findings) or "not measured",
                     _verdict(findings)])
    return Table("goals", "The goals", ["", "goal", "seen (median)", "reached"], rows)


def _verdict(findings):
    if not findings:
        return "-"
    reached = sum(finding.is_reached for finding in findings)
    return "yes" if reached == len(findings) else "no" if reached == 0 else "in part"


def _push(results, name, size):
    return results.find("end_to_end", name, bytes=size, workers=1, socket="PUSH")


def _floor(results, size):
    return results.find("end_to_end", "floor", bytes=size, workers=1)


def _finding(label, seen, is_reached, shown=digits):
    """None where nothing was seen, so that a list of them can be filtered."""
    if seen is None:
        return None
    return Finding(f"{label} {shown(seen.median)}", is_reached(seen.median))


def _those(findings):
    return [finding for finding in findings if finding is not None]


def received_of_floor(results):
    """Beside them, what libzmq, tcp and a receiver leave of the floor without anything of ours."""
    def of_floor(name, size):
        return ratio(_push(results, name, size), _floor(results, size), "messages_per_s")

    found = [_finding(f"{format_name} {size} B", of_floor(f"omzmq {format_name}", size), lambda seen: seen >= 0.95)
             for format_name in ("packed", "lines") for size in (80, 256)]
    bare = [of_floor("bare libzmq frames", size) for size in (80, 256)]
    if all(bare) and found[-1]:
        beside = " and ".join(digits(seen.median) for seen in bare)
        found[-1] = dataclasses.replace(found[-1], text=f"{found[-1].text} (bare libzmq frames: {beside})")
    return _those(found)


def cpu_over_floor(results):
    """Beside each, for who judges a busy machine: what the threads of the transport add."""
    found = []
    for size in (80, 256):
        row, floor = _push(results, "omzmq packed", size), _floor(results, size)
        threads = row and transport_us(row, floor)
        beside = f" (by its threads {digits(threads.median)})" if threads else ""
        found.append(_finding(f"{size} B", difference(row, floor, "rsyslogd_us"), lambda seen: seen <= 0.1,
                              lambda seen, beside=beside: digits(seen) + beside))
    return _those(found)


def receiver_of_raw(results):
    return _those(_finding(f"{size} B", ratio(_push(results, "omzmq packed", size), _push(results, "omzmq raw", size),
                                              "receiver_us"), lambda found: found <= 0.25)
                  for size in (80, 256))


def raw_of_omczmq(results):
    found = []
    for size in SIZES:
        row, peer = _push(results, "omzmq raw", size), _push(results, "omczmq", size)
        found += [_finding(f"{size} B: rate", ratio(row, peer, "messages_per_s"), lambda seen: seen >= 1),
                  _finding("CPU", ratio(row, peer, "rsyslogd_us"), lambda seen: seen <= 1)]
    return _those(found)


def pipeline(results):
    rows = ((row.parameters.get("window"), row) for row in results.of("pipeline")
            if row.name == "omzmq packed" and row.parameters["workers"] == 1)
    return _those(_finding(f"at most {window:,} on the way" if window else "one worker", row.seen("messages_per_s"),
                           lambda found: found >= 5e6, lambda number: rate(number) + "/s") for window, row in rows)


def lane(results):
    """The goal is the worker's half; what crosses to another thread is told beside it."""
    def ns(name):
        row = results.find(google.PART, name, program="lane_bench", argument=1024)
        return row and row.seen("ns")

    worker, copy = ns("worker_alone"), ns("copy_alone")
    if worker is None:
        return []
    beside = f" (the bare copy: {digits(copy.median)} ns)" if copy else ""
    return [_finding("the worker's half:", worker, lambda found: found <= 10,
                     lambda found: rate(1e9 / found) + "/s"),
            _finding("and", worker, lambda found: found <= 15, lambda found: f"{digits(found)} ns{beside}")]


def one_at_a_time(results):
    peer = results.find("latency", "omczmq", load="one at a time")
    rows = (("packed, linger 0:", results.find("latency", "omzmq packed", load="one at a time", linger_ms=0)),
            ("raw:", results.find("latency", "omzmq raw", load="one at a time")))
    return _those(_finding(label, difference(row, peer, "p50_us"), lambda found: found <= 30,
                           lambda found: f"{'+' if found >= 0 else ''}{found:.0f} µs") for label, row in rows)


def commits(results):
    row = results.find("stalls", "omzmq packed", **{"handoff.timeout": "0"})
    return _those([row and _finding("p99.9", row.seen("p999_us"), lambda found: found < 1000,
                                    lambda found: f"{digits(found)} µs")])


def memory(results):
    found = [row.seen("grown_mib") for row in results.of("stalls")]
    most = max((seen for seen in found if seen), key=lambda seen: seen.median, default=None)
    return _those([_finding("most of all:", most, lambda seen: seen <= MOST_MIB, lambda seen: f"{digits(seen)} MiB")])


GOALS = (
    ("S1", "PUSH, `packed` and `lines`: received, of the floor: ≥ 0.95", received_of_floor),
    ("S2", "rsyslogd's CPU a message over the floor, `packed`: ≤ 0.10 µs", cpu_over_floor),
    ("S3", "receiver's CPU a message, `packed`, of `raw`: ≤ 0.25", receiver_of_raw),
    ("S4", "PUSH, `raw`, of omczmq: rate ≥ 1.0, rsyslogd's CPU ≤ 1.0", raw_of_omczmq),
    ("S5", "without rsyslogd, 256 B, `packed`, tcp, decoder: ≥ 5 M/s", pipeline),
    ("S6", "the lane alone, 256 B, 1024 a transaction: ≥ 100 M/s, ≤ 15 ns", lane),
    ("S7", "one message at a time, p50, over omczmq: ≤ 30 µs", one_at_a_time),
    ("S8", "receiver stopped, `handoff.timeout=0`: a commit's p99.9 < 1 ms", commits),
    ("S9", f"receiver stopped: memory grows by ≤ lane + HWM × frame + 16 MiB = {MOST_MIB:.0f} MiB", memory),
)
