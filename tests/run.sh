#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds sa-issuerd and runs its tests; all that is needed on a fresh Debian 12 or 13 is git.
#
# usage: tests/run.sh [OPTION...] [PART...]
#
# PART, all by default:
#   checks     rules of the source tree: layers, banned functions, headers, licences, links
#   unit       unit tests, data suites and fuzz corpora (ctest)
#   kube       the Kubernetes client against an API server with faults
#   scenario   the real binary with real clients
#
# OPTION:
#   -k NAME          only cases whose name contains NAME (a regular expression for unit)
#   --build DIR      build directory (default: build)
#   -DNAME=VALUE     passed to cmake, e.g. -DSA_SANITIZE=address,undefined
#   --no-install     install no packages
#   --no-build       take the build directory as it is
#   -h, --help       this text
#
# Ends with the line  N passed, N failed  and exit code 1 if any failed or none ran.
set -u
cd "$(dirname "$0")/.." || exit 1

usage() {
    sed -n '3,/^set /s/^# \{0,1\}//p' "$0" | sed '$d'
}

build=build install=yes do_build=yes filter=()
cmake_options=() parts=()
while [ $# -gt 0 ]; do
    case $1 in
    -k) filter=("${2:?-k needs a name}") && shift ;;
    --build) build=${2:?--build needs a directory} && shift ;;
    -D*) cmake_options+=("$1") ;;
    --no-install) install=no ;;
    --no-build) do_build=no ;;
    -h | --help) usage && exit 0 ;;
    checks | unit | kube | scenario) parts+=("$1") ;;
    *) echo "run.sh: unknown argument $1; see tests/run.sh --help" >&2 && exit 2 ;;
    esac
    shift
done
[ ${#parts[@]} -gt 0 ] || parts=(checks unit kube scenario)

tallies=$(mktemp -d)
trap 'rm -rf "$tallies"' EXIT
python=/usr/bin/python3 # Debian's, which has Debian's modules

# failed NAME: one thing that could not be done counts as one failed case.
failed() {
    printf '0 1\n%s\n' "$1" >"$tallies/$2"
}

# The clients from npm; the lock file tells whether what is there is current.
install_clients() {
    local have=tests/clients/node_modules/.installed-lock
    cmp -s tests/clients/package-lock.json $have && return
    npm ci --prefix tests/clients --no-audit --no-fund </dev/null &&
        cp tests/clients/package-lock.json $have
}

build() {
    [ $do_build = yes ] || return 0
    cmake -S . -B "$build" -G Ninja -DSA_TESTS=ON -DSA_WERROR=ON "${cmake_options[@]}" &&
        cmake --build "$build"
}

run_part() {
    echo "== $1"
    case $1 in
    checks) "$python" tests/run_python.py --tally "$tallies/$1" tests/checks "${filter[@]}" ;;
    unit) "$python" tests/run_ctest.py --tally "$tallies/$1" "$build" "${filter[@]}" ;;
    kube)
        SA_KUBE_TOOL=$(realpath "$build")/tests/kube_tool \
            "$python" tests/run_python.py --tally "$tallies/$1" tests/kube "${filter[@]}"
        ;;
    scenario)
        SA_ISSUERD=$(realpath "$build")/src/sa-issuerd \
            "$python" tests/run_python.py --tally "$tallies/$1" tests/scenario "${filter[@]}"
        ;;
    esac </dev/null
    [ -s "$tallies/$1" ] || failed "$1 broke off" "$1"
    if [ ${#filter[@]} -eq 0 ] && grep -qx '0 0' "$tallies/$1"; then
        failed "$1 ran no case" "$1"
    fi
}

export PYTHONDONTWRITEBYTECODE=1
# What cannot be installed fails the tests that need it, not all of them.
if [ $install = yes ]; then
    deploy/packages.sh test || failed "installing packages" packages
    install_clients || failed "installing the clients from npm" npm
fi
if build; then
    for part in "${parts[@]}"; do
        run_part "$part"
    done
else
    failed "building" build
fi

echo "== result"
passed=0 failed=0
for tally in "$tallies"/*; do
    read -r p f <"$tally"
    printf '%-9s %5d passed %5d failed\n' "$(basename "$tally")" "$p" "$f"
    sed '1d;s/^/  failed: /' "$tally"
    passed=$((passed + p)) failed=$((failed + f))
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
