#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Compares sa-issuerd with nginx, which serves the same bytes from a file, on this machine.
#
# usage: tests/bench/discovery.sh [--no-write]
#
# Servers share processor 0, in turn; wrk has processor 1. Prints ratios and writes them to
# docs/benchmarks.md (unless --no-write). Takes about three minutes; loopback only.
# SA_ISSUERD: the release binary to measure (default: build/src/sa-issuerd).
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=2 rounds=7
daemon=$(realpath "${SA_ISSUERD:-build/src/sa-issuerd}")
nginx=$(command -v nginx || echo /usr/sbin/nginx)
write=yes
case ${1-} in
'') ;;
--no-write) write=no ;;
-h | --help) sed -n '3,9s/^# \{0,1\}//p' "$0" && exit 0 ;;
*) echo "discovery.sh: unknown argument $1" >&2 && exit 2 ;;
esac

deploy/packages.sh bench
place=$(mktemp -d)
pids=()

finish() {
    local pid
    for pid in "${pids[@]}"; do
        kill -TERM "$pid" 2>/dev/null || true
        wait "$pid" || true
    done
    rm -rf "$place"
}
trap finish EXIT

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

wait_for() { # URL
    for _ in $(seq 500); do
        curl -ksf -o /dev/null "$1" && return
        sleep 0.02
    done
    echo "discovery.sh: no answer from $1" >&2
    cat "$place"/*.log >&2
    exit 1
}

ours=$(free_port) ours_tls=$(free_port) admin=$(free_port) theirs=$(free_port) theirs_tls=$(free_port)
path=/openid/v1/jwks

write_daemon_config() { # FILE SCHEME PORT TLS ADMIN
    cat >"$1" <<YAML
apiVersion: sa-issuerd/v1
kind: Configuration
listeners:
  discovery: { address: "127.0.0.1:$3"$4 }$5
issuers:
  - url: $2://127.0.0.1:$3
    role: federation
    keys: { files: [ keys ] }
workers: 1
reload: { watch: false }
log: { level: warn }
YAML
}

prepare() {
    umask 077
    mkdir "$place/keys" "$place/html"
    openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$place/keys/a.pem"
    openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$place/keys/b.pem"
    openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$place/tls.key"
    openssl req -x509 -new -key "$place/tls.key" -subj /CN=localhost -days 2 \
        -addext subjectAltName=IP:127.0.0.1 -out "$place/tls.crt"
    write_daemon_config "$place/plain.yaml" http "$ours" "" "
  admin: { address: \"127.0.0.1:$admin\" }"
    write_daemon_config "$place/tls.yaml" https "$ours_tls" \
        ", tls: { certificate: tls.crt, key: tls.key }" ""
    # What a careful administrator would write to serve this file fast; no log on either side.
    cat >"$place/nginx.conf" <<NGINX
daemon off;
worker_processes 1;
error_log $place/nginx.log;
pid $place/nginx.pid;
events { worker_connections 4096; multi_accept on; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    keepalive_timeout 300;
    open_file_cache max=100 inactive=300s;
    open_file_cache_valid 300s;
    server_tokens off;
    types { }
    default_type application/jwk-set+json;
    add_header Cache-Control "public, max-age=300";
    add_header Access-Control-Allow-Origin "*";
    add_header X-Content-Type-Options nosniff;
    client_body_temp_path $place/body;
    proxy_temp_path $place/proxy;
    fastcgi_temp_path $place/fastcgi;
    uwsgi_temp_path $place/uwsgi;
    scgi_temp_path $place/scgi;
    ssl_certificate $place/tls.crt;
    ssl_certificate_key $place/tls.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    server {
        listen 127.0.0.1:$theirs backlog=4096;
        listen 127.0.0.1:$theirs_tls ssl backlog=4096;
        root $place/html;
    }
}
NGINX
    [ "$(id -u)" -ne 0 ] || sed -i '1i user root;' "$place/nginx.conf"
}

start_servers() {
    taskset -c 0 "$daemon" serve --config "$place/plain.yaml" 2>"$place/plain.log" &
    pids+=($!)
    plain_pid=$!
    taskset -c 0 "$daemon" serve --config "$place/tls.yaml" 2>"$place/tls.log" &
    pids+=($!)
    tls_pid=$!
    wait_for "http://127.0.0.1:$ours$path"
    wait_for "https://127.0.0.1:$ours_tls$path"
    idle_kib=$(awk '/^VmRSS/ { print $2 }' "/proc/$plain_pid/status")
    mkdir -p "$place/html${path%/*}"
    curl -s "http://127.0.0.1:$ours$path" >"$place/html$path"
    taskset -c 0 "$nginx" -p "$place" -e "$place/nginx.log" -c "$place/nginx.conf" \
        2>"$place/nginx-start.log" &
    pids+=($!)
    nginx_master=$!
    wait_for "http://127.0.0.1:$theirs$path"
    wait_for "https://127.0.0.1:$theirs_tls$path"
    nginx_pid=$(cut -d' ' -f1 "/proc/$nginx_master/task/$nginx_master/children") # its one worker
    cmp "$place/html$path" <(curl -s "http://127.0.0.1:$theirs$path")
}

cpu_ticks() { # PID
    awk '{ print $14 + $15 }' "/proc/$1/stat"
}

# measure CONNECTIONS URL PID: requests per second, and per second of the server's processor time.
measure() {
    local out ticks
    ticks=$(cpu_ticks "$3")
    out=$(taskset -c 1 wrk -t1 "-c$1" "-d${seconds}s" "$2")
    ticks=$(($(cpu_ticks "$3") - ticks))
    if grep -qE 'Socket errors|Non-2xx' <<<"$out"; then
        echo "discovery.sh: failed requests: $out" >&2
        exit 1
    fi
    awk -v ticks="$ticks" -v hz="$(getconf CLK_TCK)" '/requests in/ { n = $1 }
        /^Requests\/sec/ { print $2, n * hz / ticks }' <<<"$out"
}

# compare CONNECTIONS OUR_URL OUR_PID THEIR_URL: the rounds' ratios go to $place/rounds, by the
# clock and by processor time. Who begins alternates.
compare() {
    local round a b
    for round in $(seq "$rounds"); do
        if ((round % 2)); then
            a=$(measure "$1" "$2" "$3") || exit
            b=$(measure "$1" "$4" "$nginx_pid") || exit
        else
            b=$(measure "$1" "$4" "$nginx_pid") || exit
            a=$(measure "$1" "$2" "$3") || exit
        fi
        echo "$a $b" | awk '{ printf "%.2f %.2f\n", $1 / $3, $2 / $4 }'
    done >"$place/rounds"
}

median() { # COLUMN of the rounds
    awk -v c="$1" '{ print $c }' "$place/rounds" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

spread() { # COLUMN
    awk -v c="$1" '{ print $c }' "$place/rounds" | sort -n | sed -n '1p;$p' | paste -sd' ' | sed 's/ / to /'
}

# result WHAT: prints the comparison, and keeps its row of the table.
result() {
    echo "$1: $(median 1) x nginx ($(spread 1)); for the same processor time $(median 2) x ($(spread 2))"
    echo "| $1 | **$(median 1)** | $(spread 1) | **$(median 2)** | $(spread 2) |" >>"$place/table"
}

p99_us() { # CONNECTIONS
    taskset -c 1 wrk -t1 "-c$1" -d5s --latency "http://127.0.0.1:$ours$path" >"$place/latency"
    if grep -qE 'Socket errors|Non-2xx' "$place/latency"; then
        cat "$place/latency" >&2
        exit 1
    fi
    awk '$1 == "99%" { v = $2; sub(/[a-z]+$/, "", v)
        print v * ($2 ~ /us$/ ? 1 : $2 ~ /ms$/ ? 1000 : 1000000) }' "$place/latency"
}

# reload_at_100_hz: SIGHUP every 10 ms until killed, however long each kill takes.
reload_at_100_hz() {
    exec python3 - "$plain_pid" <<'PYTHON'
import os, signal, sys, time
pid, next_time = int(sys.argv[1]), time.monotonic()
end = next_time + 20
while next_time < end:
    os.kill(pid, signal.SIGHUP)
    next_time += 0.01
    time.sleep(max(0, next_time - time.monotonic()))
PYTHON
}

generation() {
    curl -s "http://127.0.0.1:$admin/metrics" | awk '$1 ~ /^sa_issuerd_snapshot_generation/ { print $2 }'
}

start_to_answer_ms() {
    python3 - "$daemon" "$place/start.yaml" "$1" "$path" <<'PYTHON'
import http.client, subprocess, sys, time
daemon, config, port, path = sys.argv[1:]
taken = []
for _ in range(15):
    begin = time.monotonic()
    process = subprocess.Popen([daemon, "serve", "--config", config], stderr=subprocess.DEVNULL)
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=5)
            connection.request("GET", path)
            assert connection.getresponse().read()
            break
        except ConnectionError:
            time.sleep(0.0005)
            if time.monotonic() - begin > 5:
                sys.exit("no answer")
    taken.append((time.monotonic() - begin) * 1000)
    connection.close()
    process.terminate()
    process.wait()
print(f"{sorted(taken)[len(taken) // 2]:.0f}")
PYTHON
}

prepare
start_servers
compare 32 "http://127.0.0.1:$ours$path" "$plain_pid" "http://127.0.0.1:$theirs$path"
result "32 connections"
compare 304 "http://127.0.0.1:$ours$path" "$plain_pid" "http://127.0.0.1:$theirs$path"
result "304 connections"
compare 32 "https://127.0.0.1:$ours_tls$path" "$tls_pid" "https://127.0.0.1:$theirs_tls$path"
result "TLS, 32 kept connections"

quiet_us=$(p99_us 32)
before=$(generation)
reload_at_100_hz &
reloader=$!
busy_us=$(p99_us 32)
reloads=$((($(generation) - before) / 5))
kill "$reloader" 2>/dev/null || true
wait "$reloader" 2>/dev/null || true
ratio_p99=$(awk -v a="$busy_us" -v b="$quiet_us" 'BEGIN { printf "%.1f", a / b }')
echo "p99 with $reloads reloads a second: $ratio_p99 x that without"

loaded_kib=$(awk '/^VmRSS/ { print $2 }' "/proc/$plain_pid/status")
idle_mb=$(awk -v k="$idle_kib" 'BEGIN { printf "%.1f", k * 1024 / 1e6 }')
loaded_mb=$(awk -v k="$loaded_kib" 'BEGIN { printf "%.1f", k * 1024 / 1e6 }')
start_port=$(free_port)
write_daemon_config "$place/start.yaml" http "$start_port" "" ""
start_ms=$(start_to_answer_ms "$start_port")
echo "resident memory: $idle_mb MB idle, $loaded_mb MB after the load; start to first answer: $start_ms ms"

[ $write = yes ] || exit 0
tests/bench/write_section.py discovery <<MARKDOWN
## Discovery, beside nginx

Written by \`tests/bench/discovery.sh\`. Requests per second, as a multiple of nginx':

| | by the clock | rounds | by the server's processor time | rounds |
|---|---|---|---|---|
$(cat "$place/table")

| sa-issuerd alone | |
|---|---|
| 99th percentile of the latency at 32 connections, with $reloads reloads a second | $ratio_p99 × that without |
| resident memory, idle | $idle_mb MB |
| resident memory after all of the above | $loaded_mb MB |
| start of the process to the first answer | $start_ms ms |

- The document is the JWKS of one RSA and one P-256 key ($(stat -c %s "$place/html$path") bytes). nginx serves the same
  bytes from a file with \`sendfile\`, \`open_file_cache\`, no access log, one worker, the same headers
  and its own \`ETag\`. sa-issuerd has one worker and logs failed requests only, as by default.
- Both servers are bound to one processor, wrk (one thread) to another. Each round measures one
  after the other for $seconds s, with the order alternating; results are the medians of $rounds rounds'
  ratios, with their range. On a machine with other work the processor time tells more.
- TLS: the same P-256 certificate on both, connections kept, the version that wrk negotiates.
- Reloads: SIGHUP every 10 ms. Each reads configuration and keys anew, signs and verifies with each
  key, renders both documents and swaps, on the processor that serves; they are counted by the
  generation in \`/metrics\`.
- $("$daemon" version | paste -sd, | sed 's/,/, /g'); $("$nginx" -v 2>&1 | sed 's/nginx version: //');
  $(nproc) processors of a virtual machine, Linux $(uname -r | cut -d. -f1,2).
MARKDOWN
echo "written: docs/benchmarks.md"
