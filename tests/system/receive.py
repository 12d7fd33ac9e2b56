# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""A receiver as a stranger would write it, with pyzmq.

receive.py PULL|SUB bind|connect ENDPOINT LAST [PREFIX]

Prints "ready", then each message as one line: its parts in hexadecimal, separated by blanks. Ends
after the message whose last part is LAST.
"""

import sys

import zmq


def main():
    kind, how, endpoint, last = sys.argv[1:5]
    socket = zmq.Context().socket(getattr(zmq, kind))
    socket.setsockopt(zmq.RCVHWM, 0)
    if kind == "SUB":
        socket.setsockopt_string(zmq.SUBSCRIBE, sys.argv[5] if len(sys.argv) > 5 else "")
    if how == "bind":
        socket.bind(endpoint)
    else:
        socket.connect(endpoint)
    print("ready", flush=True)
    parts = []
    while not parts or parts[-1] != last.encode():
        parts = socket.recv_multipart()
        print(*(part.hex() for part in parts), flush=True)


main()
