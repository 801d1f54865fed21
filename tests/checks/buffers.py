# SPDX-License-Identifier: Apache-2.0
"""A buffer that is released at the end of its scope is initialised before anything can leave it.

Compilers do not see this, and -ftrivial-auto-var-init hides it from all builds but clang's."""

import pathlib
import re

import source

DECLARED = re.compile(r"AUTO\(buf\) struct buf (\w+)(\s*=\s*[^;]*)?;")


def problems(root):
    out = []
    for name in source.files(root, ".c", under=["src/", "tests/"]):
        text = source.code(pathlib.Path(root) / name)
        for match in DECLARED.finditer(text):
            if match.group(2):
                continue
            rest = text[match.end():]
            init = re.search(rf"\bbuf_init(_secret)?\(&{match.group(1)}\b", rest)
            left = re.search(r"\breturn\b|\bgoto\b|\n}", rest)
            if not init or (left and left.start() < init.start()):
                line = text.count("\n", 0, match.start()) + 1
                out.append(f"{name}:{line}: {match.group(1)} may be released before buf_init()")
    return out
