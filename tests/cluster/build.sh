#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds kube-apiserver, kubectl, kubeadm and etcd of the versions in go.mod unless they are there
# already, and the Go client of the signer; prints the directory that they are in.
#
# usage: tests/cluster/build.sh
#
# Needs Go as go.mod says, and the Go module proxy or a module cache. The first time takes some
# ten minutes on two cores. The directory is below $XDG_CACHE_HOME (default: ~/.cache).
set -eu
cd "$(dirname "$0")"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/sa-issuerd

command -v go >/dev/null || {
    echo "tests/cluster/build.sh: no Go; https://go.dev/doc/install" >&2
    exit 1
}
version=$(sed -n 's/^\tk8s.io\/kubernetes \(v[0-9.]*\).*/\1/p' go.mod)
out=$cache/kubernetes-$version-$(sha256sum go.mod | cut -c1-12)

# build NAME PACKAGE: whole or not at all, at the lowest priority.
build() {
    CGO_ENABLED=0 nice -n 19 go build -p 2 -mod=readonly -trimpath -buildvcs=false \
        -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=$version" \
        -o "$out/.$1" "$2" >&2
    mv "$out/.$1" "$out/$1"
}

# build_once NAME PACKAGE
build_once() {
    [ -x "$out/$1" ] && return
    echo "building $1 for Kubernetes $version" >&2
    build "$@"
}

mkdir -p "$out"
exec 9>"$out/.lock"
flock 9
build_once kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver
build_once kubectl k8s.io/kubernetes/cmd/kubectl
build_once kubeadm k8s.io/kubernetes/cmd/kubeadm
build_once etcd go.etcd.io/etcd/server/v3
build signer_client ./signer_client
echo "$out"
