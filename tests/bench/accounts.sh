#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Loads 100,000 accounts from YAML and from JSON and looks them up, beside what libyaml and
# jansson need to read the same files and keep nothing of them.
#
# usage: tests/bench/accounts.sh [--no-write]
#
# Uses processor 0. Prints the figures and writes them to docs/benchmarks.md (unless
# --no-write). Takes about a minute.
# BUILD: the build directory, with -DSA_TESTS=ON (default: build).
cd "$(dirname "$0")/../.." || exit
. tests/bench/bench.sh

count=100000 rounds=3
accounts=$build/tests/bench_accounts

# fastest ARGUMENT...: the output of the round that took least time
fastest() {
    for _ in $(seq "$rounds"); do
        taskset -c 0 "$accounts" "$@"
    done | sort -n | head -1
}

row() { # yaml|json NAME
    local file=$place/a.$1 seconds peak kept lookup bare_seconds bare_peak
    tests/bench/make_accounts.py "$1" $count >"$file"
    read -r seconds peak kept lookup <<<"$(fastest load "$file" $count)"
    read -r bare_seconds bare_peak <<<"$(fastest bare "$1" "$file")"
    awk -v a="$seconds" -v b="$bare_seconds" -v size="$(stat -c %s "$file")" -v name="$2" \
        -v peak="$peak" -v bare_peak="$bare_peak" -v kept="$kept" -v lookup="$lookup" 'BEGIN {
        printf "| %s | %.0f MiB | %.2f s | %.2f s | **%.2f** | %d MiB | %d MiB | %d | %d ns |\n",
            name, size / 1048576, a, b, a / b, peak, bare_peak, kept, lookup }'
    rm "$file"
}

# Look-ups of a small store, for comparison.
small() {
    tests/bench/make_accounts.py yaml 1000 >"$place/small.yaml"
    fastest load "$place/small.yaml" 1000 | cut -d' ' -f4
}

section() {
    cat <<END
## Accounts

\`tests/bench/accounts.sh\`: $count accounts in $((count / 20)) namespaces, four annotations and
four labels each, as \`kubectl get sa,ns -A\` prints them. The bare parser is libyaml, which
passes events on, or jansson, which holds all values. "Kept" is what an account takes in memory
after loading, its share of namespaces and tables included. Times are the processor's.

| file | size | load | bare parser | ratio | peak | bare peak | kept bytes | look-up |
|---|---|---|---|---|---|---|---|---|
$(row yaml YAML)
$(row json JSON)

A look-up in a store of 1,000 accounts takes $(small) ns: the difference is what does not fit into the processor's caches.
END
}

section >"$place/section"
cat "$place/section"
[ $write = no ] || tests/bench/write_section.py accounts <"$place/section"
