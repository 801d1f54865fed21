# SPDX-License-Identifier: Apache-2.0
"""A room includes itself and lower layers only, and a foreign API has one home."""

import pathlib
import re

import source

LAYERS = {
    "base": 0,
    "codec": 1,
    "jose": 2,
    "accounts": 3, "conf": 3,
    "keys": 4, "rules": 4, "kube": 4,
    "issue": 5,
    "state": 6, "service": 6,
    "tokens": 7, "signer": 7, "agent": 7,
    "http": 8, "grpc": 8,
    "app": 9,
    "cli": 10,
}

# Header, where it may be included, and by how many files at most.
HOMES = [
    (r"yaml\.h", r"src/codec/", 1),
    (r"pcre2\.h", r"src/rules/", 1),
    (r"microhttpd\.h", r"src/http/", 4),
    (r"gnutls/.*", r"src/(state/certificate\.c|http/(tls|client_certificate)\.[ch])$", 5),
    (r"openssl/.*", r"src/jose/", 99),
    (r"curl/.*", r"src/kube/libcurl\.h$", 1),
    (r"nghttp2/.*", r"src/grpc/", 1),
]


def room_of(path):
    return pathlib.PurePath(path).parts[1] if path.startswith("src/") else None


def downward(root):
    out = []
    for name in source.files(root, ".c", ".h", under=["src/", "include/"]):
        room = room_of(name)
        if room is not None and room not in LAYERS:
            if len(pathlib.PurePath(name).parts) > 2:
                out.append(f"{name}:1: room {room} has no layer")
            continue
        for line, header, is_system in source.includes(pathlib.Path(root) / name):
            target = header.split("/")[0]
            where = f"{name}:{line}"
            if room is None:
                if not is_system or target in LAYERS:
                    out.append(f"{where}: a public header includes {header}")
            elif is_system:
                continue
            elif target not in LAYERS or "/" not in header:
                out.append(f'{where}: "{header}" is not a path from src/')
            elif target != room and LAYERS[target] >= LAYERS[room]:
                out.append(f"{where}: {room} (layer {LAYERS[room]}) includes {header} "
                           f"(layer {LAYERS[target]})")
    return out


def homes(root):
    out = []
    for pattern, home, most in HOMES:
        users = {}
        for name in source.files(root, ".c", ".h", under=["src/", "include/"]):
            for line, header, is_system in source.includes(pathlib.Path(root) / name):
                if is_system and re.fullmatch(pattern, header):
                    users.setdefault(name, f"{name}:{line}: includes <{header}>")
        out += [f"{text}, whose home is {home}" for name, text in users.items()
                if not re.match(home, name)]
        at_home = [text for name, text in users.items() if re.match(home, name)]
        if len(at_home) > most:
            out += [f"{text}, as more than {most} files do" for text in at_home]
    return out


def problems(root):
    return downward(root) + homes(root)
