#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# From a fresh clone to a running issuer on this machine's loopback: installs packages (Debian 12
# or 13, as root or with sudo), builds, makes a signing key if there is none, serves with
# config/quickstart.yaml until Ctrl-C, and mints a token with curl. Run it as often as you like.
#
# usage: deploy/quickstart.sh [--check]
#
#   --check    stop after showing documents and token (for scripts)
set -u
cd "$(dirname "$0")/.." || exit 1

config=config/quickstart.yaml
key=config/keys/quickstart.pem
issuer=http://127.0.0.1:8080
admin=http://127.0.0.1:9090
socket=config/tokens.sock
daemon=build/src/sa-issuerd
check=no pid=

say() {
    if [ -t 1 ]; then
        printf '\n\033[1m%s\033[0m\n' "$*"
    else
        printf '\n%s\n' "$*"
    fi
}

die() {
    echo "quickstart: $*" >&2
    exit 1
}

case ${1-} in
'') ;;
--check) check=yes ;;
-h | --help) sed -n '3,9s/^# \{0,1\}//p' "$0" && exit 0 ;;
*) die "unknown argument $1; see deploy/quickstart.sh --help" ;;
esac

stop() {
    local code
    [ -n "$pid" ] || return 0
    kill -TERM "$pid" 2>/dev/null
    wait "$pid" # also if it has ended, and been waited for
    code=$?
    pid=
    echo "stopped (exit code $code)"
    return $code
}

finish() {
    local code=$?
    stop
    exit $((code != 0 ? code : $?))
}

build() {
    say "Building (the log is build/quickstart.log)"
    mkdir -p build
    {
        cmake -S . -B build -G Ninja && cmake --build build
    } >build/quickstart.log 2>&1 || {
        tail -n 30 build/quickstart.log >&2
        die "the build failed"
    }
}

make_key() {
    [ -e "$key" ] && return
    say "Making a signing key: $key"
    # The umask makes the file 0600 from its first byte; the rename shows it only when whole.
    (
        umask 077
        mkdir -p config/keys
        openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
            -out config/keys/.new && mv config/keys/.new "$key"
    ) || die "cannot make a key"
}

# At its socket the daemon gives tokens to the users that the configuration lists: root.
list_this_user() {
    [ "$(id -u)" -ne 0 ] || return 0
    config=config/quickstart.local.yaml
    sed "s/uids: \[0\]/uids: [$(id -u)]/" config/quickstart.yaml >"$config" ||
        die "cannot write $config"
}

refuse_taken_ports() {
    local url port
    for url in "$issuer" "$admin"; do
        port=${url##*:}
        if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            die "something listens on 127.0.0.1:$port already: another quickstart?
Stop it, or change the address in $config (and the issuer's url with it)."
        fi
    done
}

start() {
    say "Starting: $daemon serve --config $config"
    "$daemon" serve --config "$config" &
    pid=$!
    for _ in $(seq 500); do
        curl -fsS -o /dev/null "$admin/readyz" 2>/dev/null && return
        kill -0 "$pid" 2>/dev/null || {
            wait "$pid"
            pid=
            die "the daemon did not start; the lines above say why"
        }
        sleep 0.02
    done
    die "the daemon is not ready after 10 seconds"
}

show() {
    say "$1"
    curl -fsS "$1" | jq . || die "cannot read $1"
}

# The claims of a token, which verify has checked against the documents above.
mint() {
    local request='{"spec": {"audiences": ["quickstart"]}}'
    local url=$issuer/api/v1/namespaces/demo/serviceaccounts/web/token

    say "curl --unix-socket $socket --json '$request' \\
    $url |
    jq -r .status.token | $daemon verify --issuer $issuer -"
    curl -fsS --unix-socket "$socket" --json "$request" "$url" |
        jq -r .status.token | "$daemon" verify --issuer "$issuer" - ||
        die "cannot mint a token"
}

deploy/packages.sh build || die "cannot install the packages"
build
make_key
list_this_user
refuse_taken_ports
trap finish EXIT
trap 'exit 0' INT TERM
start
show "$issuer/.well-known/openid-configuration"
show "$issuer/openid/v1/jwks"
mint

if [ $check = yes ]; then
    trap - EXIT
    stop || die "the daemon did not stop cleanly"
    exit 0
fi

cat <<TEXT

Ready, process $pid. Ctrl-C stops it. In another terminal, from this directory, try next:

  1. See which rule made which claim, from config/accounts/quickstart.yaml:
     $daemon explain --config $config -n demo -s web -a quickstart
  2. Add a key and see it published, without a restart:
     (umask 077; openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out config/keys/second.pem)
     kill -HUP $pid; sleep 0.2; curl -s $issuer/openid/v1/jwks | jq '.keys[].alg'
  3. Check a configuration before it is used:
     $daemon check $config
TEXT
wait "$pid"
