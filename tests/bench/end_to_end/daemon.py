# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""A real rsyslogd with one ruleset."""

import os
import signal
import socket
import subprocess
import time

from processors import die_with_parent, role_of

# Numbers and times of a probe as line.hpp has them: it only shows that the way is open.
PROBE = b"<13>Nov 22 10:00:00 host bench: 9999999999 0000000000000000000\n"
QUEUE = ('queue.type="FixedArray" queue.size="200000" queue.dequeueBatchSize="1024" '
         'queue.workerThreads="{workers}" queue.workerThreadMinimumMessages="100"')
START_SECONDS = 20


class Failure(Exception):
    """A measurement that cannot be made; the text is for people."""


def input_of(directory):
    """The unix socket on which the rsyslogd in this directory takes lines."""
    return os.path.join(directory, "in")


class Daemon:
    """One rsyslogd with its files in a directory; killed at the end of `with`."""

    def __init__(self, rsyslogd, directory, modules, actions, workers):
        self.directory = directory
        self.input = input_of(directory)
        self.rsyslogd = rsyslogd
        self.process = None
        self.probes = None
        text = "".join(f'module(load="{module}")\n' for module in ["imptcp", *modules])
        text += 'template(name="bench" type="string" string="%msg%")\n'
        text += f'ruleset(name="all" {QUEUE.format(workers=workers)}) {{\n'
        text += "".join(f"  {action}\n" for action in actions)
        text += f'}}\ninput(type="imptcp" path="{self.input}" ruleset="all")\n'
        self.text = f'global(workDirectory="{self.directory}")\n{text}'

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.probes is not None:
            self.probes.close()
        if self.process is not None:
            # Nothing that counts is in it any more, and omczmq may fail to end in another way.
            self.process.kill()
            self.process.wait()

    @property
    def pid(self):
        return self.process.pid

    def file(self, name):
        return os.path.join(self.directory, name)

    def start(self):
        with open(self.file("conf"), "w", encoding="utf-8") as out:
            out.write(self.text)
        with open(self.file("err"), "wb") as err:
            self.process = subprocess.Popen(
                [self.rsyslogd, "-n", "-C", "-i", self.file("pid"), "-f", self.file("conf")],
                stdin=subprocess.DEVNULL, stdout=err, stderr=err, preexec_fn=die_with_parent)
        deadline = time.monotonic() + START_SECONDS
        self.probes = socket.socket(socket.AF_UNIX)
        while True:
            self.require_alive()
            try:
                self.probes.connect(self.input)
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise Failure(f"rsyslogd does not listen:\n{self.errors()}") from None
                time.sleep(0.01)

    def errors(self):
        with open(self.file("err"), encoding="utf-8", errors="replace") as text:
            return text.read()

    def require_alive(self):
        if self.process.poll() is not None:
            raise Failure(f"rsyslogd ended with {self.process.returncode}:\n{self.errors()}\n{self.text}")

    def probe(self):
        self.probes.sendall(PROBE)

    def worker_threads(self):
        """Of the ruleset: rsyslogd starts the second only where the first leaves a hundred messages waiting."""
        names = (self.thread_name(thread) for thread in os.listdir(f"/proc/{self.pid}/task"))
        return sum(role_of(name) == "worker" for name in names)

    def thread_name(self, thread):
        with open(f"/proc/{self.pid}/task/{thread}/comm", encoding="utf-8", errors="replace") as name:
            return name.read()

    def most_memory_mib(self):
        """The most resident memory that it had."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
        raise Failure("rsyslogd has no VmHWM")


def stop_process(process):
    """Ends a process of ours that is still there, by its id."""
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
