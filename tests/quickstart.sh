#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# deploy/quickstart.sh the way a person uses it: once, again, twice at a time, a new key, Ctrl-C.
set -eu
cd "$(dirname "$0")/.."
place=$(mktemp -d)
pid=
second=config/keys/quickstart-test.pem
jwks=http://127.0.0.1:8080/openid/v1/jwks

finish() {
    rm -f "$second"
    [ -z "$pid" ] || kill -INT "$pid" 2>/dev/null || true
    rm -rf "$place"
}
trap finish EXIT

fail() {
    echo "quickstart.sh: $*" >&2
    cat "$place"/* >&2
    exit 1
}

deploy/quickstart.sh --check >"$place/check" 2>&1 || fail "--check failed"
grep -q '"kty": "RSA"' "$place/check" || fail "the key set was not shown"
# The token was verified, and is one of this user's making.
for text in '"sub": "system:serviceaccount:demo:web"' '"team": "payments"' '"tenant": "acme"' \
    '"result":"issued"' "\"caller\":\"unix:uid=$(id -u),"; do
    grep -qF "$text" "$place/check" || fail "the token was not shown: no $text"
done
[ "$(stat -c %a config/keys/quickstart.pem)" = 600 ] || fail "the key's mode is not 0600"
key=$(sha256sum config/keys/quickstart.pem)

# Job control, so that SIGINT reaches the script and the daemon as from a terminal.
set -m
deploy/quickstart.sh >"$place/run" 2>&1 </dev/null &
pid=$!
set +m
for _ in $(seq 300); do
    grep -q '^Ready' "$place/run" && break
    kill -0 "$pid" 2>/dev/null || fail "it ended by itself"
    sleep 0.1
done
[ "$key" = "$(sha256sum config/keys/quickstart.pem)" ] || fail "the second run made another key"

! deploy/quickstart.sh --check >"$place/twice" 2>&1 || fail "two of them ran at a time"
grep -q '127.0.0.1:8080 already' "$place/twice" || fail "the taken port was not explained"

# The second of the commands that it tells to try, as it tells it.
command=$(grep -A1 'umask 077' "$place/run" | sed "s,config/keys/second.pem,$second,")
[ "$(bash -c "$command" | sort | paste -sd' ')" = '"ES256" "RS256"' ] || fail "the new key is not served"
curl -fsS "$jwks" >"$place/jwks"

kill -INT -- "-$pid"
code=0
wait "$pid" || code=$?
pid=
[ "$code" = 0 ] || fail "exit code $code after Ctrl-C"
grep -q 'stopped (exit code 0)' "$place/run" || fail "the daemon did not stop cleanly"
! curl -fs -o /dev/null "$jwks" || fail "it still serves after Ctrl-C"
echo "quickstart.sh: good"
