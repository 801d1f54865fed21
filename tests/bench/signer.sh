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
# writes it to docs/benchmarks.md (unless --no-write). Takes about two minutes. Needs h2load
# (nghttp2-client).
# BUILD: the build directory (default: build). ROUNDS: default 9.
set -euo pipefail
cd "$(dirname "$0")/../.."

rounds=${ROUNDS:-9} calls=3000
others=0
[ "$(nproc)" = 1 ] || others=1-$(($(nproc) - 1))
binary=$(realpath "${BUILD:-build}/src/sa-issuerd")
write=yes
case ${1-} in
'') ;;
--no-write) write=no ;;
-h | --help) sed -n '3,14s/^# \{0,1\}//p' "$0" && exit 0 ;;
*) echo "signer.sh: unknown argument $1" >&2 && exit 2 ;;
esac

work=$(mktemp -d) daemon=
cleanup() {
    [ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
umask 077

start() { # TYPE OPTION: a daemon with one such key
    mkdir -p "$work/keys"
    openssl genpkey -quiet -algorithm "$1" -pkeyopt "$2" -out "$work/keys/key.pem"
    cat >"$work/config.yaml" <<EOF
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
    taskset -c 0 "$binary" serve --config "$work/config.yaml" 2>"$work/log" &
    daemon=$!
    until grep -q '"serving"' "$work/log"; do
        kill -0 $daemon || { cat "$work/log" >&2 && exit 1; }
        sleep 0.05
    done
}

stop() {
    kill $daemon
    wait $daemon || true
    daemon=
}

# The body of a Sign request for now: prefix, field 1, the claims segment.
body() {
    python3 - >"$work/body" <<'EOF'
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
    taskset -c "$others" h2load -t 1 -B "unix:$work/signer.sock" -H 'content-type: application/grpc' \
        -H 'te: trailers' -d "$work/body" "$@" http://localhost/v1.ExternalJWTSigner/Sign
}

# Processor time of the daemon so far, in ticks.
ticks() {
    awk '{ print $14 + $15 }' "/proc/$daemon/stat"
}

signed() {
    grep -sc '"result":"signed"' "$work/audit.log" || true
}

# Signatures per second of the daemon's processor time, over one connection.
ours() { # CALLS
    local before count
    body
    before=$(ticks) count=$(signed)
    call -n "$1" -c 1 -m 32 >/dev/null
    awk -v n="$(($(signed) - count))" -v t="$(($(ticks) - before))" -v hz="$(getconf CLK_TCK)" \
        'BEGIN { print n * hz / t }'
}

# The same of openssl, which takes its own processor time.
theirs() { # NAME
    taskset -c 0 openssl speed -mr -seconds 1 "$1" 2>/dev/null |
        awk -F: '/^\+F/ { v = $(NF - 1) } END { print v }'
}

row() { # ALGORITHM NAME CALLS: the median of the rounds' ratios, and their range
    local round
    for round in $(seq "$rounds"); do
        if ((round % 2)); then
            echo "$(ours "$3") $(theirs "$2")"
        else
            theirs "$2" >"$work/theirs"
            echo "$(ours "$3") $(cat "$work/theirs")"
        fi
    done | awk '{ print $1 / $2 }' | sort -n |
        awk -v alg="$1" -v name="$2" '{ v[NR] = $1 }
            END { printf "| %s | `%s`: %.2f (%.2f to %.2f) |", alg, name,
                      v[int((NR + 1) / 2)], v[1], v[NR] }'
}

# Of calls one after the other: median and 99 % of the time beyond a bare signature.
added() { # NAME
    local signature
    signature=$(for _ in 1 2 3; do theirs "$1"; done | sort -n |
        awk '{ v[NR] = $1 } END { print 1e6 / v[2] }')
    body
    call -n "$calls" -c 1 -m 1 --log-file "$work/times" >/dev/null
    awk '{ print $3 }' "$work/times" | sort -n |
        awk -v s="$signature" '{ v[NR] = $1 - s }
            END { printf " %.0f µs | %.0f µs |\n", v[int(NR / 2)], v[int(NR * 0.99)] }'
    rm "$work/times"
}

measure() { # TYPE OPTION ALGORITHM NAME CALLS
    start "$1" "$2"
    row "$3" "$4" "$5"
    added "$4"
    stop
}

table=$(
    measure RSA rsa_keygen_bits:2048 RS256 rsa2048 3000
    measure EC ec_paramgen_curve:P-256 ES256 ecdsap256 30000
)
section="## Signing for kube-apiserver

Written by \`tests/bench/signer.sh\` on $(nproc) processors, $(openssl version | cut -d' ' -f1,2). Sign
calls over the Unix socket by h2load, each checked, signed and audited to a file, per second of
the daemon's processor time, divided by \`openssl speed\`'s bare signatures: the median of $rounds
rounds, and their range. Beside it what a call takes beyond its signature when there is one at a
time, seen from the client: half of $calls calls, and 99 in 100, take no longer.

| algorithm | ratio | added, half | added, 99 % |
|---|---|---|---|
$table"
echo "$section"
[ $write = no ] || /usr/bin/python3 tests/bench/write_section.py signer <<<"$section"
