# SPDX-License-Identifier: Apache-2.0
"""Functions that are not called, and the one home of those that something must wrap."""

import pathlib
import re

import source

BANNED = ("atoi atol atoll atof strtol strtoll strtoul strtoull sprintf vsprintf strcpy strcat "
          "strncpy strncat stpcpy strtok sscanf vsscanf gets alloca system popen tmpnam mktemp "
          "rand srand signal").split()

# The only file that may call it.
HOMES = {}

CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")


def problems(root):
    out = []
    for name in source.files(root, ".c", ".h", under=["src/", "include/"]):
        text = source.code(pathlib.Path(root) / name)
        for match in CALL.finditer(text):
            function = match.group(1)
            if HOMES.get(function) != name:
                line = text.count("\n", 0, match.start()) + 1
                out.append(f"{name}:{line}: {function}() is banned")
    return out
