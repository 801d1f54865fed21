# SPDX-License-Identifier: Apache-2.0
"""The source tree as the checks see it. Each check is a function problems(root) that returns
'file:line: what is wrong' lines; test_checks.py runs it on the project and on trees that break
its rule."""

import functools
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def files(root, *suffixes, under=()):
    """Paths relative to root of the files git tracks or would add; of all in a plain tree."""
    root = pathlib.Path(root)
    if (root / ".git").exists():
        out = subprocess.run(["git", "-C", root, "ls-files", "-z", "--cached", "--others",
                              "--exclude-standard"], check=True, capture_output=True, text=True)
        names = sorted(set(out.stdout.split("\0")) - {""})
    else:
        names = sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())
    return [n for n in names
            if (not suffixes or n.endswith(suffixes)) and (root / n).is_file()
            and (not under or n.startswith(tuple(under)))]


TOKEN = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)


def _blank(match):
    text = match.group()
    if text.startswith("/"):
        return re.sub(r"[^\n]", " ", text)
    return text[0] + " " * (len(text) - 2) + text[-1]


@functools.lru_cache(maxsize=None)
def code(path):
    """The text of a C file with comments and literals blanked, lines kept."""
    return TOKEN.sub(_blank, path.read_text())


INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def includes(path):
    """(line, name, is_system) of each include."""
    # Literals stay here, as "room/file.h" is one.
    text = re.sub(r"/\*.*?\*/", _blank, path.read_text(), flags=re.DOTALL)
    return [(text.count("\n", 0, m.start(2)) + 1, m.group(2), m.group(1) == "<")
            for m in INCLUDE.finditer(text)]
