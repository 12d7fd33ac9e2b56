#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors

# Shows omzmq at work: weblog -> TCP -> a private rsyslogd with omzmq -> ZeroMQ -> zmqtap.
#
# In a terminal zmqtap's live screen shows what passes, with the events counted by their status;
# q ends it. Without one there are some events and a line of numbers each second.
#
#   DEMO_SECONDS  how long; default: until q or Ctrl-C in a terminal, else 5
#   DEMO_RATE     events a second, 0: as fast as it goes; default 20000. The live screen counts by
#                 a field of each event, so it misses some of very many, and says how many
#   DEMO_SHOW     without the live screen: events shown each second, at most; default 3
#   DEMO_PLAIN    1: no live screen in a terminal either
#
# Every event is counted by a second zmqtap. Exit code 0 only if zmqtap received every event that weblog sent. The system's rsyslog is not
# touched: configuration, pid file and work directory are private and gone at the end.
set -u -o pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$root/build/release
rate=${DEMO_RATE:-20000}
show=${DEMO_SHOW:-3}
seconds=${DEMO_SECONDS:-}
live=0
[[ -t 0 && -t 1 && ${TERM:-dumb} != dumb && ${DEMO_PLAIN:-} != 1 ]] && live=1
tail_seconds=30 # how long the last events may make no progress before they count as lost

say() { printf 'demo: %s\n' "$*"; }
fail() {
  printf 'demo: %s\n' "$*" >&2
  exit 1
}

if [[ -z $seconds ]]; then
  if [[ -t 1 ]]; then seconds=0; else seconds=5; fi
fi
[[ $seconds =~ ^[0-9]+(\.[0-9]+)?$ ]] || fail "DEMO_SECONDS '$seconds': must be a number of seconds"
[[ $rate =~ ^[0-9]+$ ]] || fail "DEMO_RATE '$rate': must be a whole number, 0 for as fast as it goes"
[[ $show =~ ^[0-9]+$ ]] || fail "DEMO_SHOW '$show': must be a whole number"

"$root/scripts/build.sh" || fail "the build failed"
weblog=$(find "$build" -type f -name weblog -perm -u+x -print -quit)
rsyslogd=$(PATH=$PATH:/usr/sbin:/sbin command -v rsyslogd) || fail "rsyslogd is not installed"
[[ -x $build/zmqtap && -f $build/omzmq.so && -n $weblog ]] ||
  fail "zmqtap, omzmq.so or weblog is missing below $build"

work=$(mktemp -d "${TMPDIR:-/tmp}/omzmq-demo.XXXXXX") || fail "cannot make a work directory"
tap_pid='' rsyslogd_pid='' weblog_pid='' screen_pid='' viewer_pids=()

is_running() { [[ -n $1 ]] && kill -0 "$1" 2>/dev/null; }

# Waits until the command given succeeds: wait_until TENTHS COMMAND...
wait_until() {
  local tenths=$1
  shift
  while ! "$@"; do
    ((tenths-- > 0)) || return 1
    sleep 0.1
  done
}

is_gone() { ! is_running "$1"; }

# Ends one process: a request first, force only when it does not listen. Reaps it.
end_process() {
  is_running "$1" || return 0
  kill -TERM "$1" 2>/dev/null
  wait_until 100 is_gone "$1" || kill -KILL "$1" 2>/dev/null
  wait "$1" 2>/dev/null
}

clean_up() {
  trap '' INT TERM
  local pid
  for pid in "$weblog_pid" "$screen_pid" "$rsyslogd_pid" "$tap_pid" "${viewer_pids[@]}"; do
    end_process "$pid"
  done
  rm -rf "$work"
}
trap clean_up EXIT

# Asks the kernel, not the port: a connection that says nothing would count as a failed handshake.
is_listening() {
  local port
  printf -v port '%04X' "$1"
  grep -qE "^ *[0-9]+: [0-9A-F]+:$port [0-9A-F]+:0000 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# Below the range from which the kernel takes the ports of outgoing connections.
free_port() {
  local port
  for _ in {1..200}; do
    port=$((20000 + RANDOM % 12000))
    if [[ " $* " != *" $port "* ]] && ! is_listening "$port"; then
      echo "$port"
      return
    fi
  done
  return 1
}

syslog_port=$(free_port) || fail "found no free port"
zmq_port=$(free_port "$syslog_port") || fail "found no free port"
screen_port=$(free_port "$syslog_port" "$zmq_port") || fail "found no free port"

# What the live screen subscribes to. A PUB holds up nobody.
screen_action=''
if ((live)); then
  screen_action='action(type="omzmq" name="to_screen" sockType="PUB" format="packed" compression.driver="zstd"
         endpoints="tcp://127.0.0.1:'$screen_port'" template="event" topics="topic" dynaTopic="on")'
fi

cat >"$work/rsyslog.conf" <<CONF
global(workDirectory="$work" maxMessageSize="64k")
module(load="imptcp")
module(load="$build/omzmq.so")
template(name="event" type="string" string="%msg:2:\$%")
template(name="topic" type="string" string="%msg:R,ERE,1,BLANK:\"host\":\"([^\"]*)\"--end%")

ruleset(name="web" queue.type="FixedArray" queue.size="50000"
        queue.dequeueBatchSize="1024" queue.timeoutEnqueue="600000") {
  action(type="omzmq" name="to_zmqtap" sockType="PUSH" endpoints="tcp://127.0.0.1:$zmq_port"
         format="packed" compression.driver="zstd" template="event" action.resumeRetryCount="-1" action.resumeInterval="1")
  $screen_action
}
input(type="imptcp" address="127.0.0.1" port="$syslog_port" ruleset="web")

# What rsyslogd has to say about itself.
action(type="omfile" file="$work/rsyslogd.log")
CONF

# Shows some events of each second, cut to the width of the terminal, and reads all of them.
columns=0
if [[ -t 1 ]]; then columns=$(tput cols 2>/dev/null || echo 80); fi
show_events() {
  trap '' INT # Ctrl-C is for weblog: what is under way has to pass
  awk -v show="$show" -v columns="$columns" '
    { now = systime(); if (now != second) { second = now; shown = 0 } }
    shown < show {
      ++shown
      if (columns > 0 && length($0) > columns) $0 = substr($0, 1, columns - 3) "..."
      print; fflush()
    }'
}

if ((live)); then
  "$build/zmqtap" --pull --bind "tcp://127.0.0.1:$zmq_port" --stats >/dev/null 2>"$work/stats.log" &
  tap_pid=$!
else
  mkfifo "$work/events" "$work/stats"
  show_events <"$work/events" &
  viewer_pids+=($!)
  tee "$work/stats.log" <"$work/stats" &
  viewer_pids+=($!)
  "$build/zmqtap" --pull --bind "tcp://127.0.0.1:$zmq_port" --stats >"$work/events" 2>"$work/stats" &
  tap_pid=$!
fi
tap_is_up() { is_listening "$zmq_port" || is_gone "$tap_pid"; }
if ! wait_until 100 tap_is_up || is_gone "$tap_pid"; then fail "zmqtap did not start"; fi

# A session of its own keeps Ctrl-C in the terminal away from it: what it holds has to arrive.
setsid "$rsyslogd" -n -i "$work/rsyslogd.pid" -f "$work/rsyslog.conf" >"$work/rsyslogd.err" 2>&1 &
rsyslogd_pid=$!
rsyslogd_is_up() { is_listening "$syslog_port" || is_gone "$rsyslogd_pid"; }
if ! wait_until 300 rsyslogd_is_up || is_gone "$rsyslogd_pid"; then
  cat "$work/rsyslogd.err" "$work/rsyslogd.log" >&2 2>/dev/null
  fail "rsyslogd did not start"
fi

pace="$rate events/s"
((rate > 0)) || pace="as fast as it goes"
until_text="for $seconds s"
[[ $seconds != 0 ]] || until_text="until Ctrl-C"
if ((live)); then
  say "weblog -> rsyslogd with omzmq -> zmqtap, $pace, $until_text"
else
  say "weblog -> rsyslogd with omzmq -> zmqtap, $pace, $until_text; $show events a second are shown, all are counted"
fi

interrupted=0
trap 'interrupted=1; is_running "$weblog_pid" && kill -TERM "$weblog_pid"' INT TERM
"$weblog" --port "$syslog_port" --rate "$rate" --seconds "$seconds" >"$work/sent" &
weblog_pid=$!
# A signal that came between the trap and the start of weblog has found nobody to end.
((interrupted == 0)) || kill -TERM "$weblog_pid"
if ((live)); then
  # It reads keys: what runs in the background gets /dev/null for its input unless told.
  "$build/zmqtap" --top --count-by .status "tcp://127.0.0.1:$screen_port" </dev/tty 2>"$work/screen.log" &
  screen_pid=$!
fi
# A signal interrupts wait, and then weblog still has to end by itself.
while is_running "$weblog_pid"; do
  wait -n "$weblog_pid" "$tap_pid" "$rsyslogd_pid" $screen_pid 2>/dev/null
  if [[ -n $screen_pid ]] && is_gone "$screen_pid"; then
    end_process "$weblog_pid" # q
  fi
  if is_gone "$tap_pid" || is_gone "$rsyslogd_pid"; then
    say "zmqtap or rsyslogd ended early"
    end_process "$weblog_pid"
  fi
done
end_process "$screen_pid"
((live)) && cat "$work/screen.log"
sent=$(awk '$1 == "sent" { n = $2 } END { print n + 0 }' "$work/sent")

# The tail: zmqtap says once a second how many it has in all.
received_so_far() { awk '/ in all$/ { n = $(NF - 2) } END { print n + 0 }' "$work/stats.log"; }
received=0 idle=0
while is_running "$tap_pid" && is_running "$rsyslogd_pid" && ((received < sent && idle < tail_seconds * 10)); do
  sleep 0.1
  before=$received
  received=$(received_so_far)
  ((idle = received > before ? 0 : idle + 1))
done

end_process "$rsyslogd_pid"
end_process "$tap_pid"
for pid in "${viewer_pids[@]}"; do wait "$pid"; done
received=$(awk '/^zmqtap: received / { n = $3 } END { print n + 0 }' "$work/stats.log")
lost=$((sent - received))
if ((lost != 0)) && [[ -s $work/rsyslogd.log ]]; then
  say "rsyslogd's own last words:"
  tail -n 5 "$work/rsyslogd.log"
fi
say "sent $sent, received $received, lost $lost"
((sent > 0 && lost == 0))
