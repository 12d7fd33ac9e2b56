# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""A receiver of conf/receivers against a sender that is made here, right and wrong.

receivers_test.py LANGUAGE DOCUMENT COMMAND... [-- ARGUMENT OF unittest...]

LANGUAGE is python, go or node and tells which codecs it must know; DOCUMENT is wire-format.md.
"""

import functools
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import zmq

import document
import packed

EPOCH = 0xF00D000000000001
BOUND_S = 60
MAX_RAW_SIZE, MAX_COUNT = 64 << 20, 1_000_000
LANGUAGE, DOCUMENT, COMMAND = None, None, None  # set at the end of the file


def wait_until(condition, what):
    deadline = time.monotonic() + BOUND_S
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {BOUND_S} s: {what}")
        time.sleep(0.01)


@functools.cache
def known_codecs():
    if LANGUAGE != "node":
        return {packed.NONE, packed.ZSTD, packed.LZ4}
    has_zstd = "process.exit(require('node:zlib').zstdDecompressSync ? 0 : 1)"
    found = subprocess.run([COMMAND[0], "-e", has_zstd], check=False).returncode == 0
    return {packed.NONE, packed.ZSTD} if found else {packed.NONE}


class Receiver:
    """The receiver as a process; killed when the test ends."""

    def __init__(self, test, *arguments, environment=None):
        directory = tempfile.TemporaryDirectory()
        test.addCleanup(directory.cleanup)
        self._files = [os.path.join(directory.name, name) for name in ("out", "err")]
        with open(self._files[0], "wb") as out, open(self._files[1], "wb") as err:
            self.process = subprocess.Popen([*COMMAND, *arguments], stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=err,
                                            env={**os.environ, **(environment or {})})
        test.addCleanup(self._end)

    def _end(self):
        self.process.kill()
        self.process.wait()

    def _read(self, index):
        with open(self._files[index], "rb") as file:
            return file.read()

    @property
    def out(self):
        return self._read(0)

    @property
    def err(self):
        return self._read(1).decode()

    def wait(self):
        try:
            return self.process.wait(BOUND_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"does not end; it said: {self.err}") from None

    def summary(self):
        numbers = re.search(r"^records (\d+), missed (\d+), duplicates (\d+), corrupt (\d+), "
                            r"restarts (\d+)$", self.err, re.MULTILINE)
        if not numbers:
            raise AssertionError(f"no summary in: {self.err}")
        return dict(zip(("records", "missed", "duplicates", "corrupt", "restarts"),
                        map(int, numbers.groups())))


class ReceiverTest(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        self.context = zmq.Context()
        self.addCleanup(self.context.destroy, 0)
        self.sender, self.endpoint = self.bound(zmq.PUSH)

    def bound(self, kind):
        socket = self.context.socket(kind)
        self.addCleanup(socket.close, 0)
        socket.sndhwm = 0
        socket.sndtimeo = socket.rcvtimeo = BOUND_S * 1000
        return socket, f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}"

    def publisher(self, subscriptions, start):
        """A publisher that has seen so many subscriptions of what start(endpoint) starts."""
        socket, endpoint = self.bound(zmq.XPUB)
        receiver = start(endpoint)
        seen = [socket.recv() for _ in range(subscriptions)]
        self.assertTrue(all(message[:1] == b"\1" for message in seen))
        return socket, receiver

    def send_all(self, frames, socket=None):
        for frame in frames:
            (socket or self.sender).send_multipart(frame if isinstance(frame, list) else [frame])

    def received(self, frames, records, *options, environment=None):
        """What the receiver did with the frames, of which it should take so many records."""
        # A socket of its own: one that had a receiver before may still send to that.
        socket, endpoint = self.bound(zmq.PUSH)
        receiver = Receiver(self, "--pull", "--count", str(records + 1), *options, endpoint,
                            environment=environment)
        self.send_all([*frames, packed.batch([b"end"], epoch=EPOCH, stream=999)], socket)
        self.assertEqual(receiver.wait(), 0, receiver.err)
        self.assertEqual(receiver.summary()["records"], records + 1)
        return receiver

    def assert_counts(self, receiver, **wanted):
        summary = receiver.summary()
        for name in ("missed", "duplicates", "corrupt", "restarts"):
            self.assertEqual(summary[name], wanted.get(name, 0), f"{name}: {receiver.err}")

    def assert_corrupt(self, frames):
        """Each is refused, and the receiver lives on; epochs are the good ones' or damaged."""
        good = packed.batch([b"good"], epoch=EPOCH)
        receiver = self.received([good, *frames], 1)
        self.assertEqual(receiver.out, b"good\nend\n")
        self.assert_counts(receiver, corrupt=len(frames))
        self.assertEqual(receiver.err.count("corrupt frame: "), len(frames))


class Records(ReceiverTest):
    RECORDS = [b"first", b"", b"with\0zero and \xff\xfe", "Größe".encode(), b"x" * 70000, b"last"]

    def test_are_written_as_lines_whatever_their_bytes(self):
        receiver = self.received([packed.batch(self.RECORDS, epoch=EPOCH)], len(self.RECORDS))
        self.assertEqual(receiver.out, b"\n".join([*self.RECORDS, b"end"]) + b"\n")
        self.assert_counts(receiver)

    def test_are_decompressed_or_the_receiver_says_what_it_lacks(self):
        for codec, name in ((packed.ZSTD, "zstd"), (packed.LZ4, "lz4")):
            with self.subTest(name):
                frame = packed.batch(self.RECORDS, epoch=EPOCH, codec=codec)
                if codec in known_codecs():
                    receiver = self.received([frame], len(self.RECORDS))
                    self.assertEqual(receiver.out, b"\n".join([*self.RECORDS, b"end"]) + b"\n")
                    self.assert_counts(receiver)
                else:
                    socket, endpoint = self.bound(zmq.PUSH)
                    receiver = Receiver(self, "--pull", endpoint)
                    self.send_all([frame], socket)
                    self.assertEqual(receiver.wait(), 1)
                    self.assertIn(name, receiver.err)
                    self.assertEqual(receiver.out, b"")

    def test_of_random_batches_all_arrive(self):
        chance = random.Random(1)
        frames, wanted, numbers = [], [], {}
        for _ in range(300):
            stream = chance.randrange(5)
            records = [chance.randbytes(chance.choice((0, 1, 5, 100, 3000)))
                       for _ in range(chance.randrange(6))]
            frames.append(packed.batch(records, epoch=EPOCH, stream=stream,
                                       time=chance.getrandbits(64), first=numbers.get(stream, 0),
                                       codec=chance.choice(sorted(known_codecs()))))
            numbers[stream] = numbers.get(stream, 0) + len(records)
            wanted += records
        receiver = self.received(frames, len(wanted))
        self.assertEqual(receiver.out, b"\n".join([*wanted, b"end"]) + b"\n")
        self.assert_counts(receiver)

    def test_of_the_document_are_read(self):
        batch, beat = (document.frames(DOCUMENT)[name][0] for name in ("batch", "beat"))
        fields, records = packed.decode(batch)
        end = packed.batch([b"end"], epoch=fields["epoch"], stream=fields["stream"],
                           first=packed.decode(beat)[0]["first"])
        receiver = Receiver(self, "--pull", "--count", "3", self.endpoint)
        self.send_all([batch, beat, end])
        self.assertEqual(receiver.wait(), 0, receiver.err)
        self.assertEqual(receiver.out, b"\n".join([*records, b"end"]) + b"\n")
        self.assert_counts(receiver)

    def test_after_a_longer_header_are_found(self):
        receiver = self.received([packed.batch([b"one"], epoch=EPOCH, header_size=64)], 1)
        self.assertEqual(receiver.out, b"one\nend\n")

    def test_beyond_the_count_are_not_written(self):
        receiver = Receiver(self, "--pull", "--count", "2", self.endpoint)
        self.send_all([packed.batch([b"1", b"2", b"3"], epoch=EPOCH)])
        self.assertEqual(receiver.wait(), 0, receiver.err)
        self.assertEqual(receiver.out, b"1\n2\n")
        self.assertEqual(receiver.summary()["records"], 2)

    def test_are_only_counted_when_quiet(self):
        receiver = self.received([packed.batch([b"1", b"2"], epoch=EPOCH)], 2, "--quiet")
        self.assertEqual(receiver.out, b"")


class Numbers(ReceiverTest):
    def test_that_go_on_are_no_gap(self):
        batches = ((1, 0, 2), (2, 0, 1), (1, 2, 3), (2, 1, 1), (1, 5, 1))
        frames = [packed.batch([b"r"] * count, epoch=EPOCH, stream=stream, first=first)
                  for stream, first, count in batches]
        self.assert_counts(self.received(frames, 8))

    def test_that_are_missing_are_a_gap_of_the_difference(self):
        receiver = self.received([packed.batch([b"a", b"b"], epoch=EPOCH, stream=7),
                                  packed.batch([b"c"], epoch=EPOCH, stream=7, first=5)], 3)
        self.assert_counts(receiver, missed=3)
        self.assertIn(f"gap: 3 missing at 5 of stream 7, epoch {EPOCH:016x}", receiver.err)
        self.assertEqual(receiver.out, b"a\nb\nc\nend\n")

    def test_above_two_to_the_53_are_exact(self):
        first = (1 << 63) + 1
        receiver = self.received([packed.batch([b"a"], epoch=EPOCH, first=first),
                                  packed.batch([b"b"], epoch=EPOCH, first=first + 2)], 2)
        self.assert_counts(receiver, missed=1)
        self.assertIn(f"gap: 1 missing at {first + 2} of stream 0,", receiver.err)

    def test_that_come_again_are_duplicates_and_written(self):
        frames = [packed.batch([b"a", b"b"], epoch=EPOCH), packed.batch([b"a", b"b"], epoch=EPOCH),
                  packed.batch([b"b", b"c"], epoch=EPOCH, first=1),
                  packed.batch([b"a"], epoch=EPOCH), packed.batch([b"d"], epoch=EPOCH, first=3)]
        receiver = self.received(frames, 8)
        self.assert_counts(receiver, duplicates=4)
        self.assertIn(f"duplicate: 2 at 0 of stream 0, epoch {EPOCH:016x}", receiver.err)
        self.assertIn(f"duplicate: 1 at 1 of stream 0, epoch {EPOCH:016x}", receiver.err)
        self.assertEqual(receiver.out, b"a\nb\na\nb\nb\nc\na\nd\nend\n")

    def test_of_a_new_epoch_are_a_restart_and_no_gap(self):
        frames = [packed.batch([b"a"], epoch=EPOCH, first=50), packed.batch([b"b"], epoch=77),
                  packed.batch([b"c"], epoch=77, first=1)]
        receiver = self.received(frames, 3)
        self.assert_counts(receiver, restarts=1)
        self.assertIn(f"restart: new epoch {77:016x}", receiver.err)

    def test_of_a_late_receiver_begin_where_it_joined(self):
        self.assert_counts(self.received([packed.batch([b"a"], epoch=EPOCH, first=1000),
                                          packed.batch([b"b"], epoch=EPOCH, first=1001)], 2))

    def test_of_a_beat_reveal_a_lost_tail(self):
        receiver = self.received([packed.batch([b"a"], epoch=EPOCH),
                                  packed.beat(epoch=EPOCH, first=4)], 1)
        self.assert_counts(receiver, missed=3)
        self.assertIn("gap: 3 missing at 4 of stream 0,", receiver.err)

    def test_of_a_gap_are_told_once(self):
        frames = [packed.batch([b"a"], epoch=EPOCH), packed.beat(epoch=EPOCH, first=4),
                  packed.beat(epoch=EPOCH, first=4), packed.batch([b"b"], epoch=EPOCH, first=4)]
        self.assert_counts(self.received(frames, 2), missed=3)

    def test_of_beats_in_step_say_nothing(self):
        frames = [packed.beat(epoch=EPOCH, first=9), packed.batch([b"a"], epoch=EPOCH, first=9),
                  packed.beat(epoch=EPOCH, first=10), packed.beat(epoch=EPOCH, first=3),
                  packed.batch([b"b"], epoch=EPOCH, first=10)]
        receiver = self.received(frames, 2)
        self.assert_counts(receiver)
        self.assertEqual(len(receiver.err.splitlines()), 1, receiver.err)

    def test_of_streams_not_seen_for_long_are_forgotten(self):
        # More than are remembered; stream 0 is heard again before it would have to leave.
        streams = [*range(40000), 0, *range(40000, 66000)]
        frames = [packed.beat(epoch=EPOCH, stream=stream, first=0) for stream in streams]
        frames += [packed.beat(epoch=EPOCH, stream=stream, first=5) for stream in (0, 1, 65999)]
        receiver = self.received(frames, 0)
        self.assert_counts(receiver, missed=10)
        self.assertIn("gap: 5 missing at 5 of stream 0,", receiver.err)
        self.assertIn("gap: 5 missing at 5 of stream 65999,", receiver.err)

    def test_are_not_compared_when_workers_share(self):
        receiver = self.received([packed.batch([b"a"], epoch=EPOCH),
                                  packed.batch([b"b"], epoch=EPOCH, first=9)], 2, "--shared")
        self.assert_counts(receiver)

    def test_of_several_workers_have_no_gap_together(self):
        workers = [Receiver(self, "--pull", "--shared", self.endpoint) for _ in range(2)]
        sent = 0

        def both_have_some():
            nonlocal sent
            self.send_all([packed.batch([b"%d" % sent], epoch=EPOCH, first=sent)])
            sent += 1
            return all(worker.out for worker in workers)

        def lines():
            return b"".join(worker.out for worker in workers).split()

        wait_until(both_have_some, "both workers have records")
        wait_until(lambda: len(lines()) == sent, "all records are there")
        self.assertEqual(sorted(map(int, lines())), list(range(sent)))


class Corrupt(ReceiverTest):
    GOOD = dict(records=[b"one", b"two"], epoch=EPOCH, first=1)

    def changed(self, **fields):
        return packed.batch(**{**self.GOOD, **fields})

    def test_is_a_frame_with_any_byte_changed(self):
        frame = packed.batch(**self.GOOD)
        self.assert_corrupt([frame[:at] + bytes([frame[at] ^ 1 << at % 8]) + frame[at + 1:]
                             for at in range(len(frame))])

    def test_is_a_frame_that_was_cut(self):
        frame = packed.batch(**self.GOOD)
        self.assert_corrupt([frame[:size] for size in range(len(frame))] + [frame + b"\0"])

    def test_is_what_no_receiver_of_version_1_knows(self):
        self.assert_corrupt([self.changed(magic=b"OZB2"), self.changed(magic=b"OZA1"),
                             self.changed(version=2), self.changed(version=0),
                             self.changed(flags=2), self.changed(flags=0x80),
                             self.changed(codec_field=3), self.changed(codec_field=255)])

    def test_is_a_header_size_that_cannot_be(self):
        frame = packed.batch(**self.GOOD)
        beyond = packed.beat(epoch=EPOCH, first=1, header_size=255)[:packed.HEADER_SIZE]
        self.assert_corrupt([self.changed(header_size=size) for size in (0, 55)] +
                            [frame[:7] + b"\xff" + frame[8:], beyond])

    def test_is_a_count_or_raw_size_that_does_not_fit(self):
        self.assert_corrupt([self.changed(count=1), self.changed(count=3), self.changed(count=0),
                             self.changed(count=0xFFFFFFFF), self.changed(raw_size=13),
                             self.changed(raw_size=15), self.changed(raw_size=0)])

    def test_are_lengths_that_do_not_fill_the_body(self):
        body = packed.body_of([b"one", b"two"])
        self.assert_corrupt([self.changed(raw=body[:-1]), self.changed(raw=body + b"\0"),
                             self.changed(raw=body[:-1], raw_size=len(body)),
                             self.changed(raw=body + b"\0\0\0"),
                             self.changed(raw=body[:7] + b"\xff\xff\xff\xff" + body[11:]),
                             self.changed(raw=body[:7] + b"\xff\xff\xff\x7f" + body[11:])])

    def test_is_a_beat_with_a_body(self):
        self.assert_corrupt([self.changed(flags=packed.BEAT),
                             packed.beat(epoch=EPOCH, first=1, count=1),
                             packed.beat(epoch=EPOCH, first=1, raw=b"\0\0\0\0")])

    def test_is_a_raw_size_beyond_the_bound(self):
        frames = [self.changed(raw_size=MAX_RAW_SIZE + 1), self.changed(raw_size=0xFFFFFFFF)]
        for codec in known_codecs() - {packed.NONE}:
            bomb = packed.body_of([bytes(MAX_RAW_SIZE)])
            frames.append(packed.batch(raw=bomb, epoch=EPOCH, first=1, count=1, codec=codec))
        self.assert_corrupt(frames)

    def test_is_a_frame_too_long_for_any_batch(self):
        self.assert_corrupt([self.changed() + bytes(MAX_RAW_SIZE + 256)])

    def test_frames_that_are_too_long_do_not_get_in_where_it_binds(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        endpoint = f"ipc://{directory.name}/socket"
        receiver = Receiver(self, "--pull", "--bind", "--count", "1", endpoint)
        socket = self.context.socket(zmq.PUSH)
        self.addCleanup(socket.close, 0)
        socket.immediate = True
        socket.connect(endpoint)
        self.send_all([self.changed() + bytes(MAX_RAW_SIZE + 256)], socket)

        def ended():  # the connection is closed; what was on its way is lost
            if socket.poll(0, zmq.POLLOUT):
                self.send_all([packed.batch([b"end"], epoch=EPOCH)], socket)
            return receiver.process.poll() is not None

        wait_until(ended, "the sender is connected again")
        self.assertEqual(receiver.wait(), 0, receiver.err)
        self.assert_counts(receiver)

    def test_is_a_count_beyond_the_bound(self):
        self.assert_corrupt([packed.batch([b""] * (MAX_COUNT + 1), epoch=EPOCH, first=1)])
        self.received([packed.batch([b""] * MAX_COUNT, epoch=EPOCH)], MAX_COUNT, "--quiet")

    def test_is_a_body_that_decompresses_to_another_size(self):
        frames = []
        for codec in known_codecs() - {packed.NONE}:
            for raw_size in (8, 13, 15, 1000):
                frames.append(self.changed(codec=codec, raw_size=raw_size, count=2))
            bomb = packed.compress(codec, bytes(MAX_RAW_SIZE * 2))
            frames.append(self.changed(codec=codec, body=bomb))
            whole = packed.compress(codec, packed.body_of(self.GOOD["records"] * 100))
            for body in (b"", b"garbage", whole[:-10], whole[:6]):
                frames.append(self.changed(codec=codec, body=body, count=200, raw_size=1400))
        self.assert_corrupt(frames)

    def test_is_a_message_of_another_format(self):
        self.assert_corrupt([b"", b"a log line", b"x" * 1000, [b"topic", b"payload"]])


class Topics(ReceiverTest):
    def topic_frames(self):
        frames = []
        for first in range(0, 20, 2):
            for stream, topic in enumerate((b"nginx", b"nginx.error", b"sshd")):
                records = [b"%s %d" % (topic, first + n) for n in range(2)]
                batch = packed.batch(records, epoch=EPOCH, stream=stream, first=first)
                frames.append([topic, batch])
        return frames

    def run_with(self, count, *topics):
        options = [word for topic in topics for word in ("--topic", topic)]
        socket, receiver = self.publisher(max(len(topics), 1), lambda endpoint: Receiver(
            self, "--count", str(count), *options, endpoint))
        self.send_all(self.topic_frames(), socket)
        self.assertEqual(receiver.wait(), 0, receiver.err)
        self.assert_counts(receiver)
        return receiver.out.splitlines()

    def test_are_all_received_without_a_prefix(self):
        self.assertEqual(len(set(self.run_with(60))), 60)

    def test_of_others_are_no_gap(self):
        self.assertEqual(self.run_with(20, "sshd"), [b"sshd %d" % n for n in range(20)])

    def test_are_chosen_by_several_prefixes(self):
        lines = self.run_with(40, "nginx.", "s")
        self.assertEqual({line.split()[0] for line in lines}, {b"nginx.error", b"sshd"})

    def test_come_from_several_publishers(self):
        first, first_endpoint = self.bound(zmq.XPUB)
        second, receiver = self.publisher(1, lambda endpoint: Receiver(
            self, "--count", "2", endpoint, first_endpoint))
        first.recv()
        self.send_all([[b"t", packed.batch([b"one"], epoch=EPOCH)]], first)
        self.send_all([[b"t", packed.batch([b"two"], epoch=77)]], second)
        self.assertEqual(receiver.wait(), 0, receiver.err)
        self.assertEqual(sorted(receiver.out.split()), [b"one", b"two"])


class TheProgram(ReceiverTest):
    def test_ends_in_order_at_sigterm_and_sigint(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                socket, endpoint = self.bound(zmq.PUSH)
                receiver = Receiver(self, "--pull", endpoint)
                self.send_all([packed.batch([b"one"], epoch=EPOCH)], socket)
                wait_until(lambda: receiver.out == b"one\n", "the record is there")
                receiver.process.send_signal(number)
                self.assertEqual(receiver.wait(), 0, receiver.err)
                self.assertEqual(receiver.summary()["records"], 1)

    def test_may_bind(self):
        with tempfile.TemporaryDirectory() as directory:
            endpoint = f"ipc://{directory}/socket"
            receiver = Receiver(self, "--pull", "--bind", "--count", "1", endpoint)
            socket = self.context.socket(zmq.PUSH)
            self.addCleanup(socket.close, 0)
            socket.sndtimeo = BOUND_S * 1000
            socket.immediate = True
            socket.connect(endpoint)
            self.send_all([packed.batch([b"one"], epoch=EPOCH)], socket)
            self.assertEqual(receiver.wait(), 0, receiver.err)
            self.assertEqual(receiver.out, b"one\n")

    def test_names_an_endpoint_that_it_cannot_use(self):
        for arguments in (["--pull", "--bind", self.endpoint], ["nonsense"]):
            with self.subTest(arguments):
                receiver = Receiver(self, *arguments)
                self.assertEqual(receiver.wait(), 1, receiver.err)
                self.assertIn(arguments[-1], receiver.err)
                self.assertNotIn("Traceback", receiver.err)

    def test_says_what_is_missing_or_wrong_in_its_arguments(self):
        for arguments, word in (([], "endpoint"), (["--sideways", self.endpoint], "sideways"),
                                (["--count", "many", self.endpoint], "count")):
            with self.subTest(arguments):
                receiver = Receiver(self, *arguments)
                self.assertEqual(receiver.wait(), 2, receiver.err)
                self.assertIn(word, receiver.err.lower())

    def test_ends_quietly_when_nobody_reads(self):
        with subprocess.Popen([*COMMAND, "--pull", self.endpoint], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            self.addCleanup(process.kill)
            process.stdout.close()
            self.send_all([packed.batch([b"one"], epoch=EPOCH)])
            process.wait(BOUND_S)
            self.assertNotIn(b"rror", process.stderr.read())


class WithoutModules(ReceiverTest):
    """Of Python. A module that cannot be imported stands for one that is not installed."""

    def without(self, module):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        with open(os.path.join(directory.name, module + ".py"), "w", encoding="utf-8") as file:
            file.write(f"raise ImportError('No module named {module}')\n")
        return {"PYTHONPATH": directory.name}

    def test_the_checksum_is_computed_all_the_same(self):
        frame = packed.batch([b"good"], epoch=EPOCH)
        receiver = self.received([frame, frame[:-1] + b"!"], 1, environment=self.without("crc32c"))
        self.assertEqual(receiver.out, b"good\nend\n")
        self.assert_counts(receiver, corrupt=1)

    def test_the_checksum_may_be_passed_over(self):
        frame = packed.batch([b"good"], epoch=EPOCH, crc=0)
        self.assert_counts(self.received([frame], 1, "--no-crc"))

    def test_the_receiver_says_which_it_lacks(self):
        for codec, module in ((packed.ZSTD, "zstandard"), (packed.LZ4, "lz4")):
            with self.subTest(module):
                socket, endpoint = self.bound(zmq.PUSH)
                receiver = Receiver(self, "--pull", endpoint, environment=self.without(module))
                self.send_all([packed.batch([b"x" * 100], epoch=EPOCH, codec=codec)], socket)
                self.assertEqual(receiver.wait(), 1)
                self.assertIn(f"python3-{module}", receiver.err)


if __name__ == "__main__":
    rest = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    LANGUAGE, DOCUMENT, *COMMAND = sys.argv[1:rest]
    if LANGUAGE == "go" and not shutil.which("go"):
        print("no Go here (package golang-go): skipped")
        sys.exit(77)
    if LANGUAGE != "python":
        del WithoutModules
    unittest.main(argv=[sys.argv[0], *sys.argv[rest + 1:]], verbosity=2)
