# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""What programs with Google benchmark say, in the form of all results."""

import json
import os

from reporting.results import BadResults

PART = "micro"
# What a figure is compared with; the other names have no peer.
PEERS = {
    "lane_bench": {"two_threads/lane": "two_threads/mutex", "worker_alone": "copy_alone"},
    "core_bench": {"batch_packed/none": "copy_into_blocks", "batch_lines": "copy_into_blocks",
                   "batch_packed/lz4": "batch_packed/none", "batch_packed/zstd": "batch_packed/none"},
    "wire_bench": {"crc_by_folding": "crc_by_instruction", "crc_by_instruction": "copy_bytes",
                   "crc_by_table": "crc_by_instruction"},
    "sender_bench": {},
}
# Ends of a name that say how time was taken.
CLOCKS = ("real_time", "manual_time", "process_time")


def lines(path):
    """The lines of a file of --benchmark_out_format=json. Raises BadResults."""
    try:
        with open(path, encoding="utf-8") as text:
            said = json.load(text)
        program = os.path.basename(said["context"]["executable"])
        return [_line(program, run) for run in said["benchmarks"]
                if run.get("run_type", "iteration") == "iteration" and not run.get("error_occurred")]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadResults(f"{path}: not what --benchmark_out_format=json writes: {error!r}") from None


def _line(program, run):
    words = [word for word in run["run_name"].split("/") if word not in CLOCKS]
    parameters = {"program": program}
    if words[-1].isdigit():
        parameters["argument"] = int(words.pop())
    name = "/".join(words)
    values = {}
    if "items_per_second" in run:
        values["items_per_s"] = run["items_per_second"]
        values["ns"] = 1e9 / run["items_per_second"]
    if "bytes_per_second" in run:
        values["bytes_per_s"] = run["bytes_per_second"]
    line = {"part": PART, "name": name, "parameters": parameters, "round": run.get("repetition_index", 0),
            "values": values}
    peer = PEERS.get(program, {}).get(name)
    return {**line, "peer": peer} if peer else line
