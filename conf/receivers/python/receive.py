#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""Receives what omzmq sends with format="packed" and writes each record as a line.

Needs pyzmq (package python3-zmq); for compressed batches python3-zstandard or python3-lz4; for a
fast checksum python3-crc32c. docs/wire-format.md explains the format.
"""
import argparse
import signal
import struct
import sys

import zmq

try:
    from crc32c import crc32c  # more than 1 GiB/s; the loop below: 5 MiB/s
except ImportError:
    TABLE = list(range(256))
    for _ in range(8):
        TABLE = [n >> 1 ^ (0x82F63B78 if n & 1 else 0) for n in TABLE]

    def crc32c(data, crc=0):
        crc ^= 0xFFFFFFFF
        for byte in data:
            crc = TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
        return crc ^ 0xFFFFFFFF

HEADER = struct.Struct("<4sBBBBQQQIIQII")
CRC_AT, BEAT = 52, 1
MAX_RAW_SIZE = 64 << 20
MAX_COUNT = 1_000_000  # what batch.maxMessages may be
MAX_STREAMS = 65536  # four senders may have all of theirs
counted = {"records": 0, "missed": 0, "duplicates": 0, "corrupt": 0, "restarts": 0}


class Corrupt(Exception):
    """A frame that is not to be trusted."""


def decompress(codec, body, raw_size):
    """At most raw_size + 1 bytes, whatever the compressed data say of themselves."""
    try:
        if codec == 1:
            import zstandard
            return zstandard.ZstdDecompressor().stream_reader(body).read(raw_size + 1)
        if codec == 2:
            import lz4.frame
            return lz4.frame.LZ4FrameDecompressor().decompress(body, max_length=raw_size + 1)
        return body
    except ImportError as error:
        sys.exit(f"the batches are compressed: {error} (packages python3-zstandard, python3-lz4)")
    except Exception as error:  # each library has errors of its own
        raise Corrupt(f"does not decompress: {error}") from error


def decode(frame, check_crc=True):
    """Returns the epoch, stream, first number and records of a frame."""
    if len(frame) < HEADER.size:
        raise Corrupt("too short")
    (magic, version, flags, codec, header_size, epoch, stream, first, count, raw_size,
     _time_ns, _reserved, crc) = HEADER.unpack_from(frame)
    if magic != b"OZB1":
        raise Corrupt("wrong magic")
    if version != 1 or flags & ~BEAT or codec > 2:
        raise Corrupt(f"unknown version {version}, flags {flags} or codec {codec}")
    if not HEADER.size <= header_size <= len(frame):
        raise Corrupt(f"impossible header size {header_size}")
    if raw_size > MAX_RAW_SIZE or count > MAX_COUNT:
        raise Corrupt(f"impossible raw size {raw_size} or count {count}")
    body = frame[header_size:]
    if flags & BEAT and (count or body):
        raise Corrupt("a beat with a body")
    if check_crc and crc32c(body, crc32c(frame[:CRC_AT])) != crc:
        raise Corrupt("wrong CRC")
    raw = decompress(codec, body, raw_size)
    records, at = [], 0
    while at + 4 <= len(raw) and len(records) < count:
        start = at + 4
        at = start + int.from_bytes(raw[at:start], "little")
        records.append(raw[start:at])
    if len(raw) != raw_size or at != raw_size or len(records) != count:
        raise Corrupt("records do not fill the body")
    return epoch, stream, first, records


def report(what, number, text):
    counted[what] += number
    print(text, file=sys.stderr, flush=True)


def remember(table, key, value):
    """A dict keeps its order, so that the key not seen for longest is the first to leave."""
    table.pop(key, None)
    table[key] = value
    if len(table) > MAX_STREAMS:
        del table[next(iter(table))]


def check_sequence(epochs, streams, epoch, stream, first, count):
    """Compares with the number that must come next; a new stream begins with what it sends."""
    if epochs and epoch not in epochs:
        report("restarts", 1, f"restart: new epoch {epoch:016x}")
    remember(epochs, epoch, True)
    expected = streams.get((epoch, stream), first)
    where = f"at {first} of stream {stream}, epoch {epoch:016x}"
    if first > expected:
        report("missed", first - expected, f"gap: {first - expected} missing {where}")
    elif again := min(count, expected - first):
        report("duplicates", again, f"duplicate: {again} {where}")
    remember(streams, (epoch, stream), max(expected, first + count))


def arguments():
    parser = argparse.ArgumentParser(description="Writes the records of omzmq's packed format.")
    parser.add_argument("--pull", action="store_true", help="PULL instead of SUB")
    parser.add_argument("--bind", action="store_true", help="bind instead of connect")
    parser.add_argument("--topic", action="append", metavar="PREFIX", help="SUB; may be repeated")
    parser.add_argument("--count", type=int, default=0, metavar="N", help="end after N records")
    parser.add_argument("--quiet", action="store_true", help="only count")
    parser.add_argument("--shared", action="store_true", help="one of several PULL: seek no gaps")
    parser.add_argument("--no-crc", action="store_true", help="trust the network")
    parser.add_argument("endpoint", nargs="+", help="tcp://host:port, ipc:///path")
    return parser.parse_args()


def receive(socket, options):
    epochs, streams = {}, {}
    while not options.count or counted["records"] < options.count:
        *_topic, frame = socket.recv_multipart()
        try:
            epoch, stream, first, records = decode(frame, not options.no_crc)
        except Corrupt as error:
            report("corrupt", 1, f"corrupt frame: {error}")
            continue
        if not options.shared:
            check_sequence(epochs, streams, epoch, stream, first, len(records))
        if options.count:
            del records[options.count - counted["records"]:]
        counted["records"] += len(records)
        if records and not options.quiet:
            sys.stdout.buffer.write(b"\n".join(records) + b"\n")
            sys.stdout.buffer.flush()


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends it as Ctrl-C does
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a closed pipe ends it quietly
    socket = zmq.Context().socket(zmq.PULL if options.pull else zmq.SUB)
    if options.bind:  # who connects never comes back after a frame beyond it
        socket.maxmsgsize = MAX_RAW_SIZE + 255
    for prefix in [] if options.pull else options.topic or [""]:
        socket.setsockopt_string(zmq.SUBSCRIBE, prefix)
    try:
        for endpoint in options.endpoint:
            (socket.bind if options.bind else socket.connect)(endpoint)
        receive(socket, options)
    except zmq.ZMQError as error:
        sys.exit(f"{' '.join(options.endpoint)}: {error}")
    except KeyboardInterrupt:
        pass
    finally:
        print(", ".join(f"{name} {n}" for name, n in counted.items()), file=sys.stderr)


if __name__ == "__main__":
    main()
