# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""The tables of what was measured; those of the curves are in scaling.py."""

from reporting import google, goals, machine, scaling
from reporting.results import difference, ratio, transport_us
from reporting.table import NOTHING, Table, digits, rate, share, signed, spread, whole

BEHIND_NOTE = ('"behind in" names that in which omzmq did worse than the peer that stands beside it, '
               "in parentheses where some rounds saw it the other way round.")


def all_of(results):
    """Every table for which there are results, in their order."""
    made = [goals.table(results) if any(results.of(part) for part in goals.PARTS) else None, machine.table(results)]
    made += [make(results) for make in (end_to_end, threads, latency, stalls, pipeline, lane, encoder, sender, codec)]
    made += scaling.tables(results)
    return [table for table in made if table is not None]


def behind(row, peer, wanted):
    """In what omzmq is worse: wanted are (text, value, whether more is better)."""
    if peer is None or not row.name.startswith("omzmq"):
        return NOTHING
    found = []
    for text, value, is_more_better in wanted:
        seen = ratio(row, peer, value)
        if seen is None or seen.median == 1 or (seen.median > 1) == is_more_better:
            continue
        is_sure = seen.high < 1 if is_more_better else seen.low > 1
        found.append(text if is_sure else f"({text})")
    return ", ".join(found) or NOTHING


def _median(seen):
    return seen and seen.median


def end_to_end(results):
    rows = []
    for row in results.of("end_to_end"):
        floor, omczmq = (results.nearest(row, name) if row.name != name else None for name in ("floor", "omczmq"))
        if omczmq and not _is_same_kind(row, omczmq):
            omczmq = None
        rows.append([
            _load_of(row.parameters), row.name, spread(row.seen("messages_per_s"), rate),
            digits(_median(ratio(row, floor, "messages_per_s"))),
            spread(ratio(row, omczmq, "messages_per_s")),
            share(row.median("lost_share")), digits(row.median("rsyslogd_us")),
            signed(_median(difference(row, floor, "rsyslogd_us"))), digits(row.median("receiver_us")),
            whole(row.median("rss_mib")),
            behind(row, omczmq, (("rate", "messages_per_s", True), ("rsyslogd's CPU", "rsyslogd_us", False),
                                 ("receiver's CPU", "receiver_us", False), ("memory", "rss_mib", False)))])
    if not rows:
        return None
    return Table("end_to_end", "End to end, through a real rsyslogd", [
        "load", "name", "received/s", "of floor", "of omczmq", "lost", "rsyslogd, µs CPU", "over floor",
        "receiver, µs CPU", "rsyslogd, MiB", "behind in"], rows, [
            "CPU is that of a message, user and system, of all threads; medians of the rounds, in parentheses the "
            "least and the most. A rate counts what arrived.", BEHIND_NOTE])


def _is_same_kind(row, peer):
    return all(row.parameters.get(key) == peer.parameters.get(key) for key in ("socket", "workers", "subscribers"))


def _load_of(parameters):
    words = [f"{parameters['bytes']} B"]
    if "socket" in parameters:
        words.append(parameters["socket"])
    for name in ("workers", "subscribers"):
        if name in parameters and (parameters[name] != 1 or name == "subscribers"):
            words.append(f"{parameters[name]} {name if parameters[name] != 1 else name[:-1]}")
    return ", ".join(words)


THREADS = ("input_us", "worker_us", "sender_us", "io_us", "other_us")


def threads(results):
    """In which threads rsyslogd's processor time goes: of each load that one receiver gets."""
    rows = []
    for row in results.of("end_to_end"):
        if "subscribers" in row.parameters or row.seen("worker_us") is None:
            continue
        floor = results.nearest(row, "floor") if row.name != "floor" else None
        rows.append([_load_of(row.parameters), row.name, *(digits(row.median(value)) for value in THREADS),
                     signed(_median(transport_us(row, floor))), whole(row.median("worker_threads"))])
    return rows and Table("threads", "Where rsyslogd's CPU goes, in µs a message", [
        "load", "name", "input", "workers", "sender", "libzmq", "other", "transport", "worker threads"], rows, [
            '"transport" is what the workers need more than those of the floor, and the sender and libzmq: what else '
            "the machine does moves it less than the difference of the sums above."]) or None


LATENCIES = ("p50_us", "p99_us", "p999_us", "max_us")


def latency(results):
    rows = []
    # What has no latency only shows what a rate costs.
    for row in sorted(results.of("latency"), key=lambda row: _rank_of(row.parameters["load"])):
        if row.seen("p50_us") is None:
            continue
        peer = results.peer_of(row)
        linger = row.parameters.get("linger_ms")
        name = row.name if linger is None else f"{row.name}, linger {linger} ms"
        rows.append([row.parameters["load"], name, spread(row.seen("p50_us"), whole),
                     *(whole(row.median(value)) for value in LATENCIES[1:]),
                     whole(row.median("lost")), signed(_median(difference(row, peer, "p50_us"))),
                     behind(row, peer, [(value.split("_")[0].replace("p999", "p99.9"), value, False)
                                        for value in LATENCIES])])
    if not rows:
        return None
    return Table("latency", "From rsyslogd's socket to the receiver's program, in µs", [
        "load", "name", "p50", "p99", "p99.9", "max", "lost", "p50 over omczmq", "behind in"], rows, [BEHIND_NOTE])


def _rank_of(load):
    return 0 if load == "one at a time" else int(load.split("/")[0])


def stalls(results):
    rows = [[", ".join(f"`{name}={value}`" for name, value in row.parameters.items()),
             *(digits(row.median(value)) for value in LATENCIES),
             *(whole(row.median(value)) for value in ("commits", "refused", "dropped")),
             digits(row.median("grown_mib"))] for row in results.of("stalls")]
    return rows and Table("stalls", "A commit of 256 messages while the receiver stands still, in µs", [
        "settings", "p50", "p99", "p99.9", "max", "commits", "refused", "messages dropped", "memory grew by, MiB"],
        rows) or None


def pipeline(results):
    rows = []
    for row in results.of("pipeline"):
        peer = results.peer_of(row)
        rows.append([row.name, str(row.parameters["workers"]), whole(row.parameters.get("window")),
                     spread(row.seen("messages_per_s"), rate),
                     spread(ratio(row, peer, "messages_per_s")), *(digits(row.median(value)) for value in (
                         "worker_us", "sender_us", "io_us", "sending_us", "receiver_us")),
                     whole(row.median("lost")),
                     behind(row, peer, (("rate", "messages_per_s", True), ("sender's CPU", "sending_us", False),
                                        ("receiver's CPU", "receiver_us", False)))])
    return rows and Table("pipeline", "Without rsyslogd: submit, lane, frame, tcp, decoder; 256 B", [
        "name", "workers", "window", "messages/s", "of its peer", "workers, µs CPU", "sender thread", "libzmq's thread",
        "all that sends", "receiver", "lost", "behind in"], rows, [
            "The peer of `packed` and `lines` is libzmq alone with frames of 64 KiB, of `raw` libzmq alone with a "
            "message for each; one thread makes and sends them, and no check sum is made.",
            "With a window only so many messages are on the way at a time; without one the queues decide, which fill "
            "when the receiver is the slowest.", BEHIND_NOTE]) or None


LANES = (("copy_alone", "`memcpy` of the same bytes alone"), ("worker_alone", "the worker's half: write and publish"),
         ("both_by_turns", "both halves by turns, on one thread"), ("two_threads/lane", "two threads: the lane"),
         ("two_threads/mutex", "two threads: mutex and deque of batches"),
         ("two_threads/moodycamel", "two threads: moodycamel's queue of batches"),
         ("two_threads/strings", "two threads: moodycamel's queue of strings"))


def lane(results):
    own = results.find(google.PART, "two_threads/lane", program="lane_bench", argument=1024)
    rows = []
    for name, text in LANES:
        row = results.find(google.PART, name, program="lane_bench", argument=1024)
        if row is None:
            continue
        seen = ratio(own, row, "items_per_s") if name.startswith("two_threads/") and row is not own else None
        mark = "behind it" if seen and seen.median < 1 else NOTHING
        rows.append([text, spread(row.seen("items_per_s"), rate), digits(row.median("ns")), spread(seen), mark])
    return rows and Table("lane", "The lane, 256 bytes a message, 1024 a transaction", [
        "what", "messages/s", "ns a message", "the lane is times that", "the lane"], rows) or None


def _micro(results, program, names, column):
    """Rows of those names with whatever arguments were measured: [text, argument, figures ...]."""
    made = []
    for name, text in names:
        rows = [row for row in results.of(google.PART) if row.name == name and row.parameters["program"] == program]
        for row in sorted(rows, key=lambda row: row.parameters.get("argument", 0)):
            made.append([text, whole(row.parameters.get("argument")), *column(row)])
    return made


def encoder(results):
    def figures(row):
        peer = results.peer_of(row)
        return [spread(row.seen("ns")), rate(row.median("items_per_s")), spread(ratio(row, peer, "ns"))]

    rows = _micro(results, "core_bench", (
        ("copy_into_blocks", "copying the bytes into blocks, alone"), ("batch_raw", "batcher, `raw`"),
        ("batch_lines", "batcher and encoder, `lines`"), ("batch_packed/none", "`packed`"),
        ("batch_packed/lz4", "`packed`, lz4"), ("batch_packed/zstd", "`packed`, zstd")), figures)
    return rows and Table("encoder", "What the sender does to a message before the socket", [
        "what", "bytes", "ns a message", "messages/s", "times its floor"], rows, [
            "The floor of `lines` and `packed` is copying alone; that of lz4 and zstd is `packed` as it is."]) or None


def codec(results):
    def figures(row):
        return [rate(row.median("bytes_per_s")) + ("B/s" if row.seen("bytes_per_s") else ""),
                rate(row.median("items_per_s")), spread(ratio(row, results.peer_of(row), "bytes_per_s"))]

    rows = _micro(results, "wire_bench", (
        ("copy_bytes", "`memcpy`"), ("crc_by_folding", "CRC-32C by folding (AVX-512)"),
        ("crc_by_instruction", "CRC-32C by the processor's instruction"),
        ("crc_by_table", "CRC-32C by the table"), ("read_frame", "a receiver verifies and walks a frame of 64 KiB")),
        figures)
    return rows and Table("codec", "Check sum and decoder", [
        "what", "bytes", "bytes/s", "records/s", "bytes/s, of its peer"], rows, [
            "The peer of the instruction is `memcpy`; that of folding and of the table is the instruction."]) or None


def sender(results):
    rows = _micro(results, "sender_bench", tuple((f"send/{name}", f"`{name}`") for name in ("raw", "lines", "packed")),
                  lambda row: [spread(row.seen("ns")), rate(row.median("items_per_s"))])
    return rows and Table("sender", "The sender's thread, out of the lane into nothing, 256 B", [
        "format", "messages a transaction", "ns of CPU a message", "messages/s"], rows) or None
