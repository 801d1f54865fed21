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
cd "$(dirname "$0")/../.." || exit
. tests/bench/bench.sh

seconds=2 rounds=25
mint=$build/tests/bench_mint
keys=$place/keys
mkdir "$keys"
make_key rsa2048 "$keys/rsa.pem"
make_key ecdsap256 "$keys/ec.pem"
make_key ed25519 "$keys/ed25519.pem"

# Two numbers, both per second: tokens, and bare signatures made in between.
tokens_per_second() { # ALGORITHM
    taskset -c 0 "$mint" "$keys" "$1" $seconds 0 | cut -d' ' -f1,3
}

# ratios ALGORITHM NAME: the rounds' ratios of tokens to bare signatures, and to openssl speed
ratios() {
    in_turn $rounds "tokens_per_second $1" "signatures_per_second $2" |
        awk '{ printf "%.3f %.3f\n", $1 / $2, $1 / $3 }' >"$place/rounds"
}

# scaling COLUMN: tokens of two threads on two processors, against one thread's.
scaling() {
    local one two
    for _ in $(seq 5); do
        one=$("$mint" "$keys" ES256 1 1 | cut -d' ' -f"$1")
        two=$("$mint" "$keys" ES256 1 2 | cut -d' ' -f"$1")
        awk -v a="$two" -v b="$one" 'BEGIN { printf "%.2f\n", a / b }'
    done | median
}

for row in "RS256 rsa2048" "ES256 ecdsap256" "EdDSA ed25519"; do
    read -r alg name <<<"$row"
    ratios "$alg" "$name"
    echo "| $alg | $(spread "%s (%s to %s)" 1 "$place/rounds")" \
        "| \`$name\`: $(spread "%s (%s to %s)" 2 "$place/rounds") |"
done | tee "$place/table"
cpu=$(scaling 1) wall=$(scaling 2) load=$(cut -d' ' -f1 /proc/loadavg)
echo "two threads: $wall x the tokens of one; each mints $cpu x as many in its processor time"

[ $write = yes ] || exit 0
tests/bench/write_section.py mint <<MARKDOWN
## Minting

Written by \`tests/bench/mint.sh\`.

Tokens per second, as a part of the signatures per second (median of $rounds rounds, and range):

| algorithm | of bare signatures in between | of \`openssl speed\` |
|---|---|---|
$(cat "$place/table")

With two threads $wall × the ES256 tokens of one come out; in its processor time each mints $cpu × as
many as one alone.

- A token is a whole \`sai_mint()\`: an account with twelve annotations and labels, five rules
  (a pattern, an integer, a session tag, a constant, a template), a bound pod and node, claims,
  JSON, base64url and signature. \`openssl speed\` times the signature of a few bytes alone.
- \`openssl speed\` is measured for a second before or after each round. Bare signatures are made by the
  same calls within the same run, 32 of them after each 32 tokens, so that other work on the
  machine slows both alike. Everything is bound to one processor and counts processor time; ours
  the kernel's too.
- What two threads give depends on what else the machine does: its load average was $load.
- OpenSSL $(openssl version | cut -d' ' -f2); $machine.
MARKDOWN
echo "written: docs/benchmarks.md"
