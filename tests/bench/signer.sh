#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Compares Sign calls over the signer's socket with `openssl speed`, which times the bare
# signature, on this machine; and tells how long a call takes beyond its signature when there is
# one at a time.
#
# usage: tests/bench/signer.sh [--no-write]
#
# The daemon (one worker) and openssl use processor 0, in turn; h2load calls from the others.
# What is compared is per second of processor time, of the whole daemon. Prints a table and
# writes it to docs/benchmarks.md (unless --no-write). Takes about two minutes.
# BUILD: the build directory, with -DSA_TESTS=ON (default: build). ROUNDS: default 9.
cd "$(dirname "$0")/../.." || exit
. tests/bench/bench.sh

rounds=${ROUNDS:-9} calls=3000
others=0
[ "$(nproc)" = 1 ] || others=1-$(($(nproc) - 1))
binary=$build/src/sa-issuerd

start() { # NAME: a daemon with one such key
    mkdir -p "$place/keys"
    make_key "$1" "$place/keys/key.pem"
    cat >"$place/config.yaml" <<EOF
apiVersion: sa-issuerd/v1
kind: Configuration
listeners:
  discovery: { unix: discovery.sock }
  signer: { unix: signer.sock, allowUIDs: [$(id -u)] }
issuers:
  - { url: "https://oidc.example.com", role: cluster, keys: { files: [keys] } }
workers: 1
audit: { file: audit.log }
EOF
    taskset -c 0 "$binary" serve --config "$place/config.yaml" 2>"$place/serve.log" &
    daemon=$!
    until grep -q '"serving"' "$place/serve.log"; do
        kill -0 $daemon || die "the daemon does not start"
        sleep 0.05
    done
}

# The body of a Sign request for now: prefix, field 1, the claims segment.
body() {
    python3 - >"$place/body" <<'EOF'
import base64, json, sys, time
now = int(time.time())
claims = {"aud": ["https://kubernetes.default.svc"], "exp": now + 3607, "iat": now,
          "iss": "https://oidc.example.com", "jti": "0d7b9a4c-5d3e-4a4a-8f88-0000000000ab",
          "kubernetes.io": {"namespace": "shop", "node": {"name": "node-1", "uid": "a" * 36},
                            "pod": {"name": "web-7c9d8-x2x4z", "uid": "b" * 36},
                            "serviceaccount": {"name": "web", "uid": "c" * 36}},
          "nbf": now, "sub": "system:serviceaccount:shop:web"}
text = json.dumps(claims, separators=(",", ":")).encode()
segment = base64.urlsafe_b64encode(text).rstrip(b"=")
size = len(segment)
field = b"\x0a" + bytes([size & 127 | 128, size >> 7]) + segment
sys.stdout.buffer.write(b"\0" + len(field).to_bytes(4, "big") + field)
EOF
}

call() { # H2LOAD-OPTION...
    taskset -c "$others" h2load -t 1 -B "unix:$place/signer.sock" -H 'content-type: application/grpc' \
        -H 'te: trailers' -d "$place/body" "$@" http://localhost/v1.ExternalJWTSigner/Sign
}

signed() {
    grep -sc '"result":"signed"' "$place/audit.log" || true
}

# Signatures per second of the daemon's processor time, over one connection.
ours() { # CALLS
    local before count
    body
    before=$(cpu_ticks "$daemon") count=$(signed)
    call -n "$1" -c 1 -m 32 >/dev/null
    awk -v n="$(($(signed) - count))" -v t="$(($(cpu_ticks "$daemon") - before))" -v hz="$clock_ticks" \
        'BEGIN { print n * hz / t }'
}

row() { # ALGORITHM NAME CALLS: the median of the rounds' ratios, and their range
    in_turn "$rounds" "ours $3" "signatures_per_second $2" | awk '{ print $1 / $2 }' >"$place/rounds"
    printf "| %s | \`%s\`: %s |" "$1" "$2" "$(spread "%.2f (%.2f to %.2f)" 1 "$place/rounds")"
}

# Of calls one after the other: how much longer than that of bare signatures half of them take at
# most, and 99 in 100.
added() {
    body
    call -n "$calls" -c 1 -m 1 --log-file "$place/times" >/dev/null
    cut -f3 "$place/times" >"$place/calls"
    rm "$place/times"
    taskset -c 0 "$build/tests/bench_sign" "$place/keys/key.pem" "$calls" >"$place/bare"
    for percent in 50 99; do
        echo "$(percentile $percent <"$place/calls") $(percentile $percent <"$place/bare")" |
            awk '{ printf " %.0f µs (%.0f) |", $1 - $2, $1 }'
    done
    echo
}

measure() { # ALGORITHM NAME CALLS
    start "$2"
    row "$1" "$2" "$3"
    added
    end "$daemon"
}

{
    measure RS256 rsa2048 3000
    measure ES256 ecdsap256 30000
} >"$place/table"
section="## Signing for kube-apiserver

Written by \`tests/bench/signer.sh\` on $(nproc) processors, $(openssl version | cut -d' ' -f1,2). Sign
calls over the Unix socket by h2load, each checked, signed and audited to a file, per second of
the daemon's processor time, divided by \`openssl speed\`'s bare signatures: the median of $rounds
rounds, and their range. Beside it what calls take beyond bare signatures when there is one at a
time, seen from the client: at most that much half of $calls calls, and 99 in 100, beyond the
same part of $calls signatures (and the whole call). Every 32nd signature of RSA takes twice as
long by itself, as OpenSSL blinds anew.

| algorithm | ratio | added, half | added, 99 % |
|---|---|---|---|
$(cat "$place/table")"
echo "$section"
[ $write = no ] || tests/bench/write_section.py signer <<<"$section"
