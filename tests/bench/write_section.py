#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Replaces one section of docs/benchmarks.md by standard input, and leaves the others.

usage: write_section.py NAME

A section stands between <!-- NAME --> and <!-- /NAME -->; a new one is added at the end."""

import pathlib
import re
import sys

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Only the ratios mean something elsewhere: what is compared ran on the same machine in the same
minutes, in turn. Each section names the script that wrote it; run it again to repeat it.
"""


def main(name):
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    section = f"{begin}\n{sys.stdin.read().strip()}\n{end}"
    page = PAGE.read_text() if PAGE.exists() else HEAD
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.S)
    if pattern.search(page):
        page = pattern.sub(lambda _: section, page)
    else:
        page = page.rstrip("\n") + "\n\n" + section + "\n"
    PAGE.write_text(page)


if len(sys.argv) != 2:
    sys.exit(__doc__)
main(sys.argv[1])
