# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The omzmq authors
"""Reads the frames that are written out in docs/wire-format.md."""

import re

_BLOCK = re.compile(r"^```hex (\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^ *(\d+)  ((?:[0-9a-f]{2} )*[0-9a-f]{2})(?: {2,}(.*\S))? *$")


def frames(path):
    """By the name of each block "```hex NAME": its bytes, and a list of (offset, bytes, text)."""
    found = {}
    with open(path, encoding="utf-8") as file:
        blocks = _BLOCK.findall(file.read())
    for name, block in blocks:
        if name in found:
            raise ValueError(f"two blocks are named {name}")
        lines = []
        for line in block.splitlines():
            parts = _LINE.match(line)
            if not parts:
                raise ValueError(f"not 'offset  bytes  text': {line}")
            lines.append((int(parts[1]), bytes.fromhex(parts[2]), parts[3] or ""))
        found[name] = (b"".join(data for _, data, _ in lines), lines)
    return found
