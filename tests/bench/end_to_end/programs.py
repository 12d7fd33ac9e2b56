# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""The programs beside rsyslogd: they answer with lines of JSON."""

import json
import os
import select
import signal
import socket
import subprocess
import time

from daemon import Failure, stop_process
from processors import die_with_parent


def free_endpoint():
    """An address that nobody has just now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{found.getsockname()[1]}"


class Program:
    """One running program; ended at the end of `with`."""

    def __init__(self, path, arguments):
        self.name = os.path.basename(path)
        try:
            self.process = subprocess.Popen([path, *map(str, arguments)], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, preexec_fn=die_with_parent)
        except OSError as error:
            raise Failure(f"{path} cannot be run: {error}; is it built?") from None
        self.unread = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop_process(self.process)

    @property
    def pid(self):
        return self.process.pid

    def has_answer(self):
        return b"\n" in self.unread or bool(select.select([self.process.stdout], [], [], 0)[0])

    def answer(self, seconds):
        """The next line that it prints, within so many seconds."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self.unread:
            left = max(0, deadline - time.monotonic())
            if not select.select([self.process.stdout], [], [], left)[0]:
                raise Failure(f"{self.name} says nothing for {seconds} s")
            read = os.read(self.process.stdout.fileno(), 65536)
            if not read:
                raise Failure(f"{self.name} ended with {self.process.wait()}")
            self.unread += read
        line, self.unread = self.unread.split(b"\n", 1)
        return json.loads(line)

    def go(self):
        self.process.stdin.write(b"go\n")
        self.process.stdin.flush()

    def ask_to_end(self):
        self.process.send_signal(signal.SIGTERM)
