# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# complete.bash WORD...: what bash offers for the last word behind zmqtap, as bash-completion loads it.
set -f
. /usr/share/bash-completion/bash_completion
if declare -F _comp_load >/dev/null; then
  _comp_load -- zmqtap
else
  _completion_loader zmqtap # returns 124 for "try again"
fi
function=$(complete -p zmqtap 2>/dev/null | sed -n 's/.*-F \([^ ]*\) .*/\1/p')
[[ -n $function ]] || exit 1
COMP_WORDS=(zmqtap "$@")
COMP_CWORD=$#
COMP_LINE=${COMP_WORDS[*]}
COMP_POINT=${#COMP_LINE}
COMPREPLY=()
"$function" zmqtap "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
