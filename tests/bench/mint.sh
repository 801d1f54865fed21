#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Compares minting (account, five rules, claims, signature) with `openssl speed`, which times
# the bare signature, on this machine.
#
# usage: tests/bench/mint.sh [--no-write]
#
# Both use processor 0, in turn. Prints ratios and writes them to docs/benchmarks.md (unless
# --no-write). Takes about two minutes.
# BUILD: the build directory, with -DSA_TESTS=ON (default: build).
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=1 rounds=9
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

tokens_per_second() { # ALGORITHM
    taskset -c 0 "$mint" "$keys" "$1" $seconds 1 | cut -d' ' -f1
}

# The last line of -mr is the signature's: ...:SIGNATURES:VERIFICATIONS, both per second.
signatures_per_second() { # NAME
    taskset -c 0 openssl speed -mr -seconds $seconds "$1" 2>/dev/null |
        awk -F: '/^\+F/ { v = $(NF - 1) } END { print v }'
}

median() {
    sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# ratio ALGORITHM NAME: the median of the rounds' ratios. Who begins alternates.
ratio() {
    local round a b
    for round in $(seq "$rounds"); do
        if ((round % 2)); then
            a=$(tokens_per_second "$1")
            b=$(signatures_per_second "$2")
        else
            b=$(signatures_per_second "$2")
            a=$(tokens_per_second "$1")
        fi
        awk -v a="$a" -v b="$b" 'BEGIN { printf "%.3f\n", a / b }'
    done | tee "$keys/rounds" | median
}

spread() {
    sort -n "$keys/rounds" | sed -n '1p;$p' | paste -sd' ' | sed 's/ / to /'
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

rsa=$(ratio RS256 rsa2048) rsa_spread=$(spread)
echo "RS256: $rsa x openssl speed rsa2048 ($rsa_spread)"
ec=$(ratio ES256 ecdsap256) ec_spread=$(spread)
echo "ES256: $ec x openssl speed ecdsap256 ($ec_spread)"
ed=$(ratio EdDSA ed25519) ed_spread=$(spread)
echo "EdDSA: $ed x openssl speed ed25519 ($ed_spread)"
cpu=$(scaling 1) wall=$(scaling 2)
echo "two threads: $wall x the tokens of one; each mints $cpu x as many in its processor time"

[ $write = yes ] || exit 0
tests/bench/write_section.py mint <<MARKDOWN
## Minting

Written by \`tests/bench/mint.sh\`.

| measured | result | rounds |
|---|---|---|
| RS256 tokens, of \`openssl speed rsa2048\` signatures | **$rsa** | $rsa_spread |
| ES256 tokens, of \`openssl speed ecdsap256\` signatures | **$ec** | $ec_spread |
| EdDSA tokens, of \`openssl speed ed25519\` signatures | **$ed** | $ed_spread |
| ES256 tokens of two threads, of one thread's | $wall | |
| ES256 tokens in the processor time of each of two threads, of one thread's | $cpu | |

- A token is a whole \`sai_mint()\`: an account with twelve annotations and labels, five rules
  (a pattern, an integer, a session tag, a constant, a template), a bound pod and node, claims,
  JSON, base64url and signature. \`openssl speed\` times the signature of a few bytes alone.
- Both count processor time, so that other work on the machine does not tell; ours counts the
  kernel's too. Each round measures one after the other for $seconds s on one processor, with the
  order alternating; the result is the median of $rounds rounds' ratios, the last column their range.
- Two threads on two processors share memory bandwidth and, in a virtual machine, perhaps a core.
- OpenSSL $(openssl version | cut -d' ' -f2); $(nproc) processors of a virtual machine, Linux $(uname -r | cut -d. -f1,2).
MARKDOWN
echo "written: docs/benchmarks.md"
