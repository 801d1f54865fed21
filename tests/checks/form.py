# SPDX-License-Identifier: Apache-2.0
"""What each file carries: its licence, its guard, a bearable length, text that is clean."""

import pathlib
import re

import source

SPDX = "SPDX-License-Identifier: Apache-2.0"
COMMENTED = (".c", ".h", ".py", ".sh", ".js", ".mjs", ".cmake", "CMakeLists.txt", "Dockerfile",
             ".service", ".socket")
MAX_LINES = 450

# Things that never belong into the repository.
LEFTOVERS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n")
BINARY = (".o", ".a", ".so", ".pyc", ".key", ".p12", ".der")


def problems(root):
    out = []
    for name in source.files(root):
        path = pathlib.Path(root) / name
        data = path.read_bytes()
        if name.endswith(BINARY) or b"\0" in data and not name.startswith("tests/"):
            out.append(f"{name}:1: a binary or generated file")
            continue
        text = data.decode(errors="replace")
        lines = text.splitlines()
        if name.endswith(COMMENTED) and not any(SPDX in line for line in lines[:3]):
            out.append(f"{name}:1: no '{SPDX}'")
        if name.endswith(".h") and "#pragma once" not in text:
            out.append(f"{name}:1: no #pragma once")
        if name.endswith((".c", ".h")) and len(lines) > MAX_LINES:
            out.append(f"{name}:{len(lines)}: longer than {MAX_LINES} lines")
        if LEFTOVERS.search(text):
            out.append(f"{name}:1: a private key")
    return out
