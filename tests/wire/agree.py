# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""Do the two decoders of the packed format agree?

agree.py VERDICTS COUNT SEED

Runs the program VERDICTS, which prints frames and what wire.hpp says of them, and compares it with
what decoder.py says. Exits 1 where they differ, and where a kind of frame never came: a comparison
of nothing would always succeed. Compressed records are compared where python3-zstandard and
python3-lz4 are installed.
"""

import collections
import subprocess
import sys

import decoder

try:
    import zstandard
except ImportError:
    zstandard = None
try:
    import lz4.frame as lz4_frame
except ImportError:
    lz4_frame = None

FAULTS = {
    "batch": "too-short magic version header-size flags codec too-large crc raw-size count records",
    "ack": "too-short magic version too-large crc",
}


def from_hex(text):
    return b"" if text == "." else bytes.fromhex(text)


def decompress(codec, body, raw_size):
    """The uncompressed body, or None where this machine has no module for it."""
    if codec == decoder.CODEC_NONE:
        return body
    if codec == decoder.CODEC_ZSTD and zstandard:
        return zstandard.ZstdDecompressor().decompress(body, max_output_size=raw_size)
    if codec == decoder.CODEC_LZ4 and lz4_frame:
        return lz4_frame.decompress(body)
    return None


def judge_fault(said, faults):
    if said not in faults:
        return f"wire.hpp says {said}, decoder.py {sorted(faults) or 'sound'}"
    # It means a sound frame for a receiver with more memory.
    if said == "too-large" and faults - {"too-large", "records"}:
        return f"wire.hpp says only {said}, decoder.py {sorted(faults)}"
    return None


def judge_batch(frame, words, limit):
    faults, batch, body = decoder.read_batch(frame, limit)
    if words[0] == "fault":
        return judge_fault(words[1], faults)
    if faults:
        return f"wire.hpp says sound, decoder.py {sorted(faults)}"
    if [int(word) for word in words[1:9]] != list(batch):
        return f"the headers differ: {words[1:9]}, {batch}"
    if from_hex(words[9]) != body:
        return "the bodies differ"
    if words[10:]:
        raw = decompress(batch.codec, body, batch.raw_size)
        if raw is not None:
            if len(raw) != batch.raw_size:
                return f"{len(raw)} bytes were compressed, not {batch.raw_size}"
            if decoder.split_records(raw) != [from_hex(word[1:]) for word in words[11:]]:
                return "the records differ"
    return None


def judge_ack(frame, words):
    faults, ack = decoder.read_ack(frame)
    if words[0] == "fault":
        return judge_fault(words[1], faults)
    if faults:
        return f"wire.hpp says sound, decoder.py {sorted(faults)}"
    if [int(word) for word in words[1:]] != list(ack):
        return f"the fields differ: {words[1:]}, {ack}"
    return None


def kind_of(name, words):
    if words[0] == "fault":
        return f"{name} {words[1]}"
    if name == "ack":
        return "ack sound"
    return "batch beat" if words[1] == "1" else f"batch sound codec {words[2]}"


def expected_kinds():
    kinds = {f"{name} {fault}" for name, faults in FAULTS.items() for fault in faults.split()}
    return kinds | {"ack sound", "batch beat"} | {f"batch sound codec {n}" for n in range(3)}


def main():
    program, count, seed = sys.argv[1:4]
    seen, limit, differences = collections.Counter(), None, 0
    with subprocess.Popen([program, count, seed], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            name, text, *words = line.split()
            if name == "limit":
                limit = int(text)
                continue
            frame = from_hex(text)
            seen[kind_of(name, words)] += 1
            wrong = judge_batch(frame, words, limit) if name == "batch" else judge_ack(frame, words)
            if wrong:
                differences += 1
                if differences <= 10:
                    print(f"{wrong}\n  {line.strip()}")
    for kind, number in sorted(seen.items()):
        print(f"{number:6} {kind}")
    missing = sorted(expected_kinds() ^ set(seen))
    print(f"{sum(seen.values())} frames, {differences} differences; kinds missing or unknown: {missing}")
    print(f"compressed records compared: zstd {bool(zstandard)}, lz4 {bool(lz4_frame)}")
    return process.returncode or differences > 0 or bool(missing) or sum(seen.values()) != int(count)


sys.exit(1 if main() else 0)
