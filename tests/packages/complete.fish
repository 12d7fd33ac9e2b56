# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
#
# complete.fish WORD...: what fish offers for the last word behind zmqtap.
complete -C "zmqtap $argv" | string replace -r '\t.*' ''
# That nothing had a description is no failure.
true
