# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# complete.zsh WORD...: what zsh offers for the last word behind zmqtap: an interactive zsh in a
# terminal of its own completes the line and tells what compadd takes. Its .zshrc goes to $HOME.
cat >$HOME/.zshrc <<'END'
fpath=($ZSH_COMPLETIONS $fpath)
autoload -Uz compinit
compinit -u -D
compadd() {
  local -a taken
  local word suffix
  local -i i
  # With these it gives words to the caller and offers none.
  if [[ ${@[1,(i)(-|--)]} != *-[OAD]* ]]; then
    for ((i = 1; i < $#; ++i)); do
      [[ $@[i] == -S ]] && suffix=$@[i+1]
    done
    builtin compadd -A taken "$@"
    for word in $taken; do
      print -r -- "OFFERED $word$suffix"
    done
  fi
  builtin compadd "$@"
}
capture() {
  _main_complete
  print -r FINISHED
}
zle -C capture list-choices capture
bindkey '^I' capture
END
zmodload zsh/zpty
zpty interactive zsh -d -i
zpty -w -n interactive "zmqtap $*"$'\t'
while zpty -r interactive line; do
  [[ $line == *FINISHED* ]] && break
  [[ $line == *'OFFERED '* ]] || continue
  line=${line##*OFFERED }
  print -r -- ${line%%[$'\r\n']*}
done
zpty -d interactive
