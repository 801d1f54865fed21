#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds sa-issuerd and a kube-apiserver, and runs the tests that need a real one.
#
# usage: tests/cluster/run.sh [-k NAME] [--build DIR] [--no-install] [--no-build]
#
#   -k NAME         only cases whose name contains NAME
#   --build DIR     build directory of sa-issuerd (default: build)
#   --no-install    install no packages
#   --no-build      take the build directory as it is
#
# Needs Debian 12 or 13, and Go as go.mod says: kube-apiserver, kubectl and etcd are built from
# their modules once, which takes some ten minutes (see build.sh). Ends like tests/run.sh.
set -u
cd "$(dirname "$0")/../.." || exit 1

build=build install=yes do_build=yes filter=()
while [ $# -gt 0 ]; do
    case $1 in
    -k) filter=("${2:?-k needs a name}") && shift ;;
    --build) build=${2:?--build needs a directory} && shift ;;
    --no-install) install=no ;;
    --no-build) do_build=no ;;
    -h | --help) sed -n '3,/^set /s/^# \{0,1\}//p' "$0" | sed '$d' && exit 0 ;;
    *) echo "run.sh: unknown argument $1; see tests/cluster/run.sh --help" >&2 && exit 2 ;;
    esac
    shift
done

if [ $install = yes ]; then
    deploy/packages.sh test || exit 1
fi
if [ $do_build = yes ]; then
    cmake -S . -B "$build" -G Ninja -DSA_TESTS=ON &&
        cmake --build "$build" --target sa-issuerd kube_tool || exit 1
fi
tests/cluster/build.sh >/dev/null || exit 1

export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=tests/scenario:tests/kube
SA_ISSUERD=$(realpath "$build")/src/sa-issuerd
SA_KUBE_TOOL=$(realpath "$build")/tests/kube_tool
export SA_ISSUERD SA_KUBE_TOOL
exec /usr/bin/python3 tests/run_python.py tests/cluster "${filter[@]}" </dev/null
