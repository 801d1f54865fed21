#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Compares minting (account, five rules, claims, signature) with `openssl speed`, which times
# the bare signature, on this machine.
#
# usage: tests/bench/mint.sh [--no-write]
#
# Both use processor 0, in turn. Prints ratios and writes them to docs/benchmarks.md (unless
# --no-write). Takes about four minutes.
# BUILD: the build directory, with -DSA_TESTS=ON (default: build).
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=1 rounds=25
mint=$(realpath "${BUILD:-build}/tests/bench_mint")
write=yes
case ${1-} in
'') ;;
--no-write) write=no ;;
-h | --help) sed -n '3,10s/^# \{0,1\}//p' "$0" && exit 0 ;;
*) echo "mint.sh: unknown argument $1" >&2 && exit 2 ;;
esac

keys=$(mktemp -d)
trap 'rm -rf "$keys"' EXIT
umask 077
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$keys/rsa.pem"
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$keys/ec.pem"
openssl genpkey -quiet -algorithm ED25519 -out "$keys/ed25519.pem"

# Two numbers, both per second: tokens, and bare signatures made in between.
tokens_per_second() { # ALGORITHM
    taskset -c 0 "$mint" "$keys" "$1" $((2 * seconds)) 0 | cut -d' ' -f1,3
}

# The last line of -mr is the signature's: ...:SIGNATURES:VERIFICATIONS, both per second.
signatures_per_second() { # NAME
    taskset -c 0 openssl speed -mr -seconds $seconds "$1" 2>/dev/null |
        awk -F: '/^\+F/ { v = $(NF - 1) } END { print v }'
}

median() {
    sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# ratios ALGORITHM NAME: the rounds' ratios of tokens to bare signatures, and to openssl speed.
# Who begins alternates.
ratios() {
    local round ours theirs
    for round in $(seq "$rounds"); do
        if ((round % 2)); then
            ours=$(tokens_per_second "$1")
            theirs=$(signatures_per_second "$2")
        else
            theirs=$(signatures_per_second "$2")
            ours=$(tokens_per_second "$1")
        fi
        awk -v t="$theirs" '{ printf "%.3f %.3f\n", $1 / $2, $1 / t }' <<<"$ours"
    done >"$keys/rounds"
}

column() { # NUMBER: the median of the rounds, and their range
    cut -d' ' -f"$1" "$keys/rounds" | sort -n |
        awk '{ v[NR] = $1 } END { printf "%s (%s to %s)", v[int((NR + 1) / 2)], v[1], v[NR] }'
}

# scaling COLUMN: tokens of two threads on two processors, against one thread's.
scaling() {
    local one two
    for _ in $(seq 5); do
        one=$("$mint" "$keys" ES256 $seconds 1 | cut -d' ' -f"$1")
        two=$("$mint" "$keys" ES256 $seconds 2 | cut -d' ' -f"$1")
        awk -v a="$two" -v b="$one" 'BEGIN { printf "%.2f\n", a / b }'
    done | median
}

for row in "RS256 rsa2048" "ES256 ecdsap256" "EdDSA ed25519"; do
    read -r alg name <<<"$row"
    ratios "$alg" "$name"
    echo "| $alg | $(column 1) | \`$name\`: $(column 2) |"
done | tee "$keys/table"
cpu=$(scaling 1) wall=$(scaling 2) load=$(cut -d' ' -f1 /proc/loadavg)
echo "two threads: $wall x the tokens of one; each mints $cpu x as many in its processor time"

[ $write = yes ] || exit 0
tests/bench/write_section.py mint <<MARKDOWN
## Minting

Written by \`tests/bench/mint.sh\`.

Tokens per second, as a part of the signatures per second (median of $rounds rounds, and range):

| algorithm | of bare signatures in between | of \`openssl speed\` |
|---|---|---|
$(cat "$keys/table")

With two threads $wall × the ES256 tokens of one come out; in its processor time each mints $cpu × as
many as one alone.

- A token is a whole \`sai_mint()\`: an account with twelve annotations and labels, five rules
  (a pattern, an integer, a session tag, a constant, a template), a bound pod and node, claims,
  JSON, base64url and signature. \`openssl speed\` times the signature of a few bytes alone.
- \`openssl speed\` is measured for $seconds s before or after each round. Bare signatures are made by the
  same calls within the same run, 32 of them after each 32 tokens, so that other work on the
  machine slows both alike. Everything is bound to one processor and counts processor time; ours
  the kernel's too.
- What two threads give depends on what else the machine does: its load average was $load.
- OpenSSL $(openssl version | cut -d' ' -f2); $(nproc) processors of a virtual machine, Linux $(uname -r | cut -d. -f1,2).
MARKDOWN
echo "written: docs/benchmarks.md"
