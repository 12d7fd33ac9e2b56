# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# Completion of zmqtap for fish.

function __zmqtap_keygen
    set -l words (commandline -opc)
    test (count $words) -gt 1 -a "$words[2]" = keygen
end

# The names are those of the libzmq that is there.
function __zmqtap_socket_options
    echo list
    command zmqtap -X list 2>/dev/null | string replace -rf '^(\S+) +(\S+)$' '$1=\t$2'
end

function __zmqtap_option
    complete -c zmqtap -n 'not __zmqtap_keygen' $argv
end

complete -c zmqtap -f
complete -c zmqtap -n 'test (count (commandline -opc)) -eq 1' -a keygen -d 'make a certificate'
complete -c zmqtap -n 'not __zmqtap_keygen' -a 'tcp:// ipc:///' -d endpoint
complete -c zmqtap -n __zmqtap_keygen -l directory -x -a '(__fish_complete_directories)' -d 'where the certificate goes'
complete -c zmqtap -s h -l help -d 'show the options'

__zmqtap_option -l sub -d 'subscribe to PUB sockets'
__zmqtap_option -l pull -d 'pull from PUSH sockets'
__zmqtap_option -l router -d 'take from DEALER sockets and acknowledge'
__zmqtap_option -l connect -d 'connect to the endpoints'
__zmqtap_option -l bind -d 'bind the endpoints'
__zmqtap_option -s s -l subscribe -x -d 'only topics that begin so'
__zmqtap_option -l proxy -x -a 'tcp:// ipc:///' -d 'pass everything on to subscribers there'
__zmqtap_option -l max-message -x -d 'refuse larger messages'
__zmqtap_option -s X -l socket-option -x -a '(__zmqtap_socket_options)' -d 'an option of libzmq'
__zmqtap_option -l curve-server -r -F -d 'be the CURVE server, with this certificate'
__zmqtap_option -l curve-clients -r -F -d 'only these may connect'
__zmqtap_option -l curve-key -r -F -d 'be a client of the server with this key'
__zmqtap_option -l curve-cert -r -F -d 'own certificate of a client'
__zmqtap_option -l format -x -a 'auto raw lines packed' -d 'what the frames are'
__zmqtap_option -s 0 -l null -d 'NUL after each message'
__zmqtap_option -l quote -d 'a line each, escaped'
__zmqtap_option -l hex -d 'hexadecimal digits'
__zmqtap_option -s J -l json -d 'a JSON object each'
__zmqtap_option -s f -l text -x -d 'as a format says'
__zmqtap_option -s o -l output -r -F -d 'append to a file'
__zmqtap_option -l rotate-size -x -d 'begin a new file before it gets larger'
__zmqtap_option -l rotate-every -x -d 'begin a new file after this time'
__zmqtap_option -l rotate-keep -x -d 'old files kept'
__zmqtap_option -s u -l unbuffered -d 'write each message at once'
__zmqtap_option -s c -l count -x -d 'end after so many messages'
__zmqtap_option -s t -l timeout -x -d 'end after so long without a message'
__zmqtap_option -s e -l end -d 'end when idle'
__zmqtap_option -s q -l quiet -d 'say only errors'
__zmqtap_option -s v -l verbose -d 'tell of connections and senders, too'
__zmqtap_option -l stats -d 'rates, once a second'
__zmqtap_option -l allow-gaps -d 'missing messages are no error'
__zmqtap_option -l allow-duplicates -d 'messages that come twice are no error'
__zmqtap_option -l top -d 'a live screen'
__zmqtap_option -l count-by -x -d 'count the values of a field of JSON messages'
__zmqtap_option -l distinct -x -d 'estimate how many values a field has'
__zmqtap_option -l count-show -x -d 'values shown'
__zmqtap_option -l count-slots -x -d 'values counted at a time'
__zmqtap_option -l version -d 'show the version'
