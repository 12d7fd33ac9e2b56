# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""A receiver with CURVE as a stranger would write it, with pyzmq and its own authenticator.

curve_peer.py SUB|PULL connect|bind ENDPOINT [--own CERTIFICATE] [--server-key CERTIFICATE]
              [--clients DIRECTORY|*]

With --clients a CURVE server, with --server-key a client, else neither. Prints "ready", then the
last part of each message as a line, until it is ended.
"""

import argparse

import zmq
import zmq.auth
from zmq.auth.thread import ThreadAuthenticator


def secure(socket, arguments):
    """The authenticator, if there is one: without it everybody would be let in."""
    authenticator = None
    if arguments.own:
        socket.curve_publickey, socket.curve_secretkey = zmq.auth.load_certificate(arguments.own)
    if arguments.clients:
        authenticator = ThreadAuthenticator(socket.context)
        authenticator.start()
        everybody = arguments.clients == "*"
        location = zmq.auth.CURVE_ALLOW_ANY if everybody else arguments.clients
        authenticator.configure_curve(domain="*", location=location)
        socket.curve_server = True
    elif arguments.server_key:
        if not arguments.own:
            socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()
        socket.curve_serverkey = zmq.auth.load_certificate(arguments.server_key)[0]
    return authenticator


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["SUB", "PULL"])
    parser.add_argument("how", choices=["connect", "bind"])
    parser.add_argument("endpoint")
    parser.add_argument("--own")
    parser.add_argument("--server-key")
    parser.add_argument("--clients")
    arguments = parser.parse_args()
    socket = zmq.Context().socket(getattr(zmq, arguments.kind))
    socket.setsockopt(zmq.RCVHWM, 0)
    authenticator = secure(socket, arguments)
    if arguments.kind == "SUB":
        socket.setsockopt_string(zmq.SUBSCRIBE, "")
    getattr(socket, arguments.how)(arguments.endpoint)
    print("ready", flush=True)
    while authenticator is None or authenticator.is_alive():
        print(socket.recv_multipart()[-1].decode(), flush=True)


main()
