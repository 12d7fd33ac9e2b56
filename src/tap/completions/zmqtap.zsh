#compdef zmqtap
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors

_zmqtap_socket_options() {
  local -a names
  # The names are those of the libzmq that is there.
  names=(list ${(f)"$(_call_program options $words[1] -X list | awk 'NF == 2 { print $1 "=" }')"})
  compadd -S '' -a names
}

if [[ $words[2] == keygen && $CURRENT -gt 2 ]]; then
  _arguments \
    '--directory[where the certificate goes]:directory:_files -/' \
    '(-h --help)'{-h,--help}'[show the options]' \
    '1:keygen:' '2:name of the certificate: '
  return
fi

_arguments -S \
  '(--pull --router)--sub[subscribe to PUB sockets]' \
  '(--sub --router)--pull[pull from PUSH sockets]' \
  '(--sub --pull)--router[take from DEALER sockets and acknowledge]' \
  '(--bind)--connect[connect to the endpoints]' \
  '(--connect)--bind[bind the endpoints]' \
  '*'{-s+,--subscribe=}'[only topics that begin so]:prefix: ' \
  '*--proxy=[pass everything on to subscribers there]:endpoint:(tcp\:// ipc\:///)' \
  '--max-message=[refuse larger messages]:size: ' \
  '*'{-X+,--socket-option=}'[an option of libzmq]:option:_zmqtap_socket_options' \
  '(--curve-key)--curve-server=[be the CURVE server, with this certificate]:certificate:_files' \
  '--curve-clients=[only these may connect]:certificates or list of keys:_files' \
  '(--curve-server)--curve-key=[be a client of the server with this key]:key or certificate:_files' \
  '--curve-cert=[own certificate of a client]:certificate:_files' \
  '--format=[what the frames are]:format:(auto raw lines packed)' \
  '(-0 --null --quote --hex -J --json -f --text)'{-0,--null}'[NUL after each message]' \
  '(-0 --null --quote --hex -J --json -f --text)--quote[a line each, escaped]' \
  '(-0 --null --quote --hex -J --json -f --text)--hex[hexadecimal digits]' \
  '(-0 --null --quote --hex -J --json -f --text)'{-J,--json}'[a JSON object each]' \
  '(-0 --null --quote --hex -J --json -f --text)'{-f+,--text=}'[as a format says]:format: ' \
  '(-o --output)'{-o+,--output=}'[append to a file]:file:_files' \
  '--rotate-size=[begin a new file before it gets larger]:size: ' \
  '--rotate-every=[begin a new file after this time]:time: ' \
  '--rotate-keep=[old files kept]:number: ' \
  '(-u --unbuffered)'{-u,--unbuffered}'[write each message at once]' \
  '(-c --count)'{-c+,--count=}'[end after so many messages]:number: ' \
  '(-t --timeout)'{-t+,--timeout=}'[end after so long without a message]:seconds: ' \
  '(-e --end)'{-e,--end}'[end when idle]' \
  '(-q --quiet -v --verbose)'{-q,--quiet}'[say only errors]' \
  '(-q --quiet -v --verbose)'{-v,--verbose}'[tell of connections and senders, too]' \
  '(-q --quiet --top)--stats[rates, once a second]' \
  '--allow-gaps[missing messages are no error]' \
  '--allow-duplicates[messages that come twice are no error]' \
  '(--stats -v --verbose)--top[a live screen]' \
  '--count-by=[count the values of a field of JSON messages]:field: ' \
  '--distinct=[estimate how many values a field has]:field: ' \
  '--count-show=[values shown]:number: ' \
  '--count-slots=[values counted at a time]:number: ' \
  '(- *)'{-h,--help}'[show the options]' \
  '(- *)--version[show the version]' \
  '*:endpoint:(tcp\:// ipc\:/// keygen)'
