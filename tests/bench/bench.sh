# shellcheck shell=bash disable=SC2034 # the variables are used where it is sourced
# SPDX-License-Identifier: Apache-2.0
# What the benchmarks beside this file share. Each sources it with its arguments, from the
# project's top; its own comment is its --help. Sets
#   build     the build directory: BUILD, or build
#   write     yes, or no after --no-write
#   place     a directory of its own, removed at the end
# and ends its background jobs at its own end.
set -euo pipefail

die() {
    echo "${0##*/}: $*" >&2
    [ -z "${place-}" ] || cat "$place"/*.log >&2 2>/dev/null || true
    exit 1
}

write=yes
case ${1-} in
'') ;;
--no-write) write=no ;;
-h | --help) sed -n '3,/^[^#]/s/^# \{0,1\}//p' "$0" && exit 0 ;;
*) echo "${0##*/}: unknown argument $1" >&2 && exit 2 ;;
esac

deploy/packages.sh bench
build=$(realpath "${BUILD:-build}")
place=$(mktemp -d)
umask 077

# end PID: of a job in the background
end() {
    kill -TERM "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

finish() {
    local pid
    for pid in $(jobs -pr); do
        end "$pid"
    done
    rm -rf "$place"
}
trap finish EXIT

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

wait_for() { # URL [CURL-OPTION...]
    for _ in $(seq 500); do
        curl -ksf -o /dev/null "$@" && return
        sleep 0.02
    done
    die "no answer from $1"
}

make_key() { # rsa2048|ecdsap256|ed25519 FILE: a key of the kind that openssl speed calls so
    local -a kind
    case $1 in
    rsa2048) kind=(RSA -pkeyopt rsa_keygen_bits:2048) ;;
    ecdsap256) kind=(EC -pkeyopt ec_paramgen_curve:P-256) ;;
    ed25519) kind=(ED25519) ;;
    esac
    openssl genpkey -quiet -algorithm "${kind[@]}" -out "$2"
}

# The last line of -mr is the signature's: ...:SIGNATURES:VERIFICATIONS, both per second of
# processor time.
signatures_per_second() { # NAME
    taskset -c 0 openssl speed -mr -seconds 1 "$1" 2>/dev/null |
        awk -F: '/^\+F/ { v = $(NF - 1) } END { print v }'
}

cpu_ticks() { # PID: processor time so far, the kernel's in it
    awk '{ print $14 + $15 }' "/proc/$1/stat"
}

clock_ticks=$(getconf CLK_TCK)

# in_turn ROUNDS OURS THEIRS: what both commands print, a line for each round. Who begins
# alternates.
in_turn() {
    local round ours theirs
    for round in $(seq "$1"); do
        if ((round % 2)); then
            ours=$(eval "$2") || exit
            theirs=$(eval "$3") || exit
        else
            theirs=$(eval "$3") || exit
            ours=$(eval "$2") || exit
        fi
        echo "$ours $theirs"
    done
}

median() { # of the numbers in standard input
    sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

percentile() { # PERCENT of the numbers in standard input
    sort -n | awk -v p="$1" '{ v[NR] = $1 } END { print v[int((NR - 1) * p / 100) + 1] }'
}

# spread FORMAT COLUMN FILE: printf's FORMAT with the column's median, least and greatest
spread() {
    cut -d' ' -f"$2" "$3" | sort -n |
        awk -v f="$1" '{ v[NR] = $1 } END { printf f "\n", v[int((NR + 1) / 2)], v[1], v[NR] }'
}

# The last line of each section.
machine="$(nproc) processors of a virtual machine, Linux $(uname -r | cut -d. -f1,2)"
