# SPDX-License-Identifier: Apache-2.0
"""Each header compiles alone; the public ones also as strict C and as C++."""

import pathlib
import subprocess
import tempfile

import source

LIBRARIES = ["libmicrohttpd", "gnutls", "jansson", "libcrypto", "yaml-0.1"]
PUBLIC = [["cc", "-std=c11", "-pedantic-errors", "-x", "c"], ["c++", "-std=c++17", "-x", "c++"]]


def library_flags():
    out = subprocess.run(["pkg-config", "--cflags", *LIBRARIES], check=True,
                         capture_output=True, text=True)
    return out.stdout.split()


def compile_one(command, root, header, flags):
    # The empty declaration is for strict C, which wants a translation unit not to be empty.
    unit = f"#include <{header}>\n#include <{header}>\nint one(void);\n"
    done = subprocess.run([*command, "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                           f"-I{root}/include", *flags, "-"], input=unit, text=True,
                          capture_output=True, check=False)
    return done.stderr.strip()


def problems(root):
    out = []
    with tempfile.TemporaryDirectory() as generated:
        version = pathlib.Path(generated) / "base/version.h"
        version.parent.mkdir()
        version.write_text('#pragma once\n#define SA_ISSUERD_VERSION "0"\n')
        flags = ["-D_GNU_SOURCE", f"-I{root}/src", f"-I{generated}", *library_flags()]
        for name in source.files(root, ".h", under=["src/"]):
            error = compile_one(["cc", "-std=gnu17", "-x", "c"], root, name[len("src/"):], flags)
            out += [f"{name}:1: does not compile alone: {error}"] if error else []
        for name in source.files(root, ".h", under=["include/"]):
            for command in PUBLIC:
                error = compile_one(command, root, name[len("include/"):], [])
                out += [f"{name}:1: {command[0]}: {error}"] if error else []
    return out
