# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# Completion of zmqtap for bash, which bash-completion loads by the program's name.

_zmqtap() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words
  COMPREPLY=()
  # bash takes --format=lines for three words.
  if [[ $word == '=' ]]; then
    word=
  elif [[ $before == '=' ]]; then
    before=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  case $before in
    --format) words='auto raw lines packed' ;;
    --proxy)
      words='tcp:// ipc:///'
      compopt -o nospace 2>/dev/null
      ;;
    -X | --socket-option)
      # The names are those of the libzmq that is there.
      words="list $("${COMP_WORDS[0]}" -X list 2>/dev/null | awk 'NF == 2 { print $1 "=" }')"
      compopt -o nospace 2>/dev/null
      ;;
    -o | --output | --curve-server | --curve-clients | --curve-key | --curve-cert)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
    --directory)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$word")
      return
      ;;
    -s | --subscribe | --max-message | -f | --text | --rotate-size | --rotate-every | --rotate-keep | \
      -c | --count | -t | --timeout | --count-by | --distinct | --count-show | --count-slots)
      return # only the user knows
      ;;
    *)
      if ((COMP_CWORD > 1)) && [[ ${COMP_WORDS[1]} == keygen ]]; then
        words='--directory -h --help'
      elif [[ $word == -* ]]; then
        words='--sub --pull --router --connect --bind -s --subscribe --proxy --max-message -X
          --socket-option --curve-server --curve-clients --curve-key --curve-cert --format -0 --null --quote --hex
          -J --json -f --text -o --output --rotate-size --rotate-every --rotate-keep -u --unbuffered
          -c --count -t --timeout -e --end -q --quiet -v --verbose --stats --allow-gaps
          --allow-duplicates --top --count-by --distinct --count-show --count-slots -h --help --version'
      elif ((COMP_CWORD == 1)) && [[ keygen == "$word"* && -n $word ]]; then
        words=keygen
      else
        words='tcp:// ipc:///'
        compopt -o nospace 2>/dev/null
      fi
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _zmqtap zmqtap
