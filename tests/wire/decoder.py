# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""The packed format read by a second decoder: only the documented format was its model.

Where a frame is wrong in several ways, the format does not say which is to be named. So a judgement
here is the set of all that is wrong; a decoder that names one of them is right.
"""

import struct
from typing import NamedTuple

CODEC_NONE, CODEC_ZSTD, CODEC_LZ4 = 0, 1, 2
BATCH = struct.Struct("<4sBBBBQQQIIQII")
ACK = struct.Struct("<4sBBHQQQII")


class Batch(NamedTuple):
    beat: int
    codec: int
    epoch: int
    stream: int
    first: int
    count: int
    raw_size: int
    time: int


class Ack(NamedTuple):
    status: int
    epoch: int
    stream: int
    first: int
    count: int


def _table():
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        yield value


_CRC_TABLE = tuple(_table())


def crc32c(data):
    table, value = _CRC_TABLE, 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ table[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


def split_records(raw):
    """The records of an uncompressed body, or None where the lengths do not fill it exactly."""
    records, at = [], 0
    while at < len(raw):
        if len(raw) - at < 4:
            return None
        (length,) = struct.unpack_from("<I", raw, at)
        at += 4
        if length > len(raw) - at:
            return None
        records.append(raw[at : at + length])
        at += length
    return records


def read_batch(frame, max_raw_size):
    """(faults, batch, body): the set of all that is wrong, the header's fields, the body as sent.

    The last two are None where the frame is too short for a header.
    """
    faults = set()
    if frame[:4] != b"OZB1"[: len(frame)]:
        faults.add("magic")
    if len(frame) < BATCH.size:
        return faults | {"too-short"}, None, None
    (_, version, flags, codec, header_size, epoch, stream, first, count, raw_size, time, _, crc) = (
        BATCH.unpack_from(frame)
    )
    if version != 1:
        faults.add("version")
    if flags & ~1:
        faults.add("flags")
    if codec not in (CODEC_NONE, CODEC_ZSTD, CODEC_LZ4):
        faults.add("codec")
    if raw_size > max_raw_size:
        faults.add("too-large")
    if 4 * count > raw_size:  # each record needs its length
        faults.add("count")
    batch = Batch(flags & 1, codec, epoch, stream, first, count, raw_size, time)
    if header_size < BATCH.size or header_size > len(frame):
        return faults | {"header-size"}, batch, None
    body = frame[header_size:]
    if crc32c(frame[:52] + body) != crc:
        faults.add("crc")
    if batch.beat and (count or raw_size or body):
        faults.add("count")
    if codec == CODEC_NONE:
        if raw_size != len(body):
            faults.add("raw-size")
        faults |= judge_records(split_records(body), batch)
    return faults, batch, body


def judge_records(records, batch):
    return set() if records is not None and len(records) == batch.count else {"records"}


def read_ack(frame):
    """(faults, ack): the set of all that is wrong; the fields, or None where some are missing."""
    faults = set()
    if frame[:4] != b"OZA1"[: len(frame)]:
        faults.add("magic")
    if len(frame) < ACK.size:
        return faults | {"too-short"}, None
    if len(frame) > ACK.size:
        faults.add("too-large")
    (_, version, status, _, epoch, stream, first, count, crc) = ACK.unpack_from(frame)
    if version != 1:
        faults.add("version")
    if crc32c(frame[:36]) != crc:
        faults.add("crc")
    return faults, Ack(status, epoch, stream, first, count)
