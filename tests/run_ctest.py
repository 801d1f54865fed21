#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the ctest programs of a build and counts the cases inside them.

usage: run_ctest.py [--tally FILE] BUILD [REGEX]

A cmocka program counts as its test cases (it is asked for TAP), a test of it that walks over data
as the "N cases" that it prints, any other program as one. A program that fails although its cases
passed (it crashed, leaked, timed out) counts as one failed case more. A program that ctest takes
for skipped, and that says "skipped: " why, is shown and counts as neither. Ends like run_python.py.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

from run_python import report

TAP = re.compile(r"^(ok|not ok)\b(?: \d+)?(?: - )?(.*)$", re.MULTILINE)
CASES = re.compile(r"^(\d+) cases$", re.MULTILINE)
UNLIMITED = str(1 << 26)


def count(junit):
    """(number passed, names of the failed) from ctest's JUnit file."""
    passed, failed = 0, []
    for case in xml.parse(junit).getroot().iter("testcase"):
        program = case.get("name")
        ok = case.get("status") == "run"
        output = case.findtext("system-out") or ""
        if case.find("skipped") is not None and output.startswith("skipped: "):
            print(f"--- {program}, neither passed nor failed\n{output}", flush=True)
            continue
        found = TAP.findall(output)
        bad = [f"{program}: {name}" for result, name in found if result == "not ok"]
        passed += len(found) - len(bad) if found else ok
        if ok:
            passed += sum(int(n) - 1 for n in CASES.findall(output))
        if not ok:
            failed += bad or [program]
            print(f"--- {program}\n{output}", flush=True)
        elif bad:
            failed += bad
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--tally", metavar="FILE")
    parser.add_argument("build")
    parser.add_argument("regex", nargs="?", default=".")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        junit = pathlib.Path(place) / "junit.xml"
        subprocess.run(["ctest", "--test-dir", given.build, "-R", given.regex, "-j2",
                        "--output-junit", junit, "--test-output-size-passed", UNLIMITED,
                        "--test-output-size-failed", UNLIMITED],
                       env={**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP"},
                       stdin=subprocess.DEVNULL, check=False)
        passed, failed = count(junit) if junit.exists() else (0, ["ctest wrote no results"])
    return report(passed, failed, given.tally)


if __name__ == "__main__":
    sys.exit(main())
