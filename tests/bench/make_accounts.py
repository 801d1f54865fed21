#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes accounts as `kubectl get sa,ns -A -o yaml|json` prints them.

usage: make_accounts.py yaml|json COUNT"""

import json
import sys

ACCOUNTS_PER_NAMESPACE = 20


def namespace(i):
    name = f"team-{i // ACCOUNTS_PER_NAMESPACE:05d}"
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "annotations": {
                "example.com/owner": f"owner-of-{name}@example.com",
                "example.com/team": name,
            },
            "creationTimestamp": "2025-03-04T10:11:12Z",
            "labels": {
                "example.com/cost-center": "4711",
                "kubernetes.io/metadata.name": name,
                "pod-security.kubernetes.io/enforce": "restricted",
            },
            "name": name,
            "resourceVersion": str(812 + i),
            "uid": f"3c7a3b0e-6a55-4dc7-9c5e-{i:012d}",
        },
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def account(i):
    name = f"service-{i:06d}-runner"
    team = f"team-{i // ACCOUNTS_PER_NAMESPACE:05d}"
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "annotations": {
                "eks.amazonaws.com/role-arn": f"arn:aws:iam::123456789012:role/{name}",
                "example.com/tenant": f"tenant-of-{name}",
                "meta.helm.sh/release-name": name,
                "meta.helm.sh/release-namespace": team,
            },
            "creationTimestamp": "2025-03-04T10:11:12Z",
            "labels": {
                "app.kubernetes.io/instance": name,
                "app.kubernetes.io/managed-by": "Helm",
                "app.kubernetes.io/name": name,
                "app.kubernetes.io/version": "1.2.3",
            },
            "name": name,
            "namespace": team,
            "resourceVersion": str(2041 + i),
            "uid": f"5a3c0d1e-22b7-4b0e-a1d2-{i:012d}",
        },
    }


def objects(count):
    for i in range(count):
        if i % ACCOUNTS_PER_NAMESPACE == 0:
            yield namespace(i)
        yield account(i)


def yaml_lines(value, indent):
    for key, member in value.items():
        if isinstance(member, dict):
            yield f"{indent}{key}:"
            yield from yaml_lines(member, indent + "  ")
        elif isinstance(member, list):
            yield f"{indent}{key}:"
            yield from (f"{indent}- {item}" for item in member)
        elif member.isdigit() or key == "creationTimestamp":
            yield f'{indent}{key}: "{member}"'
        else:
            yield f"{indent}{key}: {member}"


def write_yaml(out, count):
    out.write("apiVersion: v1\nitems:\n")
    for value in objects(count):
        text = "\n".join(yaml_lines(value, "  "))
        out.write("-" + text[1:] + "\n")
    out.write('kind: List\nmetadata:\n  resourceVersion: ""\n')


def write_json(out, count):
    out.write('{\n    "apiVersion": "v1",\n    "items": [')
    for i, value in enumerate(objects(count)):
        text = json.dumps(value, indent=4).replace("\n", "\n        ")
        out.write(("," if i else "") + "\n        " + text)
    out.write('\n    ],\n    "kind": "List",\n    "metadata": {\n'
              '        "resourceVersion": ""\n    }\n}\n')


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("yaml", "json"):
        sys.exit(__doc__)
    (write_yaml if sys.argv[1] == "yaml" else write_json)(sys.stdout, int(sys.argv[2]))
