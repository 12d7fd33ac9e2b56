// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/options.hpp"

namespace omzmq::tap {
namespace {

constexpr const char* kHelp =
    R"(zmqtap receives log messages from ZeroMQ sockets and writes them, one a line.
It says what it missed: packed batches of omzmq are numbered and checksummed.

Usage: zmqtap [OPTION]... ENDPOINT...
       zmqtap keygen NAME [--directory DIR]

ENDPOINT is tcp://host:port, tcp://[ipv6]:port or ipc:///path. '@' before it
binds, '>' connects, whatever --bind and --connect say. Several are allowed.

Where from:
  --sub                    subscribe to PUB sockets (default)
  --pull                   pull from PUSH sockets; what is on its way when
                           zmqtap ends is lost
  --router                 take from DEALER sockets; acknowledge each packed
                           batch once it is written, drop what comes again
  --connect, --bind        what is done with endpoints (default: connect)
  -s, --subscribe PREFIX   --sub: only topics that begin so; repeatable
  --proxy ENDPOINT         --sub: write nothing, but pass everything on to
                           subscribers that come to ENDPOINT, which is bound
                           unless '>' is before it; repeatable
  --max-message SIZE       refuse larger messages (64m)
  -X, --socket-option NAME=VALUE
                           an option of libzmq, such as rcvhwm=100000;
                           repeatable; -X list shows all

CURVE, encryption and authentication:
  --curve-server CERT      be the CURVE server, with this own certificate
                           (--proxy: of the subscribers)
  --curve-clients WHO      server: only these may connect: a directory of
                           certificates, one certificate, or a file of keys
  --curve-key KEY|CERT     be a client of the server with this public key
  --curve-cert CERT        client: the own certificate (default: new keys)
  keygen NAME              make a certificate: NAME and NAME_secret
  --directory DIR          keygen: where (default: here)

What the frames are:
  --format FORMAT          auto: packed where they say so, else raw (default);
                           raw: a frame is a message; lines: a message a line;
                           packed: anything else is corrupt

How messages are written:
                           (default: as they are, LF after each)
  -0, --null               NUL after each in place of LF
  --quote                  a line each whatever it holds: \n, \\, \xNN ...
  --hex                    as hexadecimal digits
  -J, --json               a JSON object each, with topic, sequence number,
                           times, latency; the payload as JSON where it is
  -f, --text FORMAT        as FORMAT says: %t topic, %s payload, %S its size,
                           %o sequence number, %p stream, %e epoch,
                           %T time sent (ms), %N (ns), %I (ISO 8601),
                           %R time received (ms), %L latency (us), %%,
                           \n \t \r \0 \\ \xNN; no LF unless it has one

Where to:
  -o, --output FILE        append to FILE in place of standard output;
                           SIGHUP opens it again
  --rotate-size SIZE       begin a new file before it gets larger
  --rotate-every TIME      begin a new file after 90 (s), 15m, 1h or 1d
  --rotate-keep N          old files kept: FILE.1 (the latest), FILE.2 ... (10)
  -u, --unbuffered         write each message at once

When to end:
  -c, --count N            after exactly N messages (--pull: what has come
                           beyond these is lost)
  -t, --timeout SECONDS    after so long without a message, with exit code 3
  -e, --end                when idle: no message for a second, once connected

What is said on standard error:
  -q, --quiet              only errors
  -v, --verbose            connections, new senders and new streams, too
  --stats                  rates, once a second, and a summary
  --allow-gaps             missing messages are no error (a PULL among several
                           sees only its part)
  --allow-duplicates       messages that come twice are no error

Watching; messages are then written only where --output says:
  --top                    a live screen of rates, topics and streams; q quits
  --count-by FIELD         count the values of a field of JSON messages, such
                           as .status or .request.path: the most frequent each
                           second on standard error, and a line of JSON on
                           standard output at the end and at SIGUSR1
  --distinct FIELD         estimate how many different values a field has
  --count-show N           values shown (10)
  --count-slots N          values counted at a time, which bounds memory (10000)

  -h, --help               this text
  --version                the version

Exit codes: 0 all well, also when a signal or a closed pipe ended it; 1 wrong
usage, or the output cannot be written; 2 cannot bind, connect or authenticate;
3 time-out of -t; 4 messages are missing; 5 a frame was corrupt; 6 messages
came twice. Of several the first of 1, 5, 4, 6, 2, 3.

Examples:
  zmqtap tcp://127.0.0.1:5555                  all that a PUB there publishes
  zmqtap -s nginx -s sshd -c 10 tcp://log:5555     ten messages of two topics
  zmqtap -J tcp://log:5555 | jq .payload.status
  zmqtap --pull --bind -o events.log --rotate-size 100m 'tcp://*:5555'
  zmqtap --top tcp://log:5555                  look rather than read
  zmqtap --count-by .status tcp://log:5555     how many of each, now
  zmqtap --proxy 'tcp://*:5556' tcp://log:5555     for hundreds of subscribers
More, with recipes for databases and Kafka: man zmqtap
)";

}  // namespace

std::string help_text() { return kHelp; }

}  // namespace omzmq::tap
