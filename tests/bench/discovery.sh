#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Compares sa-issuerd with nginx, which serves the same bytes from a file, on this machine.
#
# usage: tests/bench/discovery.sh [--no-write]
#
# Servers share processor 0, in turn; wrk has processor 1. Prints ratios and writes them to
# docs/benchmarks.md (unless --no-write). Takes about three minutes; loopback only.
# BUILD: the build directory (default: build).
cd "$(dirname "$0")/../.." || exit
. tests/bench/bench.sh

seconds=2 rounds=7
daemon=$build/src/sa-issuerd
nginx=$(command -v nginx || echo /usr/sbin/nginx)
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
    mkdir "$place/keys" "$place/html"
    make_key rsa2048 "$place/keys/a.pem"
    make_key ecdsap256 "$place/keys/b.pem"
    make_key ecdsap256 "$place/tls.key"
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
    plain_pid=$!
    taskset -c 0 "$daemon" serve --config "$place/tls.yaml" 2>"$place/tls.log" &
    tls_pid=$!
    wait_for "http://127.0.0.1:$ours$path"
    wait_for "https://127.0.0.1:$ours_tls$path"
    idle_kib=$(awk '/^VmRSS/ { print $2 }' "/proc/$plain_pid/status")
    mkdir -p "$place/html${path%/*}"
    curl -s "http://127.0.0.1:$ours$path" >"$place/html$path"
    taskset -c 0 "$nginx" -p "$place" -e "$place/nginx.log" -c "$place/nginx.conf" \
        2>"$place/nginx-start.log" &
    nginx_master=$!
    wait_for "http://127.0.0.1:$theirs$path"
    wait_for "https://127.0.0.1:$theirs_tls$path"
    nginx_pid=$(cut -d' ' -f1 "/proc/$nginx_master/task/$nginx_master/children") # its one worker
    cmp "$place/html$path" <(curl -s "http://127.0.0.1:$theirs$path")
}

# measure CONNECTIONS URL PID: requests per second, and per second of the server's processor time.
measure() {
    local out ticks
    ticks=$(cpu_ticks "$3")
    out=$(taskset -c 1 wrk -t1 "-c$1" "-d${seconds}s" "$2")
    ticks=$(($(cpu_ticks "$3") - ticks))
    ! grep -qE 'Socket errors|Non-2xx' <<<"$out" || die "failed requests: $out"
    awk -v ticks="$ticks" -v hz="$clock_ticks" '/requests in/ { n = $1 }
        /^Requests\/sec/ { print $2, n * hz / ticks }' <<<"$out"
}

# compare WHAT CONNECTIONS OUR_URL OUR_PID THEIR_URL: prints the rounds' ratios, by the clock and
# by processor time, and keeps their row of the table.
compare() {
    in_turn $rounds "measure $2 $3 $4" "measure $2 $5 $nginx_pid" |
        awk '{ printf "%.2f %.2f\n", $1 / $3, $2 / $4 }' >"$place/rounds"
    echo "$1: $(spread "%s x nginx (%s to %s)" 1 "$place/rounds");" \
        "$(spread "for the same processor time %s x (%s to %s)" 2 "$place/rounds")"
    echo "| $1 $(spread "| **%s** | %s to %s" 1 "$place/rounds")" \
        "$(spread "| **%s** | %s to %s |" 2 "$place/rounds")" >>"$place/table"
}

p99_us() { # CONNECTIONS
    taskset -c 1 wrk -t1 "-c$1" -d5s --latency "http://127.0.0.1:$ours$path" >"$place/latency"
    ! grep -qE 'Socket errors|Non-2xx' "$place/latency" || die "$(cat "$place/latency")"
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
plain=http://127.0.0.1:$ours$path
compare "32 connections" 32 "$plain" "$plain_pid" "http://127.0.0.1:$theirs$path"
compare "304 connections" 304 "$plain" "$plain_pid" "http://127.0.0.1:$theirs$path"
compare "TLS, 32 kept connections" 32 "https://127.0.0.1:$ours_tls$path" "$tls_pid" \
    "https://127.0.0.1:$theirs_tls$path"

quiet_us=$(p99_us 32)
before=$(generation)
reload_at_100_hz &
reloader=$!
busy_us=$(p99_us 32)
reloads=$((($(generation) - before) / 5))
end "$reloader"
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
  $machine.
MARKDOWN
echo "written: docs/benchmarks.md"
