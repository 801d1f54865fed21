#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Compares TokenRequests over HTTP with `openssl speed`, which times the bare signature, and
# watches discovery meanwhile, on this machine.
#
# usage: tests/bench/tokens.sh [--no-write]
#
# The daemon has processor 0, in turn with openssl; h2load and wrk have processor 1. Prints
# ratios and writes them to docs/benchmarks.md (unless --no-write). Takes about five minutes;
# loopback and Unix sockets only.
# BUILD: the build directory, with -DSA_TESTS=ON (default: build).
cd "$(dirname "$0")/../.." || exit
. tests/bench/bench.sh

seconds=2 rounds=11 beside_rounds=15 connections=32 accounts=100000
daemon=$build/src/sa-issuerd
port=$(free_port) port_watching=$(free_port) port_tokens=$(free_port)
documents=http://127.0.0.1:$port/openid/v1/jwks
request_path=/api/v1/namespaces/ci/serviceaccounts/builder/token

# write_config FILE PORT TOKENS ACCOUNTS CALLERS
write_config() {
    cat >"$place/$1" <<YAML
apiVersion: sa-issuerd/v1
kind: Configuration
listeners:
  discovery: { address: "127.0.0.1:$2" }
  tokens: { $3 }
issuers:
  - url: http://127.0.0.1:$2
    role: federation
    keys: { files: [ keys ] }
    audiences:
      - { name: RS256.example.com, profile: generic, algorithm: RS256 }
      - { name: ES256.example.com, profile: generic, algorithm: ES256 }
    claims:
      - { claim: tenant, annotation: example.com/tenant, pattern: "^[a-z0-9-]{1,32}$", required: true }
      - { claim: cluster, value: prod-eu-1 }
accounts: { $4 }
callers: { $5 }
limits: { tokensPerSecond: 1000000, tokensPerSecondPerCaller: 1000000 }
workers: 1
audit: { file: audit.log }
reload: { watch: false }
log: { level: error }
YAML
}

# As client-go writes it, which sends every field.
write_body() { # ALGORITHM
    printf '%s' '{"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1",' \
        '"metadata":{"creationTimestamp":null},"spec":{"audiences":["'"$1"'.example.com"],' \
        '"expirationSeconds":3600,"boundObjectRef":null},' \
        '"status":{"token":"","expirationTimestamp":null}}' >"$place/$1.json"
}

prepare() {
    mkdir "$place/keys"
    make_key rsa2048 "$place/keys/a.pem"
    make_key ecdsap256 "$place/keys/b.pem"
    cat >"$place/accounts.yaml" <<YAML
apiVersion: v1
kind: ServiceAccount
metadata:
  name: builder
  namespace: ci
  uid: 6f3a1c1e-0d2b-4c6e-9a53-1f0e8d7c6b5a
  annotations: { example.com/tenant: blue-7 }
YAML
    write_config config.yaml "$port" "unix: tokens.sock" "manifests: [ accounts.yaml ]" \
        "unixPeers: [ { uids: [ $(id -u) ] } ]"
    write_config watching.yaml "$port_watching" "address: \"127.0.0.1:$port_tokens\"" \
        "kubernetes: { kubeconfig: kubeconfig }" "kubernetes: { audience: sa-issuerd }"
    write_body RS256
    write_body ES256
}

start() { # CONFIG URL
    taskset -c 0 "$daemon" serve --config "$place/$1" 2>"$place/$1.log" &
    daemon_pid=$!
    wait_for "$2"
}

# polling ALGORITHM SECONDS: tokens by callers that look for their answers without sleeping, and
# the 50th and 99th percentile in microseconds
polling() {
    taskset -c 1 "$build/tests/bench_ask" "$place/tokens.sock" "$request_path" "$place/$1.json" \
        $connections "$2" || die "requests failed"
}

check_report() { # FILE
    grep -q 'status codes: [1-9][0-9]* 2xx, 0 3xx, 0 4xx, 0 5xx' "$1" ||
        die "refused requests: $(cat "$1")"
}

# sleeping ALGORITHM SECONDS: tokens by callers that wait for the kernel to wake them
sleeping() {
    taskset -c 1 h2load --h1 -t1 -c$connections "-D$2" -d "$place/$1.json" \
        -H 'Content-Type: application/json' -B "unix:$place/tokens.sock" \
        "http://127.0.0.1$request_path" >"$place/sleeping"
    check_report "$place/sleeping"
    awk '/^status codes/ { print $3 }' "$place/sleeping"
}

# tokens_per_second ALGORITHM CALLERS: for the daemon's processor time, and by the clock
tokens_per_second() {
    local ticks took
    ticks=$(cpu_ticks "$daemon_pid")
    took=$("$2" "$1" $seconds) || exit
    ticks=$(($(cpu_ticks "$daemon_pid") - ticks))
    echo "$took" >>"$place/latencies"
    awk -v ticks="$ticks" -v hz="$clock_ticks" -v wall=$seconds \
        '{ print $1 * hz / ticks, $1 / wall }' <<<"$took"
}

# compare ALGORITHM NAME CALLERS: the rounds' ratios of tokens to signatures go to $place/rounds,
# by processor time and by the clock.
compare() {
    rm -f "$place/latencies"
    in_turn $rounds "tokens_per_second $1 $3" "signatures_per_second $2" |
        awk '{ printf "%.3f %.3f\n", $1 / $3, $2 / $3 }' >"$place/rounds"
}

# The medians and ranges of both columns, as cells of a table.
cells() {
    echo "$(spread "**%s** | %s to %s |" 1 "$place/rounds")" \
        "$(spread "**%s** | %s to %s |" 2 "$place/rounds")"
}

latency() { # COLUMN, as milliseconds; h2load tells none
    cut -s -d' ' -f"$1" "$place/latencies" | median |
        awk '$1 != "" { printf "%.2f ms", $1 / 1000 }'
}

# row ALGORITHM NAME CALLERS: of the table
row() {
    compare "$1" "$2" "$3"
    echo "| $1 | $3 | $(cells) $(latency 2) | $(latency 3) |"
}

# p99_of URL: in milliseconds, of one request at a time, 500 a second
p99_of() {
    rm -f "$place/probes"
    taskset -c 1 h2load --h1 -t1 -c1 -D4 --rps=500 --log-file="$place/probes" "$1" \
        >"$place/report"
    check_report "$place/report"
    cut -f3 "$place/probes" | percentile 99 | awk '{ printf "%.2f", $1 / 1000 }'
}

# documents_per_second URL: for the daemon's processor time, and by the clock
documents_per_second() {
    local ticks
    ticks=$(cpu_ticks "$daemon_pid")
    taskset -c 1 wrk -t1 -c32 -d2s "$1" >"$place/report"
    ticks=$(($(cpu_ticks "$daemon_pid") - ticks))
    grep -qE 'Socket errors|Non-2xx' "$place/report" && die "$(cat "$place/report")"
    awk -v ticks="$ticks" -v hz="$clock_ticks" '/requests in/ { n = $1 }
        /^Requests\/sec/ { print n * hz / ticks, $2 }' "$place/report"
}

# Callers that the API has to know, each twice a second, as soon as it has its answer.
ask_in_vain() {
    exec taskset -c 1 h2load --h1 -t1 -c64 -D60 --rps=2 -d "$place/ES256.json" \
        -H 'Authorization: Bearer x.y.z' -H 'Content-Type: application/json' \
        "http://127.0.0.1:$port_tokens$request_path" >"$place/report-in-vain"
}

# row_beside_api STATE: of the table. Documents per second while 64 callers wait for the API, as a
# part of those before and after; 99th percentiles without and with the callers.
row_beside_api() {
    local url=http://127.0.0.1:$port_watching/openid/v1/jwks
    local asker before during after quiet_ms busy_ms
    for _ in $(seq $beside_rounds); do
        before=$(documents_per_second "$url")
        ask_in_vain &
        asker=$!
        sleep 0.3
        during=$(documents_per_second "$url")
        end $asker
        after=$(documents_per_second "$url")
        echo "$before $during $after" |
            awk '{ printf "%.3f %.3f\n", 2 * $3 / ($1 + $5), 2 * $4 / ($2 + $6) }'
    done >"$place/rounds"
    quiet_ms=$(p99_of "$url")
    ask_in_vain &
    asker=$!
    sleep 0.3
    busy_ms=$(p99_of "$url")
    end $asker
    echo "| $1 | $(cells) $quiet_ms ms | $busy_ms ms |"
}

load=$(cut -d' ' -f1 /proc/loadavg)
prepare
start config.yaml "$documents"
for callers in polling sleeping; do
    row RS256 rsa2048 $callers
    row ES256 ecdsap256 $callers
done | tee "$place/table"

quiet_ms=$(p99_of "$documents")
for algorithm in RS256 ES256; do
    sleeping $algorithm 6 >/dev/null &
    asker=$!
    sleep 1
    echo "| $algorithm | $quiet_ms ms | $(p99_of "$documents") ms |"
    wait $asker
done | tee "$place/discovery"
end "$daemon_pid"

start_watching() { # answer|hang
    rm -f "$place/kubeconfig"
    taskset -c 1 tests/bench/cluster.py "$1" "$place" >/dev/null 2>"$place/cluster.log" &
    api=$!
    until [ -e "$place/kubeconfig" ]; do sleep 0.05; done
    start watching.yaml "http://127.0.0.1:$port_watching/openid/v1/jwks"
}

start_watching answer
row_beside_api "answers that it does not know them" | tee "$place/beside"
end "$daemon_pid"
end "$api"
start_watching hang
row_beside_api "takes requests and never answers" | tee -a "$place/beside"
end "$api"
row_beside_api "is gone" | tee -a "$place/beside"
end "$daemon_pid"

export SA_KUBE_TOOL=$build/tests/kube_tool
read -r account_bytes lookup_ns <<<"$(tests/bench/cluster.py watch $accounts)"
read -r _ few_ns <<<"$(tests/bench/cluster.py watch 1000)"
echo "$accounts accounts watched: $account_bytes bytes each, $lookup_ns ns a look-up ($few_ns ns of 1000)"

[ $write = yes ] || exit 0
tests/bench/write_section.py tokens <<MARKDOWN
## Tokens over HTTP

Written by \`tests/bench/tokens.sh\`.

Tokens per second, as a part of the signatures per second of \`openssl speed\` (median of $rounds
rounds, and range), and how long one of $connections callers waits who ask again at once:

| | callers | for the same processor time | rounds | by the clock | rounds | median | 99th percentile |
|---|---|---|---|---|---|---|---|
$(cat "$place/table")

99th percentile of discovery, without and with those callers:

| tokens meanwhile | without | with |
|---|---|---|
$(cat "$place/discovery")

Documents per second while 64 callers show tokens that the Kubernetes API should review, twice a
second each, as a part of those without such callers, and the 99th percentile without and with:

| the API | for the same processor time | rounds | by the clock | rounds | without | with |
|---|---|---|---|---|---|---|
$(cat "$place/beside")

$accounts accounts watched, with eight annotations and labels each: $account_bytes bytes an account,
$lookup_ns ns a look-up; $few_ns ns of 1,000 accounts. Each is of another account, and the processor
has done something else since the one before.

- A caller is the peer of a Unix socket and sends the $(stat -c %s "$place/ES256.json") bytes of client-go over a kept connection;
  the account comes from a manifest, two rules make claims of it, the audit line goes to a file.
- Polling callers look at their $connections connections in turn and never sleep; sleeping ones (h2load) are
  woken by the kernel for each answer. That is the kernel's work in the daemon's time, and on a
  virtual machine, where another processor is woken through the hypervisor, much of it.
- The daemon is bound to one processor, as \`openssl speed\` is before or after each round of
  $seconds s; the callers (one thread) and wrk have another. Processor time is the kernel's and
  the user's, threads that only wait included. Discovery shares the daemon's processor here, with
  a thread of its own. While callers wait for the API, the processor time is theirs as well, and
  what a dead API costs discovery is how its row differs from the first.
- Bearers of the cluster's tokens are another matter: for each token the API is asked whether they
  may have it, and its pace is theirs.
- The machine's load average was $load before all this: what else runs on it costs both sides their
  caches, and the daemon more of them.
- OpenSSL $(openssl version | cut -d' ' -f2), libmicrohttpd $("$daemon" version | sed -n 's/.*libmicrohttpd //p'); $machine.
MARKDOWN
echo "written: docs/benchmarks.md"
