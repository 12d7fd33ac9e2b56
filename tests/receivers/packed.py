# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""The packed format, written down once more and from the document alone: an encoder that can also
make what no sender makes, and a decoder that is slow and strict."""

import struct

import lz4.frame
import zstandard

NONE, ZSTD, LZ4 = 0, 1, 2
BEAT = 1
HEADER_SIZE = 56
# name, format of struct; in the order of the wire
BATCH_FIELDS = [("magic", "4s"), ("version", "B"), ("flags", "B"), ("codec", "B"),
                ("header size", "B"), ("epoch", "Q"), ("stream", "Q"), ("first", "Q"),
                ("count", "I"), ("raw size", "I"), ("time", "Q"), ("reserved", "I"), ("crc", "I")]
ACK_FIELDS = [("magic", "4s"), ("version", "B"), ("status", "B"), ("reserved", "H"),
              ("epoch", "Q"), ("stream", "Q"), ("first", "Q"), ("count", "I"), ("crc", "I")]


def _crc_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def fields_of(layout, data):
    """The fields of a layout at the beginning of the data, by name."""
    values = struct.unpack_from("<" + "".join(kind for _, kind in layout), data)
    return dict(zip((name for name, _ in layout), values))


def body_of(records):
    return b"".join(struct.pack("<I", len(record)) + record for record in records)


def compress(codec, raw):
    if codec == ZSTD:
        return zstandard.ZstdCompressor().compress(raw)
    if codec == LZ4:
        return lz4.frame.compress(raw)
    return raw


def batch(records=(), *, epoch=1, stream=0, first=0, codec=NONE, time=0, flags=0, magic=b"OZB1",
          version=1, header_size=HEADER_SIZE, count=None, raw_size=None, raw=None, body=None,
          codec_field=None, crc=None, reserved=0):
    """A frame. What is not given is what a sender would write; the CRC is right for it."""
    raw = body_of(records) if raw is None else raw
    body = compress(codec, raw) if body is None else body
    head = struct.pack("<4sBBBBQQQIIQI", magic, version, flags,
                       codec if codec_field is None else codec_field, header_size, epoch, stream,
                       first, len(records) if count is None else count,
                       len(raw) if raw_size is None else raw_size, time, reserved)
    crc = crc32c(head + body) if crc is None else crc
    more = bytes(header_size - HEADER_SIZE) if header_size > HEADER_SIZE else b""
    return head + struct.pack("<I", crc) + more + body


def beat(*, first, **fields):
    return batch(first=first, flags=BEAT, **fields)


def acknowledgement(*, epoch, stream, first, count, status=0):
    data = struct.pack("<4sBBHQQQI", b"OZA1", 1, status, 0, epoch, stream, first, count)
    return data + struct.pack("<I", crc32c(data))


def decode(frame):
    """The fields and the records of a frame; an AssertionError for what no sender sends."""
    fields = fields_of(BATCH_FIELDS, frame)
    assert fields["magic"] == b"OZB1" and fields["version"] == 1
    assert fields["flags"] in (0, BEAT) and fields["header size"] == HEADER_SIZE
    assert fields["reserved"] == 0
    body = frame[HEADER_SIZE:]
    assert fields["crc"] == crc32c(frame[:52] + body)
    raw = {NONE: lambda data: data, LZ4: lz4.frame.decompress,
           ZSTD: lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
           }[fields["codec"]](body)
    assert len(raw) == fields["raw size"]
    records = []
    while raw:
        (length,) = struct.unpack_from("<I", raw)
        assert length <= len(raw) - 4
        records.append(raw[4:4 + length])
        raw = raw[4 + length:]
    assert len(records) == fields["count"]
    assert not (fields["flags"] & BEAT and records)
    return fields, records
