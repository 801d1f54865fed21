# SPDX-License-Identifier: Apache-2.0
"""Links between documents lead to files that are there, and to headings that they have."""

import pathlib
import re

import source

LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchors(path):
    """The headings of a page, in the form that code hosts link to."""
    text = FENCE.sub("", path.read_text())
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(r"^#+ +(.*)$", text, re.MULTILINE)}


def problems(root):
    root = pathlib.Path(root)
    out = []
    for name in source.files(root, ".md"):
        text = (root / name).read_text()
        for match in LINK.finditer(text):
            link = match.group(1)
            if re.match(r"[a-z]+:", link):
                continue
            target, _, anchor = link.partition("#")
            path = (root / name).parent / target if target else root / name
            line = text.count("\n", 0, match.start()) + 1
            if not path.exists():
                out.append(f"{name}:{line}: {target} does not exist")
            elif anchor and anchor not in anchors(path):
                out.append(f"{name}:{line}: {link} has no such heading")
    return out
